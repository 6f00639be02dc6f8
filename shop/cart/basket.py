"""The present visitor's cart: found by the account or by the session's token, made when something is first put in.

A stranger's token comes from the session's CSRF secret, which is there before any form can be sent: two first clicks
at once, sent with the same cookie, fill one cart. The secret is random, one a browser and gone with sign-in and
sign-out; without the app's key nobody makes the token of it.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime
from typing import Any

from flask import current_app
from flask import session as browser
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from ..database import db
from ..writes import insert_or_ignore
from .cart import Cart, CartLine

CSRF_SECRET = "csrf_token"  # noqa: S105 (a key of the session, no secret itself)
"""Where Flask-WTF keeps the session's secret."""


def present_cart(session: Session) -> Cart | None:
    """The visitor's cart, or None where nothing was ever put in one. Never makes one."""
    owned = _owned_by_visitor()
    return None if owned is None else session.scalars(select(Cart).where(owned)).one_or_none()


def cart_to_fill(session: Session) -> Cart:
    """The visitor's cart, made now if there is none; two requests at once find the same one."""
    cart = present_cart(session)
    if cart is not None:
        return cart
    account_id = signed_in_account_id()
    token = secrets.token_urlsafe(24)
    if account_id is None:
        generate_csrf()  # makes the secret where no form was shown before
        token = stranger_token() or token
    values: dict[str, Any] = {"token": token, "account_id": account_id, "touched_at": datetime.now(UTC)}
    insert_or_ignore(session, Cart, values)
    if account_id is None:
        return session.scalars(select(Cart).where(Cart.token == token)).one()
    return session.scalars(select(Cart).where(Cart.account_id == account_id)).one()


def buyer_of(cart: Cart) -> str:
    """Whose order a cart becomes: the key that `Order.buyer` keeps."""
    return f"cart:{cart.token}" if cart.account_id is None else f"account:{cart.account_id}"


def product_ids_in_cart() -> list[int]:
    """What lies in the cart of the present request, oldest first; empty outside of one's own cart."""
    account_id = signed_in_account_id()
    owner = stranger_token() if account_id is None else account_id
    if owner is None:
        return []
    query = _IDS_OF_STRANGER if account_id is None else _IDS_OF_ACCOUNT
    return list(db.session.connection().scalars(query, {"owner": owner}))


def cart_count() -> int:
    """Pieces in the cart of the present request; asked by every page's header."""
    owned = _owned_by_visitor()
    if owned is None:
        return 0
    query = select(func.coalesce(func.sum(CartLine.quantity), 0)).join(Cart, Cart.id == CartLine.cart_id)
    return int(db.session.execute(query.where(owned, CartLine.saved.is_(False))).scalar_one())


def signed_in_account_id() -> int | None:
    """The account of the present request; strangers have none."""
    if not current_user or not current_user.is_authenticated:
        return None
    account_id: int = current_user.account.id
    return account_id


def stranger_token() -> str | None:
    """The token of this browser's cart while nobody is signed in; None where it was shown no form yet."""
    secret = browser.get(CSRF_SECRET)
    if not secret:
        return None
    key = current_app.secret_key or ""
    return hmac.digest(key if isinstance(key, bytes) else key.encode(), f"cart:{secret}".encode(), "sha256").hex()


# Built once: pages with recommendations ask one of them.
_CART, _LINE = Cart.__table__.c, CartLine.__table__.c
_IDS = (
    select(_LINE.product_id)
    .join(Cart.__table__, _CART.id == _LINE.cart_id)
    .where(_LINE.saved.is_(False))
    .order_by(_LINE.id)
)
_IDS_OF_ACCOUNT = _IDS.where(_CART.account_id == bindparam("owner"))
_IDS_OF_STRANGER = _IDS.where(_CART.token == bindparam("owner"), _CART.account_id.is_(None))


def _owned_by_visitor() -> ColumnElement[bool] | None:
    """A token never opens a cart that belongs to an account: that takes the account's sign-in."""
    account_id = signed_in_account_id()
    if account_id is not None:
        return Cart.account_id == account_id
    token = stranger_token()
    return None if not token else (Cart.token == token) & Cart.account_id.is_(None)
