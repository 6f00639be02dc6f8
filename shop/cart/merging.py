"""Two carts become one when their owner signs in.

What the person sees in the cart is what they just put there: the stranger's lines are the cart. Pieces that lay in
the account's cart before and aren't in the new one become "saved for later". The same product in both is one wish:
the new quantity is bought, and pieces that the old one had beyond it are saved. So nothing is added to what they are
about to buy, nothing is lost, and a message says what happened. A coupon that was just entered goes before the old one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from .cart import Cart, CartLine
from .lines import put_aside


@dataclass(frozen=True)
class Merged:
    """Names of the products of which pieces were set aside, and how many lines the account's cart had kept."""

    set_aside: tuple[str, ...] = ()
    came_back: int = 0


def merge(session: Session, account_id: int, token: str | None) -> Merged:
    """The merge itself: changes rows, says what it did, commits nothing."""
    own = session.scalars(select(Cart).where(Cart.account_id == account_id)).one_or_none()
    new = None
    if token:
        new = session.scalars(select(Cart).where(Cart.token == token, Cart.account_id.is_(None))).one_or_none()
    for cart in (own, new):
        if cart is not None:
            session.expire(cart, ["lines"])  # read as they are now, not as this session may have seen them before
    if new is None or not new.lines:
        return Merged(came_back=0 if own is None else sum(not line.saved for line in own.lines))
    if own is None:
        # With a token of its own: the old one's browser may come back as a stranger, and needs a new cart then.
        owned = {"account_id": account_id, "token": secrets.token_urlsafe(24)}
        session.execute(update(Cart).where(Cart.id == new.id, Cart.account_id.is_(None)).values(owned))
        session.expire(new)
        return Merged()
    return _fold(session, own, new)


def _fold(session: Session, own: Cart, new: Cart) -> Merged:
    """Move the stranger's lines into the account's cart. Only saved lines there leave the account's cart as it is."""
    chosen = {line.product_id: line for line in new.lines if not line.saved}
    saved = [line for line in new.lines if line.saved]
    earlier = [(line.product_id, line.product.name, line.quantity) for line in own.lines if not line.saved]
    set_aside: list[str] = []
    if chosen:
        session.execute(delete(CartLine).where(CartLine.cart_id == own.id, CartLine.saved.is_(False)))
        for product_id, name, quantity in earlier:
            surplus = quantity - (chosen[product_id].quantity if product_id in chosen else 0)
            if surplus > 0:
                put_aside(session, own, product_id, quantity=surplus)
                set_aside.append(name)
        session.execute(
            update(CartLine).where(CartLine.cart_id == new.id, CartLine.saved.is_(False)).values(cart_id=own.id)
        )
    if new.coupon_code is not None:
        session.execute(update(Cart).where(Cart.id == own.id).values(coupon_code=new.coupon_code))
    for line in saved:
        put_aside(session, own, line.product_id, quantity=line.quantity)
    session.execute(delete(CartLine).where(CartLine.cart_id == new.id))
    session.execute(delete(Cart).where(Cart.id == new.id))
    session.expire_all()
    return Merged(tuple(set_aside), 0 if chosen else len(earlier))
