"""Placing an order exactly once: the unique key (buyer, idempotency key) decides, not a look beforehand.

Order of the deeds in the one transaction: the order's row (takes the key) → stock, product by product in the order
of their ids (so that two orders never wait for each other) → a use of the coupon → the cart's lines → payment → the
announcement. Each write carries its condition; the first that isn't met raises, and the caller rolls everything back.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from .. import signals
from ..cart.cart import Cart, CartLine
from ..cart.lines import Line
from ..catalog.product import Product
from ..coupons.uses import take_use
from ..email_address import fold
from ..writes import insert_or_ignore, rows_changed
from .draft import drop_draft
from .order import CouponUse, Order, OrderLine, OrderStatus
from .payment import PaymentRefused, payment_method
from .reviewing import Review

# Crockford's base 32 without U, I, L, O: nothing in a number can be misread on the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class NotPlaced(Exception):
    """Base of the reasons why no order was placed; roll back, then tell the buyer."""


class ReviewChanged(NotPlaced):
    """A price, the cart, the details or the delivery isn't what the buyer was shown."""


class NotForThisBuyer(NotPlaced):
    """`line` isn't sent to that country, or the buyer hasn't said that they are old enough for it."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.product.name)
        self.line = line


class CouponGone(NotPlaced):
    """The coupon that was shown as valid has been used up or stopped meanwhile."""


class SoldOut(NotPlaced):
    """There is not enough of `name`."""

    def __init__(self, name: str, left: int) -> None:
        super().__init__(name)
        self.name = name
        self.left = left


class KeyReused(NotPlaced):
    """This idempotency key has placed another order, `number`, with other contents."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True)
class Placed:
    """The order, and whether this call made it (a retry finds the one that was made before)."""

    order: Order
    is_new: bool


def place_order(
    session: Session, review: Review, *, buyer: str, account_id: int | None, key: str, seen: str, now: datetime
) -> Placed:
    """Place what was reviewed, unless this buyer's key did so before. The caller commits, or rolls back.

    `seen` is the fingerprint of the review that the buyer confirmed. `signals.order_placed` is sent before return.

    Raises:
        ReviewChanged, SoldOut, CouponGone, KeyReused, NotForThisBuyer, PaymentRefused: nothing may be committed then.
    """
    if not review.lines or review.fingerprint != seen:
        raise ReviewChanged
    for line in review.lines:
        if line.refusal is not None:
            raise NotForThisBuyer(line)
    order_id = _take_key(session, review, buyer=buyer, account_id=account_id, key=key, now=now)
    if order_id is None:
        placed = find_placed(session, buyer=buyer, key=key, seen=seen)
        if placed is None:  # the twin that held the key has just been rolled back
            raise ReviewChanged
        return placed
    for line in sorted(review.lines, key=lambda line: line.product.id):
        _take_stock(session, line)
    _take_coupon(session, review, order_id, now=now)
    _empty_cart(session, review)
    session.execute(insert(OrderLine), _line_rows(review, order_id))
    drop_draft(session, review.cart_id)
    order = session.get_one(Order, order_id)
    _authorize(order)
    session.flush()
    signals.announce(signals.order_placed, order=order)
    return Placed(order, is_new=True)


def find_placed(session: Session, *, buyer: str, key: str, seen: str) -> Placed | None:
    """The order that this buyer's key has placed.

    Raises:
        KeyReused: there is one, with other contents than `seen`.
    """
    query = select(Order).where(Order.buyer == buyer, Order.idempotency_key == key)
    order = session.scalars(query).one_or_none()
    if order is None:
        return None
    if order.request_hash != seen:
        raise KeyReused(order.number)
    return Placed(order, is_new=False)


def new_number(now: datetime) -> str:
    """Year and month, then 40 random bits: short enough to be read out, not to be guessed from another."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{now:%y%m}-{letters[:4]}-{letters[4:]}"


def _take_key(
    session: Session, review: Review, *, buyer: str, account_id: int | None, key: str, now: datetime
) -> int | None:
    """Insert the order's row; None where the key was taken. A number that exists already is drawn again."""
    while True:
        values = _order_row(review, buyer=buyer, account_id=account_id, key=key, now=now)
        order_id = insert_or_ignore(session, Order, values)
        if order_id is not None:
            return order_id
        taken = select(Order.id).where(Order.buyer == buyer, Order.idempotency_key == key)
        if session.scalar(taken) is not None:
            return None


def _order_row(review: Review, *, buyer: str, account_id: int | None, key: str, now: datetime) -> dict[str, Any]:
    details = review.details
    return {
        "number": new_number(now),
        "account_id": account_id,
        "buyer": buyer,
        "idempotency_key": key,
        "request_hash": review.fingerprint,
        "email": details.email,
        "email_folded": fold(details.email),
        "placed_at": now,
        "status": OrderStatus.PLACED,
        "currency": review.currency,
        "goods_minor": review.goods_minor,
        "shipping_minor": review.shipping_minor,
        "discount_minor": 0,
        "total_minor": review.total_minor,
        "delivery_method": details.delivery_method,
        "promised_on": review.quote.promised_on,
        "payment_method": details.payment_method,
        "ship_name": details.name,
        "ship_line1": details.line1,
        "ship_line2": details.line2,
        "ship_city": details.city,
        "ship_postcode": details.postcode,
        "ship_region": details.region,
        "ship_country": details.country,
        "ship_phone": details.phone,
        "source": "shop",
    }


def _line_rows(review: Review, order_id: int) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_id,
            "position": position,
            "product_id": line.product.id,
            "name": line.product.name,
            "quantity": line.quantity,
            "unit_minor": line.unit_minor,
            "net_minor": line.net_minor,
            "cost_minor": None if line.product.cost_minor is None else line.product.cost_minor * line.quantity,
        }
        for position, line in enumerate(review.lines, start=1)
    ]


def _take_stock(session: Session, line: Line) -> None:
    """Take the pieces if they are there at the price that was shown; both are decided by the one UPDATE."""
    product, wanted, price = line.product, line.quantity, line.unit_minor
    there = Product.listed & (Product.stock >= wanted) & (Product.price_minor == price)
    statement = update(Product).where(Product.id == product.id, there)
    if rows_changed(session, statement.values(stock=Product.stock - wanted, sold=Product.sold + wanted)) == 1:
        return
    listed, left, name = session.execute(
        select(Product.listed, Product.stock, Product.name).where(Product.id == product.id)
    ).one()
    if not listed or left < wanted:
        raise SoldOut(name, left if listed else 0)
    raise ReviewChanged


def _take_coupon(session: Session, review: Review, order_id: int, *, now: datetime) -> None:
    """Take a use of the coupon that the order gets its discount from; a code that was refused is left alone."""
    coupon = review.coupon
    if coupon is None or coupon.refusal or coupon.coupon_id is None:
        return
    if not take_use(session, coupon.coupon_id, now=now):
        raise CouponGone(coupon.code)
    use = {"order_id": order_id, "coupon_id": coupon.coupon_id, "code": coupon.code}
    session.execute(insert(CouponUse), [use | {"discount_minor": coupon.discount_minor}])
    entered = (Cart.id == review.cart_id) & (Cart.coupon_code == coupon.code)
    rows_changed(session, update(Cart).where(entered).values(coupon_code=None))


def _empty_cart(session: Session, review: Review) -> None:
    """Take exactly what is bought out of the cart; what another tab has put in meanwhile stays there."""
    for line in review.lines:
        bought = (CartLine.product_id == line.product.id) & (CartLine.quantity == line.quantity)
        statement = delete(CartLine).where(CartLine.cart_id == review.cart_id, CartLine.saved.is_(False), bought)
        if rows_changed(session, statement) != 1:
            raise ReviewChanged


def _authorize(order: Order) -> None:
    method = payment_method(order.payment_method)
    if method is None:
        raise PaymentRefused(order.payment_method)
    order.payment_reference = method.authorize(order).reference
