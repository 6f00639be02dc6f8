"""The CRM's memory of orders and refunds, and the figures that they change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking import orders, refunds
from tracking.clickstream.earnings import count_order, count_refund
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures, Tally, day_of, store
from tracking.clickstream.sessions import IDLE
from tracking.clickstream.sessions import Session as Visit
from tracking.cohorts import count_customer
from tracking.delivery.progress import cancel_expected
from tracking.visitors import Grade, lock_visitors

from .customers.recognition import drop_visitor, may_be_joined, visitor_of
from .events import OrderCompleted, OrderLine, OrderRefunded, Told
from .installation import installation
from .ledger import NotYet
from .marketing.goods_cost import KnownCosts
from .marketing.recommended import crediting
from .remembered import remembered_order
from .storefront import ShopFacts


def refuse_other_currency(told: Told, facts: ShopFacts) -> None:
    """Figures are sums of minor units, and those of two currencies make none.

    Raises:
        ValueError: for an order or a refund in another currency than the shop's.
    """
    if isinstance(told, OrderCompleted | OrderRefunded) and told.currency != facts.currency:
        raise ValueError(
            f"{told.key} is in {told.currency}, but the shop's currency is {facts.currency}; convert its amounts to "
            f"{facts.currency} before you tell it, or answer {told.currency} in Storefront.facts()"
        )


def remember_order(session: Session, row: Event, told: Told) -> None:
    """Keep the order with its lines, count it for its visit, products, searches and customer, and join it to the visit
    where all of the visit agreed to that."""
    assert isinstance(told, OrderCompleted)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    if row.customer_id is None:
        raise NotYet(f"the customer of order {told.order_id} isn't known yet")
    visitor_id = visitor_of(session, row)
    lock_visitors(session, [visitor_id] if visitor_id else [])  # before the customer, as steps do
    visit = _visit_of(session, visitor_id, told.at)
    joined = may_be_joined(row)
    named = visit.id if visit is not None and joined and visit.grade >= Grade.PERSONAL else None
    time_zone = installation().storefront.facts().time_zone
    day = day_of(told.at, time_zone)
    costs = KnownCosts.of(session, {line.product_id for line in told.lines if line.cost_minor is None})
    lines = [
        orders.LineFacts(line.product_id, line.name, line.quantity, line.net_minor, *costs.of_line(line, day))
        for line in told.lines
    ]
    order_id = orders.remember_order(
        session,
        reference=told.order_id,
        customer_id=row.customer_id,
        visitor_id=row.visitor_id,
        session_id=named,
        placed_at=told.at,
        currency=told.currency,
        goods_minor=told.goods_minor,
        shipping_minor=told.shipping_minor,
        discount_minor=told.discount_minor,
        total_minor=told.total_minor,
        lines=lines,
        codes=told.codes,
        joined=joined,
    )
    if order_id is None:
        return
    if joined:
        row.session_id = named
    else:
        drop_visitor(row)
    tally = Tally()
    count_customer(session, tally, row.customer_id, new_order=order_id, time_zone=time_zone)
    count_order(
        session,
        tally,
        order_id=order_id,
        visit_id=visit.id if visit is not None else None,
        placed_at=told.at,
        total_minor=told.total_minor,
        lines=lines,
        joined=named is not None,
        time_zone=time_zone,
    )
    in_visit = int(visit is not None)
    figures = {"orders": 1, "visit_orders": in_visit, "revenue_minor": told.total_minor}
    tally.add(DayFigures, (day,), figures)
    store(session, tally)
    crediting.credit_order(session, order_id, visitor_id=visitor_id)


def remember_refund(session: Session, row: Event, told: Told) -> None:
    """Keep the refund by product, add it to its order, and count it for the day on which the money went back."""
    assert isinstance(told, OrderRefunded)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    order = remembered_order(session, told.order_id) if told.order_id else None
    lock_visitors(session, [order.visitor_id] if order and order.visitor_id else [])  # before the customer
    if row.customer_id is None and order is not None:
        row.customer_id = order.customer_id
    kept = keep_refund(session, told, order=order, customer_id=row.customer_id)
    if kept is None:
        return
    refund_id, lines = kept
    time_zone = installation().storefront.facts().time_zone
    tally = Tally()
    if row.customer_id is not None:
        count_customer(session, tally, row.customer_id, new_refund=refund_id, time_zone=time_zone)
    refund = session.get_one(orders.SeenRefund, refund_id)
    count_refund(session, tally, refund, order=order, lines=lines, time_zone=time_zone)
    tally[DayFigures][day_of(told.at, time_zone),]["refunds_minor"] += told.amount_minor
    store(session, tally)
    if order is not None:
        crediting.rebook(session, [order.id])
        session.refresh(order)
        if order.refunded_minor >= order.total_minor:
            cancel_expected(session, order.reference)


def keep_refund(
    session: Session, told: OrderRefunded, *, order: orders.SeenOrder | None, customer_id: int | None
) -> tuple[int, list[orders.ReturnedFacts]] | None:
    """Keep a refund, and what of it is for which product.

    Returns:
        Its number and these lines; None where it is kept already.
    """
    refund_id = orders.remember_refund(
        session,
        reference=told.refund_id,
        order_id=order.id if order else None,
        customer_id=customer_id,
        refunded_at=told.at,
        amount_minor=told.amount_minor,
        reason=told.reason,
    )
    if refund_id is None:
        return None
    lines = refunds.shares_of(
        session,
        order,
        refund_id=refund_id,
        amount_minor=told.amount_minor,
        lines=returned(told.lines),
        shipping_minor=told.shipping_minor,
    )
    refunds.keep_lines(session, refund_id, lines)
    return refund_id, lines


def returned(lines: Sequence[OrderLine]) -> list[orders.ReturnedFacts]:
    """What a refund's lines say, as it is remembered."""
    return [orders.ReturnedFacts(line.product_id, line.quantity, line.net_minor) for line in lines]


class _Placed(NamedTuple):
    """The visit in which an order was placed. `grade`: the least that any of its steps agreed to."""

    id: int
    grade: int


def _visit_of(session: Session, visitor_id: int | None, at: datetime) -> _Placed | None:
    """The browser's latest visit, if it was still going on."""
    if visitor_id is None:
        return None
    query = select(Visit.id, Visit.grade).where(
        Visit.visitor_id == visitor_id, Visit.last_at > at - IDLE, Visit.started_at < at + IDLE
    )
    found = session.execute(query.order_by(Visit.last_at.desc()).limit(1)).one_or_none()
    return _Placed(*found) if found is not None else None
