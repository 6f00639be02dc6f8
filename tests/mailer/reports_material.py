"""Messages that come back, as mail servers and mailbox providers write them."""

from __future__ import annotations


def dsn(message_id: str, *, to: str = "ada@example.com", status: str = "5.1.1", action: str = "failed") -> bytes:
    """A delivery status notification as Postfix writes it (RFC 3464)."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: shop@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"
Message-Id: <20261120.4D2@mx.example.com>

--B
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.com. I'm sorry to have to inform you …

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Fri, 20 Nov 2026 12:00:00 +0000

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{to}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 {status} <{to}>: Recipient address rejected:
    User unknown in virtual mailbox table

--B
Content-Type: text/rfc822-headers

From: Shop <shop@example.com>
To: Ada <{to}>
Subject: Offers
Message-ID: {message_id}

--B--
""".encode()


def complaint(message_id: str, *, to: str = "ada@example.com", kind: str = "abuse") -> bytes:
    """A complaint (RFC 5965, appendix B)."""
    return f"""\
From: <abusedesk@example.com>
To: <abuse@example.net>
Subject: FW: Offers
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="P"

--P
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report for an email message received from IP 192.0.2.1.

--P
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <{to}>
Source-IP: 192.0.2.1

--P
Content-Type: message/rfc822
Content-Disposition: inline

From: Shop <shop@example.com>
To: <{to}>
Message-ID: {message_id}
Subject: Offers

Hello.

--P--
""".encode()


def qmail(message_id: str, *, to: str = "ada@example.com") -> bytes:
    """What qmail has sent since 1997, long before it could have known a standard."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@qmail.example.com
To: shop@example.com
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{to}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <shop@example.com>
Message-ID: {message_id}
Subject: Offers

Hello.
""".encode()


def out_of_office(message_id: str) -> bytes:
    """Somebody is away (RFC 3834)."""
    return f"""\
From: Ada <ada@example.com>
To: shop@example.com
Subject: Away
Auto-Submitted: auto-replied (vacation)
In-Reply-To: {message_id}

I'm away until Monday. The following addresses had permanent fatal errors: none, ha.
""".encode()


def reply(message_id: str) -> bytes:
    """A person writes back, quoting whatever they like."""
    return f"""\
From: Ada <ada@example.com>
To: shop@example.com
Subject: Re: Offers
In-Reply-To: {message_id}

   ----- The following addresses had permanent fatal errors -----
<ada@example.com>
   ----- Transcript of session follows -----
Is that you?
""".encode()
