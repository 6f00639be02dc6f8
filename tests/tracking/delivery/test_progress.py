"""Delivery: a shipment only moves forward, whatever order its messages come in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.customers import Customer
from tracking.delivery import progress
from tracking.delivery.shipment import Scan, Shipment, Status

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def expect(session: Session, order: str = "A1") -> Shipment:
    progress.expect(session, order_reference=order, customer_id=None, at=NOW, promised_on=date(2026, 11, 24))
    return progress.shipments_of(session, order)[0]


def start(session: Session, reference: str = "P1", at: datetime = NOW + timedelta(hours=5)) -> Shipment:
    return progress.start(
        session, reference=reference, order_reference="A1", customer_id=None, carrier="DHL", tracking_number="0034",
        at=at,
    )  # fmt: skip


def test_a_shipment_is_expected_once_with_its_order(session: Session) -> None:
    expect(session)
    assert not progress.expect(session, order_reference="A1", customer_id=None, at=NOW, promised_on=None)
    shipment = progress.shipments_of(session, "A1")[0]
    assert (shipment.status, shipment.promised_on) == (Status.PRE_TRANSIT, date(2026, 11, 24))


def test_the_first_parcel_is_the_expected_one_and_a_second_is_a_further_one(session: Session) -> None:
    expected = expect(session)
    assert start(session, "P1").id == expected.id
    assert start(session, "P2").id != expected.id
    assert start(session, "P1").id == expected.id  # told again
    first, second = progress.shipments_of(session, "A1")
    assert (first.reference, first.carrier, first.status) == ("P1", "DHL", Status.IN_TRANSIT)
    assert (second.reference, second.status) == ("P2", Status.IN_TRANSIT)


def test_an_old_order_that_nobody_expected_can_still_be_shipped(session: Session) -> None:
    assert start(session).status == Status.IN_TRANSIT


def test_a_repeated_scan_is_harmless(session: Session) -> None:
    expect(session)
    shipment = start(session)
    at = NOW + timedelta(days=1)
    assert progress.scan(session, shipment, status=Status.OUT_FOR_DELIVERY, at=at)
    assert not progress.scan(session, shipment, status=Status.OUT_FOR_DELIVERY, at=at)
    assert session.scalar(select(func.count()).select_from(Scan)) == 2


def test_a_message_is_its_customers_so_that_their_newest_are_found_at_once(session: Session) -> None:
    ada = Customer(reference="c1", email="ada@example.org", email_folded="ada@example.org", created_at=NOW)
    session.add(ada)
    session.flush()
    progress.expect(session, order_reference="A1", customer_id=ada.id, at=NOW, promised_on=None)
    start(session)
    assert session.scalars(select(Scan.customer_id)).all() == [ada.id]


def test_a_late_scan_is_kept_and_moves_nothing_back(session: Session) -> None:
    expect(session)
    shipment = start(session)
    progress.scan(session, shipment, status=Status.EXCEPTION, at=NOW + timedelta(days=2))
    assert not progress.scan(session, shipment, status=Status.OUT_FOR_DELIVERY, at=NOW + timedelta(days=1))
    assert shipment.status == Status.EXCEPTION
    assert progress.scan(session, shipment, status=Status.OUT_FOR_DELIVERY, at=NOW + timedelta(days=3))


def test_delivered_is_the_end_and_holds_its_moment(session: Session) -> None:
    expect(session)
    shipment = start(session)
    arrived = NOW + timedelta(days=2)
    assert progress.scan(session, shipment, status=Status.DELIVERED, at=arrived)
    for status in Status:
        progress.scan(session, shipment, status=status, at=NOW + timedelta(days=3))
    assert (shipment.status, shipment.delivered_at) == (Status.DELIVERED, arrived)


def test_a_delivery_counts_however_late_it_is_told(session: Session) -> None:
    expect(session)
    shipment = start(session)
    progress.scan(session, shipment, status=Status.OUT_FOR_DELIVERY, at=NOW + timedelta(days=2))
    assert progress.scan(session, shipment, status=Status.DELIVERED, at=NOW + timedelta(days=1))
    assert shipment.status == Status.DELIVERED


@pytest.mark.parametrize("status", list(Status))
def test_no_move_leads_back_to_where_nothing_was_sent(status: Status) -> None:
    assert Status.PRE_TRANSIT not in progress.ALLOWED_MOVES[status]


def test_an_order_given_up_before_anything_left_expects_nothing_any_more(session: Session) -> None:
    expect(session)
    assert progress.cancel_expected(session, "A1")
    assert progress.shipments_of(session, "A1")[0].status == Status.CANCELLED
    shipped = expect(session, "A2")
    progress.start(
        session, reference="P9", order_reference="A2", customer_id=None, carrier="DHL", tracking_number="1", at=NOW
    )
    assert not progress.cancel_expected(session, "A2")
    session.refresh(shipped)
    assert shipped.status == Status.IN_TRANSIT
