"""Refunds by product: what of the money went back for which goods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from .orders import ReturnedFacts, SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from .shares import split


def shares_of(
    session: Session,
    order: SeenOrder | None,
    *,
    refund_id: int,
    amount_minor: int,
    lines: Sequence[ReturnedFacts],
    shipping_minor: int | None = None,
) -> list[ReturnedFacts]:
    """What of a refund is for which product.

    - The refund has lines: as told; where they are more than the amount (a discount was never paid), they share it.
    - It has none: the amount is split by the largest remainder over what is left of the order's lines and of its
      delivery charge (or over the lines alone, less `shipping_minor` where that is told). So partial refunds of any
      kind followed by the rest give back each line to the cent.
    - It has neither lines nor an order, or nothing for goods: nothing.

    Pieces count as returned only where the refund named them.
    """
    if lines:
        return as_told(amount_minor, lines)
    if order is None:
        return []
    left = left_of(session, [order], before=refund_id)[order.id]
    return left.shares(amount_minor, shipping_minor=shipping_minor)


def as_told(amount_minor: int, lines: Sequence[ReturnedFacts]) -> list[ReturnedFacts]:
    """What of a refund with lines is for which product."""
    told = sum(line.amount_minor for line in lines)
    if told <= amount_minor:
        return list(lines)
    parts = split(amount_minor, [line.amount_minor for line in lines])
    return [ReturnedFacts(line.product, line.quantity, part) for line, part in zip(lines, parts, strict=True)]


def keep_lines(session: Session, refund_id: int, lines: Sequence[ReturnedFacts]) -> None:
    """Keep what `shares_of` said."""
    if lines:
        session.execute(insert(SeenRefundLine), rows_of(refund_id, lines))


def rows_of(refund_id: int, lines: Sequence[ReturnedFacts]) -> list[dict[str, object]]:
    """The rows of a refund's lines."""
    return [
        {
            "refund_id": refund_id, "position": position, "product": line.product, "quantity": line.quantity,
            "amount_minor": line.amount_minor,
        }
        for position, line in enumerate(lines, start=1)
    ]  # fmt: skip


@dataclass
class Left:
    """What refunds left of an order: of each product's money, and of the delivery (its charge less the discount)."""

    delivery_minor: int
    bought: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    refunded_minor: int = 0

    def take(self, amount_minor: int, lines: Sequence[ReturnedFacts]) -> None:
        """A refund, with what `shares_of` said of it."""
        self.refunded_minor += amount_minor
        for line in lines:
            self.returned[line.product] += line.amount_minor

    def shares(self, amount_minor: int, *, shipping_minor: int | None) -> list[ReturnedFacts]:
        """What of a refund without lines is for which product; all of the order where nothing is left."""
        left = {product: max(net - self.returned[product], 0) for product, net in self.bought.items()}
        for_delivery = self.refunded_minor - sum(self.returned.values())
        delivery = max(self.delivery_minor - for_delivery, 0)
        if not sum(left.values()) + delivery:
            left, delivery = dict(self.bought), 0
        if not left:
            return []
        if shipping_minor is None:
            parts = split(amount_minor, [*left.values(), delivery])[:-1]
        else:
            parts = split(max(amount_minor - shipping_minor, 0), list(left.values()))
        return [ReturnedFacts(product, 0, part) for product, part in zip(left, parts, strict=True) if part]


def left_of(session: Session, orders: Collection[SeenOrder], *, before: int) -> dict[int, Left]:
    """What the refunds with ids below `before` left of each order; some thousand orders at once."""
    found = {order.id: Left(order.shipping_minor - order.discount_minor) for order in orders}
    lines = select(SeenOrderLine.order_id, SeenOrderLine.product, SeenOrderLine.net_minor)
    lines = lines.where(SeenOrderLine.order_id.in_(found))
    for order_id, product, net in session.execute(lines.order_by(SeenOrderLine.order_id, SeenOrderLine.position)):
        found[order_id].bought[product] += net
    others = SeenRefund.order_id.in_(found), SeenRefund.id < before
    given = select(SeenRefund.order_id, func.sum(SeenRefund.amount_minor)).where(*others).group_by(SeenRefund.order_id)
    for of, amount in session.execute(given):
        found[of or 0].refunded_minor = int(amount)
    back = (
        select(SeenRefund.order_id, SeenRefundLine.product, func.sum(SeenRefundLine.amount_minor))
        .join(SeenRefund, SeenRefund.id == SeenRefundLine.refund_id)
        .where(*others)
        .group_by(SeenRefund.order_id, SeenRefundLine.product)
    )
    for of, product, amount in session.execute(back):
        found[of or 0].returned[product] = int(amount)
    return found
