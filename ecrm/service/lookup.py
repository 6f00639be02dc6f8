"""Lookup: from what a person on the phone can say to their customer row. What was typed decides what it is taken for.

An address is found whole and exact but for case, and so are numbers: of an order, a parcel, a case, a return, a piece,
a telephone. A name is found by its beginning, as people spell theirs: three letters at least, twenty people at most, of
each the name, the country and the last order's day; whoever is opened is recorded as ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, or_, select
from sqlalchemy.orm import Session

from ecrm.customers.phones import customers_by_phone
from tracking.customers import Customer, customers_by_email
from tracking.delivery.returns import Return
from tracking.delivery.shipment import Shipment
from tracking.orders import SeenOrder
from tracking.person_name import LAST, beginnings

from . import cases, units

LONGEST = 254
MOST = 20
_TELEPHONE = re.compile(r"^[+(]?[\d\s()./-]{5,}$")
_CASE = re.compile(r"^\[?C-?([A-Z2-7]{8})\]?$", re.IGNORECASE)


class Miss(StrEnum):
    """Why nobody was found; the console says in words what to try next."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NO_SUCH_ADDRESS = "no_such_address"
    NO_SUCH_NUMBER = "no_such_number"
    SHORT_NAME = "short_name"
    NO_SUCH_NAME = "no_such_name"


class By(StrEnum):
    """By what somebody was found."""

    ADDRESS = "address"
    ORDER = "order"
    PARCEL = "parcel"
    CASE = "case"
    RETURN = "return"
    PIECE = "piece"
    TELEPHONE = "telephone"
    NAME = "name"


@dataclass(frozen=True)
class Found:
    """A customer, by what they were found, and the order to show, where it was one."""

    customer_id: int
    order_reference: str | None = None
    by: By = field(default=By.ADDRESS, compare=False)


@dataclass(frozen=True)
class Namesake:
    """One of several: `account` is the shop's id, None for a guest. Of a name's, `name`, `country` and the day of the
    last order; of an address's, nothing more."""

    customer_id: int
    account: str | None
    since: datetime
    name: str = ""
    country: str = ""
    last_order: datetime | None = None


@dataclass(frozen=True)
class Several:
    """More than one. Of an address whose mailbox it is comes first. `more`: there are more than are listed."""

    namesakes: tuple[Namesake, ...]
    by: By = field(default=By.ADDRESS, compare=False)
    more: bool = field(default=False, compare=False)


def look_up(session: Session, asked: str, *, country: str = "") -> Found | Several | Miss:
    """Whoever this leads to.

    No part of an address or number is enough on purpose: a list of people who happen to have similar ones is nobody's
    business. Whatever is copied around an address (spaces, `mailto:`, angle brackets) is taken off.

    Args:
        country: the shop's, by which telephone numbers without a country code are read.
    """
    asked = asked.strip()
    if not asked:
        return Miss.EMPTY
    if len(asked) > LONGEST or not asked.isprintable():
        return Miss.UNREADABLE
    if "@" in asked:
        return _by_email(session, asked)
    number = asked.lstrip("#").strip()
    # "Catherine" is spelt like a case's reference without its dash: tried as one, and then it is a name.
    looks = any(one.isdigit() for one in number) or ("-" in number and _CASE.match(number))
    answers = (ask(session, number) for ask in _NUMBERS)  # a number may be all letters
    found = [one for one in answers if one is not None]
    if _TELEPHONE.match(number) and (one := _by_telephone(session, number, country)) is not None:
        found.append(one)
    if found:
        return _together(session, found)
    return Miss.NO_SUCH_NUMBER if looks else _by_name(session, asked)


def masked(asked: str) -> str:
    """What was typed, fit for the audit: enough to see a pattern, not enough to be an address list."""
    name, at, domain = asked.strip().partition("@")
    if at:
        return f"{name[:1]}…{at}{domain}"[:100]
    if _TELEPHONE.match(asked.strip()):  # as people compare numbers: by their end
        digits = [place for place, one in enumerate(asked.strip()) if one.isdigit()]
        return f"…{asked.strip()[digits[-4] :]}" if len(digits) > 6 else asked.strip()
    if any(one.isdigit() for one in asked):
        return asked.strip()[:100]
    return " ".join(f"{word[:3]}…" for word in asked.split())[:100]


def _by_email(session: Session, asked: str) -> Found | Several | Miss:
    if "<" in asked and asked.endswith(">"):
        asked = asked[asked.rindex("<") + 1 : -1]
    known = customers_by_email(session, asked.removeprefix("mailto:"))
    if len(known) > 1:
        return Several(tuple(Namesake(one.id, one.reference, one.created_at) for one in known))
    return Found(known[0].id) if known else Miss.NO_SUCH_ADDRESS


# Statements are built once; each is served by an index of its own.
_BOTH: BindParameter[Any] = bindparam("both", expanding=True)
_ORDER = select(SeenOrder.customer_id, SeenOrder.reference).where(SeenOrder.reference.in_(_BOTH)).limit(1)
_PARCELS = (
    select(Shipment.customer_id, Shipment.order_reference)
    .where(Shipment.tracking_number.in_(_BOTH), Shipment.customer_id.is_not(None))
    .order_by(Shipment.id.desc())
    .limit(MOST)
)
_RETURN = (
    select(Return.customer_id, Return.order_reference)
    .where(Return.reference.in_(_BOTH), Return.customer_id.is_not(None))
    .limit(1)
)


def _by_order(session: Session, number: str) -> Found | None:
    # Read over the phone a number loses its case; both spellings are tried over the unique index.
    row = session.execute(_ORDER, {"both": list({number, number.upper()})}).first()
    return None if row is None else Found(row.customer_id, row.reference, By.ORDER)


def _by_parcel(session: Session, number: str) -> Found | Several | None:
    spelt = {number, number.upper(), number.upper().replace(" ", "")}
    rows = session.execute(_PARCELS, {"both": list(spelt)}).all()
    people = {row.customer_id: row.order_reference for row in reversed(rows)}
    if len(people) > 1:
        return Several(_described(session, list(people)), By.PARCEL)
    return Found(*next(iter(people.items())), By.PARCEL) if people else None


def _by_case(session: Session, number: str) -> Found | None:
    match = _CASE.match(number)
    case = cases.by_reference(session, f"C-{match[1].upper()}") if match else None
    return Found(case.customer_id, None, By.CASE) if case is not None and case.customer_id is not None else None


def _by_return(session: Session, number: str) -> Found | None:
    row = session.execute(_RETURN, {"both": list({number, number.upper()})}).first()
    return None if row is None else Found(row.customer_id, row.order_reference, By.RETURN)


def _by_piece(session: Session, number: str) -> Found | Several | None:
    owners = {one.customer_id: one.order_reference for one in units.by_serial(session, number) if one.customer_id}
    if len(owners) > 1:
        return Several(_described(session, [one for one in owners if one]), By.PIECE)
    return Found(*next((owner, order or None) for owner, order in owners.items()), By.PIECE) if owners else None


_NUMBERS: tuple[Callable[[Session, str], Found | Several | None], ...] = (
    _by_order, _by_parcel, _by_case, _by_return, _by_piece,
)  # fmt: skip


def _by_telephone(session: Session, number: str, country: str) -> Found | Several | None:
    people = customers_by_phone(session, number, country=country)
    if len(people) > 1:
        return Several(_described(session, [one.id for one in people]), By.TELEPHONE, more=len(people) >= MOST)
    return Found(people[0].id, None, By.TELEPHONE) if people else None


def _by_name(session: Session, asked: str) -> Found | Several | Miss:
    wanted = beginnings(asked)
    if not wanted:
        return Miss.SHORT_NAME
    stretches = or_(*(Customer.name_folded.between(one, one + LAST) for one in wanted))
    ids = session.scalars(
        select(Customer.id).where(stretches).order_by(Customer.name_folded, Customer.id).limit(MOST + 1)
    ).all()
    if not ids:
        return Miss.NO_SUCH_NAME
    # Also a single one is shown first: a beginning is a guess, and a page of the wrong person is a breach.
    return Several(_described(session, ids[:MOST]), By.NAME, more=len(ids) > MOST)


def _together(session: Session, found: Sequence[Found | Several]) -> Found | Several:
    """One number may be an order's here and a parcel's there; where they lead to one person there is no question."""
    first = found[0]
    people: dict[int, None] = {}
    for one in found:
        for person in [one.customer_id] if isinstance(one, Found) else [each.customer_id for each in one.namesakes]:
            people.setdefault(person)
    if len(found) == 1 or len(people) == 1:
        return first
    return Several(_described(session, list(people)[:MOST]), first.by, more=len(people) > MOST)


def _described(session: Session, ids: Sequence[int]) -> tuple[Namesake, ...]:
    last = (
        select(func.max(SeenOrder.placed_at))
        .where(SeenOrder.customer_id == Customer.id)
        .correlate(Customer)
        .scalar_subquery()
    )
    rows = {
        row.id: Namesake(
            row.id, row.reference, row.created_at, f"{row.first_name} {row.last_name}".strip(), row.country, row.last
        )
        for row in session.execute(
            select(
                Customer.id, Customer.reference, Customer.created_at, Customer.first_name, Customer.last_name,
                Customer.country, last.label("last"),
            ).where(Customer.id.in_(ids))
        )
    }  # fmt: skip
    return tuple(rows[one] for one in ids if one in rows)
