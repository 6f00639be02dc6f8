"""The orders of a history: written in bulk and counted for their products; part of `history`.

A history has no visits, so that nothing is counted for audiences, pages and searches here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from tracking.bulk import insert_columns, take_ids
from tracking.clickstream.dimensions import ProductKey, ids_of
from tracking.clickstream.rollups import ProductDay, add_tuples, day_of
from tracking.orders import SeenOrder, SeenOrderLine, kept_codes
from tracking.record import Record

from .events import OrderCompleted
from .history_people import Identity, identity_of
from .marketing.goods_cost import KnownCosts


def write_orders(
    session: Session,
    orders: Sequence[OrderCompleted],
    customers: Mapping[Identity, int],
    *,
    costs: KnownCosts,
    time_zone: str,
) -> None:
    """Write orders with their lines, and count the lines for their products on the orders' days."""
    if not orders:
        return
    connection, table = session.connection(), _table(SeenOrder)
    ids = take_ids(connection, table, len(orders))
    columns: dict[str, list[Any]] = {
        "id": ids,
        "reference": [order.order_id for order in orders],
        "customer_id": [customers[identity_of(order.person)] for order in orders],
        "placed_at": [order.at for order in orders],
        "currency": [order.currency for order in orders],
        "refunded_minor": [0] * len(orders),
        "is_first": [False] * len(orders),
        "codes": [kept_codes(order.codes) for order in orders],
        "heard_from": [""] * len(orders),
        "joined": [False] * len(orders),
    }
    for name in ("goods_minor", "shipping_minor", "discount_minor", "total_minor"):
        columns[name] = [getattr(order, name) for order in orders]
    insert_columns(connection, table, columns)
    days = [day_of(order.at, time_zone) for order in orders]
    lines = [
        (order_id, position, line.product_id, line.name[:200], line.quantity, line.net_minor, *costs.of_line(line, day))
        for order_id, order, day in zip(ids, orders, days, strict=True)
        for position, line in enumerate(order.lines, start=1)
    ]
    if lines:
        names = ("order_id", "position", "product", "name", "quantity", "net_minor", "cost_minor", "cost_filled")
        insert_columns(connection, _table(SeenOrderLine), dict(zip(names, zip(*lines, strict=True), strict=True)))
        _count_products(session, orders, days)


def _count_products(session: Session, orders: Sequence[OrderCompleted], days: Sequence[date]) -> None:
    """As `earnings.count_products`, at a fifth of its time: the lines of a grocer's year are more than a million."""
    keys = ids_of(session, ProductKey, {line.product_id for order in orders for line in order.lines})
    sums: defaultdict[date, dict[str, list[int]]] = defaultdict(dict)
    for order, day in zip(orders, days, strict=True):
        of_day = sums[day]
        for line in order.lines:
            mine = of_day.get(line.product_id)
            if mine is None:
                of_day[line.product_id] = [1, line.quantity, line.net_minor]
            else:
                mine[0] += 1
                mine[1] += line.quantity
                mine[2] += line.net_minor
    rows = [(day, keys[product], *mine) for day, of_day in sums.items() for product, mine in of_day.items()]
    add_tuples(session, ProductDay, ("order_lines", "units", "revenue_minor"), rows)


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
