"""Giving money back: a cancelled order whole, returned goods line by line; never more than was paid.

The order's row is locked first (by an UPDATE that changes nothing: it works alike on SQLite and PostgreSQL), so that
two refunds at once see each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from .. import signals
from ..catalog.product import Product
from ..coupons.uses import give_uses_back
from ..fulfilment.remaining import Pieces, pieces_of
from ..fulfilment.shipping import complete
from ..writes import rows_changed
from .order import Order, OrderLine, OrderStatus, Refund, RefundLine


class NotRefunded(Exception):
    """Nothing was given back; nothing may be committed."""


class NothingLeft(NotRefunded):
    """That much isn't left of the order: it was given back before, or never bought."""


class NotCancellable(NotRefunded):
    """The order is on its way, delivered or cancelled already."""


@dataclass(frozen=True)
class Refundable:
    """What is left to give back of a product in an order: pieces, and the money of all of them in minor units."""

    product_id: int
    name: str
    pieces: int
    left: int
    net_minor: int

    def amount(self, quantity: int) -> int:
        """The money of the next `quantity` pieces; over all pieces it adds up to the line's own sum exactly."""
        back = self.pieces - self.left
        return self.net_minor * (back + quantity) // self.pieces - self.net_minor * back // self.pieces


@dataclass(frozen=True, kw_only=True)
class RefundAsked:
    """Pieces by product id, whether the delivery charge comes back too, and whether the goods can be sold again.

    `return_id`: what it settles for whoever asks; the same one is paid once.
    """

    pieces: Mapping[int, int]
    shipping: bool
    restock: bool
    reason: str
    return_id: str = ""


def refundable(session: Session, order: Order) -> list[Refundable]:
    """The products of an order with what is left of each, in the order's own sequence."""
    returned: dict[int, int] = {
        product_id: int(pieces)
        for product_id, pieces in session.execute(
            select(RefundLine.product_id, func.sum(RefundLine.quantity))
            .join(Refund, Refund.id == RefundLine.refund_id)
            .where(Refund.order_id == order.id)
            .group_by(RefundLine.product_id)
        )
    }
    query = (
        select(
            OrderLine.product_id, func.min(OrderLine.name), func.sum(OrderLine.quantity), func.sum(OrderLine.net_minor)
        )
        .where(OrderLine.order_id == order.id)
        .group_by(OrderLine.product_id)
        .order_by(func.min(OrderLine.position))
    )
    return [
        Refundable(product_id, name, int(pieces), max(int(pieces) - returned.get(product_id, 0), 0), int(net))
        for product_id, name, pieces, net in session.execute(query)
    ]


def refunded_minor(session: Session, order: Order) -> int:
    """What was given back of an order so far, in minor units."""
    query = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(Refund.order_id == order.id)
    return int(session.scalar(query) or 0)


def shipping_left(session: Session, order: Order) -> int:
    """What is left to give back of the delivery charge: whatever of the refunds has no line was for it."""
    goods = (
        select(func.coalesce(func.sum(RefundLine.amount_minor), 0))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(Refund.order_id == order.id)
    )
    given = refunded_minor(session, order) - int(session.scalar(goods) or 0)
    return max(order.shipping_minor - given, 0)


def cancel(session: Session, order: Order, *, reason: str, now: datetime) -> Refund | None:
    """Cancel an order that wasn't handed over yet: the rest of the money goes back, the goods go back on sale.

    A coupon that it used may be used once more.

    Returns:
        The refund; None where nothing was left to give back (an order of free goods).

    Raises:
        NotCancellable: it is on its way, delivered or cancelled already.
    """
    placed = (Order.id == order.id) & (Order.status == OrderStatus.PLACED)
    if rows_changed(session, update(Order).where(placed).values(status=OrderStatus.CANCELLED)) != 1:
        raise NotCancellable(order.number)
    session.refresh(order)
    left = {part.product_id: part.left for part in refundable(session, order) if part.left}
    rest = order.total_minor - refunded_minor(session, order)
    _restock(session, left)
    give_uses_back(session, [use.coupon_id for use in order.coupons])
    signals.announce(signals.order_cancelled, order=order, at=now)
    return _write(session, order, pieces=left, amount_minor=rest, reason=reason, now=now) if rest > 0 else None


def refund(session: Session, order: Order, asked: RefundAsked, *, now: datetime) -> Refund:
    """Give back pieces, and the delivery charge if asked; what is left of the order is read here, under the lock.

    An order of which nothing is left, and which hasn't left, is cancelled by it: nobody may pack it any more.

    The pieces are taken for ones that were sent, as far as any were; the others won't be sent any more.

    Raises:
        NothingLeft: more pieces or more money than is left of the order, or nothing at all was asked for.
    """
    rows_changed(session, update(Order).where(Order.id == order.id).values(status=Order.status))  # the lock
    if asked.return_id and (paid := session.scalar(select(Refund).where(Refund.return_id == asked.return_id))):
        return paid
    parts = {part.product_id: part for part in refundable(session, order)}
    wanted = {product_id: quantity for product_id, quantity in asked.pieces.items() if quantity}
    for product_id, quantity in wanted.items():
        if product_id not in parts or not 0 < quantity <= parts[product_id].left:
            raise NothingLeft(order.number)
    amount = sum(parts[product_id].amount(quantity) for product_id, quantity in wanted.items())
    amount += shipping_left(session, order) if asked.shipping else 0
    rest = order.total_minor - refunded_minor(session, order)
    if asked.shipping and all(wanted.get(part.product_id, 0) == part.left for part in parts.values()):
        amount = min(amount, rest)  # the whole order: a discount on it was never paid
    if not 0 < amount <= rest:
        raise NothingLeft(order.number)
    if asked.restock:
        _restock(session, wanted)
    unasked = {id_: part.left - wanted.get(id_, 0) for id_, part in parts.items() if part.left > wanted.get(id_, 0)}
    if amount == rest or not unasked:
        placed = (Order.id == order.id) & (Order.status == OrderStatus.PLACED)
        if rows_changed(session, update(Order).where(placed).values(status=OrderStatus.CANCELLED)) == 1:
            _restock(session, unasked)  # never packed, and nobody is waiting for them
            give_uses_back(session, [use.coupon_id for use in order.coupons])
            session.refresh(order)
            signals.announce(signals.order_cancelled, order=order, at=now)
    made = _write(
        session, order, pieces=wanted, amount_minor=amount, reason=asked.reason, return_id=asked.return_id, now=now
    )
    _complete(session, order)
    return made


def drop_rest(session: Session, order: Order, *, reason: str, now: datetime) -> Refund:
    """What of a partly sent order is still to be sent won't be: its money goes back, its goods go back on sale.

    Where all that was sent has arrived, the order is delivered by it.

    Raises:
        NothingLeft: nothing of it was sent yet (cancel it then), or nothing is left to send.
    """
    shipped = (Order.id == order.id) & (Order.status == OrderStatus.SHIPPED)
    locked = rows_changed(session, update(Order).where(shipped).values(status=Order.status)) == 1
    rest = {one.product_id: one for one in pieces_of(session, order) if one.left} if locked else {}
    if not rest:
        raise NothingLeft(order.number)
    parts = {part.product_id: part for part in refundable(session, order)}
    pieces = {product_id: one.left for product_id, one in rest.items()}
    amount = sum(parts[product_id].amount(quantity) for product_id, quantity in pieces.items())
    amount = min(amount, order.total_minor - refunded_minor(session, order))
    _restock(session, pieces)
    made = _write(session, order, pieces=pieces, amount_minor=amount, reason=reason, unsent=True, now=now)
    _complete(session, order)
    return made


def _complete(session: Session, order: Order) -> None:
    if complete(session, order):
        session.refresh(order)


def _write(
    session: Session,
    order: Order,
    *,
    pieces: Mapping[int, int],
    amount_minor: int,
    reason: str,
    now: datetime,
    unsent: bool = False,
    return_id: str = "",
) -> Refund:
    """The refund's rows and its announcement. Lines carry the goods' part of the money; the delivery has no line."""
    sending = {one.product_id: one for one in pieces_of(session, order)}
    parts = {part.product_id: part for part in refundable(session, order)}
    count = session.scalar(select(func.count()).select_from(Refund).where(Refund.order_id == order.id)) or 0
    made = Refund(
        number=f"{order.number}-R{count + 1}",
        order=order,
        account_id=order.account_id,
        refunded_at=now,
        currency=order.currency,
        amount_minor=amount_minor,
        reason=reason,
        return_id=return_id or None,
        lines=[
            RefundLine(
                position=position,
                product_id=product_id,
                quantity=quantity,
                unsent=quantity if unsent else _never_sent(sending[product_id], quantity),
                amount_minor=parts[product_id].amount(quantity),
            )
            for position, (product_id, quantity) in enumerate(pieces.items(), start=1)
        ],
    )
    session.add(made)
    session.flush()
    signals.announce(signals.order_refunded, refund=made)
    return made


def _never_sent(part: Pieces, quantity: int) -> int:
    return max(quantity - part.to_return, 0)


def _restock(session: Session, pieces: Mapping[int, int]) -> None:
    for product_id, quantity in sorted(pieces.items()):
        sold = case((Product.sold > quantity, Product.sold - quantity), else_=0)
        back = update(Product).where(Product.id == product_id)
        rows_changed(session, back.values(stock=Product.stock + quantity, sold=sold))
        product = session.get(Product, product_id, populate_existing=True)
        if product is not None and quantity > 0:
            signals.announce(signals.product_restocked, product=product)
