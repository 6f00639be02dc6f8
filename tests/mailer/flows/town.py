"""A small town of people for tests of flows: they order, visit and agree on a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from mailer.addressing import Mailbox
from mailer.best_hour import Hours
from mailer.calendar import Place, zone_of
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.flows.engine import FlowReport, run_flows
from mailer.flows.entry import FlowEntry
from mailer.flows.flow import Flow, OpenCart
from mailer.flows.goods import Goods, NoGoods
from mailer.outbox import Email
from mailer.quiet import Quiet
from tracking.clickstream.log import Log
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import LineFacts, SeenOrder, SeenRefund, remember_order
from tracking.visitors import Visitor

BERLIN = "Europe/Berlin"


@dataclass
class TownShop:
    """The shop as flows ask it; a test puts carts and places into it."""

    sender: Mailbox = field(default_factory=lambda: Mailbox("Test & Taste", "shop@example.com"))
    zone: str = BERLIN
    hours: Hours = field(default_factory=Hours)
    quiet: Quiet = field(default_factory=Quiet)
    goods: Goods = field(default_factory=NoGoods)
    carts: dict[str, OpenCart] | None = field(default_factory=dict)
    where: dict[int, Place] = field(default_factory=dict)
    looked: dict[int, list[datetime]] = field(default_factory=dict)

    def zones(self, session: Session) -> Sequence[str]:
        return sorted({self.zone, *(zone_of(place, otherwise=self.zone).key for place in self.where.values())})

    def places(self, session: Session, customer_ids: Collection[int]) -> Mapping[int, Place]:
        return {number: self.where[number] for number in customer_ids if number in self.where}

    def deeds(self, session: Session, customer_id: int, *, now: datetime) -> Sequence[datetime]:
        return [at for at in self.looked.get(customer_id, ()) if at <= now]

    def log(self, session: Session) -> Log:
        return Log(session, None)

    def open_carts(self, *, since: datetime, until: datetime) -> Sequence[OpenCart] | None:
        if self.carts is None:
            return None
        return [cart for cart in self.carts.values() if since < cart.touched_at <= until]

    def open_cart(self, cart_id: str) -> OpenCart | None:
        return (self.carts or {}).get(cart_id)


@dataclass
class Town:
    """People, and the flows that write to them."""

    sessions: sessionmaker[Session]
    flows: Sequence[Flow]
    now: datetime
    shop: TownShop = field(default_factory=TownShop)
    numbers: Any = field(default_factory=lambda: count(1))

    def person(
        self,
        name: str,
        *topics: Topic,
        place: Place | None = None,
        account: bool = True,
        traits: Mapping[str, Any] | None = None,
        created_at: datetime | None = None,
    ) -> int:
        """A customer with a confirmed mailbox who agreed to these topics; returns the customer's number."""
        at = created_at or self.now - timedelta(days=400)
        with self.sessions.begin() as session:
            customer = Customer(
                reference=f"account-{name}" if account else None, email=f"{name}@example.com", first_name=name.title(),
                country=(place or Place()).country, traits=dict(traits or {}), created_at=at,
            )  # fmt: skip
            session.add(customer)
            session.flush()
            contact = Contact(
                folded=f"{name}@example.com", address=f"{name}@example.com", customer_id=customer.id, created_at=at,
                confirmed_at=at, tracking_allowed=False, blocked=0,
            )  # fmt: skip
            session.add(contact)
            session.flush()
            for topic in topics:
                session.add(Subscription(contact_id=contact.id, topic=topic, wanted=True, changed_at=at))
            number = customer.id
        if place is not None:
            self.shop.where[number] = place
        return number

    def agree(self, customer: int, topic: Topic, *, wanted: bool = True) -> None:
        """The person says yes or no to a topic now."""
        with self.sessions.begin() as session:
            contact = session.scalars(select(Contact).where(Contact.customer_id == customer)).one()
            session.merge(Subscription(contact_id=contact.id, topic=topic, wanted=wanted, changed_at=self.now))

    def order(self, customer: int, *products: str, total: int = 2000, at: datetime | None = None) -> str:
        """The person orders; returns the order's number."""
        reference = f"A{next(self.numbers):04}"
        with self.sessions.begin() as session:
            lines = [LineFacts(product, product.title(), 1, total // max(len(products), 1)) for product in products]
            remember_order(
                session, reference=reference, customer_id=customer, visitor_id=None, session_id=None,
                placed_at=at or self.now, currency="EUR", goods_minor=total, shipping_minor=0, discount_minor=0,
                total_minor=total, lines=lines,
            )  # fmt: skip
        return reference

    def refund(self, reference: str, amount: int) -> None:
        """Money goes back."""
        with self.sessions.begin() as session:
            order = session.scalars(select(SeenOrder).where(SeenOrder.reference == reference)).one()
            order.refunded_minor += amount
            session.add(
                SeenRefund(
                    reference=f"R{next(self.numbers)}", order_id=order.id, customer_id=order.customer_id,
                    refunded_at=self.now, amount_minor=amount,
                )
            )  # fmt: skip

    def deliver(self, reference: str) -> None:
        """The order's parcel reaches its door."""
        with self.sessions.begin() as session:
            order = session.scalars(select(SeenOrder).where(SeenOrder.reference == reference)).one()
            session.add(
                Shipment(
                    reference=f"P{reference}", order_reference=reference, customer_id=order.customer_id,
                    status=Status.DELIVERED, expected_at=order.placed_at, shipped_at=self.now, delivered_at=self.now,
                )
            )  # fmt: skip

    def visit(
        self, customer: int, *, minutes: int = 5, product_views: int = 0, stage: int = 0, cart_adds: int = 0
    ) -> int:
        """A visit in which they were signed in and agreed to be joined, ending now; returns its number."""
        with self.sessions.begin() as session:
            visitor = Visitor(token=f"{next(self.numbers):032}", first_seen_at=self.now)
            session.add(visitor)
            session.flush()
            visit = Visit(
                visitor_id=visitor.id, started_at=self.now - timedelta(minutes=minutes), last_at=self.now, grade=2,
                customer_id=customer, product_views=product_views, stage=stage, cart_adds=cart_adds,
            )  # fmt: skip
            session.add(visit)
            session.flush()
            return visit.id

    def fill_cart(self, customer: int, products: Mapping[str, int], *, cart: str = "1") -> None:
        """The person's cart holds this, touched now."""
        with self.sessions() as session:
            account = session.get_one(Customer, customer).reference or ""
        assert self.shop.carts is not None
        self.shop.carts[cart] = OpenCart(cart_id=cart, customer=account, touched_at=self.now, products=dict(products))

    def wait(self, **time: float) -> FlowReport:
        """Let time pass, then let the flows look."""
        self.now += timedelta(**time)
        return run_flows(self.sessions, self.flows, self.shop, now=self.now)

    def until(self, moment: datetime, *, every: timedelta = timedelta(minutes=30)) -> None:
        """Let the flows look again and again until this moment."""
        while self.now < moment:
            self.now = min(self.now + every, moment)
            assert run_flows(self.sessions, self.flows, self.shop, now=self.now).failed == 0

    def emails(self) -> list[Email]:
        """Everything in the outbox, by when it is due."""
        with self.sessions() as session:
            return list(session.scalars(select(Email).order_by(Email.due_at, Email.id)))

    def entries(self) -> list[FlowEntry]:
        """Everybody in the flows."""
        with self.sessions() as session:
            return list(session.scalars(select(FlowEntry).order_by(FlowEntry.id)))


def moment(text: str) -> datetime:
    """`2026-03-28 18:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
