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
    page_ids, starts = np.unique(pages, return_index=True)
    if not len(page_ids):
        return PageSpeeds(page_ids, page_ids, page_ids, page_ids)
    totals = np.add.reduceat(views, starts)
    # Keys are sorted by page and bucket: `passed` counts a page's views up to and including each bucket.
    passed = np.cumsum(views)
    passed -= np.repeat(passed[starts] - views[starts], np.diff(np.append(starts, len(pages))))
    enough = totals >= least_views

    def within(share: float) -> Ints:
        needed = np.repeat(share * totals, np.diff(np.append(starts, len(pages))))
        # The first bucket of each page with which the share is reached (nearest rank, as `timings.percentile`).
        reached = np.flatnonzero((passed >= needed) & (views > 0))
        _pages, first = np.unique(pages[reached], return_index=True)
        edges: Ints = np.array(EDGES, dtype=np.int64)[buckets[reached[first]]]
        return edges

    return PageSpeeds(page_ids[enough], totals[enough], within(0.5)[enough], within(0.95)[enough])
