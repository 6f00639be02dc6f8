"""Targets: by priority and segment, in the team's hours, with a clock that stands while we wait for the customer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session, sessionmaker

from ecrm.customers.segments import segment
from ecrm.service import cases
from ecrm.service.arranging import DeskArranger, close_solved, mark_breaches
from ecrm.service.cases import Case, Changes, Direction, Opened, Priority, Said, State
from ecrm.service.desk import ARRANGER
from ecrm.service.targets import DAY, HOUR, USUAL, all_targets, promise_for, save_targets
from ecrm.service.teams import Team
from ecrm.storefront import Staff
from mailer.contacts import Contact
from tracking.customers import find_or_create_guest

MONDAY = datetime(2026, 6, 8, 9, 0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
SAM = Staff(staff_id="7", name="Sam", role="support")


@pytest.fixture
def office(session: Session) -> Team:
    """Monday to Friday, nine to five, in Berlin."""
    team = Team(name="Office", time_zone="Europe/Berlin", country="DE", subdivision="BE",
                hours={str(day): [[540, 1020]] for day in range(5)})  # fmt: skip
    session.add(team)
    session.flush()
    return team


@pytest.fixture(autouse=True)
def arranged() -> Iterator[None]:
    """The desk's own arranger, whatever a test puts there."""
    yield
    cases.arrange_with(ARRANGER)


def opened(session: Session, *, now: datetime = MONDAY, **more: object) -> Case:
    fields: dict[str, object] = {
        "channel": cases.Channel.EMAIL, "subject": "Teapot", "from_address": "ada@example.com",
        "said": Said(direction=Direction.IN, text="Hello"), **more,
    }  # fmt: skip
    return cases.open_case(session, Opened(**fields), now=now)  # type: ignore[arg-type]


def after(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def test_a_case_is_due_in_the_working_hours_of_its_team(session: Session, office: Team) -> None:
    case = opened(session, team_id=office.id)
    assert (case.response_minutes, case.resolution_minutes) == USUAL[Priority.NORMAL]
    assert case.first_response_due == case.next_due == after(8)  # the end of the working day
    assert case.resolution_due == after(56)  # of the third one
    cases.change(session, case, Changes(priority=Priority.URGENT), now=after(0.5), by=SAM)
    assert case.first_response_due == after(1)


def test_the_clock_stands_while_we_wait_for_the_customer(session: Session, office: Team) -> None:
    case = opened(session, team_id=office.id)
    cases.add_message(session, case, Said(direction=Direction.OUT, text="Which one?", by=SAM), now=after(1))
    assert case.next_due == case.resolution_due == after(56)
    cases.change(session, case, Changes(state=State.WAITING), now=after(1), by=SAM)
    assert case.next_due == cases.NEVER
    cases.add_message(session, case, Said(direction=Direction.IN, text="The blue one"), now=after(25))
    assert case.paused_seconds == 8 * 3600  # a night is no working time
    assert case.next_due == after(80)


def test_the_time_between_solved_and_reopened_isnt_ours(session: Session, office: Team) -> None:
    case = opened(session, team_id=office.id)
    cases.change(session, case, Changes(state=State.WAITING), now=after(1), by=SAM)
    cases.change(session, case, Changes(state=State.SOLVED), now=after(2), by=SAM)
    cases.change(session, case, Changes(state=State.OPEN), now=after(4), by=SAM)
    assert (case.paused_seconds, case.reopened) == (3 * 3600, 1)


def test_another_team_counts_from_its_taking_over(session: Session, office: Team) -> None:
    case = opened(session, team_id=office.id)
    cases.change(session, case, Changes(state=State.WAITING), now=after(1), by=SAM)
    cases.change(session, case, Changes(team_id=cases.NO_TEAM), now=after(9), by=SAM)  # seven hours of the office
    cases.change(session, case, Changes(state=State.OPEN), now=after(24), by=SAM)  # fifteen of a day and night
    assert case.paused_seconds == (7 + 15) * 3600


def test_a_missed_target_is_marked_once_by_the_job_or_by_the_late_answer(
    sessions: sessionmaker[Session],
) -> None:
    with sessions.begin() as session:
        numbers = [opened(session, priority=Priority.URGENT).id for _one in range(2)]
    assert mark_breaches(sessions, now=after(0.5)) == 0
    with sessions.begin() as session:
        late = session.get_one(Case, numbers[0])
        cases.add_message(session, late, Said(direction=Direction.OUT, text="Sorry", by=SAM), now=after(1.5))
        assert late.response_breached_at == after(1)
    assert mark_breaches(sessions, now=after(2)) == 1
    assert mark_breaches(sessions, now=after(3)) == 0
    assert mark_breaches(sessions, now=after(9)) == 2  # both resolutions
    with sessions() as session:
        for number in numbers:
            marked = [step.detail["target"] for step in cases.steps_of(session, number) if step.what == "breached"]
            assert marked == ["response", "resolution"]


def test_a_segments_targets_go_before_everybodys_and_a_sooner_policy_before_both(session: Session) -> None:
    ada = find_or_create_guest(session, email="ada@example.com", at=MONDAY)
    ada.country = "DE"
    session.add(Contact(folded="ada@example.com", address="ada@example.com", customer_id=ada.id, created_at=MONDAY))
    rules = {"all": [{"is": "country", "countries": "DE"}]}
    german = segment.save(session, name="Germans", rules=rules, by="Sam", now=MONDAY)
    save_targets(session, german.id, {Priority.NORMAL: (HOUR, None)})
    save_targets(session, None, {Priority.NORMAL: (2 * HOUR, DAY), Priority.LOW: (None, None)})
    found = promise_for(session, priority=2, customer_id=ada.id, now=MONDAY)
    assert (found.response_minutes, found.resolution_minutes, found.segment) == (HOUR, None, "Germans")
    other = promise_for(session, priority=2, customer_id=None, now=MONDAY)
    assert (other.response_minutes, other.because) == (2 * HOUR, "everybody")
    assert promise_for(session, priority=4, customer_id=None, now=MONDAY).because == "usual"
    quick = promise_for(session, priority=2, customer_id=ada.id, now=MONDAY, policy=lambda *_: 10)
    assert (quick.response_minutes, quick.because) == (10, "policy")
    assert all_targets(session)[None][Priority.LOW] == (None, None)
    assert list(all_targets(session)) == [None, german.id]
    case = opened(session)
    assert case.first_response_due == MONDAY + timedelta(hours=1)
    cases.arrange_with(DeskArranger(response_policy=lambda *_: 5))
    assert opened(session).first_response_due == MONDAY + timedelta(minutes=5)


def test_what_stays_solved_is_closed(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        numbers = [opened(session).id for _one in range(2)]
        for number, days in zip(numbers, (0, 10), strict=True):
            solved = Changes(state=State.SOLVED)
            cases.change(session, session.get_one(Case, number), solved, now=MONDAY + timedelta(days=days), by=SAM)
    assert close_solved(sessions, now=MONDAY + timedelta(days=15), after=timedelta(days=14)) == 1
    with sessions() as session:
        assert [session.get_one(Case, one).state for one in numbers] == [State.CLOSED, State.SOLVED]


def test_segments_keep_their_order_when_one_is_saved_again(session: Session) -> None:
    rules = {"all": [{"is": "country", "countries": "DE"}]}
    press, friends, traders = (
        segment.save(session, name=name, rules=rules, by="Sam", now=MONDAY).id
        for name in ("Press", "Friends", "Traders")
    )
    for one in (press, friends, traders):
        save_targets(session, one, {Priority.NORMAL: (HOUR, DAY)})
    save_targets(session, press, {Priority.NORMAL: (2 * HOUR, DAY)})
    assert list(all_targets(session)) == [None, press, friends, traders]
    save_targets(session, traders, {Priority.NORMAL: (HOUR, DAY)}, place=1)
    assert list(all_targets(session)) == [None, traders, press, friends]
    save_targets(session, press, {})
    assert list(all_targets(session)) == [None, traders, friends]
