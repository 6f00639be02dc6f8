"""Carts that lie around, as the CRM asks for them. One keeps its number until its account orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from ecrm import CartFacts

from ..cart.cart import Cart, CartLine
from ..catalog.product import Product
from ..checkout.order import Order

_AT_ONCE = 5_000


def carts_touched(session: Session, *, since: datetime, until: datetime, at_once: int = _AT_ONCE) -> list[CartFacts]:
    """Carts of accounts that hold something to buy and were touched last in this stretch, the oldest first."""
    found: list[CartFacts] = []
    after, number = since, -1
    while True:  # the whole stretch, however long the CRM stood still: it isn't asked again
        later = or_(Cart.touched_at > after, and_(Cart.touched_at == after, Cart.id > number))
        stretch = (Cart.touched_at > since, Cart.touched_at <= until)
        query = _CARTS.where(*stretch, later).order_by(Cart.touched_at, Cart.id).limit(at_once)
        rows = session.execute(query).all()
        found += _carts(session, rows)
        if len(rows) < at_once:
            return found
        number, _account, after, _ordered = rows[-1]


def cart_as_it_lies(session: Session, cart_id: str) -> CartFacts | None:
    """The cart of this number; None where it was ordered or emptied meanwhile."""
    number = cart_id.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        return None
    found = next(_carts(session, session.execute(_CARTS.where(Cart.id == int(number))).all()), None)
    return found if found is not None and found.cart_id == cart_id else None


_ORDERED = select(func.max(Order.id)).where(Order.account_id == Cart.account_id).correlate(Cart).scalar_subquery()
_CARTS = select(Cart.id, Cart.account_id, Cart.touched_at, _ORDERED).where(Cart.account_id.is_not(None))


def _carts(
    session: Session, found: Sequence[Row[*tuple[int, int | None, datetime, int | None]]]
) -> Iterator[CartFacts]:
    held: dict[int, dict[str, int]] = {}
    lines = (
        select(CartLine.cart_id, CartLine.product_id, CartLine.quantity)
        .join(Product, Product.id == CartLine.product_id)
        .where(CartLine.cart_id.in_([row[0] for row in found]), CartLine.saved.is_(False), Product.listed)
        .order_by(CartLine.id)
    )
    for cart, product, quantity in session.execute(lines):
        held.setdefault(cart, {})[str(product)] = quantity
    for cart, account, touched_at, ordered in found:
        if products := held.get(cart):
            yield CartFacts(
                cart_id=f"{cart}-{ordered or 0}", customer_id=str(account), touched_at=touched_at, products=products
            )
