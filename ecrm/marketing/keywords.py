"""Keywords on the site: what was searched, what of it was opened, and what that earned, read from the daily roll-ups.

How a click, a cart and an order are a search's is said in `search_trail` and `earnings`. All counts on the search's
day, refunds on the day the money went back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracking.clickstream import sheets
from tracking.clickstream.dimensions import Term
from tracking.clickstream.rollups import RefinementDay, TermDay
from tracking.clickstream.searches import SearchClick

from .period import Period, bounds

BATCH = 500


@dataclass(frozen=True)
class Opened:
    """What of a term's results, or by which terms a product, was opened in a period. `key_id`: of product or term.

    `position` is the mean place in the results, counted from 1. Money in minor units; refunds are all until now.
    """

    key_id: int
    clicks: int
    position: float
    cart_adds: int
    revenue_minor: int
    refunds_minor: int


@dataclass(frozen=True)
class Followed:
    """Another search next to a term's in the same visit, with nothing opened in between."""

    term_id: int
    times: int


def terms_searched(session: Session, period: Period, *, failed: bool = False) -> sheets.Sums:
    """Terms with their figures; keys are the terms' numbers. `failed`: only those that found nothing at least once.

    A term that wasn't searched in the period may be there for its refunds.
    """
    summed = sheets.sums(session, TermDay, period.first, period.last)
    if failed:
        return picked(summed, summed.columns["zero_results"] > 0)
    return picked(summed, np.any([column != 0 for column in summed.columns.values()], axis=0))


def terms_by_day(session: Session, period: Period, *, term_id: int | None = None) -> dict[date, dict[str, int]]:
    """The figures by day: of all terms, or of one."""
    keys = None if term_id is None else [term_id]
    return sheets.by_day(session, TermDay, period.first, period.last, keys=keys)


def refinements(session: Session, period: Period) -> sheets.Sums:
    """Searches that were followed by another one; keys are pairs of terms: from, to."""
    summed = sheets.sums(session, RefinementDay, period.first, period.last)
    return picked(summed, summed.columns["times"] > 0)


def tried_next(session: Session, term_id: int, period: Period, *, limit: int) -> list[Followed]:
    """What people searched after this term, most often first."""
    return _followed(refinements(session, period), term_id, given=0, limit=limit)


def tried_before(session: Session, term_id: int, period: Period, *, limit: int) -> list[Followed]:
    """What people had searched before they came to this term, most often first."""
    return _followed(refinements(session, period), term_id, given=1, limit=limit)


def opened_from(session: Session, term_id: int, period: Period, zone: ZoneInfo, *, limit: int) -> list[Opened]:
    """The products opened from a term's results, most often first."""
    return _opened(
        session, period, zone, limit=limit, wanted=SearchClick.term_id, value=term_id, by=SearchClick.product_key_id
    )


def terms_to(session: Session, product_key_id: int, period: Period, zone: ZoneInfo, *, limit: int) -> list[Opened]:
    """The terms from whose results a product was opened, most often first."""
    return _opened(
        session, period, zone, limit=limit, wanted=SearchClick.product_key_id, value=product_key_id,
        by=SearchClick.term_id,
    )  # fmt: skip


def words_of(session: Session, term_ids: Iterable[int]) -> dict[int, str]:
    """The terms in words."""
    wanted = list(term_ids)
    words: dict[int, str] = {}
    for start in range(0, len(wanted), BATCH):
        query = select(Term.id, Term.term).where(Term.id.in_(wanted[start : start + BATCH]))
        words.update((id_, term) for id_, term in session.execute(query))
    return words


def picked(summed: sheets.Sums, chosen: NDArray[np.bool_]) -> sheets.Sums:
    """Some rows of sums."""
    return sheets.Sums(summed.keys[chosen], {name: column[chosen] for name, column in summed.columns.items()})


def _followed(summed: sheets.Sums, term_id: int, *, given: int, limit: int) -> list[Followed]:
    of_term = picked(summed, summed.keys[:, given] == term_id)
    order = np.argsort(-of_term.columns["times"], kind="stable")[:limit]
    others, times = of_term.keys[:, 1 - given], of_term.columns["times"]
    return [Followed(int(others[place]), int(times[place])) for place in order]


def _opened(
    session: Session,
    period: Period,
    zone: ZoneInfo,
    *,
    limit: int,
    wanted: InstrumentedAttribute[int],
    value: int,
    by: InstrumentedAttribute[int],
) -> list[Opened]:
    start, end = bounds(period, zone)
    clicks = func.count()
    query = (
        select(
            by, clicks, func.sum(SearchClick.position), func.sum(cast(SearchClick.added, Integer)),
            func.sum(SearchClick.revenue_minor), func.sum(SearchClick.refunds_minor),
        )
        .where(wanted == value, SearchClick.searched_at >= start, SearchClick.searched_at < end)
        .group_by(by)
        .order_by(clicks.desc(), by)
        .limit(limit)
    )  # fmt: skip
    return [
        Opened(key, count, int(positions) / count, int(added), int(revenue), int(refunds))
        for key, count, positions, added, revenue, refunds in session.execute(query)
    ]
