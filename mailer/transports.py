"""The ways out for an e-mail, and what each failure means; to a folder and into memory here, to a server in `smtp.py`.

A transport gets finished bytes. It answers by returning (the mail is in other hands) or by one of three errors, and
the sender needs nothing else to decide: try again, give up, or admit that only the mail server knows.
"""

from __future__ import annotations

import os
import re
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


class Bounced(PermanentFailure):
    """The server knows that this mailbox can't be written to: it shouldn't be tried with another e-mail either."""


class Unwelcome(TemporaryFailure):
    """Refused for what we are (relay, blocklist, policy), however lasting the server calls it: says nothing of the
    mailbox, more may follow, and tomorrow the settings or our name may be right."""


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
