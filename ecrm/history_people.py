"""The people of a history: found under their account or address, made where they are new; part of `history`.

What they said of themselves is `history_profiles`'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.bulk import insert_columns, take_ids
from tracking.customers import Customer, CustomerEmail, customer_by_email, find_or_create_account, find_or_create_guest
from tracking.email_address import fold
from tracking.person_name import fold_name
from tracking.phone_number import fold_phone

from .events import Person

Identity = tuple[str, str]
"""("account", the shop's id) or ("guest", the folded address)."""

_Ids = dict[Identity, int]

Step = tuple[Identity, str]
"""By which somebody becomes known: the identity, and the folded address that it owns from then on, or ""."""


@dataclass(frozen=True)
class Buyer:
    """A person in an event, the country that the event knows, and when it was."""

    person: Person
    country: str
    at: datetime


@dataclass
class People:
    """Whom a run has found or made so far."""

    customers: dict[Identity, int] = field(default_factory=dict)
    steps: set[Step] = field(default_factory=set)

    def forget(self) -> None:
        """Nothing of it is sure any more: a transaction was lost."""
        self.customers.clear()
        self.steps.clear()


@dataclass(frozen=True)
class Found:
    """What one batch did. `made`: how many customers; `written`: whose customers are entirely new; `adopted`: which
    guests became accounts, and when."""

    made: int = 0
    written: frozenset[Identity] = frozenset()
    adopted: dict[int, datetime] = field(default_factory=dict)


def joined(earlier: Buyer | None, later: Buyer) -> Buyer:
    """What is known of somebody after both, as `update_profile` would have it: what the later doesn't say stays."""
    if earlier is None or (earlier.person == later.person and earlier.country == later.country):
        return later
    one, two = earlier.person, later.person
    person = replace(
        two,
        first_name=two.first_name or one.first_name,
        last_name=two.last_name or one.last_name,
        phone=two.phone or one.phone,
        traits={**one.traits, **two.traits},
    )
    return Buyer(person, later.country or earlier.country, later.at)


def told_traits(traits: Mapping[str, Any]) -> dict[str, Any]:
    """An empty trait is none."""
    return {name: value for name, value in traits.items() if value not in (None, "")}


def identity_of(person: Person) -> Identity:
    """Under what a person is found: the account, or a guest's address."""
    return ("guest", fold(person.email)) if person.customer_id is None else ("account", person.customer_id)


def find_or_make(session: Session, buyers: Sequence[Buyer], people: People) -> Found:
    """Put every buyer's customer into `people`, in the order of time; changes nobody who is there already.

    Entirely new people are written in one go. Whoever the CRM knows already, by account or by address, and those of
    this batch who share an address, go the way of every other event, so that the rules about guests and accounts stand
    in one place (`tracking.customers`).
    """
    steps: dict[Step, Buyer] = {}
    for buyer in buyers:
        step = _step_of(buyer.person)
        if step not in people.steps and (step[1] or step[0] not in people.customers):
            steps.setdefault(step, buyer)
    if not steps:
        return Found()
    newest = session.scalar(select(func.max(Customer.id))) or 0
    new = _entirely_new(session, steps, people)
    said: dict[Identity, Buyer] = {}
    for buyer in buyers:
        if (identity := identity_of(buyer.person)) in new:
            said[identity] = joined(said.get(identity), buyer)
    _write(session, {step: buyer for step, buyer in steps.items() if step[0] in new}, said, people.customers)
    adopted: dict[int, datetime] = {}
    for step, buyer in steps.items():
        if step[0] not in new:
            customer_id, was_guest = _as_ever(session, step, buyer, people.customers)
            if was_guest:
                adopted[customer_id] = buyer.at
    session.flush()
    people.steps.update(steps)
    made = {people.customers[identity] for identity, _address in steps if people.customers[identity] > newest}
    return Found(len(made), frozenset(new), adopted)


def _step_of(person: Person) -> Step:
    """As in `find_or_create_account`: an account needs proof of its address, a guest is known by nothing else."""
    owns = person.customer_id is None or person.email_proved
    return identity_of(person), fold(person.email) if owns else ""


def _entirely_new(session: Session, steps: Collection[Step], people: People) -> set[Identity]:
    references = [value for (kind, value), _address in steps if kind == "account"]
    found = session.scalars(select(Customer.reference).where(Customer.reference.in_(references)))
    taken: set[Identity] = {("account", reference) for reference in found if reference}
    owned = Counter(address for _identity, address in steps if address)
    owned.update(session.scalars(select(CustomerEmail.folded).where(CustomerEmail.folded.in_(list(owned)))))
    known = {identity for identity, address in steps if owned[address] > 1}
    return {identity for identity, _address in steps} - taken - known - people.customers.keys()


def _write(session: Session, steps: dict[Step, Buyer], said: Mapping[Identity, Buyer], customers: _Ids) -> None:
    if not steps:
        return
    first: dict[Identity, Buyer] = {}
    for (identity, _address), buyer in steps.items():
        first.setdefault(identity, buyer)
    connection = session.connection()
    tables = Customer.metadata.tables
    ids = take_ids(connection, tables[Customer.__tablename__], len(first))
    people = [said[identity].person for identity in first]
    columns: dict[str, list[Any]] = {
        "id": ids,
        "reference": [person.customer_id for person in people],
        "email": [person.email.strip() for person in people],
        "email_folded": [fold(person.email) for person in people],
        "first_name": [person.first_name[:100] for person in people],
        "last_name": [person.last_name[:100] for person in people],
        "phone": [person.phone[:40] for person in people],
        "name_folded": [
            fold_name(said[one].person.last_name[:100], said[one].person.first_name[:100]) for one in first
        ],
        "phone_folded": [fold_phone(said[one].person.phone[:40], said[one].country[:2]) for one in first],
        "country": [said[identity].country[:2] for identity in first],
        "traits": [told_traits(person.traits) for person in people],
        "created_at": [buyer.at for buyer in first.values()],
    }
    insert_columns(connection, tables[Customer.__tablename__], columns)
    customers.update(zip(first, ids, strict=True))
    owned = [(address, customers[identity], buyer.at) for (identity, address), buyer in steps.items() if address]
    if owned:
        addresses, owners, since = zip(*owned, strict=True)
        columns = {"folded": list(addresses), "customer_id": list(owners), "added_at": list(since)}
        insert_columns(connection, tables[CustomerEmail.__tablename__], columns)


def _as_ever(session: Session, step: Step, buyer: Buyer, customers: _Ids) -> tuple[int, bool]:
    """The customer's id, and whether it was a guest's until now."""
    (identity, address), person = step, buyer.person
    if person.customer_id is None:
        customer, was_guest = find_or_create_guest(session, email=person.email, at=buyer.at), False
    else:
        before = customer_by_email(session, person.email)
        guest = before is not None and before.reference is None
        customer = find_or_create_account(
            session, reference=person.customer_id, email=person.email, at=buyer.at, proved=person.email_proved
        )
        was_guest = guest and customer is before
        if address:  # whoever orders there as a guest from now on is this customer
            customers["guest", address] = customer.id
    customers[identity] = customer.id
    return customer.id, was_guest
