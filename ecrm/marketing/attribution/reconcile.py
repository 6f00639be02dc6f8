"""Reconciliation: what was credited is what was booked, for every period and model, to the cent.

Booked net revenue is Σ totals of the orders placed in the period less Σ refunds given in it. Five books must agree on
it, day by day and booking by booking: the orders and refunds, the day's figures of the overview (`DayFigures`), the
postings (`Credit`), the day's credits (`CreditDay`), and the shares, which sum to one million per booking and model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, literal, select
from sqlalchemy.orm import Session

from ecrm.marketing.period import Period, bounds
from tracking.clickstream.rollups import DayFigures, day_of
from tracking.orders import SeenOrder, SeenRefund

from .chain import Why
from .credits import MILLION, Credit, CreditDay
from .models import Model

SHOWN = 50
"""Differences that are named; there may be more."""


class Difference(NamedTuple):
    """A row that doesn't agree: where it stands, which row it is, what it should be, and what it is."""

    book: str
    row: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.book}: {self.row} should be {self.expected} and is {self.found}"


@dataclass
class Reconciled:
    """A model's sums over a period, in minor units; `differences` is empty where all books agree."""

    model: Model
    attributed_minor: int = 0
    unattributed: dict[Why, int] = field(default_factory=dict)
    booked_minor: int = 0
    differences: list[Difference] = field(default_factory=list)
    more: int = 0

    @property
    def credited_minor(self) -> int:
        """Attributed and unattributed."""
        return self.attributed_minor + sum(self.unattributed.values())

    @property
    def holds(self) -> bool:
        """Whether the proof succeeds."""
        return not self.differences and self.credited_minor == self.booked_minor

    def note(self, difference: Difference) -> None:
        """Keep a difference, or count it where there are too many to name."""
        if len(self.differences) < SHOWN:
            self.differences.append(difference)
        else:
            self.more += 1


class _Book(NamedTuple):
    """Money of a day: what came in and what went back."""

    revenue: int = 0
    refunds: int = 0


def reconcile(session: Session, period: Period, *, models: Collection[Model], zone: str) -> list[Reconciled]:
    """Compare the books over a period, for each of these models.

    Args:
        zone: the shop's time zone, which says on which day a booking counts.
    """
    bookings = list(_bookings(session, period, zone))
    booked: defaultdict[date, _Book] = defaultdict(_Book)
    for one in bookings:
        sums = booked[one.day]
        is_order = one.kind == "order"
        booked[one.day] = _Book(sums.revenue + one.amount * is_order, sums.refunds - one.amount * (not is_order))
    overview = {
        row.day: _Book(row.revenue_minor, row.refunds_minor)
        for row in session.scalars(select(DayFigures).where(DayFigures.day.between(period.first, period.last)))
    }
    return [_of_model(session, period, model, bookings, booked, overview) for model in models]


class _Booking(NamedTuple):
    kind: str
    id: int
    reference: str
    day: date
    amount: int


def _bookings(session: Session, period: Period, zone: str) -> Iterator[_Booking]:
    start, end = bounds(period, ZoneInfo(zone))
    orders = select(SeenOrder.id, SeenOrder.reference, SeenOrder.placed_at, SeenOrder.total_minor)
    for id_, reference, at, total in session.execute(
        orders.where(SeenOrder.placed_at >= start, SeenOrder.placed_at < end)
    ):
        yield _Booking("order", id_, reference, day_of(at, zone), total)
    refunds = select(SeenRefund.id, SeenRefund.reference, SeenRefund.refunded_at, SeenRefund.amount_minor)
    for id_, reference, at, amount in session.execute(
        refunds.where(SeenRefund.refunded_at >= start, SeenRefund.refunded_at < end)
    ):
        yield _Booking("refund", id_, reference, day_of(at, zone), -amount)


def _of_model(
    session: Session,
    period: Period,
    model: Model,
    bookings: Sequence[_Booking],
    booked: dict[date, _Book],
    overview: dict[date, _Book],
) -> Reconciled:
    result = Reconciled(model, booked_minor=sum(one.amount for one in bookings))
    by_source = _credit_days(session, period, model)
    _compare_bookings(session, period, model, bookings, result)
    _compare_sources(by_source, _posted_days(session, period, model), result)
    credited: defaultdict[date, _Book] = defaultdict(_Book)
    explains = {why.key: why for why in Why}
    for (day, source_id), book in by_source.items():
        sums = credited[day]
        credited[day] = _Book(sums.revenue + book.revenue, sums.refunds + book.refunds)
        net = book.revenue - book.refunds
        if source_id in explains:
            why = explains[source_id]
            result.unattributed[why] = result.unattributed.get(why, 0) + net
        else:
            result.attributed_minor += net
    for title, days in (("day's credits", credited), ("day's figures", overview)):
        for day in sorted(booked.keys() | days.keys()):
            for name in _Book._fields:
                expected, found = getattr(booked.get(day, _Book()), name), getattr(days.get(day, _Book()), name)
                if expected != found:
                    result.note(Difference(title, f"{name} of {day}", expected, found))
    return result


def _compare_bookings(
    session: Session, period: Period, model: Model, bookings: Sequence[_Booking], result: Reconciled
) -> None:
    """Each order and refund: its postings' money, shares and day; and postings in the period that belong to none."""
    mine = and_(Credit.models.bitwise_and(model.bit) != 0, Credit.day.between(period.first, period.last))
    owner = case((Credit.kind == literal("order"), Credit.order_id), else_=Credit.refund_id)
    query = (
        select(Credit.kind, owner, Credit.day, func.sum(Credit.amount_minor), func.sum(Credit.share_ppm))
        .where(mine)
        .group_by(Credit.kind, owner, Credit.day)
    )
    posted: dict[tuple[str, int, date], tuple[int, int]] = {
        (kind, id_, day): (int(amount), int(share)) for kind, id_, day, amount, share in session.execute(query)
    }
    for one in bookings:
        amount, share = posted.pop((one.kind, one.id, one.day), (0, 0))
        name = f"{one.kind} {one.reference} of {one.day}"
        if amount != one.amount:
            result.note(Difference("postings", name, one.amount, amount))
        if share != MILLION:
            result.note(Difference("shares in millionths", name, MILLION, share))
    for (kind, id_, day), (amount, _share) in sorted(posted.items()):
        result.note(Difference("postings", f"{kind} with the id {id_}, which isn't of {day},", 0, amount))


def _compare_sources(
    days: dict[tuple[date, int], _Book], posted: dict[tuple[date, int], _Book], result: Reconciled
) -> None:
    for day, source_id in sorted(days.keys() | posted.keys()):
        expected, found = posted.get((day, source_id), _Book()), days.get((day, source_id), _Book())
        if expected != found:
            for name in _Book._fields:
                if getattr(expected, name) != getattr(found, name):
                    row = f"{name} of source {source_id} on {day}"
                    result.note(Difference("day's credits", row, getattr(expected, name), getattr(found, name)))


def _credit_days(session: Session, period: Period, model: Model) -> dict[tuple[date, int], _Book]:
    query = select(CreditDay.day, CreditDay.source_id, CreditDay.revenue_minor, CreditDay.refunds_minor)
    query = query.where(CreditDay.model == model.value, CreditDay.day.between(period.first, period.last))
    return {(day, source_id): _Book(revenue, refunds) for day, source_id, revenue, refunds in session.execute(query)}


def _posted_days(session: Session, period: Period, model: Model) -> dict[tuple[date, int], _Book]:
    unexplained = case({str(why): why.key for why in Why}, value=Credit.why)
    source = func.coalesce(Credit.source_id, unexplained)
    came_in = case((Credit.kind == literal("order"), Credit.amount_minor), else_=0)
    query = (
        select(Credit.day, source, func.sum(came_in), func.sum(came_in - Credit.amount_minor))
        .where(Credit.models.bitwise_and(model.bit) != 0, Credit.day.between(period.first, period.last))
        .group_by(Credit.day, source)
    )
    return {(day, int(source_id)): _Book(int(a), int(b)) for day, source_id, a, b in session.execute(query)}


def whole_history(session: Session, zone: str) -> Period | None:
    """From the first booking's day to the last one's; None where nothing was booked."""
    moments: list[Any] = []
    for column in (SeenOrder.placed_at, SeenRefund.refunded_at):
        moments += session.execute(select(func.min(column), func.max(column))).one()
    days = [day_of(at, zone) for at in moments if at is not None]
    posted = session.execute(select(func.min(Credit.day), func.max(Credit.day))).one()
    days += [day for day in posted if day is not None]
    return Period(min(days), max(days)) if days else None
