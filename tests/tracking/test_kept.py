"""A kept statement answers what the usual way answers, type for type, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import bindparam, literal, select
from sqlalchemy.orm import Session

from tracking.clickstream.event import Event
from tracking.delivery.shipment import Shipment, Status
from tracking.kept import Kept

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PARCEL, EVENT = Shipment.__table__.c, Event.__table__.c


@pytest.fixture
def parcels(session: Session) -> Session:
    for number in range(3):
        session.add(
            Shipment(
                reference=f"P{number}", order_reference="A1", status=Status.IN_TRANSIT, promised_on=date(2026, 11, 24),
                expected_at=NOW + timedelta(days=number), shipped_at=None if number else NOW,
            )
        )  # fmt: skip
    session.add(Event(name="Signed In", happened_at=NOW, properties={"way": ["link", 1]}, simulated=True))
    session.flush()
    return session


def test_moments_days_and_what_is_missing_come_back_as_their_types_say(parcels: Session) -> None:
    newest = select(PARCEL.reference, PARCEL.expected_at, PARCEL.promised_on, PARCEL.shipped_at).where(
        PARCEL.expected_at > bindparam("since", type_=PARCEL.expected_at.type), PARCEL.order_reference == "A1"
    ).order_by(PARCEL.expected_at.desc()).limit(bindparam("most"))  # fmt: skip
    found = Kept(newest).rows(parcels.connection(), since=NOW, most=1)
    usual = parcels.connection().execute(newest, {"since": NOW, "most": 1}).all()
    assert [tuple(row) for row in found] == [tuple(row) for row in usual]
    assert found[0].reference == "P2"
    assert (found[0].expected_at, found[0].shipped_at) == (NOW + timedelta(days=2), None)


def test_it_is_asked_again_with_other_values(parcels: Session) -> None:
    kept = Kept(select(PARCEL.id).where(PARCEL.reference == bindparam("reference")))
    assert [len(kept.rows(parcels.connection(), reference=one)) for one in ("P1", "P9", "P2")] == [1, 0, 1]


def test_json_and_truth_are_read_and_constants_stay(parcels: Session) -> None:
    kept = Kept(select(EVENT.properties, EVENT.simulated, literal("100 %").label("share")))
    (row,) = kept.rows(parcels.connection())
    assert (row.properties, row.simulated, row.share) == ({"way": ["link", 1]}, True, "100 %")


def test_a_value_that_is_missing_is_an_error(parcels: Session) -> None:
    with pytest.raises(KeyError):
        Kept(select(PARCEL.id).where(PARCEL.id == bindparam("id"))).rows(parcels.connection())
