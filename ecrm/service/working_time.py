"""Working time of many stretches at once: what `Calendar.between` says, from the calendar's days worked out once.

A report asks for three stretches of each of its cases; day by day for each, tens of thousands took many seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta

from .hours import Calendar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_AT_ONCE = 30


class WorkingTime:
    """A calendar's time from a day on; days are added as they are asked for."""

    def __init__(self, calendar: Calendar, *, since: datetime) -> None:
        self._calendar = calendar
        self._next = since.astimezone(calendar.zone).date()
        self._start = self._until = _begins(calendar, self._next)
        # By number: how many spans opened (closed) before a moment, and the sum of those moments, in microseconds.
        self._opens, self._opens_sum = list[int](), [0]
        self._closes, self._closes_sum = list[int](), [0]

    def between(self, start: datetime, end: datetime) -> int:
        """Working seconds from `start` to `end`; 0 where the end isn't after it."""
        if end <= start or not self._calendar.hours:
            return max(0, int((end - start).total_seconds()))
        first, last = (start - _EPOCH) // _MICROSECOND, (end - _EPOCH) // _MICROSECOND
        if first < self._start:
            return self._calendar.between(start, end)
        while self._until < last:
            self._add_days()
        return (self._passed(last) - self._passed(first)) // _SECOND

    def _passed(self, moment: int) -> int:
        """Working microseconds of these days before a moment: of each span, what has passed since it opened, less what
        has passed since it closed."""
        opened, closed = bisect_left(self._opens, moment), bisect_left(self._closes, moment)
        return (opened - closed) * moment - self._opens_sum[opened] + self._closes_sum[closed]

    def _add_days(self) -> None:
        opens, closes = list[int](), list[int]()
        for _number in range(_AT_ONCE):
            for opening, closing in self._calendar.spans(self._next):
                opens.append((opening - _EPOCH) // _MICROSECOND)
                closes.append((closing - _EPOCH) // _MICROSECOND)
            self._next += timedelta(days=1)
        for moments, sums, more in (
            (self._opens, self._opens_sum, opens), (self._closes, self._closes_sum, closes),
        ):  # fmt: skip
            for moment in sorted(more):
                moments.append(moment)
                sums.append(sums[-1] + moment)
        self._until = _begins(self._calendar, self._next)


def _begins(calendar: Calendar, day: date) -> int:
    return (datetime.combine(day, datetime.min.time(), calendar.zone).astimezone(UTC) - _EPOCH) // _MICROSECOND
