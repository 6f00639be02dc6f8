"""Overview: the shop's figures of a period beside those of the period before, read from the daily roll-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream import dimensions
from tracking.clickstream.rollups import DayFigures, TermDay
from tracking.clickstream.sheets import sums

from .period import Period

_CHUNK = 500  # terms looked up at once


@dataclass(frozen=True)
class Figures:
    """Counts and sums of some days. Money in minor units of the shop's currency."""

    visits: int = 0
    simulated_visits: int = 0
    page_views: int = 0
    product_views: int = 0
    searches: int = 0
    cart_adds: int = 0
    checkouts: int = 0
    orders: int = 0
    visit_orders: int = 0
    gross_minor: int = 0
    refunds_minor: int = 0
    registrations: int = 0

    @property
    def net_minor(self) -> int:
        """Revenue net of refunds; a refund counts on the day it was given."""
        return self.gross_minor - self.refunds_minor

    @property
    def conversion(self) -> float | None:
        """Orders placed in a counted visit, per visit (0.031 = 3.1 %); None without visits.

        Orders of people who refused statistics have no visit and are left out on both sides.
        """
        return self.visit_orders / self.visits if self.visits else None

    @property
    def average_minor(self) -> int | None:
        """An order's average before refunds, half up; None without orders."""
        return (2 * self.gross_minor + self.orders) // (2 * self.orders) if self.orders else None

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(mine + theirs for mine, theirs in zip(self.values, other.values, strict=True)))

    @property
    def values(self) -> tuple[int, ...]:
        """The fields in order."""
        return tuple(vars(self).values())


@dataclass(frozen=True)
class Day:
    """One day's figures."""

    day: date
    figures: Figures


@dataclass(frozen=True)
class Term:
    """A search term with how often it was asked, and how often it found nothing. `id`: its number among all terms."""

    id: int
    term: str
    searches: int
    zero_results: int


def days_in(session: Session, period: Period) -> list[Day]:
    """Each day of a period; days without a row are all zero."""
    rows = session.scalars(select(DayFigures).where(DayFigures.day.between(period.first, period.last)))
    known = {row.day: _figures(row) for row in rows}
    return [Day(day, known.get(day, Figures())) for day in period]


def total(days: Iterable[Day]) -> Figures:
    """The sum of some days."""
    result = Figures()
    for day in days:
        result += day.figures
    return result


def change(now: float | None, before: float | None) -> float | None:
    """How much more than before (0.12 = 12 % more); None where there is nothing to compare with."""
    if now is None or not before or before < 0:
        return None
    return now / before - 1


def top_searches(session: Session, period: Period, *, limit: int = 10) -> list[Term]:
    """What was searched most."""
    return _terms(session, period, limit=limit, only_failed=False)


def failed_searches(session: Session, period: Period, *, limit: int = 10) -> list[Term]:
    """What was searched and not found, most often first."""
    return _terms(session, period, limit=limit, only_failed=True)


def _figures(row: DayFigures) -> Figures:
    return Figures(
        visits=row.sessions,
        simulated_visits=row.simulated_sessions,
        page_views=row.page_views,
        product_views=row.product_views,
        searches=row.searches,
        cart_adds=row.cart_adds,
        checkouts=row.checkouts,
        orders=row.orders,
        visit_orders=row.visit_orders,
        gross_minor=row.revenue_minor,
        refunds_minor=row.refunds_minor,
        registrations=row.registrations,
    )


def _terms(session: Session, period: Period, *, limit: int, only_failed: bool) -> list[Term]:
    found = sums(session, TermDay, period.first, period.last, only=("searches", "zero_results"))
    counted = [
        (int(key[0]), int(searches), int(zero))
        for key, searches, zero in zip(
            found.keys, found.columns["searches"], found.columns["zero_results"], strict=True
        )
        if (zero if only_failed else searches)
    ]
    column = 2 if only_failed else 1
    ahead = sorted(counted, key=lambda row: -row[column])
    # Those that are level with the last one, too: terms that are equally frequent come in the alphabet's order.
    least = ahead[limit - 1][column] if len(ahead) > limit else 0
    ahead = [row for row in ahead if row[column] >= least]
    words = _words(session, [row[0] for row in ahead])
    terms = [Term(term_id, words[term_id], searches, zero) for term_id, searches, zero in ahead]
    terms.sort(key=lambda term: (-(term.zero_results if only_failed else term.searches), term.term))
    return terms[:limit]


def _words(session: Session, ids: Sequence[int]) -> dict[int, str]:
    words: dict[int, str] = {}
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        query = select(dimensions.Term.id, dimensions.Term.term).where(dimensions.Term.id.in_(some))
        words |= {row.id: row.term for row in session.execute(query)}
    return words
