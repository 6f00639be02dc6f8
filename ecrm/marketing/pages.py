"""Pages of a period: how often they were seen and for how long, and the visits that began with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from tracking.clickstream import sheets
from tracking.clickstream.dimensions import Page
from tracking.clickstream.rollups import PageDay
from tracking.clickstream.sessions import Session as Visit

from .period import Period
from .segment import Segment, audiences_within

SEEN = ("views", "engagements", "seconds", "entries")
ENTERED = (
    "entries", "bounces", "entry_product_views", "entry_cart_adds", "entry_orders", "entry_revenue_minor",
    "entry_refunds_minor",
)  # fmt: skip
BATCH = 500


def pages_seen(session: Session, period: Period) -> sheets.Sums:
    """Pages with their views and the seconds for which they were looked at; keys are the pages' numbers."""
    return _with_any(sheets.sums(session, PageDay, period.first, period.last, only=SEEN), ("views",))


def landing_pages(session: Session, period: Period, *, segment: Segment) -> sheets.Sums:
    """Pages with which visits began, and what came of these visits; also those with nothing but a refund.

    Within a segment the visits are counted one by one, as the roll-up doesn't know who they were; the refunds are then
    all that was given back so far for orders of these visits, not what was given back in the period. Visits that were
    forgotten (erasure, retention) no longer say their page and are in the roll-up alone.
    """
    if segment:
        return _within(session, period, segment)
    return _with_any(sheets.sums(session, PageDay, period.first, period.last, only=ENTERED), ENTERED)


def page_by_day(session: Session, page_id: int, period: Period) -> dict[date, dict[str, int]]:
    """All figures of one page by day."""
    return sheets.by_day(session, PageDay, period.first, period.last, keys=[page_id])


def pages_by_day(session: Session, period: Period) -> dict[date, dict[str, int]]:
    """All pages' figures by day."""
    return sheets.by_day(session, PageDay, period.first, period.last)


def paths_of(session: Session, page_ids: Iterable[int]) -> dict[int, str]:
    """The paths of some pages."""
    wanted = list(page_ids)
    paths: dict[int, str] = {}
    for start in range(0, len(wanted), BATCH):
        query = select(Page.id, Page.path).where(Page.id.in_(wanted[start : start + BATCH]))
        paths.update((id_, path) for id_, path in session.execute(query))
    return paths


def _with_any(summed: sheets.Sums, names: Sequence[str]) -> sheets.Sums:
    """The rows in which one of these columns isn't nought: left out, they would be missing from the total."""
    chosen = np.any([summed.columns[name] != 0 for name in names], axis=0)
    return sheets.Sums(summed.keys[chosen], {key: column[chosen] for key, column in summed.columns.items()})


def _within(session: Session, period: Period, segment: Segment) -> sheets.Sums:
    figures = (
        func.count(), func.sum(case((Visit.bounced, 1), else_=0)), func.sum(Visit.product_views),
        func.sum(Visit.cart_adds), func.sum(Visit.orders), func.sum(Visit.revenue_minor),
        func.sum(Visit.refunds_minor),
    )  # fmt: skip
    query = (
        select(Visit.entry_page_id, *figures)
        .where(
            Visit.day.between(period.first, period.last),
            Visit.entry_page_id.is_not(None),
            Visit.audience_id.in_(audiences_within(segment)),
        )
        .group_by(Visit.entry_page_id)
        .order_by(Visit.entry_page_id)
    )
    rows = [tuple(map(int, row)) for row in session.execute(query)]  # PostgreSQL sums into Decimals
    found = np.array(rows, dtype=np.int64).reshape(len(rows), 1 + len(ENTERED))
    return sheets.Sums(found[:, :1], {name: found[:, number] for number, name in enumerate(ENTERED, start=1)})
