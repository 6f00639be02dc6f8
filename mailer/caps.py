"""Caps: how many e-mails of marketing a person gets at most within so many of their local days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_CAP = re.compile(r"(\d{1,3})\s*/\s*(?:(\d{1,3})\s*days?|day|week)")


@dataclass(frozen=True)
class Cap:
    """At most `most` within any `days` local days in a row."""

    most: int
    days: int

    @property
    def words(self) -> str:
        """As people say it, e.g. `3 in 7 days`."""
        return f"{self.most} a day" if self.days == 1 else f"{self.most} in {self.days} days"


@dataclass(frozen=True)
class Caps:
    """All caps of a shop; each of them holds."""

    caps: tuple[Cap, ...] = (Cap(1, 1), Cap(3, 7))

    @classmethod
    def parse(cls, words: str) -> Caps:
        """Read `1/day, 3/7days`; empty text means no cap.

        Raises:
            ValueError: for anything else, and for a cap that lets nothing through.
        """
        caps = []
        for part in filter(None, (one.strip() for one in words.split(","))):
            match = _CAP.fullmatch(part)
            if match is None or int(match[1]) == 0 or (match[2] is not None and int(match[2]) == 0):
                raise ValueError(f"caps are written like 1/day, 3/7days, not {part!r}")
            days = int(match[2]) if match[2] else 7 if part.endswith("week") else 1
            caps.append(Cap(int(match[1]), days))
        return cls(tuple(caps))

    @property
    def longest(self) -> int:
        """Over how many days anything has to be known."""
        return max((cap.days for cap in self.caps), default=0)

    def full(self, sent: Sequence[date], day: date) -> Cap | None:
        """The cap that leaves no room on this day after those sent on these days; None where there is room."""
        for cap in self.caps:
            first = day - timedelta(days=cap.days - 1)
            if sum(first <= one <= day for one in sent) >= cap.most:
                return cap
        return None

    def next_room(self, sent: Sequence[date], day: date) -> date:
        """The first day from `day` on with room for one more."""
        while self.full(sent, day) is not None:
            day += timedelta(days=1)
        return day
