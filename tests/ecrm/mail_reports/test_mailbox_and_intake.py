"""Reports from a mailbox (IMAP) and from the mail server itself (LMTP, SMTP), over real connections."""

from __future__ import annotations

import smtplib
import socket
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from ecrm.installation import Installation
from ecrm.mail_reports.intake import serve
from ecrm.mail_reports.mailbox import read_mailbox
from ecrm.service.cases import Case
from ecrm.timetable import job_named
from mailer.outbox import Email, State
from tests.mailer.reports_material import complaint, dsn, out_of_office
from tests.mailer.test_bounces import sent

from .imap_server import Mailbox, imap_server

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def email(plugin: Installation) -> Email:
    with plugin.sessions.begin() as session:
        return sent(session)


def state(plugin: Installation, email: Email) -> str:
    with plugin.sessions() as session:
        return session.get_one(Email, email.id).state


def test_unread_messages_are_taken_and_marked_as_read(plugin: Installation, host: Flask, email: Email) -> None:
    mailbox = Mailbox(
        out_of_office(email.message_id), dsn(email.message_id), complaint(email.message_id), b"Hello\n\n?"
    )
    with imap_server(mailbox) as port:
        host.config.update(ECRM_IMAP_HOST="127.0.0.1", ECRM_IMAP_PORT=port, ECRM_IMAP_SECURITY="none")
        assert read_mailbox(plugin, now=NOW) == "2 no report, 2 suppressed"
        assert mailbox.read == {1, 2, 3, 4}
        assert read_mailbox(plugin, now=NOW) == "nothing new"
        mailbox.read = {1}  # as if the process had died before it could mark the others
        assert read_mailbox(plugin, now=NOW) == "1 no report, 2 repeated"
    assert state(plugin, email) == State.BOUNCED


@pytest.mark.parametrize("depth", [600, 1000, 3000])
def test_a_message_that_nobody_can_read_stops_none_of_those_after_it(
    plugin: Installation, host: Flask, email: Email, depth: int
) -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    mailbox = Mailbox(nested.encode(), dsn(email.message_id))
    with imap_server(mailbox) as port:
        host.config.update(ECRM_IMAP_HOST="127.0.0.1", ECRM_IMAP_PORT=port, ECRM_IMAP_SECURITY="none")
        assert read_mailbox(plugin, now=NOW) == "1 no report, 1 suppressed"
    assert mailbox.read == {1, 2}
    assert state(plugin, email) == State.BOUNCED


def test_without_a_mailbox_the_job_says_so(plugin: Installation) -> None:
    assert job_named("read-reports").run(plugin) == "no mailbox is configured"


@pytest.mark.parametrize("lmtp", [True, False])
def test_the_mail_server_hands_reports_over(plugin: Installation, email: Email, lmtp: bool) -> None:
    port = _free_port()
    server = serve(plugin, address="shop@example.com", host="127.0.0.1", port=port, lmtp=lmtp)
    try:
        with (smtplib.LMTP if lmtp else smtplib.SMTP)("127.0.0.1", port, timeout=10) as client:
            client.ehlo_or_helo_if_needed()
            client.sendmail("", ["Shop+7@example.com"], dsn(email.message_id).replace(b"\n", b"\r\n"))
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                client.sendmail("eve@example.com", ["bob@example.com"], b"Subject: relay me\n\n")
    finally:
        server.stop()
    assert b"only reports" in refused.value.recipients["bob@example.com"][1]
    assert state(plugin, email) == State.BOUNCED


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_letters_to_the_desk_come_by_the_mail_server_and_the_mailbox_too(plugin: Installation, host: Flask) -> None:
    host.config["ECRM_DESK_ADDRESSES"] = ("support@example.com",)
    letter = b"From: Ada <ada@example.net>\r\nTo: %s\r\nSubject: Hello\r\nMessage-ID: <%d@ada>\r\n\r\nWhere is it?\r\n"
    port = _free_port()
    server = serve(plugin, address="shop@example.com", host="127.0.0.1", port=port, lmtp=True)
    try:
        with smtplib.LMTP("127.0.0.1", port, timeout=10) as client:
            client.ehlo_or_helo_if_needed()
            for number in (1, 1, 2):
                client.sendmail("ada@example.net", ["Support+1@example.com"], letter % (b"support@example.com", number))
    finally:
        server.stop()
    mailbox = Mailbox(letter.replace(b"\r\n", b"\n") % (b"support@example.com", 3), b"Hello\n\n?")
    with imap_server(mailbox) as port:
        host.config.update(ECRM_IMAP_HOST="127.0.0.1", ECRM_IMAP_PORT=port, ECRM_IMAP_SECURITY="none")
        assert read_mailbox(plugin, now=NOW) == "1 case, 1 put_aside"
    with plugin.sessions() as session:
        assert len(session.scalars(select(Case)).all()) == 3


@pytest.mark.parametrize("lmtp", [True, False])
def test_long_lines_are_taken_at_the_door(plugin: Installation, host: Flask, lmtp: bool) -> None:
    host.config["ECRM_DESK_ADDRESSES"] = ("support@example.com",)
    port = _free_port()
    server = serve(plugin, address="shop@example.com", host="127.0.0.1", port=port, lmtp=lmtp)
    lines = (b"y" * 5_000_000 + b"\r\n") * 4
    try:
        with (smtplib.LMTP if lmtp else smtplib.SMTP)("127.0.0.1", port, timeout=60) as client:
            client.ehlo_or_helo_if_needed()
            client.sendmail(
                "a@example.net", ["support@example.com"], b"From: a@example.net\r\nSubject: x\r\n\r\n" + lines
            )
    finally:
        server.stop()
    with plugin.sessions() as session:
        assert len(session.scalars(select(Case)).all()) == 1
