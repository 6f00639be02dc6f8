"""Made-up worlds for tests of segments: people, orders, visits and mail as plain facts, and the same in a database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ecrm.customers.lists import ContactList, ListMember
from ecrm.customers.product_labels import ProductLabel
from ecrm.customers.worth import Worth
from mailer.consent import Subscription
from mailer.contacts import Contact
from mailer.engagement import Engagement
from mailer.outbox import Email
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine
from tracking.visitors import Grade, Visitor

NOW_DAYS = 800
BRANDS = {"p1": ("acme", "tools"), "p2": ("acme", "toys"), "p3": ("zeta", "toys")}


@dataclass
class Bought:
    """An order so many days ago."""

    days: int
    total: int
    refunded: int = 0
    products: tuple[str, ...] = ("p1",)


@dataclass
class Visited:
    """A visit so many days ago."""

    days: int
    views: int = 0
    carts: int = 0
    orders: int = 0
    grade: int = int(Grade.PERSONAL)


@dataclass
class Mail:
    """A marketing e-mail so many days ago, and what was done with it."""

    days: int
    source: str = "mailing:1"
    clicked: bool = False
    machine: str = ""


@dataclass
class Person:
    """A mailbox; `customer` False: it belongs to nobody known."""

    customer: bool = True
    account: bool = True
    country: str = "DE"
    traits: dict[str, object] = field(default_factory=dict)
    orders: list[Bought] = field(default_factory=list)
    visits: list[Visited] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    wants: dict[str, bool] = field(default_factory=dict)
    group: str = ""
    clv: int | None = None
    lists: tuple[int, ...] = ()
    blocked: int = 0
    confirmed: bool = False


def fill(session: Session, people: list[Person], now: datetime) -> list[int]:
    """Write a world; returns the contacts' ids in the order of the people."""
    for product, (brand, category) in BRANDS.items():
        session.add(ProductLabel(product=product, brand=brand, category=category))
    for number in (1, 2):
        session.add(ContactList(id=number, name=f"list {number}", note="", created_at=now, created_by="test"))
    session.flush()
    return [_person(session, at, one, now) for at, one in enumerate(people, start=1)]


def _person(session: Session, at: int, one: Person, now: datetime) -> int:
    customer_id = None
    if one.customer:
        reference = f"a{at}" if one.account else None
        customer = Customer(
            email=f"c{at}@example.com", reference=reference, country=one.country, traits=one.traits,
            created_at=now - timedelta(days=NOW_DAYS),
        )  # fmt: skip
        session.add(customer)
        session.flush()
        customer_id = customer.id
        _bought(session, at, customer_id, one, now)
        _visited(session, at, customer_id, one, now)
    contact = Contact(
        folded=f"c{at}@example.com", address=f"c{at}@example.com", customer_id=customer_id, created_at=now,
        blocked=one.blocked, tracking_allowed=True, confirmed_at=now if one.confirmed else None,
    )  # fmt: skip
    session.add(contact)
    session.flush()
    for topic, wanted in one.wants.items():
        session.add(Subscription(contact_id=contact.id, topic=topic, wanted=wanted, changed_at=now))
    for number in one.lists:
        session.add(ListMember(list_id=number, contact_id=contact.id, added_at=now))
    for number, mail in enumerate(one.mails):
        _mailed(session, f"{at}-{number}", contact, mail, now)
    session.flush()
    return contact.id


def _bought(session: Session, at: int, customer_id: int, one: Person, now: datetime) -> None:
    for number, order in enumerate(one.orders):
        row = SeenOrder(
            reference=f"o{at}-{number}", customer_id=customer_id, placed_at=now - timedelta(days=order.days, hours=1),
            currency="EUR", goods_minor=order.total, total_minor=order.total, refunded_minor=order.refunded,
        )  # fmt: skip
        session.add(row)
        session.flush()
        for position, product in enumerate(order.products, start=1):
            session.add(
                SeenOrderLine(
                    order_id=row.id, position=position, product=product, name=product, quantity=1, net_minor=1
                )
            )
    if one.orders:
        session.add(
            Worth(
                customer_id=customer_id, orders=len(one.orders), net_minor=0, first_at=now, last_at=now, recency=1,
                frequency=1, monetary=1, group=one.group, clv_minor=one.clv, clv_low_minor=one.clv,
                clv_high_minor=one.clv,
            )
        )  # fmt: skip


def _visited(session: Session, at: int, customer_id: int, one: Person, now: datetime) -> None:
    for number, visit in enumerate(one.visits):
        visitor = Visitor(token=f"{at:016x}{number:016x}", first_seen_at=now)
        session.add(visitor)
        session.flush()
        began = now - timedelta(days=visit.days, hours=1)
        session.add(
            Visit(
                visitor_id=visitor.id, started_at=began, last_at=began, product_views=visit.views,
                cart_adds=visit.carts, orders=visit.orders, customer_id=customer_id, grade=visit.grade,
            )
        )  # fmt: skip


def _mailed(session: Session, key: str, contact: Contact, mail: Mail, now: datetime) -> None:
    at = now - timedelta(days=mail.days, hours=2)
    row = Email(
        dedup_key=key, template="t", contact_id=contact.id, source=mail.source, from_address="shop@example.com",
        to_address=contact.address, subject="s", text="t", html="h", message_id=f"<{key}@example.com>",
        transactional=False, state="sent", queued_at=at, due_at=at, sent_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    if mail.clicked:
        session.add(
            Engagement(
                email_id=row.id, contact_id=contact.id, deed="click", link="/", day=at.date(),
                at=at + timedelta(hours=1), times=1, machine=mail.machine,
            )
        )  # fmt: skip
