"""Period: days of the shop's calendar, what they are compared with, and the moments between which they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Period:
    """Days of the shop's calendar, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period of the same length that ends the day before this one starts."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def year_before(self) -> Period:
        """The same dates a year earlier; of a longer period so many years earlier that the two never overlap.

        29 February becomes the 28th, so that it may be a day shorter or longer.
        """
        years = 1
        while _years_earlier(self.last, years) >= self.first:
            years += 1
        return Period(_years_earlier(self.first, years), _years_earlier(self.last, years))

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range(self.days))


def period_of(days: int, *, today: date) -> Period:
    """The last `days` days up to and including today."""
    return Period(today - timedelta(days=days - 1), today)


def bounds(period: Period, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments between which a period of the shop's calendar lies (end excluded), in UTC."""
    start = datetime.combine(period.first, time(), zone)
    end = datetime.combine(period.last + timedelta(days=1), time(), zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def steps(period: Period, *, longest_by_day: int = 100) -> list[Period]:
    """The columns of a chart: days, or the weeks of a long period; days left over go into the first week."""
    if period.days <= longest_by_day:
        return [Period(day, day) for day in period]
    starts = [0, *range(7 + period.days % 7, period.days, 7)]
    return [
        Period(period.first + timedelta(days=start), period.first + timedelta(days=end - 1))
        for start, end in zip(starts, [*starts[1:], period.days], strict=True)
    ]


def _years_earlier(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
