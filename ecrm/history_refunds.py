"""The refunds of a history: divided over products by the rules of `tracking.refunds`, and written in bulk; part of
`history`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.bulk import insert_columns, take_ids
from tracking.clickstream.dimensions import ProductKey, ids_of
from tracking.clickstream.earnings import count_refund_of_visit
from tracking.clickstream.rollups import ProductDay, Tally, day_of, store
from tracking.orders import ReturnedFacts, SeenOrder, SeenRefund, SeenRefundLine
from tracking.record import Record
from tracking.refunds import Left, as_told, left_of
from tracking.visitors import lock_visitors

from .events import OrderRefunded
from .history_people import Identity, identity_of
from .sales import returned

_Kept = tuple[int, OrderRefunded, SeenOrder | None, list[ReturnedFacts]]


def write_refunds(
    session: Session, refunds: Sequence[OrderRefunded], customers: Mapping[Identity, int], *, time_zone: str
) -> None:
    """Write refunds by product, add them to their orders, and count them for their products and visits.

    In the order in which they were told: what one without lines gives back depends on those before it.
    """
    orders = _orders(session, refunds)
    there = set(_found(session, SeenRefund.reference, SeenRefund.reference, [refund.refund_id for refund in refunds]))
    new = [refund for refund in refunds if refund.refund_id not in there]
    if not new:
        return
    lock_visitors(session, {order.visitor_id for order in orders.values() if order.visitor_id is not None})
    ids = take_ids(session.connection(), _table(SeenRefund), len(new))
    kept = _divided(session, new, ids, orders)
    _write(session, kept, customers)
    _count(session, kept, time_zone)


def _orders(session: Session, refunds: Sequence[OrderRefunded]) -> dict[str, SeenOrder]:
    references = sorted({refund.order_id for refund in refunds if refund.order_id})
    return {order.reference: order for order in _found(session, SeenOrder, SeenOrder.reference, references)}


def _found(session: Session, what: Any, column: Any, values: Sequence[str]) -> list[Any]:
    return [
        row
        for start in range(0, len(values), _CHUNK)
        for row in session.scalars(select(what).where(column.in_(values[start : start + _CHUNK])))
    ]


_CHUNK = 5000  # values in an IN list, below every database's limit


def _divided(
    session: Session, refunds: Sequence[OrderRefunded], ids: Sequence[int], orders: Mapping[str, SeenOrder]
) -> list[_Kept]:
    """Each refund with its number, its order and what of it is for which product."""
    concerned = list(orders.values())
    left: dict[int, Left] = {}
    for start in range(0, len(concerned), _CHUNK):
        left |= left_of(session, concerned[start : start + _CHUNK], before=ids[0])
    kept: list[_Kept] = []
    for refund_id, refund in zip(ids, refunds, strict=True):
        order = orders.get(refund.order_id or "")
        lines = as_told(refund.amount_minor, returned(refund.lines))
        if order is not None:
            if not lines:
                lines = left[order.id].shares(refund.amount_minor, shipping_minor=refund.shipping_minor)
            left[order.id].take(refund.amount_minor, lines)
        kept.append((refund_id, refund, order, lines))
    return kept


def _write(session: Session, kept: Sequence[_Kept], customers: Mapping[Identity, int]) -> None:
    connection = session.connection()
    columns: dict[str, list[Any]] = {
        "id": [refund_id for refund_id, *_ in kept],
        "reference": [refund.refund_id for _, refund, *_ in kept],
        "order_id": [order.id if order else None for _, _, order, _ in kept],
        "customer_id": [_customer(refund, order, customers) for _, refund, order, _ in kept],
        "refunded_at": [refund.at for _, refund, *_ in kept],
        "amount_minor": [refund.amount_minor for _, refund, *_ in kept],
        "reason": [refund.reason[:200] for _, refund, *_ in kept],
    }
    insert_columns(connection, _table(SeenRefund), columns)
    rows = [
        (refund_id, position, line.product, line.quantity, line.amount_minor)
        for refund_id, _, _, lines in kept
        for position, line in enumerate(lines, start=1)
    ]
    if rows:
        names = ("refund_id", "position", "product", "quantity", "amount_minor")
        insert_columns(connection, _table(SeenRefundLine), dict(zip(names, zip(*rows, strict=True), strict=True)))
    back = [(refund.amount_minor, order.id) for _, refund, order, _ in kept if order is not None]
    if back:
        mark = "%s" if connection.dialect.name == "postgresql" else "?"
        grown = f"UPDATE ecrm_order SET refunded_minor = refunded_minor + {mark} WHERE id = {mark}"  # noqa: S608 (marks)
        connection.exec_driver_sql(grown, back)


def _customer(refund: OrderRefunded, order: SeenOrder | None, customers: Mapping[Identity, int]) -> int | None:
    if refund.person is not None:
        return customers[identity_of(refund.person)]
    return order.customer_id if order else None


def _count(session: Session, kept: Sequence[_Kept], time_zone: str) -> None:
    tally = Tally()
    keys = ids_of(session, ProductKey, {line.product for *_, lines in kept for line in lines})
    for refund_id, refund, order, lines in kept:
        day = day_of(refund.at, time_zone)
        for line in lines:
            figures = {"returned_units": line.quantity, "refunds_minor": line.amount_minor}
            tally.add(ProductDay, (day, keys[line.product]), figures)
        if order is not None and order.session_id is not None:
            row = SeenRefund(id=refund_id, refunded_at=refund.at, amount_minor=refund.amount_minor)
            count_refund_of_visit(session, tally, row, order=order, lines=lines, time_zone=time_zone)
    store(session, tally)


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
