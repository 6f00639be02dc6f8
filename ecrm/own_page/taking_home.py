"""What a customer takes home: everything that the shop holds of them, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.customers.profile import OrderOnFile, orders_of
from ecrm.events import ProductsSearched
from ecrm.service import cases
from ecrm.service.calls import Call
from ecrm.service.cases import Case
from ecrm.service.notes import CustomerNote
from ecrm.service.offers_shown import OfferMade
from ecrm.service.relationship import Relationship
from ecrm.service.units import Unit
from ecrm.service.warranty import WarrantyRequest
from ecrm.voice.questions import ProductAnswer, own_questions
from ecrm.voice.reviews import own_reviews
from mailer.consent import ConsentEntry
from mailer.mailboxes import contacts_of_customer
from mailer.outbox import Email
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.orders import SeenRefund

from .holding import addresses_of, holding, returns_of, said_in

EVERYTHING = 100_000


def taken_home(session: Session, customer_id: int) -> dict[str, Any]:
    """The same and more as JSON: everything that orders, cases, reviews, e-mails and agreements hold of somebody."""
    known = session.get_one(Customer, customer_id)
    mailboxes = [one.id for one in contacts_of_customer(session, customer_id)]
    return {
        "person": {
            "account": known.reference, "email": known.email, "first_name": known.first_name,
            "last_name": known.last_name, "phone": known.phone, "country": known.country, "traits": known.traits,
            "known_since": _moment(known.created_at), "addresses": addresses_of(session, customer_id),
        },
        "orders": [_order(one) for one in orders_of(session, customer_id, limit=EVERYTHING)],
        "refunds": [
            {"reference": one.reference, "at": _moment(one.refunded_at), "amount_minor": one.amount_minor,
             "reason": one.reason}
            for one in session.scalars(select(SeenRefund).where(SeenRefund.customer_id == customer_id))
        ],
        "returns": [
            {"reference": one.reference, "order": one.order_reference, "state": one.state, "reason": one.reason,
             "words": one.words, "answer": one.answer, "asked_at": _moment(one.asked_at)}
            for found in returns_of(session, customer_id).values() for one in found
        ],
        "pieces": [
            {"serial_number": one.serial_number, "product": one.product, "name": one.name,
             "order": one.order_reference, "sold_at": _moment(one.sold_at),
             "warranty_until": _moment(one.warranty_until)}
            for one in session.scalars(select(Unit).where(Unit.customer_id == customer_id).order_by(Unit.id))
        ],
        "calls": [
            {"at": _moment(one.started_at), "number": one.number, "direction": one.direction,
             "notes": one.words}
            for one in session.scalars(select(Call).where(Call.customer_id == customer_id).order_by(Call.id))
        ],
        "cases": [
            _case(session, one, customer_id) for one in cases.of_customer(session, customer_id, limit=EVERYTHING)
        ],
        "reviews": [
            {"product": one.product, "stars": one.stars, "headline": one.title, "text": one.words,
             "name": one.display_name, "state": one.state, "at": _moment(one.written_at), "answer": one.reply}
            for one in own_reviews(session, customer_id)
        ],
        "product_questions": [
            {"product": one.product, "text": one.words, "name": one.display_name, "state": one.state,
             "at": _moment(one.asked_at)}
            for one in own_questions(session, customer_id)
        ],
        "product_answers": [
            {"question": one.question_id, "text": one.words, "name": one.display_name, "state": one.state,
             "at": _moment(one.answered_at)}
            for one in _theirs(session, ProductAnswer, customer_id)
        ],
        "warranty_requests": [
            {"unit": one.unit_id, "text": one.words, "state": one.state, "at": _moment(one.asked_at)}
            for one in _theirs(session, WarrantyRequest, customer_id)
        ],
        "offers": [
            {"product": one.product, "name": one.name, "how": one.how, "at": _moment(one.at)}
            for one in _theirs(session, OfferMade, customer_id)
        ],
        "notes_of_staff": [
            {"text": one.text, "by": one.staff_name, "at": _moment(one.at)}
            for one in _theirs(session, CustomerNote, customer_id)
        ],
        "searches": [
            {"words": one.subject, "at": _moment(one.happened_at)} for one in _searches(session, customer_id)
        ],
        "relationship": _relationship(session, customer_id),
        "emails": [
            {"subject": subject, "to": to, "at": _moment(at)}
            for subject, to, at in session.execute(
                select(Email.subject, Email.to_address, Email.queued_at)
                .where(Email.customer_id == customer_id)
                .order_by(Email.id)
            )
        ],
        "agreed": [
            {"topic": one.topic, "given": one.given, "at": _moment(one.at), "how": one.how, "words": one.wording}
            for one in session.scalars(
                select(ConsentEntry).where(ConsentEntry.contact_id.in_(mailboxes)).order_by(ConsentEntry.id)
            )
        ],
        "visits_joined": holding(session, customer_id).visits,
    }  # fmt: skip


def _order(one: OrderOnFile) -> dict[str, Any]:
    order = one.order
    return {
        "number": order.reference, "at": _moment(order.placed_at), "currency": order.currency,
        "total_minor": order.total_minor, "refunded_minor": order.refunded_minor,
        "lines": [
            {"product": line.product, "name": line.name, "pieces": line.quantity, "net_minor": line.net_minor}
            for line in one.lines
        ],
        "parcels": [
            {"carrier": parcel.carrier, "number": parcel.tracking_number, "status": parcel.status,
             "delivered_at": _moment(parcel.delivered_at)}
            for parcel in one.shipments
        ],
    }  # fmt: skip


def _case(session: Session, case: Case, customer_id: int) -> dict[str, Any]:
    return {
        "reference": case.reference, "kind": case.kind, "subject": case.subject, "state": case.state,
        "opened_at": _moment(case.opened_at), "satisfaction": case.satisfaction,
        "satisfaction_words": case.satisfaction_words,
        "messages": [
            {"direction": one.direction, "at": _moment(one.at), "text": one.text}
            for one in said_in(session, case, customer_id)
        ],
    }  # fmt: skip


def _searches(session: Session, customer_id: int) -> Sequence[Event]:
    """Those that are known to be theirs, or of a visit that is; older ones lie in the archive until their time is
    over."""
    visits, browsers = (
        select(column).where(Visit.customer_id == customer_id) for column in (Visit.id, Visit.visitor_id)
    )
    in_visits = Event.customer_id.is_(None) & Event.visitor_id.in_(browsers) & Event.session_id.in_(visits)
    query = select(Event).where(Event.name == ProductsSearched.name, (Event.customer_id == customer_id) | in_visits)
    return session.scalars(query.order_by(Event.happened_at, Event.id).limit(EVERYTHING)).all()


def _relationship(session: Session, customer_id: int) -> dict[str, Any] | None:
    """How the shop groups them by how often they write and buy; None before anybody counted."""
    found = session.get(Relationship, customer_id)
    if found is None:
        return None
    return {"group": found.cell, "contacts": found.contacts, "orders": found.orders, "net_minor": found.net_minor}


def _theirs(session: Session, record: Any, customer_id: int) -> Sequence[Any]:
    return session.scalars(select(record).where(record.customer_id == customer_id).order_by(record.id)).all()


def _moment(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
