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
from mailer.mailboxes import contacts_of_customer
from tracking.clickstream.event import Event
from tracking.customers import Customer
from tracking.delivery.contents import contents_of
from tracking.delivery.returns import lines_of
from tracking.delivery.shipment import Scan
from tracking.orders import SeenRefund

from .holding import addresses_of, holding, returns_of, said_in
from .taking_home_mail import moment, of_mail, of_steps, theirs

EVERYTHING = 100_000


def taken_home(session: Session, customer_id: int) -> dict[str, Any]:
    """The same and more as JSON: everything that orders, cases, reviews, e-mails and agreements hold of somebody."""
    known = session.get_one(Customer, customer_id)
    mailboxes = [one.id for one in contacts_of_customer(session, customer_id)]
    return {
        "person": {
            "account": known.reference, "email": known.email, "first_name": known.first_name,
            "last_name": known.last_name, "phone": known.phone, "country": known.country, "traits": known.traits,
            "known_since": moment(known.created_at), "addresses": addresses_of(session, customer_id),
        },
        "orders": [_order(session, one) for one in orders_of(session, customer_id, limit=EVERYTHING)],
        "refunds": [
            {"reference": one.reference, "at": moment(one.refunded_at), "amount_minor": one.amount_minor,
             "reason": one.reason}
            for one in session.scalars(select(SeenRefund).where(SeenRefund.customer_id == customer_id))
        ],
        "returns": [
            {"reference": one.reference, "order": one.order_reference, "state": one.state, "reason": one.reason,
             "words": one.words, "answer": one.answer, "asked_at": moment(one.asked_at),
             "paid_back_by": one.refund_reference,
             "pieces": [{"product": line.product, "name": line.name, "pieces": line.quantity, "came": line.received}
                        for line in lines_of(session, [one.id]).get(one.id, ())]}
            for found in returns_of(session, customer_id).values() for one in found
        ],
        "pieces": [
            {"serial_number": one.serial_number, "product": one.product, "name": one.name,
             "order": one.order_reference, "sold_at": moment(one.sold_at),
             "warranty_until": moment(one.warranty_until)}
            for one in session.scalars(select(Unit).where(Unit.customer_id == customer_id).order_by(Unit.id))
        ],
        "calls": [
            {"at": moment(one.started_at), "number": one.number, "direction": one.direction,
             "notes": one.words}
            for one in session.scalars(select(Call).where(Call.customer_id == customer_id).order_by(Call.id))
        ],
        "cases": [
            _case(session, one, customer_id) for one in cases.of_customer(session, customer_id, limit=EVERYTHING)
        ],
        "reviews": [
            {"product": one.product, "stars": one.stars, "headline": one.title, "text": one.words,
             "name": one.display_name, "order": one.order_reference, "state": one.state,
             "hidden_because": one.hidden_reason, "at": moment(one.written_at), "answer": one.reply}
            for one in own_reviews(session, customer_id)
        ],
        "product_questions": [
            {"product": one.product, "text": one.words, "name": one.display_name, "state": one.state,
             "hidden_because": one.hidden_reason, "at": moment(one.asked_at)}
            for one in own_questions(session, customer_id)
        ],
        "product_answers": [
            {"question": one.question_id, "text": one.words, "name": one.display_name, "state": one.state,
             "at": moment(one.answered_at)}
            for one in _theirs(session, ProductAnswer, customer_id)
        ],
        "warranty_requests": [
            {"unit": one.unit_id, "text": one.words, "state": one.state, "at": moment(one.asked_at)}
            for one in _theirs(session, WarrantyRequest, customer_id)
        ],
        "offers": [
            {"product": one.product, "name": one.name, "how": one.how, "at": moment(one.at)}
            for one in _theirs(session, OfferMade, customer_id)
        ],
        "notes_of_staff": [
            {"text": one.text, "by": one.staff_name, "at": moment(one.at)}
            for one in _theirs(session, CustomerNote, customer_id)
        ],
        "searches": [
            {"words": one.subject, "at": moment(one.happened_at)} for one in _searches(session, customer_id)
        ],
        "relationship": _relationship(session, customer_id),
        **of_mail(session, customer_id, mailboxes),
        **of_steps(session, customer_id, account=known.reference),
        "visits_joined": holding(session, customer_id).visits,
    }  # fmt: skip


def _order(session: Session, one: OrderOnFile) -> dict[str, Any]:
    order, parcels = one.order, [parcel.id for parcel in one.shipments]
    inside = contents_of(session, parcels) if parcels else {}
    scans = session.scalars(select(Scan).where(Scan.shipment_id.in_(parcels)).order_by(Scan.scanned_at, Scan.id)).all()
    return {
        "number": order.reference, "at": moment(order.placed_at), "currency": order.currency,
        "codes": order.codes, "total_minor": order.total_minor, "refunded_minor": order.refunded_minor,
        "lines": [
            {"product": line.product, "name": line.name, "pieces": line.quantity, "net_minor": line.net_minor}
            for line in one.lines
        ],
        "parcels": [
            {"carrier": parcel.carrier, "number": parcel.tracking_number, "status": parcel.status,
             "delivered_at": moment(parcel.delivered_at),
             "pieces": [{"name": part.name, "pieces": part.quantity} for part in inside.get(parcel.id, ())],
             "scans": [{"at": moment(scan.scanned_at), "status": scan.status, "place": scan.place, "note": scan.note}
                       for scan in scans if scan.shipment_id == parcel.id]}
            for parcel in one.shipments
        ],
    }  # fmt: skip


def _case(session: Session, case: Case, customer_id: int) -> dict[str, Any]:
    said = said_in(session, case, customer_id)
    files = cases.attachments_of(session, [one.id for one in said])
    return {
        "reference": case.reference, "kind": case.kind, "subject": case.subject, "state": case.state,
        "order": case.order_reference, "product": case.product, "name": case.from_name,
        "opened_at": moment(case.opened_at), "satisfaction": case.satisfaction,
        "satisfaction_words": case.satisfaction_words,
        "messages": [
            {"direction": one.direction, "at": moment(one.at), "name": one.author_name if one.direction == "in" else "",
             "text": one.text, "quoted": one.quoted, "files": [file.name for file in files.get(one.id, ())]}
            for one in said
        ],
    }  # fmt: skip


def _searches(session: Session, customer_id: int) -> Sequence[Event]:
    query = select(Event).where(Event.name == ProductsSearched.name, theirs(customer_id))
    return session.scalars(query.order_by(Event.happened_at, Event.id).limit(EVERYTHING)).all()


def _relationship(session: Session, customer_id: int) -> dict[str, Any] | None:
    """How the shop groups them by how often they write and buy; None before anybody counted."""
    found = session.get(Relationship, customer_id)
    if found is None:
        return None
    return {"group": found.cell, "contacts": found.contacts, "orders": found.orders, "net_minor": found.net_minor}


def _theirs(session: Session, record: Any, customer_id: int) -> Sequence[Any]:
    return session.scalars(select(record).where(record.customer_id == customer_id).order_by(record.id)).all()
