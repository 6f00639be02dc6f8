"""History told in bulk gives what single events would have given, once, and causes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.customers.checkout_memory import CheckoutMemory
from ecrm.events import Address, OrderCompleted, OrderLine, OrderRefunded, OrderShipped, Person, SignedUp, Told
from ecrm.history import backfill, orders_without_visits, simulate_history
from ecrm.installation import Installation, installation
from ecrm.ledger import PendingReaction, from_row
from mailer.outbox import Email
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer, CustomerEmail
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ADA = Person(email="Ada@example.com", email_proved=True, customer_id="7", first_name="Ada", traits={"children": 2})
GUEST = Person(email="guest@example.com", first_name="Gus")
NOBODY = Person(email="unknown-buyer@online-retail.invalid")


def order(number: str, person: Person, *, days: int, cents: Sequence[int] = (500, 250)) -> OrderCompleted:
    lines = tuple(
        OrderLine(product_id=str(index), name=f"Product {index}", quantity=1, net_minor=amount)
        for index, amount in enumerate(cents, start=1)
    )
    home = Address(name="A", line1=f"{number} Road", city="B", postcode="1", country="DE")
    return OrderCompleted(
        at=START + timedelta(days=days), order_id=number, person=person, currency="EUR", lines=lines,
        goods_minor=sum(cents), total_minor=sum(cents), delivery_method="standard", payment_method="invoice",
        address=None if person is NOBODY else home,
    )  # fmt: skip


def refund(number: str, of: str | None, *, days: int, cents: int = 250) -> OrderRefunded:
    at = START + timedelta(days=days)
    return OrderRefunded(at=at, refund_id=number, order_id=of, person=ADA, currency="EUR", amount_minor=cents)


PAST: tuple[Told, ...] = (
    SignedUp(at=START, person=ADA),
    order("A1", ADA, days=1),
    order("G1", GUEST, days=1, cents=(999,)),
    order("A2", ADA, days=2),
    refund("R1", "A1", days=3),
    order("N1", NOBODY, days=3),
    refund("R2", None, days=4, cents=100),
)


@pytest.fixture
def crm(app: Flask) -> Installation:
    return installation(app)


def tell(app: Flask, past: Sequence[Told] = PAST) -> Any:
    with app.app_context():
        return backfill(installation(app), past)


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_orders_refunds_and_people_are_remembered(app: Flask, crm: Installation) -> None:
    report = tell(app)
    assert (report.events, report.customers, report.orders, report.refunds) == (7, 3, 4, 2)
    with crm.sessions() as session:
        ada = session.scalars(select(Customer).where(Customer.reference == "7")).one()
        assert (ada.first_name, ada.country, ada.traits, ada.created_at) == ("Ada", "DE", {"children": 2}, START)
        orders = session.scalars(select(SeenOrder).where(SeenOrder.customer_id == ada.id).order_by(SeenOrder.id)).all()
        assert [(one.reference, one.total_minor, one.refunded_minor) for one in orders] == [
            ("A1", 750, 250),
            ("A2", 750, 0),
        ]
        lines = session.scalars(select(SeenOrderLine).where(SeenOrderLine.order_id == orders[0].id)).all()
        assert [(line.position, line.product, line.net_minor) for line in lines] == [(1, "1", 500), (2, "2", 250)]
        refunds = session.scalars(select(SeenRefund).order_by(SeenRefund.id)).all()
        assert [(one.order_id, one.customer_id) for one in refunds] == [(orders[0].id, ada.id), (None, ada.id)]


def test_the_ledger_holds_every_event_and_owes_nothing(app: Flask, crm: Installation) -> None:
    tell(app)
    with crm.sessions() as session:
        rows = session.scalars(select(Event).order_by(Event.id)).all()
        assert [from_row(row) for row in rows] == list(PAST)
        assert all(row.customer_id is not None and not row.simulated for row in rows)
        assert (count(session, PendingReaction), count(session, Email)) == (0, 0)


def test_the_figures_of_the_days_are_counted(app: Flask, crm: Installation) -> None:
    tell(app)
    with crm.sessions() as session:
        days = {row.day.day: row for row in session.scalars(select(DayFigures))}
        assert (days[1].registrations, days[2].orders, days[2].revenue_minor) == (1, 2, 1749)
        assert (days[4].refunds_minor, days[5].refunds_minor) == (250, 100)


def test_the_last_checkout_is_remembered_but_nobodys(app: Flask, crm: Installation) -> None:
    tell(app)
    with crm.sessions() as session:
        memories = session.scalars(select(CheckoutMemory).order_by(CheckoutMemory.customer_id)).all()
        assert [memory.order_reference for memory in memories] == ["A2", "G1"]


def test_told_again_nothing_changes(app: Flask, crm: Installation) -> None:
    tell(app)
    again = tell(app)
    assert (again.events, again.known, again.customers) == (0, 7, 0)
    with crm.sessions() as session:
        assert (count(session, Event), count(session, SeenOrder), count(session, Customer)) == (7, 4, 3)
        assert session.scalar(select(func.sum(DayFigures.orders))) == 4
        assert session.scalar(select(func.sum(SeenOrder.refunded_minor))) == 250


def test_only_what_is_missing_is_added(app: Flask, crm: Installation) -> None:
    tell(app, PAST[:3])
    report = tell(app)
    assert (report.events, report.known, report.customers) == (4, 3, 1)
    with crm.sessions() as session:
        assert count(session, CustomerEmail) == 3


def test_a_guest_of_the_past_becomes_the_account_that_opens_later(app: Flask, crm: Installation) -> None:
    account = Person(email="GUEST@example.com", customer_id="9", first_name="Gus", email_proved=True)
    tell(app, [order("G1", GUEST, days=1), SignedUp(at=START + timedelta(days=5), person=account)])
    with crm.sessions() as session:
        customer = session.scalars(select(Customer)).one()
        assert customer.reference == "9"


def test_a_parcel_has_no_history(app: Flask) -> None:
    parcel = OrderShipped(at=START, shipment_id="1", order_id="A1", carrier="DHL", tracking_number="1")
    with pytest.raises(TypeError, match="Order Shipped"):
        tell(app, [parcel])


def test_visits_are_made_up_for_orders_of_known_people_only(app: Flask, crm: Installation) -> None:
    tell(app)
    with app.app_context():
        report = simulate_history(crm, seed=3)
    with crm.sessions() as session:
        visits = session.scalars(select(Visit)).all()
        assert report.sessions == len(visits) >= 3
        assert all(visit.simulated for visit in visits)
        unvisited = session.scalars(select(SeenOrder.reference).where(SeenOrder.session_id.is_(None))).all()
        assert unvisited == ["N1"]
        assert orders_without_visits(session) == []
        assert all(row.simulated for row in session.scalars(select(Event).where(Event.session_id.is_not(None))))
