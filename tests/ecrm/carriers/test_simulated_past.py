"""A demo's past orders get parcels that arrived, on ways that say that they are made up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import Engine

from ecrm.carriers import simulated
from ecrm.carriers.simulated import MARK, RealShop
from ecrm.carriers.simulated_past import SINCE, simulate_deliveries
from ecrm.customers.timeline import Kind, timeline
from ecrm.delivery_shown import delivery_html
from ecrm.history import backfill
from ecrm.storefront import ShopFacts
from mailer.outbox import Email
from tests.ecrm.kites import AT, Kites, KiteStorefront, open_kites, order
from tracking.delivery import progress
from tracking.delivery.forgetting import forget_notes_before
from tracking.delivery.shipment import Scan, Shipment, Status

NOW = AT + timedelta(days=60)
PAST = tuple(
    order(f"A{number}", at=NOW - timedelta(hours=hours))
    for number, hours in enumerate([5, 30, *range(60, 1000, 7), 24 * SINCE.days + 5])
)


class DemoStorefront(KiteStorefront):
    def facts(self) -> ShopFacts:
        return ShopFacts(
            name="Kites & Co", base_url="https://kites.example/shop", currency="EUR", country="DE",
            time_zone="Europe/Berlin", sender="kites@kites.example", data_note="Made up.",
        )  # fmt: skip


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    with kites.app.app_context():
        backfill(kites.crm, sorted(PAST, key=lambda told: told.at))
    return kites


@pytest.fixture
def demo(kites: Kites) -> Kites:
    kites.crm.storefront = DemoStorefront()
    with kites.app.app_context():
        assert simulate_deliveries(kites.crm, now=NOW) == len(PAST) - 1
        assert simulate_deliveries(kites.crm, now=NOW) == 0
    return kites


def test_every_order_of_the_last_half_year_has_a_parcel_that_arrived_before_now(demo: Kites) -> None:
    placed = {told.order_id: told.at for told in PAST}
    parcels = demo.all(Shipment)
    assert len(parcels) == len({one.order_reference for one in parcels}) == len(PAST) - 1
    for parcel in parcels:
        assert parcel.status == Status.DELIVERED
        assert placed[parcel.order_reference] < parcel.shipped_at < parcel.delivered_at <= NOW
        if parcel.expected_at < NOW - timedelta(days=10):
            assert 9 <= parcel.shipped_at.astimezone(ZoneInfo("Europe/Berlin")).hour < 17
    assert len({one.tracking_number for one in parcels}) == len(parcels)
    assert any(one.delivered_at.date() > one.promised_on for one in parcels)
    assert demo.all(Email) == []


def test_its_status_is_what_its_scans_say_and_each_is_marked(demo: Kites) -> None:
    with demo.session() as session:
        for parcel in session.query(Shipment):
            scans = session.query(Scan).filter_by(shipment_id=parcel.id).all()
            assert progress.settled((one.scanned_at, one.status) for one in scans) == parcel.status
            assert {one.note for one in scans} == {MARK}
            assert max(one.scanned_at for one in scans) == parcel.delivered_at
    with demo.crm.sessions.begin() as session:
        forget_notes_before(session, NOW)
    with demo.app.test_request_context():
        shown = BeautifulSoup(delivery_html("A7"), "html.parser")
    assert len(shown.select(".ecrm-delivery__step--done")) == 4
    assert "Simulated" in shown.get_text()


def test_each_of_its_scans_stands_in_the_timeline_of_whoever_ordered(demo: Kites) -> None:
    parcels = {one.id: one.customer_id for one in demo.all(Shipment)}
    assert {one.customer_id for one in demo.all(Scan)} == set(parcels.values())
    with demo.session() as session:
        shown = [
            entry
            for customer in set(parcels.values())
            for entry in timeline(session, customer, kinds=[Kind.DELIVERY], limit=2000).entries
        ]
        scans = session.query(Scan).all()
    assert len([entry for entry in shown if entry.parcel is not None]) == len(scans)


def test_what_was_made_up_of_the_past_is_left_alone_by_the_simulated_carrier(demo: Kites) -> None:
    with demo.app.app_context():
        assert simulated.move_on(demo.crm, now=NOW) == "0 simulated scans of 0 parcels"


def test_a_shop_with_real_buyers_gets_no_made_up_parcels(kites: Kites) -> None:
    with kites.app.app_context(), pytest.raises(RealShop):
        simulate_deliveries(kites.crm, now=NOW)
    assert kites.all(Shipment) == []
