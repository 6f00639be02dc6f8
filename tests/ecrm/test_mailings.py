"""A mailing from its schedule to its end: each recipient once, whoever dies; who is left out; which variant wins."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from ecrm.flow_shop import budget_of
from ecrm.mailing_checks import reach_of, recipients
from ecrm.mailings import run
from ecrm.sending import make_desk
from mailer.addressing import Mailbox
from mailer.consent import Subscription, Topic
from mailer.contacts import Contact
from mailer.engagement import Deed, Engagement
from mailer.mailing_expansion import CHUNK, everybody, expand, fraction
from mailer.mailing_winner import Outcome, decide
from mailer.mailings import (
    Mailing,
    MailingHoldout,
    MailingState,
    Stage,
    WinnerRule,
    add_variant,
    go_on,
    pause,
    schedule,
    start_due,
    stop,
    withdraw,
)
from mailer.outbox import Email, State
from mailer.sender import Stream, send_due
from tracking.customers import Customer

from .kites import Kites
from .stall import NOW, mailing, open_stall

TEXT = [{"kind": "text", "text": "Wind is up, {{ first_name | friend }}."}]


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_stall(engine, tmp_path)


def readers(kites: Kites, count: int, *, tracked: bool = False) -> None:
    with kites.crm.sessions.begin() as session:
        made = [
            Contact(
                folded=f"r{one}@example.com", address=f"r{one}@example.com", created_at=NOW, tracking_allowed=tracked
            )
            for one in range(count)
        ]
        session.add_all(made)
        session.flush()
        session.add_all(
            Subscription(contact_id=one.id, topic=Topic.OFFERS, wanted=True, changed_at=NOW) for one in made
        )


def scheduled(kites: Kites, **values: Any) -> int:
    number = mailing(kites, TEXT)
    with kites.crm.sessions.begin() as session:
        row = session.get_one(Mailing, number)
        row.state = MailingState.DRAFT
        for name, value in values.items():
            setattr(row, name, value)
        if values.get("winner_by"):
            added = add_variant(session, row)
            assert added is not None
            added.subject = "Another subject"
        session.flush()
        assert schedule(session, number, at=NOW, now=NOW)
    return number


def step(kites: Kites, now: datetime = NOW) -> str:
    return run(kites.crm, clock=lambda: now)


def send(kites: Kites, now: datetime = NOW) -> None:
    with kites.app.app_context():
        desk = make_desk(kites.crm)
    send_due(kites.crm.sessions, kites.transport, limit=1000, clock=lambda: now, stream=Stream.MARKETING, desk=desk)


def row(kites: Kites, number: int) -> Mailing:
    with kites.crm.sessions() as session:
        return session.get_one(Mailing, number)


def counted(kites: Kites, **filters: Any) -> int:
    with kites.crm.sessions() as session:
        return session.scalar(select(func.count()).select_from(Email).filter_by(**filters)) or 0


def test_a_mailing_reaches_everybody_who_agreed_once_and_ends(kites: Kites) -> None:
    readers(kites, 30)
    with kites.crm.sessions.begin() as session:  # one who left and one who is blocked
        session.execute(update(Subscription).where(Subscription.contact_id == 1).values(wanted=False))
        session.execute(update(Contact).where(Contact.id == 2).values(blocked=1))
    number = scheduled(kites)
    assert step(kites) == "1 started, 28 e-mails queued, 0 held out, 0 finished"
    send(kites)
    step(kites, NOW + timedelta(minutes=1))
    assert row(kites, number).state == MailingState.FINISHED
    assert counted(kites, state=State.SENT) == 28
    assert len(kites.transport.sent) == 28
    assert step(kites, NOW + timedelta(minutes=2)) == "no mailing runs"


def test_nothing_starts_before_its_time_or_after_it_was_taken_back(kites: Kites) -> None:
    number = scheduled(kites)
    assert step(kites, NOW - timedelta(seconds=1)) == "no mailing runs"
    with kites.crm.sessions.begin() as session:
        assert withdraw(session, number, now=NOW)
        assert not withdraw(session, number, now=NOW)
        assert start_due(session, now=NOW) == []


def test_a_mailing_is_started_by_one_of_two(kites: Kites) -> None:
    number = scheduled(kites)
    with kites.crm.sessions.begin() as session:
        assert start_due(session, now=NOW) == [number]
    with kites.crm.sessions.begin() as session:
        assert start_due(session, now=NOW) == []


def test_a_chunk_whose_worker_dies_leaves_nothing_and_the_next_goes_on_where_it_was(kites: Kites) -> None:
    readers(kites, CHUNK + 20)
    number = scheduled(kites)
    sender = Mailbox("Kites", "kites@kites.example")
    with kites.crm.sessions.begin() as session:
        start_due(session, now=NOW)
    with kites.crm.sessions() as session:  # dies before its commit
        expand(session, number, members=everybody, sender=sender, now=NOW)
        session.rollback()
    assert counted(kites) == 0
    with kites.crm.sessions.begin() as session:
        assert expand(session, number, members=everybody, sender=sender, now=NOW).more
    assert counted(kites) == CHUNK
    with kites.crm.sessions.begin() as session:  # a cursor that was lost costs time, and doubles nobody
        session.get_one(Mailing, number).cursor = 0
    step(kites)
    assert counted(kites) == CHUNK + 20
    assert row(kites, number).stage == Stage.EXPANDED


def test_those_who_are_held_out_get_nothing_and_are_known(kites: Kites) -> None:
    readers(kites, 200)
    number = scheduled(kites, holdout_percent=20)
    step(kites)
    with kites.crm.sessions() as session:
        held_out = set(session.scalars(select(MailingHoldout.contact_id)))
        mailed = set(session.scalars(select(Email.contact_id)))
    assert 20 <= len(held_out) <= 60
    assert held_out | mailed == set(range(1, 201))
    assert not held_out & mailed
    assert held_out == {one for one in range(1, 201) if fraction(number, str(one), "holdout") < 0.2}


def owned(kites: Kites, *contacts: int, account: int, first: str = "Ada") -> int:
    """Mailboxes become one customer's, whose account has the address of one of them."""
    with kites.crm.sessions.begin() as session:
        address = session.get_one(Contact, account).address
        customer = Customer(email=address, first_name=first, created_at=NOW)
        session.add(customer)
        session.flush()
        session.execute(update(Contact).where(Contact.id.in_(contacts)).values(customer_id=customer.id))
        return customer.id


def test_a_person_with_several_mailboxes_gets_it_once_in_the_one_of_their_account(kites: Kites) -> None:
    readers(kites, CHUNK + 20)
    far = CHUNK + 10  # in another chunk than the first mailboxes
    owned(kites, 1, 2, far, account=far)
    owned(kites, 3, 4, account=3)
    number = scheduled(kites)
    with kites.crm.sessions.begin() as session:  # the account's mailbox left: their other one is next
        session.execute(update(Subscription).where(Subscription.contact_id == 3).values(wanted=False))
        reach = reach_of(
            session, session.get_one(Mailing, number), budget=budget_of(kites.crm), now=NOW,
            window=timedelta(days=30),
        )  # fmt: skip
    assert (reach.audience, reach.not_agreed, reach.other_mailbox, reach.gets) == (CHUNK + 20, 1, 2, CHUNK + 17)
    assert step(kites) == f"1 started, {CHUNK + 17} e-mails queued, 0 held out, 0 finished"
    with kites.crm.sessions.begin() as session:
        assert set(session.scalars(select(Email.contact_id).where(Email.contact_id.in_((1, 2, 3, 4, far))))) == {4, far}
        going = session.get_one(Mailing, number)
        found = recipients(session, going, now=NOW, limit=9, window=timedelta(days=30))
        assert [one.id for one in found[:2]] == [4, 5]
        going.stage, going.cursor = Stage.ALL, 0  # whoever begins anew doubles nobody
    step(kites)
    assert counted(kites) == CHUNK + 17


def test_a_person_is_left_out_with_all_mailboxes_and_counted_once(kites: Kites) -> None:
    readers(kites, 120)
    for one in range(1, 121, 2):
        owned(kites, one, one + 1, account=one + 1)
    scheduled(kites, holdout_percent=50)
    step(kites)
    with kites.crm.sessions() as session:
        held_out = list(session.scalars(select(MailingHoldout.customer_id)))
        mailed = list(session.scalars(select(Email.customer_id)))
    assert len(held_out) + len(mailed) == len({*held_out, *mailed}) == 60
    assert 15 <= len(held_out) <= 45


def test_whose_mailbox_became_known_between_the_test_and_the_rest_gets_no_second_one(kites: Kites) -> None:
    readers(kites, 200, tracked=True)
    number = scheduled(kites, winner_by=WinnerRule.CLICKS, test_percent=50, winner_after_hours=1, holdout_percent=20)
    step(kites)
    with kites.crm.sessions() as session:
        decided = {*session.scalars(select(Email.contact_id)), *session.scalars(select(MailingHoldout.contact_id))}
    rest = [one for one in range(1, 201) if one not in decided]
    for old, new in zip(sorted(decided), rest, strict=False):
        owned(kites, old, new, account=new)
    send(kites)
    step(kites, NOW + timedelta(hours=1, minutes=1))
    assert row(kites, number).stage == Stage.EXPANDED
    with kites.crm.sessions() as session:
        after = {*session.scalars(select(Email.contact_id)), *session.scalars(select(MailingHoldout.contact_id))}
    assert not (after - decided) & set(rest[: len(decided)])


def test_whose_mailbox_became_known_between_the_test_and_the_rest_is_not_forgotten(kites: Kites) -> None:
    readers(kites, 100, tracked=True)
    scheduled(kites, winner_by=WinnerRule.CLICKS, test_percent=50, winner_after_hours=1)
    step(kites)
    with kites.crm.sessions() as session:
        decided = set(session.scalars(select(Email.contact_id)))
    for one in set(range(1, 101)) - decided:
        owned(kites, one, account=one)  # half of them draw another lot now
    step(kites, NOW + timedelta(hours=1, minutes=1))
    with kites.crm.sessions() as session:
        written = list(session.scalars(select(Email.contact_id)))
    assert len(written) == len(set(written)) == 100


def test_a_pause_holds_what_waits_and_going_on_sends_it(kites: Kites) -> None:
    readers(kites, 5)
    number = scheduled(kites)
    step(kites)
    with kites.crm.sessions.begin() as session:
        assert pause(session, number, now=NOW)
        assert not pause(session, number, now=NOW)
    send(kites)
    assert counted(kites, state=State.SENT) == 0
    with kites.crm.sessions.begin() as session:
        assert go_on(session, number, by="Mia", now=NOW)
    send(kites)
    assert counted(kites, state=State.SENT) == 5


def test_a_stopped_mailing_drops_what_waits_for_good(kites: Kites) -> None:
    readers(kites, 5)
    number = scheduled(kites)
    step(kites)
    with kites.crm.sessions.begin() as session:
        assert stop(session, number, now=NOW) == 5
        assert stop(session, number, now=NOW) is None
    send(kites)
    assert counted(kites, state=State.DROPPED, reason="the mailing was stopped") == 5


def test_the_share_that_tests_goes_first_and_the_rest_gets_the_better_variant(kites: Kites) -> None:
    readers(kites, 600, tracked=True)
    number = scheduled(kites, winner_by=WinnerRule.CLICKS, test_percent=50, winner_after_hours=2)
    step(kites)
    tested = counted(kites)
    assert 240 <= tested <= 360
    assert row(kites, number).stage == Stage.WAITING
    send(kites)
    with kites.crm.sessions.begin() as session:  # b is clicked by every second one, a by nobody
        clicked = session.scalars(select(Email).where(Email.variant == "b", Email.id % 2 == 0)).all()
        session.add_all(
            Engagement(
                email_id=one.id, contact_id=one.contact_id, deed=Deed.CLICK, link="/", day=NOW.date(), at=NOW, times=1,
                machine="",
            )
            for one in clicked
        )  # fmt: skip
    step(kites, NOW + timedelta(minutes=90))
    assert counted(kites) == tested
    step(kites, NOW + timedelta(hours=2, minutes=1))
    done = row(kites, number)
    assert (done.winner, done.stage) == ("b", Stage.EXPANDED)
    assert done.decision["confidence"] > 0.99
    assert counted(kites) == 600
    with kites.crm.sessions() as session:
        later = session.scalars(select(Email.variant).where(Email.queued_at > NOW)).all()
    assert set(later) == {"b"}


def test_without_a_clear_winner_the_rest_is_shared_out(kites: Kites) -> None:
    readers(kites, 200, tracked=True)
    number = scheduled(kites, winner_by=WinnerRule.CLICKS, test_percent=50, winner_after_hours=1)
    step(kites)
    send(kites)
    step(kites, NOW + timedelta(hours=1, minutes=1))
    done = row(kites, number)
    assert (done.winner, done.stage) == ("", Stage.EXPANDED)
    with kites.crm.sessions() as session:
        later = session.scalars(select(Email.variant).where(Email.queued_at > NOW)).all()
    assert set(later) == {"a", "b"}


@pytest.mark.parametrize(
    ("a", "b", "winner"),
    [
        ((1000, 50), (1000, 90), "b"),
        ((1000, 50), (1000, 55), ""),
        ((10, 0), (10, 5), ""),  # too few to say
        ((0, 0), (0, 0), ""),
        ((1000, 0), (1000, 0), ""),
        ((1000, 1000), (1000, 1000), ""),
    ],
)
def test_a_winner_is_named_only_where_chance_is_unlikely(a: tuple[int, int], b: tuple[int, int], winner: str) -> None:
    assert decide({"a": Outcome(*a), "b": Outcome(*b)}).winner == winner


def test_the_confidence_is_that_of_the_textbook() -> None:
    # z = 3.5073 for 50 and 90 of 1,000; two-sided p = 0.000453
    assert decide({"a": Outcome(1000, 50), "b": Outcome(1000, 90)}).confidence == pytest.approx(0.99955, abs=1e-5)


def test_two_schedulers_start_each_of_a_hundred_mailings_once_and_nobody_gets_one_twice(kites: Kites) -> None:
    readers(kites, 3)
    numbers = [scheduled(kites) for _ in range(100)]
    started: list[int] = []

    def schedule_all() -> None:
        with kites.crm.sessions.begin() as session:
            mine = start_due(session, now=NOW)
        started.extend(mine)
        step(kites)

    workers = [Thread(target=schedule_all) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert len(started) == len(set(started)) <= 100
    step(kites)
    with kites.crm.sessions() as session:
        states = set(session.scalars(select(Mailing.state)))
        each = session.execute(select(Email.mailing_id, func.count()).group_by(Email.mailing_id)).all()
    assert states == {MailingState.RUNNING}
    assert sorted(tuple(row) for row in each) == [(number, 3) for number in numbers]
