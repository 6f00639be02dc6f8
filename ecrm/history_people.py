"""The people of a history: found under their account or address, made where they are new; part of `history`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.bulk import insert_columns, take_ids
from tracking.customers import (
    Customer,
    CustomerEmail,
    find_or_create_account,
    find_or_create_guest,
    update_profile,
)
from tracking.email_address import fold

from .events import Person

Identity = tuple[str, str]
"""("account", the shop's id) or ("guest", the folded address)."""


@dataclass(frozen=True)
class Buyer:
    """A person in an event, the country that the event knows, and when it was."""

    person: Person
    country: str
    at: datetime


def identity_of(person: Person) -> Identity:
    """Under what a person is found: the account, or a guest's address."""
    return ("guest", fold(person.email)) if person.customer_id is None else ("account", person.customer_id)


def make_customers(session: Session, buyers: Iterable[Buyer], customers: dict[Identity, int]) -> int:
    """Put the customer's id of every buyer into `customers`; returns how many customers were made.

    Entirely new people are written in one go; whoever the CRM knows already, by account or by address, goes the way
    of every other event, so that the rules about guests and accounts stand in one place (`tracking.customers`).
    """
    latest: dict[Identity, Buyer] = {}
    earliest: dict[Identity, datetime] = {}
    for buyer in buyers:
        identity = identity_of(buyer.person)
        if identity not in customers:
            latest[identity] = buyer
            earliest.setdefault(identity, buyer.at)
    if not latest:
        return 0
    taken = _known(session, list(latest))
    addresses = _known_addresses(session, [fold(buyer.person.email) for buyer in latest.values()])
    new: list[Buyer] = []
    others: list[Buyer] = []
    for identity, buyer in latest.items():
        address = fold(buyer.person.email)
        owns = _owns_address(buyer.person)
        if identity in taken or (owns and address in addresses):
            others.append(buyer)
            continue
        new.append(Buyer(buyer.person, buyer.country, earliest[identity]))
        if owns:
            addresses.add(address)
    _write(session, new, customers)
    for buyer in others:
        customers[identity_of(buyer.person)] = _as_ever(session, buyer).id
    session.flush()
    return len(new)


def _known(session: Session, identities: Sequence[Identity]) -> set[Identity]:
    references = [value for kind, value in identities if kind == "account"]
    found = session.scalars(select(Customer.reference).where(Customer.reference.in_(references)))
    return {("account", reference) for reference in found if reference}


def _known_addresses(session: Session, addresses: Sequence[str]) -> set[str]:
    return set(session.scalars(select(CustomerEmail.folded).where(CustomerEmail.folded.in_(addresses))))


def _owns_address(person: Person) -> bool:
    """As in `find_or_create_account`: an account needs proof, a guest is known by nothing else."""
    return person.customer_id is None or person.email_proved


def _write(session: Session, buyers: Sequence[Buyer], customers: dict[Identity, int]) -> None:
    if not buyers:
        return
    connection = session.connection()
    tables = Customer.metadata.tables
    ids = take_ids(connection, tables[Customer.__tablename__], len(buyers))
    people = [buyer.person for buyer in buyers]
    columns: dict[str, list[Any]] = {
        "id": ids,
        "reference": [person.customer_id for person in people],
        "email": [person.email.strip() for person in people],
        "email_folded": [fold(person.email) for person in people],
        "first_name": [person.first_name[:100] for person in people],
        "last_name": [person.last_name[:100] for person in people],
        "phone": [person.phone[:40] for person in people],
        "country": [buyer.country[:2] for buyer in buyers],
        "traits": [person.traits for person in people],
        "created_at": [buyer.at for buyer in buyers],
    }
    insert_columns(connection, tables[Customer.__tablename__], columns)
    owners = [(buyer, id_) for buyer, id_ in zip(buyers, ids, strict=True) if _owns_address(buyer.person)]
    if owners:
        insert_columns(
            connection,
            tables[CustomerEmail.__tablename__],
            {
                "folded": [fold(buyer.person.email) for buyer, _id in owners],
                "customer_id": [id_ for _buyer, id_ in owners],
                "added_at": [buyer.at for buyer, _id in owners],
            },
        )
    customers.update(zip((identity_of(person) for person in people), ids, strict=True))


def _as_ever(session: Session, buyer: Buyer) -> Customer:
    person = buyer.person
    if person.customer_id is None:
        customer = find_or_create_guest(session, email=person.email, at=buyer.at)
    else:
        customer = find_or_create_account(
            session, reference=person.customer_id, email=person.email, at=buyer.at, proved=person.email_proved
        )
    if person.customer_id is not None or customer.reference is None:
        update_profile(
            customer,
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            phone=person.phone,
            country=buyer.country,
            traits=person.traits,
        )
    return customer
