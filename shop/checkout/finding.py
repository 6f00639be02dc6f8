"""Finding orders: one by its number, or many as staff look for them."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ..email_address import fold
from ..paging import Page, read_page
from .order import Order, OrderStatus

LONGEST_NUMBER = 40
_NUMBER = re.compile(rf"[\w.-]{{1,{LONGEST_NUMBER}}}", re.ASCII)


def is_number(text: str) -> bool:
    """Whether an order could have this number."""
    return _NUMBER.fullmatch(text) is not None


def find_order(session: Session, number: str) -> Order | None:
    """The order of that number; a text that can't be one is asked of no database."""
    if not is_number(number):
        return None
    return session.scalars(select(Order).where(Order.number == number)).one_or_none()


def find_order_of(session: Session, account_id: int, number: str) -> Order | None:
    """The order of that number, if it is this account's."""
    if not is_number(number):
        return None
    query = select(Order).where(Order.number == number, Order.account_id == account_id)
    return session.scalars(query).one_or_none()


def search_orders(session: Session, *, words: str, status: str, page: int) -> Page[Order]:
    """Orders whose number or e-mail begins like this, in one status or in all, latest first.

    A page beyond the last one is the last one.
    """
    ids = select(Order.id).where(*_conditions(words, status)).order_by(Order.placed_at.desc(), Order.id.desc())
    return read_page(session, ids, select(Order), key=Order.id, page=page)


def _conditions(words: str, status: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if status in set(OrderStatus):
        found.append(Order.status == status)
    if words := "".join(letter for letter in words if letter.isprintable()).strip():
        by_email = Order.email_folded.startswith(fold(words), autoescape=True)
        found.append(
            by_email if "@" in words else or_(Order.number.startswith(words.upper(), autoescape=True), by_email)
        )
    return found
