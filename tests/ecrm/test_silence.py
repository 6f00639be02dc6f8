"""Silence: who waits for a parcel gets no promotion, but not for ever."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service import cases
from ecrm.silence import late_parcel, open_complaint, reasons
from tests.mailer.flows.town import Town, moment
from tracking.delivery.shipment import Shipment, Status

NOON = moment("2026-06-10 10:00")


def _parcel(town: Town, *, days: int) -> tuple[int, str]:
    """Of an order whose parcel was promised so many days ago and never came."""
    ada = town.person("ada")
    order = town.order(ada, "tea", at=NOON - timedelta(days=days + 3))
    with town.sessions.begin() as session:
        session.add(
            Shipment(
                reference="P", order_reference=order, customer_id=ada, status=Status.IN_TRANSIT,
                expected_at=NOON - timedelta(days=days + 3), promised_on=(NOON - timedelta(days=days)).date(),
            )
        )  # fmt: skip
    return ada, order


@pytest.mark.parametrize(("days", "silent"), [(0, False), (1, True), (29, True), (31, False), (897, False)])
def test_a_parcel_is_late_for_a_month(sessions: sessionmaker[Session], days: int, silent: bool) -> None:
    town = Town(sessions, [], NOON)
    ada, _order = _parcel(town, days=days)
    with sessions() as session:
        assert bool(late_parcel(session, [ada], NOON)) is silent


def test_a_late_parcel_whose_order_was_refunded_silences_nobody(sessions: sessionmaker[Session]) -> None:
    town = Town(sessions, [], NOON)
    ada, order = _parcel(town, days=5)
    town.refund(order, 2000)
    with sessions() as session:
        assert late_parcel(session, [ada], NOON) == {}


def test_the_day_is_that_of_the_shop(sessions: sessionmaker[Session]) -> None:
    town = Town(sessions, [], NOON)
    ada, _order = _parcel(town, days=0)
    night = moment("2026-06-10 23:00")
    with sessions() as session:
        assert late_parcel(session, [ada], night) == {}
        assert late_parcel(session, [ada], night, zone=ZoneInfo("Europe/Berlin"))


def test_an_open_complaint_silences_until_it_is_solved_and_a_rehearsal_sees_the_past(
    sessions: sessionmaker[Session],
) -> None:
    town = Town(sessions, [], NOON)
    ada, bo = town.person("ada"), town.person("bo")
    with sessions.begin() as session:
        complaint = cases.open_case(
            session,
            cases.Opened(
                channel=cases.Channel.EMAIL, kind=cases.Kind.COMPLAINT, subject="Broken again", customer_id=ada
            ),
            now=NOON,
        )  # fmt: skip
        cases.open_case(
            session, cases.Opened(channel=cases.Channel.EMAIL, subject="How hot is it?", customer_id=bo), now=NOON
        )
        said = open_complaint(session, [ada, bo], NOON)
        assert said == {ada: f"complaint {complaint.reference} is open"}
        assert open_complaint(session, [ada], NOON - timedelta(hours=1)) == {}
        solved = cases.Changes(state=cases.State.SOLVED)
        cases.change(session, complaint, solved, now=NOON + timedelta(days=1))
        assert open_complaint(session, [ada], NOON + timedelta(days=2)) == {}
        assert open_complaint(session, [ada], NOON) == said
    assert open_complaint in reasons(ZoneInfo("UTC"))
