"""When a carrier is asked again: sooner while something happens, later when nothing does, and by one process alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tracking.delivery import progress
from tracking.delivery.polling import LONGEST, ShipmentPoll, claim_due, next_poll_at, note_answer, note_failure
from tracking.delivery.shipment import Shipment, Status

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def parcel(session: Session, reference: str = "P1", *, at: datetime = NOW, number: str = "1Z9") -> Shipment:
    return progress.start(
        session, reference=reference, order_reference=f"o{reference}", customer_id=None, carrier="UPS",
        tracking_number=number, at=at,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "idle", "promised", "pause"),
    [
        (Status.OUT_FOR_DELIVERY, timedelta(hours=1), None, timedelta(minutes=30)),
        (Status.IN_TRANSIT, timedelta(minutes=5), None, timedelta(hours=1)),
        (Status.IN_TRANSIT, timedelta(hours=20), None, timedelta(hours=5)),
        (Status.IN_TRANSIT, timedelta(days=20), None, LONGEST),
        (Status.IN_TRANSIT, timedelta(days=3), date(2026, 11, 20), timedelta(hours=2)),
        (Status.IN_TRANSIT, timedelta(days=3), date(2026, 11, 1), timedelta(hours=18)),
    ],
)
def test_the_pause_grows_with_silence_and_shrinks_near_the_promise(
    status: Status, idle: timedelta, promised: date | None, pause: timedelta
) -> None:
    shipment = Shipment(status=status, promised_on=promised, shipped_at=NOW - idle, expected_at=NOW - idle)
    assert next_poll_at(shipment, NOW - idle, now=NOW) - NOW == pause


def test_each_parcel_under_way_is_claimed_once(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        parcel(session)
        gone = parcel(session, "P2")
        progress.scan(session, gone, status=Status.DELIVERED, at=NOW)
        parcel(session, "P3", number="")
        parcel(session, "P4", at=NOW - timedelta(days=61))
    with sessions.begin() as session:
        assert [due.reference for due in claim_due(session, now=NOW, most=9)] == ["P1"]
    with sessions.begin() as session:
        assert claim_due(session, now=NOW, most=9) == []
        assert len(claim_due(session, now=NOW + timedelta(minutes=11), most=9)) == 1  # whoever had it died


def test_an_answer_and_failures_say_when_to_ask_again(session: Session) -> None:
    parcel(session)
    (due,) = claim_due(session, now=NOW, most=1)
    note_answer(session, due, now=NOW)
    row = session.get_one(ShipmentPoll, due.shipment_id, populate_existing=True)
    assert (row.next_at - NOW, row.failures) == (timedelta(hours=1), 0)
    pauses = []
    for failures in range(9):
        late = NOW + timedelta(days=2 * (failures + 1))
        (due,) = claim_due(session, now=late, most=1)
        note_failure(session, due, wait=None, now=late)
        pauses.append(session.get_one(ShipmentPoll, due.shipment_id, populate_existing=True).next_at - late)
    assert pauses[:3] == [timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)]
    assert pauses[-1] == LONGEST


def test_a_carrier_that_asks_for_patience_gets_it(session: Session) -> None:
    parcel(session)
    (due,) = claim_due(session, now=NOW, most=1)
    for wait, pause in ((timedelta(hours=3), timedelta(hours=3)), (timedelta(days=99), LONGEST)):
        note_failure(session, due, wait=wait, now=NOW)
        assert session.get_one(ShipmentPoll, due.shipment_id, populate_existing=True).next_at - NOW == pause
