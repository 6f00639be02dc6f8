"""Carts that lie around, as the CRM asks for them. One keeps its number until its account orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ecrm import CartFacts

from ..cart.cart import Cart, CartLine
from ..catalog.product import Product
from ..checkout.order import Order

_MOST = 5_000  # in one stretch of time; a shop that has more of them has them again in the next


def carts_touched(session: Session, *, since: datetime, until: datetime) -> list[CartFacts]:
    """Carts of accounts that hold something to buy and were touched last in this stretch."""
    return list(_carts(session, _CARTS.where(Cart.touched_at > since, Cart.touched_at <= until).limit(_MOST)))


def cart_as_it_lies(session: Session, cart_id: str) -> CartFacts | None:
    """The cart of this number; None where it was ordered or emptied meanwhile."""
    number = cart_id.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        return None
    found = next(_carts(session, _CARTS.where(Cart.id == int(number))), None)
    return found if found is not None and found.cart_id == cart_id else None


_ORDERED = select(func.max(Order.id)).where(Order.account_id == Cart.account_id).correlate(Cart).scalar_subquery()
_CARTS = (
    select(Cart.id, Cart.account_id, Cart.touched_at, _ORDERED).where(Cart.account_id.is_not(None)).order_by(Cart.id)
)


def _carts(session: Session, query: Select[*tuple[int, int | None, datetime, int | None]]) -> Iterator[CartFacts]:
    found = session.execute(query).all()
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
