"""Ways out: what goes out arrives whole, and each failure says whether the mail was taken."""

from __future__ import annotations

import socket
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from mailer.smtp import SmtpTransport
from mailer.transports import (
    Bounced,
    Doubtful,
    FolderTransport,
    PermanentFailure,
    TemporaryFailure,
    Unreachable,
)

from .scripted_smtp import HANG_UP, ScriptedSmtp

MAIL = b"Message-ID: <20261120T120000.abc@example.com>\r\nSubject: Hello\r\n\r\nText\r\n.a line with a dot\r\n"


def send(server: ScriptedSmtp, transport: SmtpTransport | None = None, to: str = "ada@example.com") -> None:
    own = transport or SmtpTransport("127.0.0.1", server.port, timeout=5)
    try:
        own.send(MAIL, envelope_from="shop@example.com", envelope_to=to)
    finally:
        if transport is None:
            own.close()


def test_a_mail_reaches_a_real_server_byte_for_byte() -> None:
    taken = []

    class Inbox(Message):
        def handle_message(self, message):  # type: ignore[no-untyped-def]
            taken.append(message)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Inbox(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        transport = SmtpTransport("127.0.0.1", port, timeout=5)
        for _ in range(2):
            transport.send(MAIL, envelope_from="shop@example.com", envelope_to="ada@example.com")
        transport.close()
    finally:
        controller.stop()
    assert [message["X-RcptTo"] for message in taken] == ["ada@example.com"] * 2
    assert taken[0]["Subject"] == "Hello"
    assert taken[0].get_payload() == "Text\r\n.a line with a dot\r\n"


def test_one_connection_serves_a_batch() -> None:
    with ScriptedSmtp() as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=5)
        for _ in range(3):
            send(server, transport)
        transport.close()
        assert (server.connections, len(server.received)) == (1, 3)


def test_a_connection_that_the_server_closed_in_between_is_opened_anew() -> None:
    with ScriptedSmtp({"MAIL": ["250 ok", HANG_UP]}) as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=5)
        send(server, transport)
        send(server, transport)
        transport.close()
        assert (server.connections, len(server.received)) == (2, 2)


@pytest.mark.parametrize(
    ("moment", "answer", "expected"),
    [
        ("connect", "421 too busy", Unreachable),
        ("connect", HANG_UP, Unreachable),
        ("MAIL", "450 later", TemporaryFailure),
        ("RCPT", "450 greylisted", TemporaryFailure),
        ("RCPT", "421 closing", Unreachable),
        ("RCPT", "550 no such mailbox", Bounced),
        ("RCPT", HANG_UP, Unreachable),
        ("DATA", "451 disk full", TemporaryFailure),
        ("DATA", "554 no", PermanentFailure),
        ("DATA", HANG_UP, Unreachable),
        ("dot", "421 closing", Unreachable),
        ("dot", "450 later", TemporaryFailure),
        ("dot", "550 looks like spam", PermanentFailure),
        ("dot", HANG_UP, Doubtful),
    ],
)
def test_each_answer_means_one_thing(moment: str, answer: str, expected: type[Exception]) -> None:
    with ScriptedSmtp({moment: [answer]}) as server, pytest.raises(expected) as raised:
        send(server)
    assert type(raised.value) is expected


def test_only_a_break_after_the_dot_leaves_a_doubt() -> None:
    with ScriptedSmtp({"DATA": [HANG_UP]}) as before, pytest.raises(TemporaryFailure):
        send(before)
    with ScriptedSmtp({"dot": [HANG_UP]}) as after, pytest.raises(Doubtful):
        send(after)
    assert (len(before.received), len(after.received)) == (0, 1)


def test_after_a_refused_mail_the_next_one_goes_out() -> None:
    with ScriptedSmtp({"RCPT": ["550 no such mailbox"]}) as server:
        transport = SmtpTransport("127.0.0.1", server.port, timeout=5)
        with pytest.raises(PermanentFailure):
            send(server, transport)
        send(server, transport)
        transport.close()
        assert (server.connections, len(server.received)) == (1, 1)


def test_a_server_that_isnt_there_is_unreachable() -> None:
    with ScriptedSmtp() as server:
        port = server.port
    with pytest.raises(Unreachable, match=str(port)):
        SmtpTransport("127.0.0.1", port, timeout=2).send(MAIL, envelope_from="a@b.example", envelope_to="c@d.example")


def test_a_wrong_password_waits_for_better_settings() -> None:
    with ScriptedSmtp({"EHLO": ["250-hi\r\n250 AUTH PLAIN"], "AUTH": ["535 wrong"] * 3}) as server:
        transport = SmtpTransport("127.0.0.1", server.port, user="shop", password="wrong", timeout=5)
        with pytest.raises(Unreachable, match="wrong"):
            send(server, transport)


def test_a_server_without_tls_never_sees_the_mail_where_tls_is_wanted() -> None:
    with ScriptedSmtp() as server, pytest.raises(Unreachable):
        send(server, SmtpTransport("127.0.0.1", server.port, security="starttls", timeout=5))
    assert server.received == []


def test_letters_outside_of_ascii_need_a_server_that_takes_them() -> None:
    with ScriptedSmtp() as server, pytest.raises(PermanentFailure):
        send(server, to="адá@example.com")
    with ScriptedSmtp({"EHLO": ["250-hi\r\n250-8BITMIME\r\n250 SMTPUTF8"]}) as able:
        send(able, to="адá@example.com")
        assert len(able.received) == 1


def test_the_folder_holds_one_whole_file_a_mail_however_often_it_is_sent(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "mail")
    for _ in range(2):
        transport.send(MAIL, envelope_from="shop@example.com", envelope_to="ada@example.com")
    files = list((tmp_path / "mail").iterdir())
    assert [file.name for file in files] == ["20261120T120000.abc.eml"]
    assert message_from_bytes(files[0].read_bytes(), policy=default)["Subject"] == "Hello"


def test_a_message_id_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    evil = b"Message-ID: <../../etc/passwd@example.com>\r\n\r\nx\r\n"
    FolderTransport(tmp_path / "mail").send(evil, envelope_from="a@b.example", envelope_to="c@d.example")
    assert [file.name for file in (tmp_path / "mail").iterdir()] == ["etcpasswd.eml"]


def test_a_folder_that_cannot_be_written_is_a_temporary_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TemporaryFailure):
        FolderTransport(tmp_path / "file").send(MAIL, envelope_from="a@b.example", envelope_to="c@d.example")


def test_an_unknown_security_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="starttls"):
        SmtpTransport("127.0.0.1", security="ssl")
