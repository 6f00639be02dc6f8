"""Speed: how long the shop took for its pages, read from the counts of buckets a tenth wide."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from tracking.clickstream import sheets
from tracking.clickstream.rollups import TimingDay
from tracking.clickstream.timings import EDGES

from .period import Period

ALL_PAGES = 0
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Speed:
    """Milliseconds within which half and 95 of 100 views were answered; None without timed views."""

    views: int
    p50: int | None
    p95: int | None


@dataclass(frozen=True)
class PageSpeeds:
    """Columns, a place a page; `page_ids` are sorted. Milliseconds."""

    page_ids: Ints
    views: Ints
    p50: Ints
    p95: Ints


class DaySpeeds:
    """How often each bucket was met by the end of each day of a period: the speed over some of them is a difference."""

    def __init__(self, period: Period, days: Mapping[date, Mapping[int, int]]) -> None:
        """`days`: of each day, bucket → count."""
        self._period = period
        views = np.zeros((period.days + 1, len(EDGES)), dtype=np.int64)
        for day, of_day in days.items():
            views[(day - period.first).days + 1, list(of_day)] = list(of_day.values())
        self._until = views.cumsum(axis=0)

    def __bool__(self) -> bool:
        return bool(self._until[-1].any())

    def over(self, span: Period) -> Speed:
        """The speed over the days of this span that lie in the period; percentiles by the nearest rank."""
        first, last = max(span.first, self._period.first), min(span.last, self._period.last)
        if first > last:
            return Speed(0, None, None)
        before, after = (first - self._period.first).days, (last - self._period.first).days + 1
        passed = np.cumsum(self._until[after] - self._until[before])
        if not (views := int(passed[-1])):
            return Speed(0, None, None)
        p50, p95 = (EDGES[place] for place in np.searchsorted(passed, [0.5 * views, 0.95 * views]))
        return Speed(views, p50, p95)


NO_SPEEDS = DaySpeeds(Period(date.min, date.min), {})


def speed_by_day(session: Session, period: Period, *, page_id: int = ALL_PAGES) -> DaySpeeds:
    """The timed views of each day, of one page or of all."""
    days = sheets.parts_by_day(session, TimingDay, period.first, period.last, key=page_id, figure="views")
    return DaySpeeds(period, days)


def pages_by_speed(
    session: Session, period: Period, *, least_views: int, pages: Collection[int] | None = None
) -> PageSpeeds:
    """The speed of each page with at least so many timed views, or of some pages; the fewer, the sooner."""
    summed = sheets.sums(session, TimingDay, period.first, period.last, keys=pages)
    page_ids, buckets, views = summed.keys[:, 0], summed.keys[:, 1], summed.columns["views"]
    own = slice(int(np.searchsorted(page_ids, ALL_PAGES, side="right")), None)  # keys are sorted by page and bucket
    page_ids, buckets, views = page_ids[own], buckets[own], views[own]
    if not len(page_ids):
        return PageSpeeds(page_ids, page_ids, page_ids, page_ids)
    starts = np.flatnonzero(np.diff(page_ids, prepend=-1))
    passed = np.cumsum(views)
    before = passed[starts] - views[starts]
    totals = np.diff(np.append(before, passed[-1]))
    enough = np.flatnonzero(totals >= max(least_views, 1))

    def within(share: float) -> Ints:
        """The first bucket with which the share of the page's views is reached (nearest rank)."""
        needed = before[enough] + np.ceil(share * totals[enough]).astype(np.int64)
        edges: Ints = np.array(EDGES, dtype=np.int64)[buckets[np.searchsorted(passed, needed)]]
        return edges

    return PageSpeeds(page_ids[starts[enough]], totals[enough], within(0.5), within(0.95))
