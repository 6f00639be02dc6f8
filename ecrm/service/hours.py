"""Working hours: how much working time lies between two moments, and which moment lies so much working time ahead.

Opening hours are wall-clock times of a zone; they are turned into moments day by day, so the day on which the clocks
change has an hour less or more where that hour is a working one. What no hours are known of is always open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from mailer.calendar import Place, public_holidays

DAY = 24 * 60
"""Minutes of a day on the wall."""
_FARTHEST = 3700
"""Days that are looked ahead for open ones; hours that never come are refused before they are stored."""
Spans = Sequence[tuple[int, int]]


class BadHours(ValueError):
    """Opening hours that can't be; the message says which weekday, from 0 for Monday."""


def _no_holidays(_day: date) -> bool:
    return False


@dataclass(frozen=True)
class Calendar:
    """`hours`: by weekday (0 is Monday) the spans of minutes of the day, in order; empty: always open."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    hours: Mapping[int, Spans] = field(default_factory=dict)
    rests: Callable[[date], bool] = _no_holidays

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at this moment."""
        if not self.hours:
            return True
        day = at.astimezone(self.zone).date()
        return any(start <= at < end for start, end in self.spans(day))

    def add(self, start: datetime, seconds: int) -> datetime:
        """The moment at which so many working seconds have passed since `start`, in UTC.

        No working time at all is the start itself, whether or not anybody is there. What few hours a week don't bring
        together within ten years (ninety days of Mondays from nine to ten) is due then: a letter is taken all the same.
        """
        start = start.astimezone(UTC)
        if not self.hours or seconds <= 0:
            return start + timedelta(seconds=max(0, seconds))
        left = timedelta(seconds=seconds)
        for opens, closes in self._from(start):
            begin = max(opens, start)
            if begin + left <= closes:
                return begin + left
            left -= closes - begin
        return start + timedelta(days=_FARTHEST)

    def between(self, start: datetime, end: datetime) -> int:
        """Working seconds from `start` to `end`; 0 where the end isn't after it."""
        if end <= start:
            return 0
        if not self.hours:
            return int((end - start).total_seconds())
        total = timedelta()
        for opens, closes in self._from(start):
            if opens >= end:
                break
            total += max(timedelta(), min(closes, end) - max(opens, start))
        return int(total.total_seconds())

    def _from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = start.astimezone(self.zone).date()
        for number in range(_FARTHEST):
            for opens, closes in self.spans(first + timedelta(days=number)):
                if closes > start:
                    yield opens, closes

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """When somebody works on a day, in UTC."""
        if self.rests(day):
            return
        for first, last in self.hours.get(day.weekday(), ()):
            opens, closes = self._moment(day, first), self._moment(day, last)
            if closes > opens:  # a span that the clocks skip is none
                yield opens, closes

    def _moment(self, day: date, minute: int) -> datetime:
        """A wall-clock minute in UTC. One that is skipped in spring is that much later, one that comes twice in autumn
        is the first (PEP 495, fold 0)."""
        day, minute = (day + timedelta(days=1), 0) if minute == DAY else (day, minute)
        return datetime.combine(day, time(minute // 60, minute % 60), self.zone).astimezone(UTC)


ALWAYS = Calendar()


def calendar_of(*, hours: Mapping[str, Any], time_zone: str, country: str = "", subdivision: str = "") -> Calendar:
    """The calendar of a team or agent as it is stored."""
    spans = {int(day): tuple((int(a), int(b)) for a, b in found) for day, found in hours.items() if found}
    rests = partial(_is_holiday, Place(country, subdivision)) if country else _no_holidays
    return Calendar(ZoneInfo(time_zone or "UTC"), spans, rests)


def checked_hours(hours: Mapping[int, Spans]) -> dict[str, list[list[int]]]:
    """Opening hours fit for storing.

    Raises:
        BadHours: for spans that overlap, run backwards or leave the day.
    """
    stored: dict[str, list[list[int]]] = {}
    for day, spans in sorted(hours.items()):
        ordered = sorted(spans)
        ends = 0
        for first, last in ordered:
            if not (0 <= first < last <= DAY and first >= ends):
                raise BadHours(str(day))
            ends = last
        if ordered:
            stored[str(day)] = [list(span) for span in ordered]
    return stored


def _is_holiday(place: Place, day: date) -> bool:
    return day in public_holidays(place, day.year)
