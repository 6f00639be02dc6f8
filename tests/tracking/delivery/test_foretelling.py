"""Foretelling: a shop's own parcels say when one comes, and which ones won't keep their day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from tracking.delivery import progress
from tracking.delivery.foretelling import Experience, Kind, Why, learn, outlook
from tracking.delivery.noticing import notice, open_shipments
from tracking.delivery.shipment import Shipment, Status
from tracking.delivery.workdays import after_workdays, is_workday, workdays_between

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # a Wednesday
FAST, SLOW = Kind("Fast", "standard", "DE"), Kind("Slow", "standard", "DE")


@pytest.fixture
def learnt() -> Experience:
    """200 parcels: Fast takes two days, rarely three; Slow four, rarely six."""
    known = Experience()
    for number in range(100):
        known.add(FAST, days=3 if number % 20 == 0 else 2, quiet=1)
        known.add(SLOW, days=6 if number % 20 == 0 else 4, quiet=2)
    return known


def parcel(
    kind: Kind = FAST, *, left: int | None = 0, promised: int | None = 2, status: Status = Status.IN_TRANSIT
) -> Shipment:
    """One that left so many days ago and is promised in so many."""
    return Shipment(
        id=1, reference="P1", order_reference="A1", carrier=kind.carrier if left is not None else "",
        service=kind.service, country=kind.country, status=status, expected_at=NOW - timedelta(days=9),
        shipped_at=None if left is None else NOW - timedelta(days=left),
        promised_on=None if promised is None else NOW.date() + timedelta(days=promised),
    )  # fmt: skip


def why(shipment: Shipment, learnt: Experience, *, heard: int | None = None) -> Why | None:
    last = None if heard is None else NOW - timedelta(days=heard)
    return outlook(shipment, learnt, last_heard=last, zone=ZONE, now=NOW).why


def test_workdays_leave_out_weekends_and_holidays() -> None:
    friday, monday = date(2026, 12, 24), date(2026, 12, 28)
    assert not is_workday(date(2026, 12, 25), country="DE")
    assert workdays_between(friday, monday, "DE") == 1
    assert after_workdays(friday, 1, "DE") == monday
    assert after_workdays(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert is_workday(date(2026, 12, 25), country="XX")


def test_the_foretold_day_is_that_of_its_like(learnt: Experience) -> None:
    assert learnt.foretold(FAST, gone=0) == 2
    assert learnt.foretold(SLOW, gone=0) == 4
    assert learnt.foretold(SLOW, gone=5) == 6
    found = outlook(parcel(SLOW, promised=9), learnt, last_heard=None, zone=ZONE, now=NOW)
    assert (found.expected_on, found.why) == (date(2026, 11, 24), None)


def test_a_kind_that_was_never_seen_is_taken_for_the_shops_others(learnt: Experience) -> None:
    new = Kind("New", "standard", "DE")
    assert learnt.share_within(new, 2) == pytest.approx(learnt.share_within(new.above, 2))
    assert learnt.share_within(Kind("New", "express", "FR"), 6) == 1


def test_a_few_parcels_move_the_foretold_share_a_little(learnt: Experience) -> None:
    before = learnt.share_within(Kind("New", "standard", "DE"), 2)
    for _ in range(2):
        learnt.add(Kind("New", "standard", "DE"), days=2, quiet=1)
    after = learnt.share_within(Kind("New", "standard", "DE"), 2)
    assert before < after < before + 0.2


def test_a_slow_parcel_that_was_promised_soon_is_late_before_its_day(learnt: Experience) -> None:
    assert why(parcel(SLOW, promised=2), learnt) == Why.FORETOLD
    assert why(parcel(FAST, promised=2), learnt) is None


def test_what_has_not_left_in_time_is_late(learnt: Experience) -> None:
    assert why(parcel(SLOW, left=None, promised=1, status=Status.PRE_TRANSIT), learnt) == Why.NOT_LEFT
    assert why(parcel(SLOW, left=None, promised=9, status=Status.PRE_TRANSIT), learnt) is None


def test_silence_longer_than_its_likes_is_a_sign(learnt: Experience) -> None:
    assert why(parcel(FAST, left=5, promised=9), learnt, heard=5) == Why.SILENT
    assert why(parcel(FAST, left=5, promised=9), learnt, heard=0) is None


@pytest.mark.parametrize(("shipment", "sign"), [
    (parcel(promised=-1), Why.OVERDUE),
    (parcel(promised=2, status=Status.EXCEPTION), Why.EXCEPTION),
    (parcel(promised=0, status=Status.OUT_FOR_DELIVERY), None),
    (parcel(promised=-1, status=Status.AVAILABLE_FOR_PICKUP), None),
    (parcel(SLOW, promised=None), None),
    (parcel(SLOW, promised=2), None),
])  # fmt: skip
def test_a_young_shop_knows_what_the_calendar_and_the_carrier_say(shipment: Shipment, sign: Why | None) -> None:
    assert why(shipment, Experience()) == sign


def test_the_shops_own_parcels_are_read_and_a_mark_is_set_once(session: Session) -> None:
    for number in range(30):
        left = NOW - timedelta(days=21)
        progress.start(
            session, reference=f"D{number}", order_reference=f"A{number}", customer_id=None, carrier="Fast",
            tracking_number=f"{number}", at=left,
        )  # fmt: skip
        done = progress.shipment_by_reference(session, f"D{number}")
        assert done is not None
        progress.scan(session, done, status=Status.DELIVERED, at=left + timedelta(days=2))
    learnt = learn(session, zone=ZONE, now=NOW)
    assert learnt.enough
    progress.expect(session, order_reference="L", customer_id=None, at=NOW, promised_on=NOW.date() + timedelta(days=1))
    marks = [notice(session, open_shipments(session, now=NOW), learnt, zone=ZONE, now=NOW) for _ in range(2)]
    late = progress.shipments_of(session, "L")[0]
    session.refresh(late)
    assert marks == [[late.id], []]
    assert (late.delayed_at, late.delayed_why) == (NOW, Why.NOT_LEFT)
    assert late.expected_on == NOW.date() + timedelta(days=2)
