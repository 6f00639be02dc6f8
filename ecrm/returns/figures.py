"""What comes back and why: pieces by product and reason, beside what was sold in the same days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.delivery.returns import Return, ReturnLine, ReturnState
from tracking.orders import SeenOrder, SeenOrderLine

MOST = 100


@dataclass
class Returned:
    """A product: pieces that were asked to go back in these days, by reason, and pieces that were sold."""

    product: str
    name: str
    pieces: int = 0
    sold: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float | None:
        """Of the pieces sold in the same days; None where none was. It may be above one: what comes back in a month
        was sold before."""
        return self.pieces / self.sold if self.sold else None


def by_product(session: Session, *, since: datetime, until: datetime) -> list[Returned]:
    """The products that come back most; returns that were withdrawn don't count, refused ones do: they were asked."""
    query = (
        select(
            ReturnLine.product, func.max(ReturnLine.name).label("name"), Return.reason,
            func.sum(ReturnLine.quantity).label("pieces"),
        )
        .join(Return, Return.id == ReturnLine.return_id)
        .where(Return.asked_at >= since, Return.asked_at < until, Return.state != ReturnState.CANCELLED)
        .group_by(ReturnLine.product, Return.reason)
    )  # fmt: skip
    found: dict[str, Returned] = {}
    for row in session.execute(query):
        one = found.setdefault(row.product, Returned(row.product, row.name))
        one.pieces += int(row.pieces)
        one.reasons[row.reason] += int(row.pieces)
    most = sorted(found.values(), key=lambda one: (-one.pieces, one.product))[:MOST]
    sold = (
        select(SeenOrderLine.product, func.sum(SeenOrderLine.quantity))
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(
            SeenOrder.placed_at >= since, SeenOrder.placed_at < until,
            SeenOrderLine.product.in_([one.product for one in most]),
        )
        .group_by(SeenOrderLine.product)
    )  # fmt: skip
    for product, pieces in session.execute(sold):
        found[product].sold = int(pieces)
    return most


def by_reason(session: Session, *, since: datetime, until: datetime) -> Counter[str]:
    """Returns by their reason, withdrawn ones left out."""
    query = (
        select(Return.reason, func.count())
        .where(Return.asked_at >= since, Return.asked_at < until, Return.state != ReturnState.CANCELLED)
        .group_by(Return.reason)
    )
    return Counter({reason: int(count) for reason, count in session.execute(query)})
