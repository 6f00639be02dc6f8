"""The engine: once a cause, never for those who don't want it, however many workers run and wherever they die."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from mailer.calendar import Place, zone_of
from mailer.consent import Topic
from mailer.contacts import Contact
from mailer.flows.engine import run_flows, setting_of
from mailer.flows.entry import EntryState, FlowDay, FlowEntry, in_control
from mailer.flows.flow import Entering, Flow, Later, Leave, Run, Step
from mailer.outbox import Email, State
from tracking.orders import SeenOrder

from .town import Town, moment

NOON = moment("2026-06-10 10:00")  # a Wednesday, 12:00 in Berlin


class Thanks(Flow):
    """Thanks for each order: at once, and two days later unless another one came."""

    name = "thanks"
    title = "Thanks"
    does = "Thanks."
    topic = Topic.OFFERS
    priority = 50
    control_percent = 0
    steps: ClassVar[tuple[Step, ...]] = (
        Step(name="first", template="flow_thanks"),
        Step(name="again", template="flow_thanks", after=timedelta(days=2)),
    )

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        orders = select(SeenOrder).where(SeenOrder.placed_at > run.since, SeenOrder.placed_at <= run.now)
        for order in session.scalars(orders.order_by(SeenOrder.id)):
            yield Entering(
                cause=order.reference,
                at=order.placed_at,
                customer_id=order.customer_id,
                data={"order": order.reference},
            )

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | Later | None:
        later = select(SeenOrder.id).where(
            SeenOrder.customer_id == entry.customer_id, SeenOrder.placed_at > entry.caused_at,
            SeenOrder.placed_at <= run.now,
        )  # fmt: skip
        return Leave("ordered again") if session.scalar(later) else None


class Greeting(Thanks):
    """Once a local day, to everybody who lives there."""

    name = "greeting"
    daily = True
    steps = (Step(name="hello", template="flow_hello", at_best_hour=True, on_day=True, any_day=True),)

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        assert run.day is not None
        people = session.scalars(select(Contact)).all()
        places = run.shop.places(session, [one.customer_id for one in people if one.customer_id])
        for one in people:
            place = places.get(one.customer_id or 0, Place("DE"))
            if zone_of(place, otherwise=run.shop.zone).key == run.zone:
                yield Entering(cause=f"{one.id}:{run.day}", at=run.now, contact_id=one.id)


class Broken(Thanks):
    """Finds no words for one order."""

    name = "broken"

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        if entry.data["order"] == "A0001":
            raise ZeroDivisionError
        return dict(entry.data)


@pytest.fixture
def town(sessions: sessionmaker[Session]) -> Town:
    return Town(sessions, [Thanks()], NOON)


def test_a_step_is_queued_once_with_what_it_is_about(town: Town) -> None:
    ada = town.person("ada", Topic.OFFERS)
    town.order(ada)
    town.wait(minutes=1)
    town.wait(minutes=1)
    (email,) = town.emails()
    assert (email.dedup_key, email.source, email.topic) == ("flow:thanks:1:0", "flow:thanks", "offers")
    assert (email.to_name, email.to_address, email.transactional) == ("Ada", "ada@example.com", False)
    assert email.content["order"] == "A0001"
    assert email.content["deadline"] > town.now.isoformat()


def test_the_next_step_waits_for_its_time_and_for_the_email_before_it(town: Town, session: Session) -> None:
    town.order(town.person("ada", Topic.OFFERS))
    town.wait(minutes=1)
    town.wait(days=2)  # the first e-mail still waits
    assert len(town.emails()) == 1
    session.execute(update(Email).values(state=State.SENT, sent_at=town.now))
    session.commit()
    town.wait(hours=1)
    assert [email.step for email in town.emails()] == [0, 1]
    assert town.entries()[0].state == EntryState.DONE


def test_who_leaves_gets_nothing_more_and_it_says_why(town: Town) -> None:
    ada = town.person("ada", Topic.OFFERS)
    town.order(ada)
    town.wait(minutes=1)
    town.now += timedelta(days=1)
    town.order(ada)
    town.wait(days=1)
    first, _second = town.entries()
    assert (first.state, first.reason) == (EntryState.EXITED, "ordered again")


def test_nobody_enters_who_did_not_agree_or_is_blocked(town: Town, session: Session) -> None:
    ada, bob, eve = (
        town.person("ada", Topic.OFFERS),
        town.person("bob", Topic.ARRIVALS),
        town.person("eve", Topic.OFFERS),
    )
    session.execute(update(Contact).where(Contact.customer_id == eve).values(blocked=1))
    session.commit()
    for one in (ada, bob, eve):
        town.order(one)
    report = town.wait(minutes=1)
    assert (report.entered, report.without_consent) == (1, 2)
    assert [email.to_address for email in town.emails()] == ["ada@example.com"]


def test_who_withdraws_leaves_at_the_next_step(town: Town, session: Session) -> None:
    ada = town.person("ada", Topic.OFFERS)
    town.order(ada)
    town.wait(minutes=1)
    session.execute(update(Email).values(state=State.SENT))
    session.commit()
    town.agree(ada, Topic.OFFERS, wanted=False)
    town.wait(days=2)
    assert len(town.emails()) == 1
    assert town.entries()[0].reason == "not wanted any more"


def test_a_control_group_goes_through_the_same_steps_without_emails(town: Town, session: Session) -> None:
    flow = town.flows[0]
    setting_of(session, flow).control_percent = 100
    session.commit()
    town.order(town.person("ada", Topic.OFFERS))
    report = town.wait(minutes=1)
    assert (report.entered, report.in_control, report.withheld, report.queued) == (1, 1, 1, 0)
    assert town.emails() == []
    assert town.entries()[0].step == 1


def test_the_control_group_is_drawn_by_person_and_about_as_large_as_was_said() -> None:
    drawn = [number for number in range(20_000) if in_control("cart", number, percent=10)]
    assert 1_850 < len(drawn) < 2_150
    assert drawn == [number for number in range(20_000) if in_control("cart", number, percent=10)]
    assert not any(in_control("cart", number, percent=0) for number in range(1000))
    assert all(in_control("cart", number, percent=100) for number in range(1000))


def test_what_is_switched_off_stands_still_and_looks_not_back_on_everything(town: Town, session: Session) -> None:
    setting = setting_of(session, town.flows[0])
    setting.switched_on = False
    session.commit()
    ada = town.person("ada", Topic.OFFERS)
    town.order(ada)
    town.wait(minutes=1)
    assert town.entries() == []
    setting.switched_on = True
    session.commit()
    town.wait(days=30)
    assert town.entries() == []  # a month-old order is no cause any more


def test_a_flow_that_fails_holds_up_nobody_else(sessions: sessionmaker[Session]) -> None:
    town = Town(sessions, [Broken(), Thanks()], NOON)
    ada = town.person("ada", Topic.OFFERS)
    town.order(ada)
    town.now += timedelta(minutes=1)
    town.order(town.person("bob", Topic.OFFERS))
    report = town.wait(minutes=1)
    assert report.failed == 1
    assert sorted(email.dedup_key.split(":")[1] for email in town.emails()) == ["broken", "thanks", "thanks"]
    waiting = next(entry for entry in town.entries() if entry.flow == "broken" and entry.data["order"] == "A0001")
    assert "ZeroDivisionError" in waiting.reason
    assert waiting.due_at > town.now


def test_two_workers_at_once_make_one_entry_and_one_email(town: Town, sessions: sessionmaker[Session]) -> None:
    people = [town.person(f"p{number}", Topic.OFFERS) for number in range(30)]
    for one in people:
        town.order(one)
    town.now += timedelta(minutes=1)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            run_flows(sessions, town.flows, town.shop, now=town.now)
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert len(town.entries()) == len(town.emails()) == 30


@pytest.mark.parametrize(
    "zone_place", [Place("DE"), Place("US", "NY"), Place("KI", "L"), Place("NP"), Place("AU", "NSW")]
)
def test_a_daily_flow_asks_once_each_local_day_of_a_leap_year(
    sessions: sessionmaker[Session], zone_place: Place
) -> None:
    """366 days of 2028, looked at every seven hours, across both changes of daylight saving time."""
    town = Town(sessions, [Greeting()], moment("2027-12-31 23:00"))
    town.shop.zone = "Europe/Berlin"
    town.person("ada", Topic.OFFERS, place=zone_place)
    zone = zone_of(zone_place, otherwise="Europe/Berlin")
    with sessions.begin() as session:
        setting_of(session, town.flows[0]).control_percent = 100  # the days are asked about, not the e-mails
    town.until(moment("2029-01-01 12:00"), every=timedelta(hours=7))
    with sessions() as session:
        days = session.scalars(select(FlowDay.day).where(FlowDay.zone == zone.key).order_by(FlowDay.day)).all()
        causes = session.scalars(select(FlowEntry.cause)).all()
    of_2028 = [day for day in days if day.year == 2028]
    assert len(of_2028) == len(set(of_2028)) == 366
    assert len(causes) == len(set(causes))


def test_days_are_those_of_the_persons_calendar(sessions: sessionmaker[Session]) -> None:
    """When it is still the 1st in Honolulu, it is the 2nd in Kiritimati."""
    town = Town(sessions, [Greeting()], moment("2026-06-02 05:00"))
    ada, bob = (
        town.person("ada", Topic.OFFERS, place=Place("US", "HI")),
        town.person("bob", Topic.OFFERS, place=Place("KI", "L")),
    )
    town.wait(minutes=5)
    causes = {entry.customer_id: entry.cause.split(":")[1] for entry in town.entries()}
    assert causes == {ada: "2026-06-01", bob: "2026-06-02"}
    for email in town.emails():
        zone = {ada: "Pacific/Honolulu", bob: "Pacific/Kiritimati"}[email.customer_id or 0]
        local = email.due_at.astimezone(ZoneInfo(zone))
        assert local.date().isoformat() == causes[email.customer_id or 0]
        assert 8 <= local.hour < 21
