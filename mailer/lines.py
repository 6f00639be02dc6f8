"""Lines: how the sender gives e-mails to a way out, several at once, and learns what became of each.

Two steps an e-mail. It is *announced* (on SMTP: who writes to whom), which may fail and commits nobody to anything;
when it is `READY`, the sender decides for the last time, writes that down, and *hands over* the e-mail itself. Only
from then on can there be a doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from .transports import SendingError, Transport


class Step(Enum):
    """READY: announced, and waiting for `hand_over`. TAKEN: in other hands. RETURNED: its line broke before anything
    was handed over; it may be announced anew at once."""

    READY = "ready"
    TAKEN = "taken"
    RETURNED = "returned"


@dataclass(eq=False, slots=True)
class Parcel:
    """Finished bytes with their envelope. `email` is whatever the sender knows it by; `at`: not before; `in_lines`: all
    lines of the bytes are known to end in CRLF, which else is looked for."""

    email: Any
    message: bytes
    envelope_from: str
    envelope_to: str
    at: datetime | None = None
    returned: int = 0
    in_lines: bool = False


Outcome = Step | SendingError
Told = tuple[Parcel, Outcome]


class Lines(Protocol):
    """The ways out that one sender has at the same time."""

    def room(self, wanted: int) -> int:
        """How many parcels can be announced now, of `wanted` that wait. May open connections.

        Raises:
            Unreachable: where there is no line at all and none can be had.
        """

    @property
    def busy(self) -> bool:
        """Whether anything is under way of which nothing was told yet."""

    def announce(self, parcel: Parcel) -> None:
        """Say what comes."""

    def hand_over(self, parcel: Parcel, *, then: Parcel | None = None) -> None:
        """Give away a parcel that is READY; `then` is announced right behind it, in the same breath where possible."""

    def abandon(self, parcel: Parcel) -> None:
        """Don't give away a parcel that is READY."""

    def wait(self, seconds: float) -> list[Told]:
        """What has happened; waits at most so long until something has."""

    def close(self) -> None:
        """Let go. Nothing may be under way."""


class OneByOne:
    """Lines over a transport that only knows how to send: one, and each step is done at once."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._told: list[Told] = []
        self._announced = 0

    def room(self, wanted: int) -> int:
        return min(wanted, 1 - self._announced)

    @property
    def busy(self) -> bool:
        return bool(self._told)

    def announce(self, parcel: Parcel) -> None:
        self._announced += 1
        self._told.append((parcel, Step.READY))

    def hand_over(self, parcel: Parcel, *, then: Parcel | None = None) -> None:
        self._announced -= 1
        outcome: Outcome = Step.TAKEN
        try:
            self._transport.send(parcel.message, envelope_from=parcel.envelope_from, envelope_to=parcel.envelope_to)
        except SendingError as error:
            outcome = error
        self._told.append((parcel, outcome))
        if then is not None:
            self.announce(then)

    def abandon(self, parcel: Parcel) -> None:
        self._announced -= 1

    def wait(self, seconds: float) -> list[Told]:
        told, self._told = self._told, []
        return told

    def close(self) -> None:
        self._transport.close()


def lines_of(transport: Transport) -> Lines:
    """Those that a transport has itself, or else one."""
    opened = getattr(transport, "open", None)
    lines: Lines = opened() if opened else OneByOne(transport)
    return lines
