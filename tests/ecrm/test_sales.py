"""Sales: what the CRM remembers of orders and refunds is what the shop told, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from ecrm.ledger import PendingReaction
from ecrm.reactions import run_reactions
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures
from tracking.clickstream.sessions import Session as Visit
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund
from tracking.visitors import Grade, Visitor

from .kites import AT, Kites, open_kites, order, refunded

TOKEN = "a" * 32


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def visit(kites: Kites, at: datetime, *, grade: Grade = Grade.PERSONAL) -> int:
    with kites.crm.sessions.begin() as session:
        visitor = Visitor(token=TOKEN, first_seen_at=at)
        session.add(visitor)
        session.flush()
        seen = Visit(visitor_id=visitor.id, started_at=at, last_at=at + timedelta(minutes=5), grade=grade)
        session.add(seen)
        session.flush()
        return seen.id


def test_an_order_is_remembered_with_its_lines_to_the_cent(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(order())
    seen = kites.only(SeenOrder)
    assert (seen.reference, seen.goods_minor, seen.shipping_minor, seen.discount_minor, seen.total_minor) == (
        "A1", 3300, 300, 100, 3500,
    )  # fmt: skip
    lines = [(line.position, line.product, line.quantity, line.net_minor) for line in kites.all(SeenOrderLine)]
    assert lines == [(1, "2", 2, 3000), (2, "3", 1, 300)]
    assert kites.owed() == []


def test_the_day_is_the_shops_own(kites: Kites) -> None:
    kites.tell(order("A1", at=datetime(2026, 11, 20, 22, 59, tzinfo=UTC)))  # 23:59 in Berlin
    kites.tell(order("A2", at=datetime(2026, 11, 20, 23, 1, tzinfo=UTC)))
    days = {str(row.day): (row.orders, row.revenue_minor) for row in kites.all(DayFigures)}
    assert days == {"2026-11-20": (1, 3500), "2026-11-21": (1, 3500)}


def test_with_personal_consent_the_order_knows_its_visit(kites: Kites) -> None:
    visit_id = visit(kites, AT - timedelta(minutes=10))
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    assert (kites.only(SeenOrder).session_id, kites.only(Event).session_id) == (visit_id, visit_id)
    assert kites.only(Visit).orders == 1


def test_with_consent_to_statistics_the_visit_counts_an_order_and_neither_knows_the_other(kites: Kites) -> None:
    visit(kites, AT - timedelta(minutes=10))
    kites.tell(order(), visitor=TOKEN, grade=Grade.ANALYTICS)
    assert kites.only(Visit).orders == 1
    assert (kites.only(SeenOrder).session_id, kites.only(SeenOrder).visitor_id) == (None, None)


def test_a_visit_that_agreed_to_more_only_later_counts_the_order_and_neither_knows_the_other(kites: Kites) -> None:
    visit(kites, AT - timedelta(minutes=10), grade=Grade.ANALYTICS)
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    assert kites.only(Visit).orders == 1
    assert (kites.only(SeenOrder).session_id, kites.only(Event).session_id) == (None, None)
    assert kites.only(SeenOrder).joined  # its customer's other visits may explain it


def test_a_visit_of_yesterday_did_not_lead_to_todays_order(kites: Kites) -> None:
    visit(kites, AT - timedelta(days=1))
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    assert (kites.only(SeenOrder).session_id, kites.only(Visit).orders) == (None, 0)


def test_a_refund_is_added_to_its_order_and_its_day_once(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(refunded("R1"))
    kites.tell(refunded("R1"))
    kites.tell(refunded("R2", amount=500))
    assert kites.only(SeenOrder).refunded_minor == 1500
    assert kites.only(DayFigures).refunds_minor == 1500
    assert [row.reason for row in kites.all(SeenRefund)] == ["torn", "torn"]


def test_a_refund_that_names_no_order_is_kept_all_the_same(kites: Kites) -> None:
    kites.tell(refunded(number=None))
    assert kites.only(SeenRefund).order_id is None
    assert kites.owed() == []


def test_a_refund_waits_for_its_order(kites: Kites) -> None:
    kites.tell(refunded())
    assert kites.owed() == ["remember_refund", "attribute_refund"]
    kites.tell(order())
    with kites.crm.sessions.begin() as session:
        session.execute(update(PendingReaction).values(due_at=AT))
    run_reactions(kites.crm)
    assert kites.owed() == []
    assert kites.only(SeenOrder).refunded_minor == 1000


def test_an_order_wholly_refunded_before_it_left_is_not_expected_any_more(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(refunded(amount=3500))
    assert kites.only(Shipment).status == Status.CANCELLED
