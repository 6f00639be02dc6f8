"""The finished bytes of an e-mail: always the same for the same row, so that a retry is no new e-mail."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from .addressing import Mailbox, checked_subject
from .outbox import Email

# Seven bits pass through every server; with the policy's own eight, one without 8BITMIME may refuse or garble.
_POLICY = SMTP.clone(cte_type="7bit")


def compose(email: Email) -> bytes:
    """The e-mail in CRLF lines, text and HTML as alternatives.

    Raises:
        BadHeader: where the row holds what can't be put into headers.
    """
    # Letters outside of ASCII before the @ can't be written in ASCII; the transport asks the server first (RFC 6531).
    international = not (email.to_address.isascii() and email.from_address.isascii())
    message = EmailMessage(policy=_POLICY.clone(utf8=international))
    message["From"] = Mailbox(email.from_name, email.from_address).header
    message["To"] = Mailbox(email.to_name, email.to_address).header
    message["Subject"] = checked_subject(email.subject)
    message["Message-ID"] = email.message_id
    message["Date"] = format_datetime(email.queued_at)
    # RFC 3834: nobody is there to read an "out of office".
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(email.text, subtype="plain")
    message.add_alternative(email.html, subtype="html")
    message.set_boundary(f"={sha256(email.message_id.encode()).hexdigest()[:32]}=")
    return message.as_bytes()
