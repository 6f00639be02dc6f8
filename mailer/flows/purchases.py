"""What customers bought, as of a moment: a rehearsal of the past must not know its future."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund


def ordered_since(session: Session, customer_id: int, since: datetime, *, now: datetime) -> bool:
    """Whether they ordered after `since`."""
    query = select(SeenOrder.id).where(
        SeenOrder.customer_id == customer_id, SeenOrder.placed_at > since, SeenOrder.placed_at <= now
    )
    return session.scalar(query.limit(1)) is not None


def last_order(session: Session, customer_id: int, *, now: datetime) -> SeenOrder | None:
    """Their latest order."""
    query = select(SeenOrder).where(SeenOrder.customer_id == customer_id, SeenOrder.placed_at <= now)
    return session.scalar(query.order_by(SeenOrder.placed_at.desc(), SeenOrder.id.desc()).limit(1))


def net_revenue(session: Session, customer_id: int, *, since: datetime, now: datetime) -> int:
    """What they paid after `since`, less what went back to them meanwhile; minor units."""
    paid = select(func.coalesce(func.sum(SeenOrder.total_minor), 0)).where(
        SeenOrder.customer_id == customer_id, SeenOrder.placed_at > since, SeenOrder.placed_at <= now
    )
    back = select(func.coalesce(func.sum(SeenRefund.amount_minor), 0)).where(
        SeenRefund.customer_id == customer_id, SeenRefund.refunded_at > since, SeenRefund.refunded_at <= now
    )
    return int(session.scalar(paid) or 0) - int(session.scalar(back) or 0)


def products_bought(
    session: Session, customer_id: int | None, products: Collection[str], *, since: datetime | None, now: datetime
) -> set[str]:
    """Which of these products they bought, after `since` or (None) ever."""
    query = (
        select(SeenOrderLine.product)
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrder.customer_id == customer_id, SeenOrder.placed_at <= now, SeenOrderLine.product.in_(products))
    )
    return set(session.scalars(query if since is None else query.where(SeenOrder.placed_at > since)))
