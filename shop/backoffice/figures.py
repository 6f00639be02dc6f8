"""The few figures of the staff area's first page: what waits, what was sold today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..catalog.product import SCARCE, Product
from ..checkout.order import Order, OrderStatus


@dataclass(frozen=True)
class OrderFigures:
    """`to_pack` orders wait, the oldest since `waiting_since`; `today_minor` is what today's orders are worth."""

    to_pack: int
    waiting_since: datetime | None
    on_their_way: int
    today: int
    today_minor: int


@dataclass(frozen=True)
class StockFigures:
    """Products on sale, and those of them that nobody can buy at the moment."""

    listed: int
    sold_out: int


def order_figures(session: Session, *, time_zone: str, now: datetime) -> OrderFigures:
    """Asked by the status index and by today's slice of the date index. Cancelled orders aren't counted as sold."""
    waiting = session.execute(
        select(func.count(), func.min(Order.placed_at)).where(Order.status == OrderStatus.PLACED)
    ).one()
    on_their_way = select(func.count()).select_from(Order).where(Order.status == OrderStatus.SHIPPED)
    zone = ZoneInfo(time_zone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    today = session.execute(
        select(func.count(), func.coalesce(func.sum(Order.total_minor), 0)).where(
            Order.placed_at >= midnight, Order.status != OrderStatus.CANCELLED
        )
    ).one()
    return OrderFigures(waiting[0], waiting[1], session.scalar(on_their_way) or 0, today[0], int(today[1]))


def waiting_orders(session: Session, *, limit: int) -> list[Order]:
    """Orders to pack, the one that waits longest first."""
    query = select(Order).where(Order.status == OrderStatus.PLACED).order_by(Order.placed_at, Order.id)
    return list(session.scalars(query.limit(limit)))


def stock_figures(session: Session) -> StockFigures:
    """Asked by the indexes on `listed` and on scarce products."""
    listed = select(func.count()).select_from(Product).where(Product.listed)
    return StockFigures(session.scalar(listed) or 0, session.scalar(listed.where(SCARCE, Product.stock == 0)) or 0)
