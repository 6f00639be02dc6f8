"""Recognition: which person an event is about, and which browser they used."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ecrm.events import OrderCompleted, OrderRefunded, Person, ProfileChanged, SignedIn, SignedUp, Told
from ecrm.installation import installation
from ecrm.service.cases import adopt_nameless
from mailer.mailboxes import link_owner
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import add_to_day, day_of
from tracking.customers import Customer, find_or_create_account, find_or_create_guest, update_profile
from tracking.identity import claim
from tracking.orders import order_by_reference
from tracking.record import insert_once
from tracking.visitors import Grade, Visitor, visitor_id_of

_HOW = {SignedUp.name: "signed up", SignedIn.name: "signed in", OrderCompleted.name: "ordered"}


def recognise(session: Session, row: Event, told: Told) -> None:
    """Find or make the customer of an event, take over what is new about them, and note the browser they used.

    Fills the row's `customer_id`, and its `visitor_id` only where the browser agreed to be joined to its customer. One
    that agreed to statistics alone was promised that it isn't: its token leaves the row (an order's, which still
    counts for the visit, in `remember_order`).
    """
    person = _person_of(told)
    if person is not None:
        row.customer_id = _customer(session, person, told).id
    elif told.order and (order := order_by_reference(session, told.order)):
        row.customer_id = order.customer_id
    if may_be_joined(row):
        row.visitor_id = visitor_of(session, row)
        if row.visitor_id and row.customer_id and row.name in _HOW:
            claim(session, row.visitor_id, row.customer_id, told.at, _HOW[row.name])
    elif not isinstance(told, OrderCompleted):
        drop_visitor(row)
    if isinstance(told, SignedUp):
        add_to_day(session, day_of(told.at, installation().storefront.facts().time_zone), registrations=1)
    session.flush()


def may_be_joined(row: Event) -> bool:
    """Whether the browser agreed that its steps are joined to its customer."""
    return int(row.properties.get("grade", Grade.NONE)) >= Grade.PERSONAL


def visitor_of(session: Session, row: Event) -> int | None:
    """The browser in which the event was caused; its row is made here where its first step is still on its way."""
    token: str | None = row.properties.get("visitor")
    if not token:
        return None
    known = visitor_id_of(session, token)
    if known is None:
        insert_once(session, Visitor, {"token": token, "first_seen_at": row.happened_at, "simulated": False})
        known = visitor_id_of(session, token)
    return known


def drop_visitor(row: Event) -> None:
    """Take the browser's token out of an event that names a person."""
    row.properties = {name: value for name, value in row.properties.items() if name != "visitor"}


def may_say(person: Person, customer: Customer) -> bool:
    """A guest's event never changes an account's profile: anybody can type anybody's address into a checkout."""
    return person.customer_id is not None or customer.reference is None


def take_profile(customer: Customer, person: Person, *, country: str, whole: bool = False) -> None:
    """Write what an event says of somebody over what was known; `whole`: what it leaves out is taken back."""
    update_profile(
        customer,
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        phone=person.phone,
        country=country,
        traits=person.traits,
        whole=whole,
    )


def _person_of(told: Told) -> Person | None:
    if isinstance(told, SignedUp | SignedIn | ProfileChanged | OrderCompleted | OrderRefunded):
        return told.person
    return None


def _customer(session: Session, person: Person, told: Told) -> Customer:
    if person.customer_id is not None:
        customer = find_or_create_account(
            session, reference=person.customer_id, email=person.email, at=told.at, proved=person.email_proved
        )
        if person.email_proved:
            adopt_nameless(session, person.email, customer_id=customer.id, now=told.at)
    else:
        customer = find_or_create_guest(session, email=person.email, at=told.at)
    if person.customer_id is None or person.email_proved:
        link_owner(session, person.email)
    if may_say(person, customer):
        country = person.country or _country_of(told)
        take_profile(customer, person, country=country, whole=isinstance(told, ProfileChanged))
    return customer


def _country_of(told: Told) -> str:
    return told.address.country if isinstance(told, OrderCompleted) and told.address else ""
