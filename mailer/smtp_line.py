"""One SMTP connection as a machine that never waits: commands go in, replies come out, many of them share a thread.

Where the server offers PIPELINING (RFC 2920), the envelope of an e-mail is one group of commands, and that of the next
one follows right behind the final dot: one round trip an e-mail. DATA ends each group, as the RFC wants it, so
the e-mail itself is only sent after its envelope was accepted and the sender has written down that it goes.

smtplib raises the same error before and after a server has queued a mail; here it is known how far the bytes have
gone: whatever breaks before the final dot has left is temporary, whatever breaks between it and the reply is doubtful.
Nobody can promise "exactly once" there.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .lines import Parcel, Step, Told
from .refusals import failure
from .transports import Doubtful, PermanentFailure, SendingError, Unreachable

_LONGEST_REPLY = 64 * 1024
_NEVER = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError, InterruptedError)


class _Asked(Enum):
    RSET, MAIL, RCPT, DATA, DOT, BLANK = "RSET", "MAIL", "RCPT", "DATA", "dot", "blank dot"


class _Step(NamedTuple):
    """A command whose reply is awaited; `end` is how many bytes of the connection it takes to be out."""

    asked: _Asked
    parcel: Parcel
    end: int


@dataclass(frozen=True)
class Abilities:
    """What the server said it can do."""

    pipelining: bool = False
    international: bool = False


class SmtpLine:
    """A connection that has been greeted and signed in.

    Args:
        connection: of which all replies were read.
        timeout: seconds without a sign of life; after the final dot four times as long (RFC 5321 4.5.3.2.6 asks for
            patience there, as giving up early is what makes doubts).
    """

    def __init__(self, connection: socket.socket, *, abilities: Abilities, timeout: float) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.abilities = abilities
        self.given = 0
        self.alive = True
        self._timeout = timeout
        self._deadline = 0.0
        self._out = bytearray()
        self._queued = self._sent = 0
        self._in = bytearray()
        self._later: deque[tuple[_Asked, Parcel, bytes]] = deque()
        self._awaited: deque[_Step] = deque()
        self._open: Parcel | None = None
        self._trouble: SendingError | None = None
        self._unclean = self._quitting = False
        self._told: list[Told] = []

    @property
    def free(self) -> bool:
        """Whether a parcel can be announced."""
        return self.alive and not self._awaited and not self._later and self._open is None

    @property
    def busy(self) -> bool:
        """Whether replies are awaited or something is still to be told."""
        return bool(self._awaited or self._later or self._told)

    @property
    def wants_to_write(self) -> bool:
        return bool(self._out)

    @property
    def deadline(self) -> float:
        """`time.monotonic()` from which on the server is taken for dead."""
        return self._deadline if self._awaited else float("inf")

    def announce(self, parcel: Parcel) -> None:
        """Give the envelope; told later as READY or as what was refused."""
        international = not (parcel.envelope_from.isascii() and parcel.envelope_to.isascii())
        if international and not self.abilities.international:
            error = PermanentFailure("the mail server can't deliver to addresses with letters outside of ASCII")
            self._told.append((parcel, error))
            return
        self._trouble = None
        if self._unclean:
            self._later.append((_Asked.RSET, parcel, b"RSET\r\n"))
            self._unclean = False
        extra = " SMTPUTF8 BODY=8BITMIME" if international else ""
        self._later.extend((
            (_Asked.MAIL, parcel, f"MAIL FROM:<{parcel.envelope_from}>{extra}\r\n".encode()),
            (_Asked.RCPT, parcel, f"RCPT TO:<{parcel.envelope_to}>\r\n".encode()),
            (_Asked.DATA, parcel, b"DATA\r\n"),
        ))  # fmt: skip
        self._pump()

    def hand_over(self, parcel: Parcel, *, then: Parcel | None) -> None:
        """Send a parcel that is READY, and with it the next one's envelope."""
        if not self.alive or self._open is not parcel:
            self._told.append((parcel, Unreachable("the connection was lost before the mail was handed over")))
            if then is not None:
                self._told.append((then, Step.RETURNED))
            return
        self._open = None
        self.given += 1
        self._queue(_Asked.DOT, parcel, on_the_wire(parcel.message, in_lines=parcel.in_lines))
        if then is not None:
            self.announce(then)
        self._flush()

    def abandon(self, parcel: Parcel) -> None:
        """There is no way to take DATA back but to hang up before the dot."""
        if self._open is parcel:
            self._open = None
            self.close(politely=False)

    def proceed(self, *, readable: bool, now: float) -> None:
        """Write and read what is possible; a server that has said nothing for too long is given up."""
        if not self.alive:
            return
        if self._out:
            self._flush()
        if readable:
            self._read()
        if self.alive and now >= self.deadline:
            self._break(f"no answer within {self._timeout:g} seconds")

    def told(self) -> list[Told]:
        """What has happened since it was asked last."""
        told, self._told = self._told, []
        return told

    def quit(self) -> None:
        """Say goodbye; `close` waits for the answer. So that of many, all wait at the same time."""
        if self.alive and not self._quitting:
            self._quitting = True
            with contextlib.suppress(OSError):
                self.connection.settimeout(1.0)
                self.connection.sendall(b"QUIT\r\n")

    def close(self, *, politely: bool = True) -> None:
        """Hang up. Whether the server hears QUIT doesn't matter: whatever it took, it has said so."""
        if self.alive and politely:
            self.quit()
            with contextlib.suppress(OSError):
                self.connection.recv(512)
        self.alive = False
        self.connection.close()

    def _pump(self) -> None:
        """Send what may be sent: all of it, or one command a reply."""
        while self._later and (self.abilities.pipelining or not self._awaited):
            self._queue(*self._later.popleft())
        self._flush()

    def _queue(self, asked: _Asked, parcel: Parcel, command: bytes) -> None:
        self._out += command
        self._queued += len(command)
        self._awaited.append(_Step(asked, parcel, self._queued))
        self._patience()

    def _patience(self) -> None:
        patient = bool(self._awaited) and self._awaited[0].asked is _Asked.DOT
        self._deadline = time.monotonic() + self._timeout * (4 if patient else 1)

    def _flush(self) -> None:
        while self._out and self.alive:
            try:
                sent = self.connection.send(self._out)
            except _NEVER:
                return
            except OSError as error:
                self._break(str(error))
                return
            del self._out[:sent]
            self._sent += sent

    def _read(self) -> None:
        while self.alive:
            try:
                received = self.connection.recv(65536)
            except _NEVER:
                break
            except OSError as error:
                self._break(str(error))
                return
            if not received:
                self._replies()
                self._break("the server hung up")
                return
            self._in += received
            self._patience()
        self._replies()

    def _replies(self) -> None:
        """Take whole replies off what came in (RFC 5321 4.2: `250-…` goes on, `250 …` ends)."""
        begin = 0
        text: list[bytes] = []
        while self.alive and (end := self._in.find(b"\n", begin)) >= 0:
            line = bytes(self._in[begin:end]).rstrip(b"\r")
            begin = end + 1
            text.append(line[4:])
            if line[3:4] == b"-":
                continue
            del self._in[:begin]
            begin = 0
            code = int(line[:3]) if line[:3].isdigit() else 0
            self._heard(code, b" ".join(text).decode(errors="replace"))
            text = []
        if len(self._in) > _LONGEST_REPLY:
            self._break("an endless reply")

    def _heard(self, code: int, text: str) -> None:
        if not self._awaited:
            self._break(f"{code} {text}")  # e.g. "421 idle for too long"
            return
        asked, parcel, _end = self._awaited.popleft()
        if code == 421:
            lost = Unreachable(f"421 {text}")
            if asked is _Asked.DOT:  # said instead of "250": not taken (RFC 5321 4.2.1), but it was handed over
                parcel.returned += 1
                self._told.append((parcel, lost))
            else:
                self._awaited.appendleft(_Step(asked, parcel, 0))
            self._break(f"421 {text}")
            return
        {
            _Asked.RSET: self._was_reset, _Asked.MAIL: self._envelope, _Asked.RCPT: self._envelope,
            _Asked.DATA: self._data, _Asked.DOT: self._dot, _Asked.BLANK: self._blank,
        }[asked](asked, parcel, code, text)  # fmt: skip
        if self.alive:
            self._patience()
            self._pump()

    def _was_reset(self, _asked: _Asked, parcel: Parcel, code: int, text: str) -> None:
        if code != 250:
            self._awaited.appendleft(_Step(_Asked.RSET, parcel, 0))
            self._break(f"{code} {text}")

    def _envelope(self, asked: _Asked, parcel: Parcel, code: int, text: str) -> None:
        if code == 250 or (asked is _Asked.RCPT and code == 251):
            return
        self._trouble = self._trouble or failure(code, text, moment=asked.value)
        if not self.abilities.pipelining:
            self._later.clear()
            self._refused(parcel)

    def _data(self, _asked: _Asked, parcel: Parcel, code: int, text: str) -> None:
        if self._trouble is not None:
            if code == 354:  # without a recipient; RFC 2920 3.1: answered with an empty mail
                self._queue(_Asked.BLANK, parcel, b".\r\n")
            else:
                self._refused(parcel)
        elif code == 354:
            self._open = parcel
            self._told.append((parcel, Step.READY))
        else:
            self._trouble = failure(code, text, moment="DATA")
            self._refused(parcel)

    def _dot(self, _asked: _Asked, parcel: Parcel, code: int, text: str) -> None:
        if code == 250:
            self._told.append((parcel, Step.TAKEN))
        else:
            self._told.append((parcel, failure(code, text, moment="dot")))

    def _blank(self, _asked: _Asked, parcel: Parcel, _code: int, _text: str) -> None:
        self._refused(parcel)

    def _refused(self, parcel: Parcel) -> None:
        assert self._trouble is not None  # noqa: S101 (the callers have set it; mypy can't know)
        self._told.append((parcel, self._trouble))
        self._trouble = None
        self._unclean = True

    def _break(self, why: str) -> None:
        """The connection is gone: say of everything that was under way what that means for it."""
        awaited, later, trouble = list(self._awaited), list(self._later), self._trouble
        self._awaited.clear()
        self._later.clear()
        self.close(politely=False)
        open_, self._open = self._open, None
        seen: set[int] = set()
        if open_ is not None:
            self._open = None  # `hand_over` will find nobody there; it has been told as READY
        for asked, parcel, end in awaited:
            if id(parcel) in seen:
                continue
            seen.add(id(parcel))
            if asked is _Asked.DOT and self._sent >= end:
                self._told.append((parcel, Doubtful(f"connection lost after the mail was handed over: {why}")))
            elif trouble is not None and asked is not _Asked.DOT:
                self._told.append((parcel, trouble))
            else:
                self._told.append((parcel, Unreachable(f"connection lost before the mail was handed over: {why}")))
        for _asked, parcel, _command in later:
            if id(parcel) not in seen:
                seen.add(id(parcel))
                self._told.append((parcel, Unreachable(f"connection lost before the mail was handed over: {why}")))


def on_the_wire(message: bytes, *, in_lines: bool = False) -> bytes:
    """CRLF lines, leading dots doubled (RFC 5321 4.5.2), and the final dot. `in_lines`: its lines end in CRLF."""
    if not in_lines and not message.count(b"\n") == message.count(b"\r") == message.count(b"\r\n"):
        message = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    message = message.replace(b"\n.", b"\n..")
    if message.startswith(b"."):
        message = b"." + message
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
