"""What flows hear of late, or learn while they write: nobody is written to on the wrong day, or of what is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from mailer.calendar import Place
from mailer.consent import Topic
from mailer.flows.birthday import Birthday
from mailer.flows.engine import run_flows
from mailer.flows.entry import EntryState, FlowEntry
from mailer.flows.flow import Run, Step
from mailer.flows.review import ReviewRequest
from mailer.flows.winback import WinBack
from tracking.customers import Customer
from tracking.delivery.shipment import Shipment, Status

from .test_account_flows import _all_sent, _ended, _run
from .town import Town, moment

NOON = moment("2026-06-10 10:00")
DE = Place("DE")


@pytest.fixture
def town(sessions: sessionmaker[Session]) -> Town:
    """No control group: everybody is mailed. A test sets the flows."""
    return Town(sessions, [], NOON)


class _BesideAShopper(Birthday):
    """While its e-mails are thought of, somebody checks out."""

    name = "beside_a_shopper"

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions, self.asked = sessions, 0

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any]:
        self.asked += 1
        with self._sessions.begin() as shopper:
            shopper.add(Customer(email=f"shopper{self.asked}@example.com", created_at=run.now))
        return {"day": "2026-06-10"}


def _birthdays(town: Town, people: int) -> _BesideAShopper:
    flow = _BesideAShopper(town.sessions)
    town.now = moment("2026-06-10 05:00")
    _run(town, flow)
    for number in range(people):
        town.person(f"p{number}", Topic.OFFERS, place=DE, traits={"birthday": "1990-06-10"})
    return flow


def test_checkouts_go_on_while_the_e_mails_of_many_entries_are_thought_of(town: Town) -> None:
    flow = _birthdays(town, 5)
    town.wait(minutes=0)  # SQLite has one writer: a shopper who had to wait for it would fail here
    assert flow.asked == len(town.emails()) == 5


def test_a_worker_that_is_to_stop_keeps_what_it_worked_out_and_the_next_run_does_the_rest(town: Town) -> None:
    flow = _birthdays(town, 5)
    run_flows(town.sessions, town.flows, town.shop, now=town.now, stopping=lambda: flow.asked >= 2)
    assert len(town.emails()) == 2
    town.wait(minutes=1)
    assert len(town.emails()) == flow.asked == 5


def test_a_birthday_heard_of_too_late_in_the_evening_is_not_kept_on_the_next_day(town: Town) -> None:
    _run(town, Birthday())
    town.now = moment("2026-06-14 19:20")  # twenty past nine in Berlin: it is quiet until eight
    town.person("ada", Topic.OFFERS, place=DE, traits={"birthday": "1980-06-14"})
    town.until(moment("2026-06-16 12:00"), every=timedelta(minutes=10))
    assert town.emails() == []
    assert [(entry.state, entry.reason) for entry in town.entries()] == [(EntryState.DONE, "day: its day had passed")]


def test_who_ordered_before_the_look_is_not_missed_where_the_order_is_heard_of_late(town: Town) -> None:
    _run(town, WinBack())
    ada = town.person("ada", Topic.OFFERS)
    town.order(ada, at=town.now - timedelta(days=119))
    town.until(NOON + timedelta(days=2), every=timedelta(hours=6))
    _all_sent(town)
    entered = town.entries()[0].entered_at
    town.order(ada, at=entered - timedelta(minutes=5))
    town.until(NOON + timedelta(days=30), every=timedelta(hours=6))
    assert [email.content["attempt"] for email in town.emails()] == ["first"]
    assert _ended(town) == ["ordered again"]


def test_a_parcel_sent_off_after_the_first_arrived_puts_the_review_off_until_a_week_after_it(
    town: Town, session: Session
) -> None:
    _run(town, ReviewRequest())
    ada = town.person("ada", Topic.REVIEWS, place=DE)
    order = town.order(ada, "tea", "cup")
    town.deliver(order)
    town.wait(hours=1)
    with town.sessions.begin() as writing:
        writing.add(
            Shipment(
                reference="P-missing", order_reference=order, customer_id=ada, status=Status.IN_TRANSIT,
                expected_at=NOON + timedelta(days=9), shipped_at=NOON + timedelta(days=2), delivered_at=None,
            )
        )  # fmt: skip
    town.until(NOON + timedelta(days=9))
    assert town.emails() == []
    with town.sessions.begin() as writing:
        late = writing.query(Shipment).where(Shipment.reference == "P-missing").one()
        late.delivered_at, late.status = town.now, Status.DELIVERED
    town.until(NOON + timedelta(days=15, hours=12))
    assert town.emails() == []
    town.until(NOON + timedelta(days=18))
    assert [one.order_reference for one in town.emails()] == [order]
