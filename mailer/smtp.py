"""SMTP as a way out: connections that serve many e-mails each, several of them side by side."""

from __future__ import annotations

import contextlib
import selectors
import smtplib
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

from .lines import Parcel, Step, Told
from .smtp_line import Abilities, SmtpLine
from .transports import SendingError, Unreachable


@dataclass
class SmtpTransport:
    """A mail server and how to speak to it.

    Args:
        connections: side by side, for each sender; each may leave one doubtful e-mail behind when the process is
            killed, and hides one round trip.
        most: e-mails that one connection carries; many servers hang up after a number of their own.
    """

    host: str
    port: int = 25
    security: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    tls: ssl.SSLContext | None = None
    connections: int = 1
    most: int = 500
    _own: SmtpLines | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.security not in {"none", "starttls", "tls"}:
            raise ValueError(f"security must be none, starttls or tls, not {self.security!r}")
        if self.connections < 1 or self.most < 1:
            raise ValueError("at least one connection is needed, and one e-mail a connection")

    def open(self) -> SmtpLines:
        """Lines for one sender."""
        return SmtpLines(self, self.connections)

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        """One e-mail, waiting for the end of it; see `transports.Transport`."""
        lines = self._own = self._own or SmtpLines(self, 1)
        parcel = Parcel(None, message, envelope_from, envelope_to)
        lines.room(1)
        lines.announce(parcel)
        while True:
            for _parcel, outcome in lines.wait(1.0):
                if isinstance(outcome, SendingError):
                    raise outcome
                if outcome is Step.TAKEN:
                    return
                if outcome is Step.READY:
                    lines.hand_over(parcel)
                else:
                    lines.room(1)
                    lines.announce(parcel)

    def close(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            own.close()

    def connect(self) -> SmtpLine:
        """A connection, greeted and signed in.

        Raises:
            Unreachable: where that isn't possible; a refused login is a mistake in the settings, not in an e-mail.
        """
        try:
            return self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"{self.host}:{self.port}: {error}") from error

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """One for all connections: reading the certificates of this machine takes longer than to connect."""
        return self.tls or ssl.create_default_context()

    def _connect(self) -> SmtpLine:
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=self._context
            )  # fmt: skip
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                server.starttls(context=self._context)
                server.ehlo()
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        abilities = Abilities(
            pipelining=server.has_extn("pipelining"), international=server.has_extn("smtputf8")
        )  # fmt: skip
        connection, server.sock = server.sock, None
        if server.file is not None:
            server.file.close()
        assert connection is not None  # noqa: S101 (it has just answered)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return SmtpLine(connection, abilities=abilities, timeout=self.timeout)


class SmtpLines:
    """The connections of one sender, served by its one thread."""

    def __init__(self, transport: SmtpTransport, connections: int) -> None:
        self._transport = transport
        self._most = connections
        self._lines: list[SmtpLine] = []
        self._of: dict[int, SmtpLine] = {}
        self._told: list[Told] = []
        self._selector = selectors.DefaultSelector()
        self._interest: dict[SmtpLine, int] = {}

    def room(self, wanted: int) -> int:
        free = sum(line.free for line in self._lines)
        missing = min(wanted - free, self._most - len(self._lines))
        if missing > 0:
            free += self._connect(missing)
        return min(wanted, free)

    @property
    def busy(self) -> bool:
        return bool(self._told) or any(line.busy for line in self._lines)

    def announce(self, parcel: Parcel) -> None:
        line = next(line for line in self._lines if line.free)
        self._of[id(parcel)] = line
        line.announce(parcel)

    def hand_over(self, parcel: Parcel, *, then: Parcel | None = None) -> None:
        line = self._of[id(parcel)]
        if then is not None and line.given + 1 >= self._transport.most:
            self._told.append((then, Step.RETURNED))
            then = None
        if then is not None:
            self._of[id(then)] = line
        line.hand_over(parcel, then=then)
        if line not in self._lines:  # it broke in between, and is watched no more
            self._told += line.told()

    def abandon(self, parcel: Parcel) -> None:
        line = self._of.pop(id(parcel))
        line.abandon(parcel)
        self._clear()

    def wait(self, seconds: float) -> list[Told]:
        now = time.monotonic()
        told = self._collect()
        if not told and self._lines:
            for line in self._lines:
                self._watch(line)
            until = min(line.deadline for line in self._lines)
            ready = self._selector.select(max(0.0, min(seconds, until - now)))
            readable = {key.data for key, events in ready if events & selectors.EVENT_READ}
            now = time.monotonic()
            for line in self._lines:
                line.proceed(readable=line in readable, now=now)
            told = self._collect()
        return told

    def close(self) -> None:
        for line in self._lines:
            self._forget(line)
            line.quit()
        for line in self._lines:
            line.close()
        self._lines.clear()
        self._selector.close()
        self._selector = selectors.DefaultSelector()

    def _connect(self, missing: int) -> int:
        """Open connections side by side; fewer than wanted are enough, none is not.

        Raises:
            Unreachable: where there is none, old or new.
        """
        if missing == 1:
            found: list[SmtpLine | Unreachable] = [self._try()]
        else:
            with ThreadPoolExecutor(missing) as pool:
                found = list(pool.map(lambda _number: self._try(), range(missing)))
        made = [one for one in found if isinstance(one, SmtpLine)]
        for line in made:
            self._lines.append(line)
            self._selector.register(line.connection, selectors.EVENT_READ, line)
            self._interest[line] = selectors.EVENT_READ
        if len(made) < missing:
            self._most = max(1, len(self._lines))  # the server doesn't want more of them
        if not self._lines:
            raise next(one for one in found if isinstance(one, Unreachable))
        return len(made)

    def _try(self) -> SmtpLine | Unreachable:
        try:
            return self._transport.connect()
        except Unreachable as error:
            return error

    def _watch(self, line: SmtpLine) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.wants_to_write else 0)
        if self._interest[line] != wanted:
            self._selector.modify(line.connection, wanted, line)
            self._interest[line] = wanted

    def _collect(self) -> list[Told]:
        """What the lines tell; where one broke, what it had not handed over may take another, or a new one."""
        told, self._told = self._told, []
        for line in self._lines:
            told.extend(line.told())
        self._clear()
        return [(parcel, self._again(parcel, outcome)) for parcel, outcome in told]

    def _again(self, parcel: Parcel, outcome: Step | SendingError) -> Step | SendingError:
        line = self._of.get(id(parcel))
        if outcome is not Step.READY:
            self._of.pop(id(parcel), None)
        if not isinstance(outcome, Unreachable) or line is None or line.alive or parcel.returned:
            return outcome
        # A server may close a connection that has served, and doesn't want many at once: that says nothing about this
        # e-mail. Where it closes the first one on the first e-mail, it does.
        if line.given or self._lines:
            parcel.returned += 1
            return Step.RETURNED
        return outcome

    def _clear(self) -> None:
        """Forget dead connections, and end those that have carried enough."""
        for line in list(self._lines):
            if line.alive and line.free and line.given >= self._transport.most:
                self._forget(line)
                self._lines.remove(line)
                line.close()
            elif not line.alive and not line.busy:
                self._forget(line)
                self._lines.remove(line)

    def _forget(self, line: SmtpLine) -> None:
        if self._interest.pop(line, None) is not None:
            with contextlib.suppress(KeyError, ValueError, OSError):
                self._selector.unregister(line.connection)
