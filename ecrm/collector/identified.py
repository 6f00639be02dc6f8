"""`identify` with a secret key: the customer whom the shop's own servers name, and the browser they were seen in.

Such a message is a promise (`ecrm.events.Identified`), told under its messageId: sent twice, it is done once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from ecrm.customers.recognition import drop_visitor, may_be_joined, take_profile, visitor_of
from ecrm.events import Identified, Person, Told
from ecrm.ledger import to_properties
from tracking.clickstream.event import Event
from tracking.clickstream.sightings import storable
from tracking.customers import Customer, customer_by_reference, find_or_create_account
from tracking.identity import claim

from .messages import Message

_PROFILE = frozenset({"email", "firstName", "first_name", "lastName", "last_name", "phone", "name", "address", "id"})
"""Traits of Segment's spec that a profile has a place for; the others are kept as traits of the customer."""
_MOST_TRAITS = 50
LONGEST_REFERENCE = 64


def identified(message: Message, *, at: datetime, message_id: str) -> Identified | None:
    """The promise in an `identify`; None where its userId can be no customer's of this shop."""
    reference = "" if message.userId is None else storable(str(message.userId)).strip()
    if not reference or len(reference) > LONGEST_REFERENCE:
        return None
    traits = {**((message.context and message.context.traits) or {}), **(message.traits or {})}
    address = traits.get("address")
    country = _text(address.get("country")) if isinstance(address, Mapping) else ""
    person = Person(
        customer_id=reference,
        email=_address(traits.get("email")),
        first_name=_text(traits.get("firstName") or traits.get("first_name"))[:100],
        last_name=_text(traits.get("lastName") or traits.get("last_name"))[:100],
        phone=_text(traits.get("phone"))[:40],
        country=country.upper() if len(country) == 2 and country.isascii() else "",
        traits=_further(traits),
    )
    return Identified(at=at, person=person, message_id=message_id)


def take_over_profile(session: Session, row: Event, told: Told) -> None:
    """Make or update the named customer, and note the browser where its person agreed to be joined.

    A userId that is no customer's yet needs an e-mail address to become one: without, only the step and the userId are
    kept. The address proves no mailbox: what a guest left under it stays the guest's.
    """
    if not isinstance(told, Identified):
        raise TypeError(f"{told.name} identifies nobody")
    person, customer = told.person, customer_by_reference(session, told.person.customer_id or "")
    if customer is None and person.email:
        customer = find_or_create_account(
            session, reference=person.customer_id or "", email=person.email, at=told.at, proved=False
        )
    if customer is None or not may_be_joined(row):
        drop_visitor(row)
    if customer is None:
        _keep_reference(row, told)
        return
    _update(customer, person)
    row.customer_id = customer.id
    if may_be_joined(row):
        row.visitor_id = visitor_of(session, row)
        if row.visitor_id:
            claim(session, row.visitor_id, customer.id, told.at, "identified by a server")
    session.flush()


def _keep_reference(row: Event, told: Identified) -> None:
    """Forget what was said about somebody who is no customer: no profile leads to it, so nobody could take it out.
    The reference is the event's subject, by which an erasure finds the row."""
    reference = told.person.customer_id or ""
    row.properties = row.properties | to_properties(replace(told, person=Person(email="", customer_id=reference)))
    row.subject = reference


def _update(customer: Customer, person: Person) -> None:
    take_profile(customer, replace(person, email=person.email or customer.email), country=person.country)


def _further(traits: Mapping[str, Any]) -> dict[str, Any]:
    further = {key[:60]: value for key, value in traits.items() if key not in _PROFILE}
    kept: dict[str, Any] = storable(dict(list(further.items())[:_MOST_TRAITS]))
    return kept


def _address(value: object) -> str:
    """An address that can be written to, or none: nothing is guessed from a wrong one."""
    text = _text(value)
    try:
        return validate_email(text, check_deliverability=False).normalized if 0 < len(text) <= 254 else ""
    except EmailNotValidError:
        return ""


def _text(value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    text: str = storable(str(value))
    return " ".join(text.split())
