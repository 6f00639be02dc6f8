"""Speed: how long the shop took for its pages, read from the counts of buckets a tenth wide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from tracking.clickstream import sheets
from tracking.clickstream.rollups import TimingDay
from tracking.clickstream.timings import EDGES, percentile

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


def speed_of(views: Mapping[int, int]) -> Speed:
    """Read from bucket → count."""
    return Speed(sum(views.values()), percentile(views, 0.5), percentile(views, 0.95))


def speed_by_day(session: Session, period: Period, *, page_id: int = ALL_PAGES) -> dict[date, dict[int, int]]:
    """How often each bucket was met on each day, of one page or of all."""
    return sheets.parts_by_day(session, TimingDay, period.first, period.last, key=page_id, figure="views")


def speed_in(span: Period, days: Mapping[date, Mapping[int, int]]) -> Speed:
    """The speed over some of the days of `speed_by_day`."""
    views: Counter[int] = Counter()
    for day in span:
        views.update(days.get(day, {}))
    return speed_of(views)


def pages_by_speed(session: Session, period: Period, *, least_views: int) -> PageSpeeds:
    """The speed of each page with at least so many timed views."""
    summed = sheets.sums(session, TimingDay, period.first, period.last)
    pages, buckets, views = summed.keys[:, 0], summed.keys[:, 1], summed.columns["views"]
    own = pages != ALL_PAGES
    pages, buckets, views = pages[own], buckets[own], views[own]
    if not len(pages):
        return PageSpeeds(pages, pages, pages, pages)
    # Keys are sorted by page and bucket.
    starts = np.flatnonzero(np.diff(pages, prepend=-1))
    passed = np.cumsum(views)
    before = passed[starts] - views[starts]
    totals = np.diff(np.append(before, passed[-1]))
    enough = np.flatnonzero(totals >= max(least_views, 1))

    def within(share: float) -> Ints:
        """The first bucket with which the share of the page's views is reached (nearest rank, `timings.percentile`)."""
        needed = before[enough] + np.ceil(share * totals[enough]).astype(np.int64)
        edges: Ints = np.array(EDGES, dtype=np.int64)[buckets[np.searchsorted(passed, needed)]]
        return edges

    return PageSpeeds(pages[starts[enough]], totals[enough], within(0.5), within(0.95))
