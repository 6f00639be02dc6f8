"""Parcels that come back become cases of the desk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ecrm import events
from ecrm.service.cases import Case, CaseMessage, Direction, Kind
from mailer.outbox import Email
from tests.ecrm.kites import AT, Kites, open_kites, order, shipped
from tracking.delivery.shipment import Shipment, Status


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.tell(order())
    kites.tell(shipped())
    return kites


def scanned(scan: str, status: str, *, hours: int, heard: timedelta = timedelta(0)) -> events.ParcelScanned:
    at = AT + timedelta(hours=hours)
    return events.ParcelScanned(
        at=at, shipment_id="P1", order_id="A1", scan_id=scan, status=status, place="Bonn", heard_at=at + heard
    )


def test_a_parcel_that_comes_back_is_the_desks_once(kites: Kites) -> None:
    kites.tell(scanned("1", "return_to_sender", hours=30))
    kites.tell(scanned("2", "return_to_sender", hours=50))
    case = kites.only(Case)
    assert (case.kind, case.order_reference, case.from_address) == (Kind.DELIVERY, "A1", "ada@example.com")
    assert "A1" in case.subject
    note = kites.only(CaseMessage)
    assert note.direction == Direction.NOTE
    assert "brings this parcel back" in note.text
    assert [mail.template for mail in kites.all(Email)] == ["order_confirmation", "order_shipped"]
    assert kites.owed() == []


def test_a_parcel_that_had_arrived_is_nobodys_case(kites: Kites) -> None:
    kites.tell(scanned("1", "delivered", hours=30))
    kites.tell(scanned("2", "return_to_sender", hours=50))
    assert kites.all(Case) == []


def test_a_parcel_that_came_back_long_before_it_was_heard_of_is_nobodys_case(kites: Kites) -> None:
    kites.tell(scanned("1", "return_to_sender", hours=30, heard=timedelta(days=300)))
    assert kites.all(Case) == []
    assert kites.only(Shipment).status == Status.RETURN_TO_SENDER


def test_one_that_turned_back_long_ago_and_arrives_now_is_still_the_desks_once(kites: Kites) -> None:
    kites.tell(scanned("1", "return_to_sender", hours=30, heard=timedelta(days=20)))
    for scan, days in (("2", 20), ("3", 21)):
        kites.tell(scanned(scan, "return_to_sender", hours=24 * days))
    assert kites.only(Case).order_reference == "A1"
