"""What of an order's row attribution reads: many rows at once, and what of one decides on its chain."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder

from .visits import in_chunks

_ORDER = (
    SeenOrder.id, SeenOrder.reference, SeenOrder.customer_id, SeenOrder.session_id, SeenOrder.placed_at,
    SeenOrder.codes, SeenOrder.joined, SeenOrder.goods_minor, SeenOrder.discount_minor, SeenOrder.total_minor,
    SeenOrder.is_first, SeenOrder.visitor_id,
)  # fmt: skip


class OrderFacts(NamedTuple):
    """What of an order decides on its chain."""

    id: int
    reference: str
    customer_id: int
    session_id: int | None
    placed_at: datetime
    codes: tuple[str, ...]
    joined: bool
    visitor_id: int | None = None


def facts_of(order: Any) -> OrderFacts:
    """What of an order's row decides on its chain."""
    return OrderFacts(
        order.id,
        order.reference,
        order.customer_id,
        order.session_id,
        order.placed_at,
        tuple(order.codes),
        order.joined,
        order.visitor_id,
    )


def orders_by_id(session: Session, order_ids: Collection[int], *, lock: bool = False) -> list[Any]:
    """Rows of these orders, by id. `lock`: nobody else may book them until the transaction ends."""
    query = select(*_ORDER).order_by(SeenOrder.id)
    if lock:
        query = query.with_for_update()
    return [row for some in in_chunks(order_ids) for row in session.execute(query.where(SeenOrder.id.in_(some)))]
