"""Lookup: from what a person on the phone can say (an e-mail address, an order number) to their customer row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.customers import customers_by_email
from tracking.orders import SeenOrder

LONGEST = 254


class Miss(StrEnum):
    """Why nobody was found; the console says in words what to try next."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NO_SUCH_ADDRESS = "no_such_address"
    NO_SUCH_ORDER = "no_such_order"


@dataclass(frozen=True)
class Found:
    """A customer, and the order by which they were found."""

    customer_id: int
    order_reference: str | None = None


@dataclass(frozen=True)
class Namesake:
    """One of several who say that an address is theirs: `account` is the shop's id, None for a guest."""

    customer_id: int
    account: str | None
    since: datetime


@dataclass(frozen=True)
class Several:
    """More than one customer says that this address is theirs; whose mailbox it is comes first."""

    namesakes: tuple[Namesake, ...]


def look_up(session: Session, asked: str) -> Found | Several | Miss:
    """The customer of an e-mail address (whole and exact but for case) or of an order number.

    No part of an address is enough on purpose: a list of people who happen to have similar addresses is nobody's
    business. Whatever is copied around an address (spaces, `mailto:`, angle brackets) is taken off.
    """
    asked = asked.strip()
    if not asked:
        return Miss.EMPTY
    if len(asked) > LONGEST or not asked.isprintable():
        return Miss.UNREADABLE
    if "@" in asked:
        return _by_email(session, asked)
    return _by_order(session, asked.lstrip("#").strip())


def masked(asked: str) -> str:
    """What was typed, fit for the audit: enough to see a pattern, not enough to be an address list."""
    name, at, domain = asked.strip().partition("@")
    return f"{name[:1]}…{at}{domain}"[:100] if at else asked.strip()[:100]


def _by_email(session: Session, asked: str) -> Found | Several | Miss:
    if "<" in asked and asked.endswith(">"):
        asked = asked[asked.rindex("<") + 1 : -1]
    known = customers_by_email(session, asked.removeprefix("mailto:"))
    if len(known) > 1:
        return Several(tuple(Namesake(one.id, one.reference, one.created_at) for one in known))
    return Found(known[0].id) if known else Miss.NO_SUCH_ADDRESS


def _by_order(session: Session, number: str) -> Found | Miss:
    # Read over the phone a number loses its case; both spellings are tried over the unique index.
    row = session.execute(
        select(SeenOrder.customer_id, SeenOrder.reference)
        .where(SeenOrder.reference.in_({number, number.upper()}))
        .limit(1)
    ).first()
    return Miss.NO_SUCH_ORDER if row is None else Found(row.customer_id, row.reference)
