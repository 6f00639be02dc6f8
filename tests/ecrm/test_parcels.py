"""Parcels: from the order to the door, and what the customer sees of it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import Engine, update

from ecrm.delivery_shown import delivery_html
from ecrm.ledger import PendingReaction
from ecrm.reactions import run_reactions
from tracking.delivery.progress import scan
from tracking.delivery.shipment import Shipment, Status

from .kites import AT, Kites, cancelled, delivered, open_kites, order, shipped


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def shown(kites: Kites, number: str = "A1") -> BeautifulSoup:
    with kites.app.test_request_context():
        return BeautifulSoup(delivery_html(number), "html.parser")


def steps(kites: Kites) -> list[tuple[str, bool]]:
    items = shown(kites).select(".ecrm-delivery__step")
    return [
        (item.select_one(".ecrm-delivery__name").contents[0].strip(), "ecrm-delivery__step--done" in item["class"])
        for item in items
    ]


def test_a_shipment_exists_from_the_order_on(kites: Kites) -> None:
    kites.tell(order())
    shipment = kites.only(Shipment)
    assert (shipment.status, shipment.promised_on) == (Status.PRE_TRANSIT, date(2026, 11, 24))
    assert steps(kites) == [("Ordered", True), ("Packed", False), ("On its way", False), ("Delivered", False)]
    assert "by Nov 24, 2026" in shown(kites).get_text()


def test_the_same_shipment_is_on_its_way_and_delivered(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped())
    assert kites.only(Shipment).status == Status.IN_TRANSIT
    assert [done for _, done in steps(kites)] == [True, True, True, False]
    assert "00340434" in shown(kites).get_text()
    kites.tell(delivered())
    assert kites.only(Shipment).status == Status.DELIVERED
    assert [done for _, done in steps(kites)] == [True] * 4


def test_news_that_come_in_the_wrong_order_wait_for_each_other(kites: Kites) -> None:
    kites.tell(delivered())
    kites.tell(shipped())
    assert kites.all(Shipment) == []
    assert sorted(kites.owed()) == ["finish_shipment", "start_shipment", "tell_delivered", "tell_shipped"]
    kites.tell(order())
    for _ in range(2):
        with kites.crm.sessions.begin() as session:
            session.execute(update(PendingReaction).values(due_at=AT))
        run_reactions(kites.crm)
    assert kites.owed() == []
    assert kites.only(Shipment).status == Status.DELIVERED


def test_two_parcels_are_shown_apart(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped("P1"))
    kites.tell(shipped("P2"))
    headings = [heading.get_text(strip=True) for heading in shown(kites).select("h2")]
    assert headings == ["Delivery 1 of 2", "Delivery 2 of 2"]


def test_out_for_delivery_and_trouble_are_said_in_words(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped())
    with kites.crm.sessions.begin() as session:
        shipment = session.get_one(Shipment, kites.only(Shipment).id)
        scan(session, shipment, status=Status.OUT_FOR_DELIVERY, at=AT + timedelta(days=1))
    assert ("Out for delivery", True) in steps(kites)
    with kites.crm.sessions.begin() as session:
        shipment = session.get_one(Shipment, kites.only(Shipment).id)
        scan(session, shipment, status=Status.EXCEPTION, at=AT + timedelta(days=2))
    assert "reports a problem" in shown(kites).get_text()


def test_an_unknown_order_shows_nothing(kites: Kites) -> None:
    assert not shown(kites).get_text(strip=True)


def test_no_step_says_by_colour_alone_that_it_is_done(kites: Kites) -> None:
    kites.tell(order())
    assert shown(kites).select_one('[aria-current="step"]').get_text().strip().startswith("Ordered")
    assert len(shown(kites).select(".ecrm-delivery__read")) == 3


def test_an_order_that_was_given_up_expects_no_parcel_whatever_comes_first(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(cancelled())
    assert kites.only(Shipment).status == Status.CANCELLED
    assert kites.owed() == []
    kites.tell(cancelled("B2"))
    assert kites.owed() == ["cancel_shipment"]
    kites.tell(order("B2", promised_on=None))
    with kites.crm.sessions.begin() as session:
        session.execute(update(PendingReaction).values(due_at=AT))
    run_reactions(kites.crm)
    assert kites.owed() == []
    assert [shipment.status for shipment in kites.all(Shipment)] == [Status.CANCELLED] * 2


def test_a_parcel_that_has_left_is_not_called_back(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(shipped())
    kites.tell(cancelled())
    assert kites.only(Shipment).status == Status.IN_TRANSIT
