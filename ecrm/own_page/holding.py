"""What the shop holds of a customer, as their own page shows it and as they take it home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.customers.profile import OrderOnFile, Value, orders_of, value_of
from ecrm.service import cases
from ecrm.service.calls import Call
from ecrm.service.cases import Case, Direction
from ecrm.service.units import Unit
from ecrm.voice.questions import ProductQuestion, own_questions
from ecrm.voice.reviews import Review, own_reviews
from mailer.consent import ConsentEntry
from mailer.mailboxes import contacts_of_customer
from mailer.outbox import Email
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer, CustomerEmail
from tracking.delivery.returns import Return
from tracking.orders import SeenRefund

ORDERS, CASES = 10, 50
EVERYTHING = 100_000


@dataclass(frozen=True)
class Holding:
    """Of one customer. `returns` by order; `visits`: those that are joined to them, as they agreed; `emails`: how many
    were written to them."""

    customer: Customer
    addresses: Sequence[str]
    value: Value
    orders: Sequence[OrderOnFile]
    cases: Sequence[Case]
    reviews: Sequence[Review]
    questions: Sequence[ProductQuestion]
    returns: Mapping[str, Sequence[Return]]
    units: Sequence[Unit]
    visits: int
    emails: int


def holding(session: Session, customer_id: int) -> Holding:
    """What the page shows."""
    visits = select(func.count()).select_from(Visit).where(Visit.customer_id == customer_id)
    emails = select(func.count()).select_from(Email).where(Email.customer_id == customer_id)
    return Holding(
        customer=session.get_one(Customer, customer_id),
        addresses=_addresses(session, customer_id),
        value=value_of(session, customer_id),
        orders=orders_of(session, customer_id, limit=ORDERS),
        cases=cases.of_customer(session, customer_id, limit=CASES),
        reviews=own_reviews(session, customer_id),
        questions=own_questions(session, customer_id),
        returns=_returns(session, customer_id),
        units=session.scalars(
            select(Unit).where(Unit.customer_id == customer_id).order_by(Unit.sold_at.desc(), Unit.id.desc())
        ).all(),
        visits=session.scalar(visits) or 0,
        emails=session.scalar(emails) or 0,
    )


def own_case(session: Session, customer_id: int, reference: str) -> Case | None:
    """A case of this customer's by its reference (the one that it was merged into); None for anybody else's."""
    case = cases.by_reference(session, reference)
    if case is None or case.customer_id != customer_id or case.spam:
        return None
    case = cases.final(session, case)
    return case if case.customer_id == customer_id else None


def said_in(session: Session, case: Case) -> list[Any]:
    """What was said between customer and shop: never notes among staff, nor what somebody else's mail says."""
    own = {case.from_folded, ""}
    return [
        one
        for one in cases.messages_of(session, case.id)
        if (one.direction == Direction.OUT and not one.automatic)
        or (one.direction == Direction.IN and one.from_folded in own)
    ]


def taken_home(session: Session, customer_id: int) -> dict[str, Any]:
    """The same and more as JSON: everything that orders, cases, reviews, e-mails and agreements hold of somebody."""
    known = session.get_one(Customer, customer_id)
    mailboxes = [one.id for one in contacts_of_customer(session, customer_id)]
    return {
        "person": {
            "account": known.reference, "email": known.email, "first_name": known.first_name,
            "last_name": known.last_name, "phone": known.phone, "country": known.country, "traits": known.traits,
            "known_since": _moment(known.created_at), "addresses": _addresses(session, customer_id),
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
            for found in _returns(session, customer_id).values() for one in found
        ],
        "pieces": [
            {"serial_number": one.serial_number, "product": one.product, "name": one.name,
             "order": one.order_reference, "sold_at": _moment(one.sold_at),
             "warranty_until": _moment(one.warranty_until)}
            for one in session.scalars(select(Unit).where(Unit.customer_id == customer_id).order_by(Unit.id))
        ],
        "calls": [
            {"at": _moment(one.started_at), "number": one.number, "direction": one.direction}
            for one in session.scalars(select(Call).where(Call.customer_id == customer_id).order_by(Call.id))
        ],
        "cases": [_case(session, one) for one in cases.of_customer(session, customer_id, limit=EVERYTHING)],
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


def _case(session: Session, case: Case) -> dict[str, Any]:
    return {
        "reference": case.reference, "kind": case.kind, "subject": case.subject, "state": case.state,
        "opened_at": _moment(case.opened_at), "satisfaction": case.satisfaction,
        "satisfaction_words": case.satisfaction_words,
        "messages": [
            {"direction": one.direction, "at": _moment(one.at), "text": one.text} for one in said_in(session, case)
        ],
    }  # fmt: skip


def _returns(session: Session, customer_id: int) -> dict[str, list[Return]]:
    found: dict[str, list[Return]] = {}
    query = select(Return).where(Return.customer_id == customer_id).order_by(Return.asked_at.desc(), Return.id.desc())
    for one in session.scalars(query):
        found.setdefault(one.order_reference, []).append(one)
    return found


def _addresses(session: Session, customer_id: int) -> list[str]:
    query = select(CustomerEmail.folded).where(CustomerEmail.customer_id == customer_id)
    return list(session.scalars(query.order_by(CustomerEmail.added_at, CustomerEmail.folded)))


def _moment(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
