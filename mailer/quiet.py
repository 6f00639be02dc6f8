"""Quiet: the hours and days on which nobody is bothered with marketing, by the recipient's own clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from .calendar import Place, at_local, local_day, public_holiday

_HOURS = re.compile(r"(\d{1,2})\s*-\s*(\d{1,2})")
REASONS = ("public holiday: ", "quiet hours (")
"""How each reason begins that `Quiet.reason` gives."""
_MOST_DAYS = 14  # no country rests longer; ends the search


@dataclass(frozen=True)
class Quiet:
    """Nothing from `starts` (hour of the day) to `ends` on the next one, nor on public holidays.

    Equal hours are no quiet hours at all; a person in a zone that is only guessed has them by the guess.
    """

    starts: int = 21
    ends: int = 8
    on_holidays: bool = True

    def __post_init__(self) -> None:
        if not (0 <= self.starts <= 23 and 0 <= self.ends <= 23):
            raise ValueError(f"quiet hours are hours from 0 to 23, not {self.starts}-{self.ends}")

    @classmethod
    def parse(cls, words: str, *, on_holidays: bool = True) -> Quiet:
        """Read `21-8`; empty text means no quiet hours.

        Raises:
            ValueError: for anything else.
        """
        if not words.strip():
            return cls(0, 0, on_holidays)
        match = _HOURS.fullmatch(words.strip())
        if match is None:
            raise ValueError(f"quiet hours are written like 21-8, not {words!r}")
        return cls(int(match[1]), int(match[2]), on_holidays)

    def quiet_hour(self, hour: int) -> bool:
        """Whether this hour of the day is one of them."""
        if self.starts == self.ends:
            return False
        if self.starts < self.ends:
            return self.starts <= hour < self.ends
        return hour >= self.starts or hour < self.ends

    def reason(self, moment: datetime, place: Place, zone: ZoneInfo, *, any_day: bool = False) -> str:
        """Why this moment is quiet there, in words; "" where it isn't."""
        wall = moment.astimezone(zone)
        if self.on_holidays and not any_day and (holiday := public_holiday(place, wall.date())):
            return f"public holiday: {holiday}"
        if self.quiet_hour(wall.hour):
            return f"quiet hours ({self.starts}–{self.ends}, {wall:%H:%M} in {zone.key})"
        return ""

    def next_allowed(self, moment: datetime, place: Place, zone: ZoneInfo, *, any_day: bool = False) -> datetime:
        """This moment where it isn't quiet, or else the next one that isn't, in UTC."""
        moment = moment.astimezone(UTC)
        for _ in range(_MOST_DAYS):
            if not self.reason(moment, place, zone, any_day=any_day):
                return moment
            moment = self._next_start(moment, place, zone, any_day=any_day)
        return moment

    def _next_start(self, moment: datetime, place: Place, zone: ZoneInfo, *, any_day: bool) -> datetime:
        """The next end of the quiet hours (or of the day, where there are none) after a quiet moment."""
        today = local_day(moment, zone)
        ends = self.ends if self.starts != self.ends else 0
        candidate = at_local(today, ends, zone)
        holiday = self.on_holidays and not any_day and public_holiday(place, today)
        if candidate <= moment or holiday:
            candidate = at_local(today + timedelta(days=1), ends, zone)
        return candidate
