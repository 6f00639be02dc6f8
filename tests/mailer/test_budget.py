"""The contact budget: caps over everything, the more important first; what loses waits, says why, and isn't lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from mailer.addressing import Mailbox
from mailer.budget import Budget, Deferred, Refused
from mailer.calendar import Place
from mailer.caps import Cap, Caps
from mailer.contacts import Contact
from mailer.outbox import Email, State
from mailer.quiet import Quiet
from mailer.unwritten import queue_unwritten
from tests.mailer.flows.town import moment
from tracking.customers import Customer

NOON = moment("2026-06-10 10:00")  # a Wednesday, 12:00 in Berlin
SHOP = Mailbox("Shop", "shop@example.com")
WHERE: dict[int, Place] = {}


def _places(_session: Session, customers: Collection[int]) -> Mapping[int, Place]:
    return {number: WHERE[number] for number in customers if number in WHERE}


@pytest.fixture
def budget() -> Budget:
    WHERE.clear()
    return Budget(zone="Europe/Berlin", home=Place("DE"), places=_places)


@pytest.fixture
def ada(session: Session) -> Contact:
    return _contact(session, "ada")


def _contact(session: Session, name: str) -> Contact:
    customer = Customer(reference=name, email=f"{name}@example.com", created_at=NOON)
    session.add(customer)
    session.flush()
    contact = Contact(folded=customer.email, address=customer.email, customer_id=customer.id, created_at=NOON)
    session.add(contact)
    session.flush()
    return contact


def _email(session: Session, to: Contact, source: str, *, priority: int = 20, **values: Any) -> Email:
    due = values.pop("due_at", NOON)
    number = queue_unwritten(
        session, dedup_key=f"{source}:{to.id}:{due}", template="t", sender=SHOP, to=Mailbox("", to.address),
        contact_id=to.id, customer_id=to.customer_id, topic="offers", source=source, priority=priority,
        content=values.pop("content", {}), due_at=due, now=values.pop("queued_at", NOON),
    )  # fmt: skip
    email = session.get_one(Email, number)
    for name, value in values.items():
        setattr(email, name, value)
    session.flush()
    return email


def _sent(session: Session, to: Contact, source: str, at: datetime) -> Email:
    return _email(session, to, source, state=State.SENT, sent_at=at, due_at=at)


def test_the_first_email_of_a_day_may_go(session: Session, budget: Budget, ada: Contact) -> None:
    assert budget.admit(session, [_email(session, ada, "flow:cart")], now=NOON) == {}


def test_the_second_one_waits_for_tomorrow_morning_and_names_the_winner(
    session: Session, budget: Budget, ada: Contact
) -> None:
    _sent(session, ada, "flow:welcome", NOON - timedelta(hours=2))
    email = _email(session, ada, "mailing:7")
    (answer,) = budget.admit(session, [email], now=NOON).values()
    assert answer == Deferred(moment("2026-06-11 06:00"), "1 a day: flow:welcome went first (10 Jun 10:00)")


def test_of_two_in_one_batch_the_more_important_goes(session: Session, budget: Budget, ada: Contact) -> None:
    mailing, cart = _email(session, ada, "mailing:7"), _email(session, ada, "flow:cart", priority=70)
    answers = budget.admit(session, [mailing, cart], now=NOON)
    assert list(answers) == [mailing.id]
    assert "flow:cart went first" in answers[mailing.id].reason


def test_room_is_kept_for_a_more_important_one_that_is_due_later_today(
    session: Session, budget: Budget, ada: Contact
) -> None:
    _email(session, ada, "flow:birthday", priority=65, due_at=NOON + timedelta(hours=5))
    mailing = _email(session, ada, "mailing:7")
    answer = budget.admit(session, [mailing], now=NOON)[mailing.id]
    assert answer.reason == "1 a day: flow:birthday goes first (10 Jun 17:00)"
    tomorrow = _email(session, ada, "mailing:8", due_at=NOON + timedelta(seconds=1))
    assert budget.admit(session, [tomorrow], now=NOON + timedelta(days=1)) == {}


def test_three_in_seven_days_are_counted_by_local_days(session: Session, budget: Budget, ada: Contact) -> None:
    for days in (6, 4, 2):
        _sent(session, ada, f"mailing:{days}", NOON - timedelta(days=days))
    email = _email(session, ada, "mailing:7")
    (answer,) = budget.admit(session, [email], now=NOON).values()
    assert isinstance(answer, Deferred)
    assert answer.until == moment("2026-06-11 06:00")  # that of the 4th leaves the seven days
    assert answer.reason.startswith("3 in 7 days: mailing:2 went first")


def test_what_would_wait_beyond_its_time_is_dropped_and_says_so(session: Session, budget: Budget, ada: Contact) -> None:
    _sent(session, ada, "flow:welcome", NOON - timedelta(hours=2))
    deadline = (NOON + timedelta(hours=3)).isoformat()
    email = _email(session, ada, "flow:cart", content={"deadline": deadline})
    (answer,) = budget.admit(session, [email], now=NOON).values()
    assert isinstance(answer, Refused)
    assert answer.reason.startswith("its time passes on 10 Jun 13:00 UTC; 1 a day: flow:welcome went first")


def test_emails_that_never_went_out_take_no_room(session: Session, budget: Budget, ada: Contact) -> None:
    for state in (State.DROPPED, State.SUPPRESSED, State.FAILED, State.DEFERRED):
        _email(session, ada, f"mailing:{state}", state=state, claimed_at=NOON)
    assert budget.admit(session, [_email(session, ada, "flow:cart", priority=70)], now=NOON) == {}


def test_one_that_another_worker_is_sending_takes_room(session: Session, budget: Budget, ada: Contact) -> None:
    _email(session, ada, "flow:welcome", state=State.CLAIMED, claimed_at=NOON)
    assert budget.admit(session, [_email(session, ada, "mailing:7")], now=NOON)


def test_transactional_emails_have_no_budget_and_take_none(session: Session, budget: Budget, ada: Contact) -> None:
    _email(session, ada, "", state=State.SENT, sent_at=NOON, transactional=True)
    shipped = _email(session, ada, "order", transactional=True)
    assert budget.admit(session, [shipped, _email(session, ada, "mailing:7")], now=moment("2026-06-10 10:01")) == {}


@pytest.mark.parametrize(
    ("place", "now", "until", "why"),
    [
        (Place("DE"), "2026-06-10 19:30", "2026-06-11 06:00", "quiet hours (21–8, 21:30 in Europe/Berlin)"),
        (Place("US", "CA"), "2026-06-10 10:00", "2026-06-10 15:00", "quiet hours (21–8, 03:00 in America/Los_Angeles)"),
        (Place("NP"), "2026-06-10 16:00", "2026-06-11 02:15", "quiet hours (21–8, 21:45 in Asia/Kathmandu)"),
        (Place("DE", "BE"), "2026-10-03 10:00", "2026-10-04 06:00", "public holiday: German Unity Day"),
        (Place("DE"), "2026-12-25 10:00", "2026-12-27 07:00", "public holiday: Christmas Day"),
        (Place("US"), "2026-11-26 17:00", "2026-11-27 13:00", "public holiday: Thanksgiving Day"),
        (Place("DE"), "2027-03-28 00:30", "2027-03-28 06:00", "quiet hours (21–8, 01:30 in Europe/Berlin)"),
        (Place("DE"), "2026-10-24 20:00", "2026-10-25 07:00", "quiet hours (21–8, 22:00 in Europe/Berlin)"),
    ],
)
def test_nobody_is_bothered_at_night_or_on_a_holiday_by_their_own_clock(
    session: Session, budget: Budget, ada: Contact, place: Place, now: str, until: str, why: str
) -> None:
    assert ada.customer_id is not None
    WHERE[ada.customer_id] = place
    email = _email(session, ada, "mailing:7", queued_at=moment(now))
    (answer,) = budget.admit(session, [email], now=moment(now)).values()
    assert answer == Deferred(moment(until), why)


def test_a_birthday_is_greeted_on_a_holiday_too_but_not_at_night(
    session: Session, budget: Budget, ada: Contact
) -> None:
    christmas = moment("2026-12-25 10:00")
    email = _email(session, ada, "flow:birthday", content={"any_day": True}, queued_at=christmas)
    assert budget.admit(session, [email], now=christmas) == {}
    assert budget.admit(session, [email], now=christmas.replace(hour=2))


def test_a_reason_to_be_silent_is_asked_again_every_day(session: Session, budget: Budget, ada: Contact) -> None:
    def late(_session: Session, customers: Collection[int], _now: datetime) -> Mapping[int, str]:
        return dict.fromkeys(customers, "a parcel of theirs is late")

    email = _email(session, ada, "mailing:7")
    answers = replace(budget, silences=(late,)).admit(session, [email], now=NOON)
    assert answers[email.id] == Deferred(moment("2026-06-11 06:00"), "a parcel of theirs is late")


def test_without_caps_and_quiet_hours_everything_goes(session: Session, budget: Budget, ada: Contact) -> None:
    free = replace(budget, caps=Caps.parse(""), quiet=Quiet.parse("", on_holidays=False))
    night = moment("2026-12-25 02:00")
    _sent(session, ada, "flow:welcome", night)
    assert free.admit(session, [_email(session, ada, "mailing:7", queued_at=night)], now=night) == {}


def test_a_batch_costs_a_handful_of_statements_however_long_it_is(session: Session, budget: Budget) -> None:
    emails = [_email(session, _contact(session, f"p{number}"), "mailing:7") for number in range(40)]
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert budget.admit(session, emails, now=NOON) == {}
    assert len(statements) <= 3


def test_caps_and_quiet_hours_are_read_from_words() -> None:
    assert Caps.parse("1/day, 3/7days, 10 / 30 days, 5/week").caps == (Cap(1, 1), Cap(3, 7), Cap(10, 30), Cap(5, 7))
    assert (Quiet.parse("22-7").starts, Quiet.parse("22-7").ends) == (22, 7)
    for wrong in ("one a day", "0/day", "1/0days", "1"):
        with pytest.raises(ValueError, match="1/day, 3/7days"):
            Caps.parse(wrong)
    for wrong in ("21 to 8", "24-8", "21"):
        with pytest.raises(ValueError, match="quiet hours"):
            Quiet.parse(wrong)


def test_what_is_claimed_after_its_time_is_refused_however_much_room_there_is(
    session: Session, budget: Budget, ada: Contact
) -> None:
    greeting = _email(session, ada, "flow:birthday", content={"deadline": (NOON - timedelta(days=4)).isoformat()})
    old = _email(session, ada, "mailing:7", queued_at=NOON - timedelta(days=15))
    answers = budget.admit(session, [greeting, old], now=NOON)
    assert answers[greeting.id] == Refused("its time has passed on 06 Jun 10:00 UTC")
    assert isinstance(answers[old.id], Refused)


def test_no_room_is_kept_for_what_its_writer_holds(session: Session, budget: Budget, ada: Contact) -> None:
    soon = NOON + timedelta(hours=5)
    held = _email(session, ada, "flow:arrivals", priority=40, state=State.DEFERRED, reason="sold out", due_at=soon)
    mailing = _email(session, ada, "mailing:7")
    assert budget.admit(session, [mailing], now=NOON) == {}
    held.reason = "quiet hours (21–8, 07:00 in Europe/Berlin)"
    session.flush()
    assert "flow:arrivals goes first" in budget.admit(session, [mailing], now=NOON)[mailing.id].reason


def test_a_customer_with_two_mailboxes_is_one_person(session: Session, budget: Budget, ada: Contact) -> None:
    second = Contact(folded="a2@example.com", address="a2@example.com", customer_id=ada.customer_id, created_at=NOON)
    session.add(second)
    session.flush()
    mailings = [_email(session, one, "mailing:7") for one in (ada, second)]
    assert list(budget.admit(session, mailings, now=NOON)) == [mailings[1].id]
    _sent(session, ada, "flow:cart", NOON - timedelta(hours=1))
    assert set(budget.admit(session, mailings, now=NOON)) == {one.id for one in mailings}


def test_a_mailbox_whose_owner_became_known_between_two_emails_is_one_person(
    session: Session, budget: Budget, ada: Contact
) -> None:
    before = _email(session, ada, "mailing:7", customer_id=None)
    after = _email(session, ada, "flow:welcome", priority=40)
    assert list(budget.admit(session, [after, before], now=NOON)) == [before.id]
    _sent(session, ada, "flow:cart", NOON - timedelta(hours=1))
    assert set(budget.admit(session, [after, before], now=NOON)) == {before.id, after.id}
