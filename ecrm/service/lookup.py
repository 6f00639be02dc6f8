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

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from ecrm.customers.phones import customers_by_phone
from tracking.customers import Customer, customers_by_email
from tracking.delivery.carriers import tidied
from tracking.delivery.returns import Return
from tracking.delivery.shipment import Shipment
from tracking.orders import SeenOrder
from tracking.person_name import LAST, beginnings, words_apart
from tracking.phone_number import fold_phone

from . import cases, units
from .typed_numbers import case_reference, cleaned, like_others, references, return_reference, without_label

LONGEST = 254
MOST = 20
SHAPES = 50
_TELEPHONE = re.compile(r"^[+(]?[\d\s()./-]{5,}$")
_DIGITS_WITH_CODE = re.compile(r"[1-9]\d{9,14}")
_LONG_NUMBER = re.compile(r"[+(]*\d(?:[\W_]*\d){5,}")
_DOMAIN = re.compile(r"[^\s<>,;]+")
_BRACKETED = re.compile(r"<([^<>]*@[^<>]*)>")
_MARKED = re.compile(r"\[?[CR]-\w{8}\]?", re.IGNORECASE)


class Miss(StrEnum):
    """Why nobody was found; the console says in words what to try next."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NO_SUCH_ADDRESS = "no_such_address"
    NO_SUCH_NUMBER = "no_such_number"
    NO_SUCH_TELEPHONE = "no_such_telephone"
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
class Unowned:
    """A thing of this number, of which nobody knows whose it is: a case's or a return's `reference`, a piece's or a
    parcel's `thing_id`."""

    by: By
    reference: str = ""
    thing_id: int = 0


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


def look_up(session: Session, asked: str, *, country: str = "") -> Found | Several | Unowned | Miss:
    """Whoever this leads to.

    No part of an address or number is enough on purpose: a list of people who happen to have similar ones is nobody's
    business. Whatever is copied around an address (spaces, `mailto:`, angle brackets) is taken off; numbers are found
    in all their writings (`typed_numbers`), also behind a word.

    Args:
        country: the shop's, by which telephone numbers without a country code are read.
    """
    asked = cleaned(asked)
    if not asked:
        return Miss.EMPTY
    if len(asked) > LONGEST or not asked.isprintable():
        return Miss.UNREADABLE
    if "@" in asked:
        return _by_email(session, asked)
    number = asked.lstrip("#").strip()
    found = _by_number(session, number, country) or _by_number(session, without_label(number), country)
    if found is not None:
        return found
    if _TELEPHONE.match(without_label(number) or number):
        return Miss.NO_SUCH_TELEPHONE if fold_phone(without_label(number) or number, country) else Miss.NO_SUCH_NUMBER
    # "Catherine" is spelt like a case's reference without its dash: tried as one, and then it is a name.
    looks = any(one.isdigit() for one in number) or _MARKED.fullmatch(number)
    return Miss.NO_SUCH_NUMBER if looks else _by_name(session, asked)


def _by_number(session: Session, number: str, country: str) -> Found | Several | Unowned | None:
    if not number:
        return None
    answers = [one for ask in _NUMBERS if (one := ask(session, number)) is not None]  # a number may be all letters
    telephone = number.removeprefix("tel:")
    if _TELEPHONE.match(telephone) and (one := _by_telephone(session, telephone, country)) is not None:
        answers.append(one)
    if found := [one for one in answers if not isinstance(one, Unowned)]:
        return _together(session, found)
    return answers[0] if answers else None


def masked(asked: str) -> str:
    """What was typed, fit for the audit: enough to see a pattern, not enough to be an address list.

    Read as the look-up reads it. A number of six digits or more shows its end, by which people compare numbers, a word
    its beginning; short numbers and codes with digits stay as they are.
    """
    asked = cleaned(asked)
    name, at, after = asked.partition("@")
    if at:
        domain = _LONG_NUMBER.sub(_end_of, next(iter(_DOMAIN.findall(after)), ""))
        return f"{name[:1]}…{at}{domain}"[:100]
    apart = _LONG_NUMBER.sub(lambda found: f" {_end_of(found)} ", without_label(asked) or asked)
    return " ".join(one if any(map(str.isdigit, one)) else f"{one[:3]}…" for one in apart.split())[:100]


def _end_of(number: re.Match[str]) -> str:
    return "…" + re.sub(r"\D", "", number[0])[-4:]


def bare_address(asked: str) -> str:
    """An address without what was copied around it."""
    asked = cleaned(asked)
    if bracketed := _BRACKETED.findall(asked):
        asked = bracketed[-1]
    return "".join(asked.removeprefix("mailto:").split()).strip(".,;:'\"")


def _by_email(session: Session, asked: str) -> Found | Several | Miss:
    known = customers_by_email(session, bare_address(asked))
    if len(known) > 1:
        return Several(tuple(Namesake(one.id, one.reference, one.created_at) for one in known))
    return Found(known[0].id) if known else Miss.NO_SUCH_ADDRESS


# Statements are built once; each is served by an index of its own.
_BOTH: BindParameter[Any] = bindparam("both", expanding=True)
_NEWEST_ORDERS = select(SeenOrder.reference).order_by(SeenOrder.placed_at.desc()).limit(SHAPES)
_ORDERS = select(SeenOrder.customer_id, SeenOrder.reference).where(SeenOrder.reference.in_(_BOTH))
_PARCELS = (
    select(Shipment.customer_id, Shipment.order_reference, Shipment.id)
    .where(Shipment.tracking_number.in_(_BOTH))
    .order_by(Shipment.id.desc())
    .limit(MOST)
)
_RETURN = select(Return.customer_id, Return.order_reference).where(Return.reference.in_(_BOTH)).limit(1)


def _by_order(session: Session, number: str) -> Found | Several | None:
    # Read over the phone a number loses its case and its dashes. Where they stand, the newest orders show: several, as
    # a marketplace's have another shape. All spellings are tried over the unique index.
    spelt = [*references(number), *like_others(number, session.scalars(_NEWEST_ORDERS))]
    rows = {row.reference: row.customer_id for row in session.execute(_ORDERS, {"both": spelt})}
    people = {rows[one]: one for one in reversed(spelt) if one in rows}
    if number in rows or len(people) == 1:
        order = next(one for one in spelt if one in rows)
        return Found(rows[order], order, By.ORDER)
    return Several(_described(session, list(people)[:MOST]), By.ORDER, more=len(people) > MOST) if people else None


def _by_parcel(session: Session, number: str) -> Found | Several | Unowned | None:
    spelt = {*references(number), tidied(number), tidied(number).replace("-", "")}
    rows = session.execute(_PARCELS, {"both": list(spelt)}).all()
    people = {row.customer_id: row.order_reference for row in reversed(rows) if row.customer_id is not None}
    if len(people) > 1:
        return Several(_described(session, list(people)), By.PARCEL)
    if people:
        return Found(*next(iter(people.items())), By.PARCEL)
    return Unowned(By.PARCEL, thing_id=rows[0].id) if rows else None


def _by_case(session: Session, number: str) -> Found | Unowned | None:
    reference = case_reference(number)
    case = cases.by_reference(session, reference) if reference else None
    if case is None:
        return None
    return Unowned(By.CASE, case.reference) if case.customer_id is None else Found(case.customer_id, None, By.CASE)


def _by_return(session: Session, number: str) -> Found | Unowned | None:
    reference = return_reference(number)
    row = session.execute(_RETURN, {"both": [reference]}).first() if reference else None
    if row is None:
        return None
    if row.customer_id is None:
        return Unowned(By.RETURN, reference)
    return Found(row.customer_id, row.order_reference, By.RETURN)


def _by_piece(session: Session, number: str) -> Found | Several | Unowned | None:
    pieces = units.by_serial(session, number)
    owners = {one.customer_id: one.order_reference for one in pieces if one.customer_id}
    if len(owners) > 1:
        return Several(_described(session, [one for one in owners if one]), By.PIECE)
    if owners:
        return Found(*next((owner, order or None) for owner, order in owners.items()), By.PIECE)
    return Unowned(By.PIECE, thing_id=pieces[0].id) if pieces else None


_NUMBERS: tuple[Callable[[Session, str], Found | Several | Unowned | None], ...] = (
    _by_order, _by_parcel, _by_case, _by_return, _by_piece,
)  # fmt: skip


def _by_telephone(session: Session, number: str, country: str) -> Found | Several | None:
    people = customers_by_phone(session, number, country=country)
    if not people and _DIGITS_WITH_CODE.fullmatch(digits := re.sub(r"\D", "", number)):
        people = customers_by_phone(session, f"+{digits}", country=country)  # its plus was lost in a form
    if len(people) > 1:
        return Several(_described(session, [one.id for one in people]), By.TELEPHONE, more=len(people) >= MOST)
    return Found(people[0].id, None, By.TELEPHONE) if people else None


# A statement a stretch: with several in one, SQLite reads and sorts the whole table.
_NAMED = Customer.__table__.c
_STRETCH = (
    select(_NAMED.name_folded, _NAMED.id)
    .where(_NAMED.name_folded.between(bindparam("first"), bindparam("last")))
    .order_by(_NAMED.name_folded, _NAMED.id)
    .limit(MOST + 1)
)


def _by_name(session: Session, asked: str) -> Found | Several | Miss:
    wanted = beginnings(asked)
    if not wanted:
        return Miss.SHORT_NAME
    found = _in_stretches(session, [(_STRETCH, one, one + LAST) for one in wanted])
    if not found:
        found = _in_stretches(session, [
            (_STRETCH.where(*(_NAMED.name_folded.contains(word, autoescape=True) for word in words)), one, one + LAST)
            for one, words in words_apart(asked)
        ])  # fmt: skip
    elif len(found) <= MOST:  # "Anna Schmidt" may be Maria Anna Schmidt, or Schmidt-Meyer
        more = _in_stretches(session, [
            (_STRETCH.where(*(_begins_a_word(word) for word in words)), f"{one} ", f"{one}-{LAST}")
            for one, words in words_apart(asked)
        ])  # fmt: skip
        found = list(dict.fromkeys([*found, *more]))
    if not found:
        return Miss.NO_SUCH_NAME
    # Also a single one is shown first: a beginning is a guess, and a page of the wrong person is a breach.
    return Several(_described(session, found[:MOST]), By.NAME, more=len(found) > MOST)


def _in_stretches(session: Session, stretches: Sequence[tuple[Select[Any], str, str]]) -> list[int]:
    """The customers of these stretches in the order of their names, each once."""
    connection, found = session.connection(), set[tuple[str, int]]()
    for statement, first, last in stretches:
        found.update((row.name_folded, row.id) for row in connection.execute(statement, {"first": first, "last": last}))
    return [customer_id for _name, customer_id in sorted(found)]


def _begins_a_word(word: str) -> ColumnElement[bool]:
    return or_(*(_NAMED.name_folded.contains(before + word, autoescape=True) for before in (" ", "-")))


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
