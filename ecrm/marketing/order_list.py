"""The orders and refunds behind a report's figure, newest first, narrowed down to what the figure is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from tracking.clickstream.searches import SearchClick
from tracking.clickstream.sessions import Session as Visit
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine

from .period import Period, bounds
from .redemptions import orders_naming
from .segment import Segment, audiences_within


class Customers(StrEnum):
    """Whose orders."""

    NEW = "new"
    RETURNING = "returning"


@dataclass(frozen=True)
class Narrowed:
    """What orders are narrowed down to; None where it doesn't matter.

    product: the shop's id of a product among the lines. term: the number of a search term by which a product of the
    order was found. cohort: the first day of the month in which the customer ordered first. customers: first orders, or
    all others. visits: the visits in which they were placed; entry: the number of the page with which these began. An
    order whose browser agreed to statistics alone doesn't know its visit and is of none. redeemed: the number of a
    campaign whose codes they named; code: the code they named.
    """

    product: str | None = None
    term: int | None = None
    cohort: date | None = None
    customers: Customers | None = None
    visits: Segment = field(default_factory=Segment)
    entry: int | None = None
    redeemed: int | None = None
    code: str | None = None

    def __bool__(self) -> bool:
        return bool(self.visits) or any(value is not None for name, value in vars(self).items() if name != "visits")


class ListedRefund(NamedTuple):
    """A refund, its order where it names one, and what of it went back for the product asked for (else all of it)."""

    refund: SeenRefund
    order: SeenOrder | None
    amount_minor: int


class Ordered(NamedTuple):
    """Orders together: how many, what they paid, and what of it went back until now; money in minor units."""

    orders: int
    total_minor: int
    refunded_minor: int


def orders_behind(
    session: Session,
    period: Period,
    zone: ZoneInfo,
    narrowed: Narrowed,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int,
) -> Sequence[SeenOrder]:
    """The orders, newest first, from below (placed_at, id) on.

    They were placed in the period; with a term, the search was in it, as there orders count on the search's day. An
    order whose browser agreed to statistics alone doesn't know its visit, so no term leads to it.
    """
    query = select(SeenOrder).where(*_orders(period, zone, narrowed))
    if before is not None:
        at, id_ = before
        query = query.where(or_(SeenOrder.placed_at < at, and_(SeenOrder.placed_at == at, SeenOrder.id < id_)))
    return session.scalars(query.order_by(SeenOrder.placed_at.desc(), SeenOrder.id.desc()).limit(limit)).all()


def ordered_in(session: Session, period: Period, zone: ZoneInfo, narrowed: Narrowed) -> Ordered:
    """All orders that `orders_behind` lists, together."""
    query = select(func.count(), func.sum(SeenOrder.total_minor), func.sum(SeenOrder.refunded_minor))
    orders, whole, back = session.execute(query.where(*_orders(period, zone, narrowed))).one()
    return Ordered(orders, int(whole or 0), int(back or 0))


def refunds_behind(
    session: Session,
    period: Period,
    zone: ZoneInfo,
    narrowed: Narrowed,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int,
) -> list[ListedRefund]:
    """The refunds of the period, newest first, from below (refunded_at, id) on.

    `narrowed` to a product, to a cohort, or to visits.
    """
    query = select(SeenRefund, SeenOrder).outerjoin(SeenOrder, SeenOrder.id == SeenRefund.order_id)
    query = query.where(*_refunds(period, zone, narrowed))
    if before is not None:
        at, id_ = before
        query = query.where(or_(SeenRefund.refunded_at < at, and_(SeenRefund.refunded_at == at, SeenRefund.id < id_)))
    rows = session.execute(query.order_by(SeenRefund.refunded_at.desc(), SeenRefund.id.desc()).limit(limit)).all()
    if narrowed.product is None:
        return [ListedRefund(refund, order, refund.amount_minor) for refund, order in rows]
    shares = _shares(session, [refund.id for refund, _order in rows], narrowed.product)
    return [ListedRefund(refund, order, shares[refund.id]) for refund, order in rows]


def refunded_in(session: Session, period: Period, zone: ZoneInfo, narrowed: Narrowed) -> tuple[int, int]:
    """How many refunds `refunds_behind` lists in all, and their money (for the product, where one is asked for)."""
    refunds = select(SeenRefund.id).outerjoin(SeenOrder, SeenOrder.id == SeenRefund.order_id)
    refunds = refunds.where(*_refunds(period, zone, narrowed))
    query = select(func.count(), func.sum(SeenRefund.amount_minor)).where(SeenRefund.id.in_(refunds))
    count, whole = session.execute(query).one()
    money: int | None = whole
    if narrowed.product is not None:
        money = session.scalar(
            select(func.sum(SeenRefundLine.amount_minor)).where(
                SeenRefundLine.refund_id.in_(refunds), SeenRefundLine.product == narrowed.product
            )
        )
    return count, int(money or 0)


def month_of(first: date) -> Period:
    """The calendar month that begins on this day."""
    return Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def _refunds(period: Period, zone: ZoneInfo, narrowed: Narrowed) -> list[ColumnElement[bool]]:
    start, end = bounds(period, zone)
    wanted = [SeenRefund.refunded_at >= start, SeenRefund.refunded_at < end, *_in_visits(narrowed)]
    if narrowed.product is not None:
        lines = select(SeenRefundLine.refund_id).where(SeenRefundLine.product == narrowed.product)
        wanted.append(SeenRefund.id.in_(lines))
    if narrowed.cohort is not None:
        wanted.append(_in_cohort(narrowed.cohort, zone, refund=True))
    return wanted


def _orders(period: Period, zone: ZoneInfo, narrowed: Narrowed) -> list[ColumnElement[bool]]:
    start, end = bounds(period, zone)
    if narrowed.term is None:
        return [SeenOrder.placed_at >= start, SeenOrder.placed_at < end, *_narrow(narrowed, zone)]
    found = select(SearchClick.order_id).where(
        SearchClick.term_id == narrowed.term,
        SearchClick.searched_at >= start,
        SearchClick.searched_at < end,
        SearchClick.order_id.is_not(None),
    )
    return [SeenOrder.id.in_(found), *_narrow(narrowed, zone)]


def _narrow(narrowed: Narrowed, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if narrowed.product is not None:
        lines = select(SeenOrderLine.order_id).where(SeenOrderLine.product == narrowed.product)
        wanted.append(SeenOrder.id.in_(lines))
    if narrowed.cohort is not None:
        wanted.append(_in_cohort(narrowed.cohort, zone))
    if narrowed.customers is not None:
        wanted.append(SeenOrder.is_first.is_(narrowed.customers is Customers.NEW))
    if narrowed.redeemed is not None or narrowed.code is not None:
        wanted.append(SeenOrder.id.in_(orders_naming(campaign_id=narrowed.redeemed, code=narrowed.code)))
    return wanted + _in_visits(narrowed)


def _in_visits(narrowed: Narrowed) -> list[ColumnElement[bool]]:
    """Whether the order, or the order of the refund, was placed in one of the visits."""
    if not narrowed.visits and narrowed.entry is None:
        return []
    placed_in = select(Visit.id).where(Visit.id == SeenOrder.session_id)
    if narrowed.visits:
        placed_in = placed_in.where(Visit.audience_id.in_(audiences_within(narrowed.visits)))
    if narrowed.entry is not None:
        placed_in = placed_in.where(Visit.entry_page_id == narrowed.entry)
    return [placed_in.exists()]


def _in_cohort(cohort: date, zone: ZoneInfo, *, refund: bool = False) -> ColumnElement[bool]:
    """Whether the customer's first order was placed in the cohort's month."""
    first = aliased(SeenOrder)
    start, end = bounds(month_of(cohort), zone)
    of = SeenRefund.customer_id if refund else SeenOrder.customer_id
    return (
        select(first.id)
        .where(first.customer_id == of, first.is_first.is_(True), first.placed_at >= start, first.placed_at < end)
        .exists()
    )


def _shares(session: Session, refund_ids: Sequence[int], product: str) -> dict[int, int]:
    query = (
        select(SeenRefundLine.refund_id, func.sum(SeenRefundLine.amount_minor))
        .where(SeenRefundLine.refund_id.in_(refund_ids), SeenRefundLine.product == product)
        .group_by(SeenRefundLine.refund_id)
    )
    return {refund_id: int(amount) for refund_id, amount in session.execute(query)}
