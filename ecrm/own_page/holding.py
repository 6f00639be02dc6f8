"""What the shop holds of a customer, as their own page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.customers.profile import OrderOnFile, Value, orders_of, value_of
from ecrm.service import cases
from ecrm.service.cases import Case, CaseMessage, Channel, Direction
from ecrm.service.units import Unit
from ecrm.voice.questions import ProductQuestion, own_questions
from ecrm.voice.reviews import Review, own_reviews
from mailer.outbox import Email
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer, CustomerEmail
from tracking.delivery.returns import Return

ORDERS, CASES = 10, 50


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
        addresses=addresses_of(session, customer_id),
        value=value_of(session, customer_id),
        orders=orders_of(session, customer_id, limit=ORDERS),
        cases=cases.of_customer(session, customer_id, limit=CASES),
        reviews=own_reviews(session, customer_id),
        questions=own_questions(session, customer_id),
        returns=returns_of(session, customer_id),
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


def said_in(session: Session, case: Case, customer_id: int) -> list[CaseMessage]:
    """What was said between a customer and the shop: never notes among staff, nor what somebody else's mail says, even
    where staff gave the case of somebody else's mail to this customer.

    Theirs is what came from an address that they own, and what has none because it was said otherwise (a call); in a
    form, also what they wrote under the one that they only say is theirs. A letter of nobody sure is nobody's.
    """
    own = set(addresses_of(session, customer_id))
    named = session.get_one(Customer, customer_id).email_folded

    def theirs(one: CaseMessage) -> bool:
        if one.direction == Direction.OUT:
            return not one.automatic
        if one.direction != Direction.IN or one.from_workshop:
            return False
        typed = one.channel == Channel.FORM and one.from_folded == named
        unsigned = not one.from_folded and one.channel != Channel.EMAIL
        return one.from_folded in own or typed or unsigned

    return [one for one in cases.messages_of(session, case.id) if theirs(one)]


def addresses_of(session: Session, customer_id: int) -> list[str]:
    """Every address that is theirs, folded; one that an account only names, without proof, isn't."""
    query = select(CustomerEmail.folded).where(CustomerEmail.customer_id == customer_id)
    return list(session.scalars(query.order_by(CustomerEmail.added_at, CustomerEmail.folded)))


def returns_of(session: Session, customer_id: int) -> dict[str, list[Return]]:
    """Their returns by order, the newest first."""
    found: dict[str, list[Return]] = {}
    query = select(Return).where(Return.customer_id == customer_id).order_by(Return.asked_at.desc(), Return.id.desc())
    for one in session.scalars(query):
        found.setdefault(one.order_reference, []).append(one)
    return found
