"""One parcel's story: the label, late, one apology, a new day, the door; by the clock of where it goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import Engine

from ecrm import events
from ecrm.delays import look_after_delays
from ecrm.delivery_shown import delivery_html
from tracking.delivery import progress
from tracking.delivery.shipment import Shipment, Status

from .kites import ADDRESS, AT, Kites, open_kites, order, shipped


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def learn_that_it_takes(kites: Kites, days: int, *, country: str) -> None:
    with kites.crm.sessions.begin() as session:
        for number in range(30):
            left, about = AT - timedelta(days=30), f"OLD{number}"
            session.add(
                Shipment(
                    reference=about, order_reference=about, customer_id=None, country=country, service="standard",
                    status=Status.PRE_TRANSIT, expected_at=left,
                )
            )  # fmt: skip
            session.flush()
            parcel = progress.start(
                session, reference=about, order_reference=about, customer_id=None, carrier="DHL",
                tracking_number=f"{number:08}", at=left,
            )  # fmt: skip
            progress.scan(session, parcel, status=Status.DELIVERED, at=left + timedelta(days=days))


def scanned(status: str, at: datetime) -> events.ParcelScanned:
    return events.ParcelScanned(
        at=at, shipment_id="P1", order_id="A1", scan_id=f"{status}{at:%d%H}", status=status, heard_at=at
    )


def page(kites: Kites) -> str:
    with kites.app.test_request_context():
        html = delivery_html("A1")
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def status_page(kites: Kites) -> str:
    (parcel,) = [one for one in kites.all(Shipment) if one.reference == "P1"]
    answer = kites.app.test_client().get(f"/ecrm/delivery/{parcel.token}")
    return " ".join(BeautifulSoup(answer.data, "html.parser").get_text(" ").split())


def delays(kites: Kites, day: int) -> int:
    with kites.app.app_context():
        return look_after_delays(kites.crm, now=datetime(2026, 11, day, 8, tzinfo=UTC)).told


def test_label_late_one_apology_a_new_day_and_there(kites: Kites) -> None:
    learn_that_it_takes(kites, 12, country="DE")
    kites.tell(order())  # promised by 24 November
    kites.tell(shipped())
    kites.tell(scanned("pre_transit", AT))
    kites.tell(scanned("in_transit", AT + timedelta(hours=5)))
    assert [delays(kites, day) for day in (21, 22, 24, 25, 26)] == [1, 0, 0, 0, 0]
    (apology,) = kites.emails("order_delayed")
    (parcel,) = [one for one in kites.all(Shipment) if one.reference == "P1"]
    assert parcel.promised_on == date(2026, 11, 24) < parcel.expected_on
    new_day = f"{parcel.expected_on:%b} {parcel.expected_on.day}, 2026"
    assert new_day in apology.text
    assert f"by {new_day}" in page(kites)
    there = datetime(2026, 12, 1, 10, tzinfo=UTC)
    kites.tell(scanned("out_for_delivery", there - timedelta(hours=3)))
    kites.tell(scanned("delivered", there))
    assert [mail.template for mail in kites.emails("order_delivered")] == ["order_delivered"]
    assert "Delivered Dec 1, 2026" in page(kites)
    assert len(kites.emails("order_delayed")) == 1


@pytest.mark.parametrize(
    ("country", "at", "shown"),
    [
        ("JP", datetime(2026, 11, 24, 20, tzinfo=UTC), "Nov 25, 2026"),  # five in the morning in Tokyo
        ("US", datetime(2026, 11, 25, 2, tzinfo=UTC), "Nov 24, 2026"),  # the evening before in New York
        ("NZ", datetime(2026, 12, 31, 12, tzinfo=UTC), "Jan 1, 2027"),
        ("", datetime(2026, 11, 24, 23, 30, tzinfo=UTC), "Nov 25, 2026"),  # the shop's own clock
    ],
)
def test_days_are_those_of_where_the_parcel_goes_on_both_pages(
    kites: Kites, country: str, at: datetime, shown: str
) -> None:
    kites.tell(order(address=replace(ADDRESS, country=country) if country else None))
    kites.tell(shipped())
    kites.tell(scanned("delivered", at))
    assert f"Delivered {shown}" in page(kites)
    told = status_page(kites)
    assert f"Delivered {shown}" in told.partition("What was said of it")[0]
    assert f"Delivered {shown}" in told.partition("What was said of it")[2]
