"""Refunds by product: what of the money went back for which goods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

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
        told = sum(line.amount_minor for line in lines)
        if told <= amount_minor:
            return list(lines)
        parts = split(amount_minor, [line.amount_minor for line in lines])
        return [ReturnedFacts(line.product, line.quantity, part) for line, part in zip(lines, parts, strict=True)]
    if order is None:
        return []
    left, delivery = _left(session, order, refund_id)
    if not left:
        return []
    if shipping_minor is None:
        parts = split(amount_minor, [*left.values(), delivery])[:-1]
    else:
        parts = split(max(amount_minor - shipping_minor, 0), list(left.values()))
    return [ReturnedFacts(product, 0, part) for product, part in zip(left, parts, strict=True) if part]


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


def _left(session: Session, order: SeenOrder, refund_id: int) -> tuple[dict[str, int], int]:
    """What the refunds before it left of each product's money (all where they left nothing), and of the delivery."""
    others = (SeenRefund.order_id == order.id) & (SeenRefund.id < refund_id)
    bought: Counter[str] = Counter()
    mine = select(SeenOrderLine.product, SeenOrderLine.net_minor).where(SeenOrderLine.order_id == order.id)
    for product, net in session.execute(mine.order_by(SeenOrderLine.position)):
        bought[product] += net
    back = (
        select(SeenRefundLine.product, func.sum(SeenRefundLine.amount_minor))
        .join(SeenRefund, SeenRefund.id == SeenRefundLine.refund_id)
        .where(others)
        .group_by(SeenRefundLine.product)
    )
    returned = {product: int(amount) for product, amount in session.execute(back)}
    query = select(func.coalesce(func.sum(SeenRefund.amount_minor), 0)).where(others)
    for_delivery = int(session.scalar(query) or 0) - sum(returned.values())
    left = {product: max(net - returned.get(product, 0), 0) for product, net in bought.items()}
    delivery = max(order.shipping_minor - order.discount_minor - for_delivery, 0)
    return (left, delivery) if sum(left.values()) + delivery else (dict(bought), 0)
