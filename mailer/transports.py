"""The ways out for an e-mail: to a mail server, to a folder, or into memory; and what each failure means.

A transport gets finished bytes. It answers by returning (the mail is in other hands) or by one of three errors, and
the sender needs nothing else to decide: try again, give up, or admit that only the mail server knows.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path
from typing import Protocol


class SendingError(Exception):
    """Base of what may go wrong on the way out; its text is kept with the e-mail."""


class TemporaryFailure(SendingError):
    """Certainly not taken; later it may be (busy server, full mailbox, greylisting)."""


class Unreachable(TemporaryFailure):
    """The server can't be spoken to at all: every other e-mail of the batch would fare the same."""


class PermanentFailure(SendingError):
    """Certainly not taken, and never will be (no such mailbox, refused content)."""


class Doubtful(SendingError):
    """The connection broke after the mail was handed over: it may have been taken or not."""


class Transport(Protocol):
    """Where finished e-mails go."""

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        """Hand one e-mail over.

        Raises:
            TemporaryFailure, PermanentFailure, Doubtful: as described there.
        """

    def close(self) -> None:
        """Let go of what is held for a batch (a connection); the next `send` takes it up again."""


@dataclass(frozen=True)
class Sent:
    """What a MemoryTransport was given."""

    message: bytes
    envelope_from: str
    envelope_to: str


@dataclass
class MemoryTransport:
    """Keeps e-mails in a list: for tests, and for a host that wants to look before anything goes out."""

    sent: list[Sent] = field(default_factory=list)

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        self.sent.append(Sent(message, envelope_from, envelope_to))

    def close(self) -> None:
        pass


class FolderTransport:
    """One `.eml` file an e-mail, whole or not at all: written aside, flushed to disk, renamed.

    The file is named after the Message-ID, so that a repeated e-mail replaces itself.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        target = self.folder / _file_name(message)
        aside = target.with_suffix(f".{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                file.write(message)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(target)
            _sync_folder(self.folder)
        except OSError as error:
            raise TemporaryFailure(f"cannot write to {self.folder}: {error}") from error

    def close(self) -> None:
        pass


def _file_name(message: bytes) -> str:
    message_id = str(message_from_bytes(message).get("Message-ID", ""))
    local = re.sub(r"[^A-Za-z0-9.-]", "", message_id.split("@")[0]).strip(".-")
    return f"{local or sha256(message).hexdigest()[:32]}.eml"


def _sync_folder(folder: Path) -> None:
    """A rename is only safe from a power cut once its folder is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass
class SmtpTransport:
    """Speaks SMTP; one connection serves a batch (a new one per e-mail costs about as much as the e-mail).

    smtplib raises the same SMTPServerDisconnected before and after the server has queued a mail, so the commands
    are given one by one here: whatever breaks before the final dot is temporary, whatever breaks after it and
    before the server's answer is doubtful. Nobody can promise "exactly once" there.
    """

    host: str
    port: int = 25
    security: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    tls: ssl.SSLContext | None = None
    _connection: smtplib.SMTP | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.security not in {"none", "starttls", "tls"}:
            raise ValueError(f"security must be none, starttls or tls, not {self.security!r}")

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        reused = self._connection is not None
        try:
            self._send(message, envelope_from, envelope_to)
        except Unreachable:
            # A server may close an idle connection at any time; that says nothing about this e-mail.
            if not reused:
                raise
            self._send(message, envelope_from, envelope_to)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.quit()
        except (smtplib.SMTPException, OSError):
            connection.close()

    def _send(self, message: bytes, envelope_from: str, envelope_to: str) -> None:
        connection = self._connected()
        try:
            self._announce(connection, envelope_from, envelope_to)
            body, dot = _on_the_wire(message)
            connection.send(body)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unreachable(f"connection lost before the mail was handed over: {error}") from error
        except SendingError:
            self._reset()
            raise
        try:
            connection.send(dot)
            code, answer = connection.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Doubtful(f"connection lost after the mail was handed over: {error}") from error
        if code != 250:
            self._reset()
            raise _failure(code, answer)

    def _announce(self, connection: smtplib.SMTP, envelope_from: str, envelope_to: str) -> None:
        international = not (envelope_from.isascii() and envelope_to.isascii())
        if international and not connection.has_extn("smtputf8"):
            raise PermanentFailure("the mail server can't deliver to addresses with letters outside of ASCII")
        connection.command_encoding = "utf-8" if international else "ascii"
        for command, expected in (
            (f"MAIL FROM:<{envelope_from}>{' SMTPUTF8 BODY=8BITMIME' if international else ''}", {250}),
            (f"RCPT TO:<{envelope_to}>", {250, 251}),
            ("DATA", {354}),
        ):
            code, answer = connection.docmd(command)
            if code not in expected:
                raise _failure(code, answer)

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            try:
                self._connection = self._connect()
            except (smtplib.SMTPException, OSError) as error:
                # A refused login is a mistake in the settings, not in the e-mail: it waits until they are right.
                raise Unreachable(f"{self.host}:{self.port}: {error}") from error
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        tls = self.tls or ssl.create_default_context()
        if self.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=tls)
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                connection.starttls(context=tls)
                connection.ehlo()
            if self.user:
                connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _reset(self) -> None:
        """Ready the connection for the next e-mail after a refused one."""
        if self._connection is None:
            return
        try:
            code, _ = self._connection.docmd("RSET")
        except (smtplib.SMTPException, OSError):
            code = 421
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _on_the_wire(message: bytes) -> tuple[bytes, bytes]:
    """The bytes before the final dot (CRLF, leading dots doubled, RFC 5321 4.5.2) and the dot."""
    body = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    body = re.sub(rb"(?m)^\.", b"..", body)
    return (body if body.endswith(b"\r\n") else body + b"\r\n"), b".\r\n"


def _failure(code: int, answer: bytes) -> SendingError:
    """What a refusing answer means: 421 is about the connection, 4xx passes, 5xx stays (RFC 5321 4.2.1)."""
    text = f"{code} {answer.decode(errors='replace')}"
    if code == 421:
        return Unreachable(text)
    if 400 <= code < 500:
        return TemporaryFailure(text)
    if 500 <= code < 600:
        return PermanentFailure(text)
    return TemporaryFailure(f"unexpected answer: {text}")
