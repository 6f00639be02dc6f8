"""Whose order, asked by a mailbox: an order belongs to whoever gets its e-mails, even where nobody proved an address.

Most accounts never show that they read the mailbox they gave. So a letter from it joins no account (it would stand on
the page of whoever merely claims that address); but what an order's own e-mails already told that mailbox, the desk may
speak of to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.outbox import Email
from tracking.customers import customers_by_email
from tracking.email_address import fold
from tracking.orders import SeenOrder

MOST = 20
_OWN_LETTERS = "order_"
"""How the templates begin that an order itself has sent (`ecrm.mail`, `ecrm.delays`)."""
_NUMBER = re.compile(r"[\w.-]{4,64}", re.ASCII)


def mailed_there(session: Session, order_reference: str, address: str) -> bool:
    """Whether this order's own e-mails went to this mailbox. What the desk wrote proves nothing: anybody may name an
    order in a letter or a form, and gets an answer."""
    written = select(Email.to_address).where(
        Email.order_reference == order_reference, Email.transactional, Email.sent_at.is_not(None),
        Email.template.startswith(_OWN_LETTERS, autoescape=True),
    )  # fmt: skip
    return any(fold(to) == fold(address) for to in session.scalars(written.limit(MOST)) if to)


def named_order(session: Session, words: str, *, customer_id: int | None, address: str) -> str:
    """The number of the order that somebody names, if it is their own; else an empty text."""
    for number in _numbers(words):
        order = session.scalar(select(SeenOrder).where(SeenOrder.reference.in_({number, number.upper()})).limit(1))
        if order is not None and is_theirs(session, order, customer_id=customer_id, address=address):
            return order.reference
    return ""


def is_theirs(session: Session, order: SeenOrder, *, customer_id: int | None, address: str) -> bool:
    """Whether this order may be spoken of to the customer, or to the mailbox where nobody is known by it."""
    if customer_id is not None and order.customer_id == customer_id:
        return True
    return bool(address) and mailed_there(session, order.reference, address)


def latest_order(session: Session, *, customer_id: int | None, address: str, since: datetime) -> SeenOrder | None:
    """Their latest order after `since`; of an address that only claims to be somebody's, one that was mailed there."""
    whose = (
        [customer_id] if customer_id is not None else [one.id for one in customers_by_email(session, address)[:MOST]]
    )
    if not address and customer_id is None:
        return None
    latest = select(SeenOrder).where(SeenOrder.customer_id.in_(whose), SeenOrder.placed_at > since)
    found = session.scalars(latest.order_by(SeenOrder.placed_at.desc(), SeenOrder.id.desc()).limit(MOST))
    return next((one for one in found if is_theirs(session, one, customer_id=customer_id, address=address)), None)


def _numbers(words: str) -> Iterator[str]:
    """What may be an order's number, each once; a digit is in all of them."""
    found = (one.strip(".-_") for one in _NUMBER.findall(words))
    likely = (one for one in found if any(letter.isdigit() for letter in one))
    yield from list(dict.fromkeys(likely))[:MOST]
