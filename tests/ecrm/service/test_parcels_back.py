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


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.tell(order())
    kites.tell(shipped())
    return kites


def scanned(scan: str, status: str, *, hours: int) -> events.ParcelScanned:
    at = AT + timedelta(hours=hours)
    return events.ParcelScanned(
        at=at, shipment_id="P1", order_id="A1", scan_id=scan, status=status, place="Bonn", heard_at=at
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
