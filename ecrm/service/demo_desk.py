"""A desk that has been at work, for demos: made-up cases, returns, reviews and questions of the demo's own buyers.

Each says that it is made up: cases in subject and note, returns and reviews in their words, questions in who asks.
Nobody is written to. What they are about is real as far as a demo is: orders that arrived, products that are sold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.carriers.simulated import CARRIER, RealShop
from ecrm.installation import Installation
from ecrm.voice.demo import simulate_questions, simulate_reviews
from tracking.customers import Customer
from tracking.delivery import returns
from tracking.delivery.contents import Goods
from tracking.delivery.shipment import Shipment
from tracking.notes import Note, note_of
from tracking.orders import SeenOrder

from . import cases
from .demo_words import CASES, QUESTIONS, RETURNS, REVIEWS, DemoCase

MADE_UP = "Made up for the demo; nobody asked this."
MARK = "(demo)"
"""Stands in the subject: inbox, pages of customers and their own page show it, and none of these the note."""
_DONE = "demo: desk"
_BUYERS = 80
_PRODUCTS = 6
_RETURNED_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class _Bought:
    """An order that arrived, and whose it is."""

    order: SeenOrder
    customer: Customer
    parcel: Shipment


def simulate_desk(crm: Installation, *, now: datetime) -> int:
    """Fill an empty desk, once; says with how many cases. Nothing is done where somebody asked something already.

    Raises:
        RealShop: where the shop doesn't say that its data are made up or borrowed.
    """
    facts = crm.storefront.facts()
    if not facts.data_note:
        raise RealShop("Cases are made up in demos only (ShopFacts.data_note).")
    with crm.app.test_request_context(base_url=facts.base_url):
        sold = crm.storefront.products(crm.storefront.best_sellers(limit=_PRODUCTS))
    products = [Goods(card.product_id, card.name, 1) for card in sold]
    with crm.sessions.begin() as session:
        if note_of(session, _DONE) is not None or session.scalar(select(cases.Case.id).limit(1)) is not None:
            return 0
        session.add(Note(name=_DONE, text=now.isoformat()))
        bought = _arrived(session, now=now)
        if not bought or not products:
            return 0
        asked: set[int] = set()
        for made_up, goods in zip(CASES, cycle(products), strict=False):
            one = _asks(session, made_up, asked, now=now) or bought[0]
            asked.add(one.customer.id)
            _open(session, made_up, one, goods, now=now)
        _send_back(session, [one for one in bought if one.customer.id not in asked], now=now)
        ids, buyers = [one.product for one in products], [one.customer for one in bought]
        simulate_reviews(session, buyers[: 4 * _PRODUCTS], REVIEWS, about=ids, now=now)
        simulate_questions(session, buyers[::-1], QUESTIONS, about=ids, by=facts.name, now=now)
        return len(CASES)


def _arrived(session: Session, *, now: datetime) -> list[_Bought]:
    """Lately, each of another customer."""
    query = (
        select(SeenOrder, Customer, Shipment)
        .join(Customer, Customer.id == SeenOrder.customer_id)
        .join(Shipment, Shipment.order_reference == SeenOrder.reference)
        .where(
            Shipment.carrier == CARRIER, Shipment.delivered_at > now - timedelta(days=20), Shipment.delivered_at <= now
        )
        .order_by(SeenOrder.placed_at.desc(), SeenOrder.id)
        .limit(10 * _BUYERS)
    )
    found: dict[int, _Bought] = {}
    for order, customer, parcel in session.execute(query):
        found.setdefault(customer.id, _Bought(order, customer, parcel))
    return list(found.values())[:_BUYERS]


def _asks(session: Session, made_up: DemoCase, asked: set[int], *, now: datetime) -> _Bought | None:
    """Whose parcel had arrived by then, late where the case says so, and who hasn't asked yet, if there is such."""
    arrived = _arrived(session, now=now - timedelta(hours=made_up.hours_ago))
    late = [one for one in arrived if one.parcel.promised_on and _day(one) > one.parcel.promised_on.isoformat()]
    wanted = (late or arrived) if made_up.late else arrived
    return next((one for one in wanted if one.customer.id not in asked), wanted[0] if wanted else None)


def _day(one: _Bought) -> str:
    return one.parcel.delivered_at.date().isoformat() if one.parcel.delivered_at else ""


def _open(session: Session, made_up: DemoCase, one: _Bought, goods: Goods, *, now: datetime) -> None:
    at, customer = now - timedelta(hours=made_up.hours_ago), one.customer
    name = f"{customer.first_name} {customer.last_name}".strip()
    facts = {"name": customer.first_name or "there", "order": one.order.reference, "product": goods.name}
    case = cases.open_case(session, cases.Opened(
        channel=made_up.channel, kind=made_up.kind, subject=f"{made_up.subject.format(**facts)} {MARK}",
        customer_id=customer.id, from_address=customer.email, from_name=name, language="en",
        priority=made_up.priority,
        order_reference=one.order.reference if "{order}" in made_up.subject + made_up.text else "",
        product=goods.product if "{product}" in made_up.subject + made_up.text else "",
        said=cases.Said(
            direction=cases.Direction.IN, channel=made_up.channel, text=made_up.text.format(**facts),
            author_name=name, from_address=customer.email,
        ),
    ), now=at)  # fmt: skip
    cases.add_message(session, case, cases.Said(direction=cases.Direction.NOTE, text=MADE_UP), now=at)
    if not made_up.answer:
        return
    answered = at + timedelta(hours=made_up.answered_after)
    cases.add_message(session, case, cases.Said(
        direction=cases.Direction.OUT, channel=made_up.channel, text=made_up.answer.format(**facts),
        author_name="Made-up agent",
    ), now=answered)  # fmt: skip
    if made_up.ends is not None:
        cases.change(session, case, cases.Changes(state=made_up.ends), now=answered, why="made up for the demo")
    if made_up.stars:
        case.satisfaction, case.satisfaction_words = made_up.stars, made_up.thanks
        case.satisfaction_asked_at, case.satisfied_at = answered, answered + (now - answered) * 0.5
        session.flush()


def _send_back(session: Session, bought: Sequence[_Bought], *, now: datetime) -> None:
    """A few returns, each at another step."""
    left = iter(bought)
    for made_up in RETURNS:
        found = next(_returnable(session, left, now=now), None)
        if found is None:
            return
        one, goods = found
        asked = max(one.parcel.delivered_at or now, now - timedelta(hours=made_up.hours_ago))
        sent_back = returns.ask(
            session, one.order, pieces={goods.product: 1}, reason=made_up.reason,
            words=f"{made_up.words} ({MADE_UP})", window=_RETURNED_WITHIN, now=asked,
        )  # fmt: skip
        for number, state in enumerate(made_up.steps, start=1):
            at = asked + (now - asked) * number / (len(made_up.steps) + 1)
            if state is returns.ReturnState.RECEIVED:
                returns.note_received(session, sent_back, {goods.product: 1}, now=at)
            else:
                returns.move(session, sent_back, state, now=at)


def _returnable(session: Session, bought: Iterator[_Bought], *, now: datetime) -> Iterator[tuple[_Bought, Goods]]:
    for one in bought:
        left = returns.returnable(session, one.order.reference, window=_RETURNED_WITHIN, now=now)
        if left:
            yield one, left[0]
