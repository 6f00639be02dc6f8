"""The ledger's promise: an event is committed with its cause or not at all, and what it causes happens once."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from ecrm import events, ledger
from ecrm.ledger import NotYet, PendingReaction
from shop.database import engine_options
from tracking.clickstream.event import Event

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def order(number: str = "A1") -> events.OrderCompleted:
    line = events.OrderLine(product_id="7", name="Kite", quantity=2, net_minor=3000)
    person = events.Person(email="ada@example.com", first_name="Ada")
    return events.OrderCompleted(
        at=NOW, order_id=number, person=person, currency="EUR", lines=(line,), goods_minor=3000, shipping_minor=490,
        total_minor=3490,
    )  # fmt: skip


def count(session: Session, record: type) -> int:
    return session.scalar(select(func.count()).select_from(record)) or 0


def test_an_event_reads_back_as_it_was_told(session: Session) -> None:
    ledger.write(session, order(), reactions=[])
    row = session.scalars(select(Event)).one()
    assert ledger.from_row(row) == order()
    assert (row.name, row.order_reference, row.happened_at) == ("Order Completed", "A1", NOW)


def test_a_history_writes_events_as_the_ledger_does() -> None:
    # given an order with all there is, a refund without an order, and a sign-up
    address = events.Address(name="Ada", line1="Rue é 1", city="Köln", postcode="1", country="DE")
    person = events.Person(email="ada@example.com", customer_id="1", traits={"children": 2, "interests": ["kites"]})
    full = dataclasses.replace(
        order(), person=person, address=address, codes=("KITE10",), promised_on=date(2026, 11, 27), at=NOW
    )
    refund = events.OrderRefunded(at=NOW, refund_id="R1", order_id=None, person=None, currency="EUR", amount_minor=5)
    # when they are put into text / then it says what the ledger would have kept
    for told in (full, refund, events.SignedUp(at=NOW, person=person)):
        assert json.loads(ledger.to_json(told)) == json.loads(json.dumps(ledger.to_properties(told)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"total_minor": 1}, "goods \\+ shipping - discount"),
        ({"goods_minor": 1, "total_minor": 491}, "sum of its lines"),
    ],
)
def test_an_order_whose_sums_disagree_cannot_be_told(changes: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(order(), **changes)


def test_a_rollback_takes_the_event_and_its_reactions_with_it(session: Session) -> None:
    ran: list[Sequence[int]] = []
    event_id = ledger.write(session, order(), reactions=["a", "b"])
    assert event_id is not None
    ledger.after_commit(session, event_id, ran.append)
    session.rollback()
    session.commit()
    assert (count(session, Event), count(session, PendingReaction), ran) == (0, 0, [])


def test_reactions_start_after_the_commit_and_once(session: Session) -> None:
    ran: list[Sequence[int]] = []
    event_id = ledger.write(session, order(), reactions=["a"])
    assert event_id is not None
    ledger.after_commit(session, event_id, ran.append)
    assert ran == []
    session.commit()
    session.execute(text("SELECT 1"))
    session.commit()
    assert ran == [[event_id]]


def test_telling_the_same_order_twice_keeps_one_event(session: Session) -> None:
    assert ledger.write(session, order(), reactions=["a"]) is not None
    assert ledger.write(session, order(), reactions=["a"]) is None
    assert (count(session, Event), count(session, PendingReaction)) == (1, 1)


def test_reactions_run_in_the_order_of_the_table(sessions: sessionmaker[Session]) -> None:
    said: list[str] = []

    def first(session: Session, row: Event, told: events.Told) -> None:
        said.append(f"first {told.order}")

    def second(session: Session, row: Event, told: events.Told) -> None:
        said.append("second")

    with sessions.begin() as session:
        event_id = ledger.write(session, order(), reactions=["first", "second"])
    assert event_id is not None
    table = {"Order Completed": (first, second)}
    assert ledger.run_reactions(sessions, table, event_ids=[event_id]) == 2
    assert said == ["first A1", "second"]
    assert ledger.run_reactions(sessions, table, event_ids=[event_id]) == 0


def test_a_failing_reaction_leaves_nothing_behind_stops_no_other_and_is_tried_again(
    sessions: sessionmaker[Session],
) -> None:
    healthy = False

    def shaky(session: Session, row: Event, told: events.Told) -> None:
        row.subject = "half done"
        session.flush()
        if not healthy:
            raise RuntimeError("the printer is on fire")

    def sound(session: Session, row: Event, told: events.Told) -> None:
        row.customer_id = None

    table = {"Order Completed": (shaky, sound)}
    with sessions.begin() as session:
        event_id = ledger.write(session, order(), reactions=["shaky", "sound"])
    assert event_id is not None
    assert ledger.run_reactions(sessions, table, event_ids=[event_id]) == 1
    with sessions() as session:
        assert session.get_one(Event, event_id).subject == "A1"
        owed = session.scalars(select(PendingReaction).where(PendingReaction.state == "pending")).one()
        assert (owed.name, owed.attempts, owed.last_error) == ("shaky", 1, "RuntimeError: the printer is on fire")
        assert owed.due_at > datetime.now(UTC)
    assert ledger.run_reactions(sessions, table) == 0  # not due yet
    healthy = True
    with sessions.begin() as session:
        session.execute(update(PendingReaction).values(due_at=NOW))
    assert ledger.run_reactions(sessions, table) == 1


def test_a_reaction_that_never_succeeds_is_given_up_and_kept_for_people_to_see(sessions: sessionmaker[Session]) -> None:
    def waits(session: Session, row: Event, told: events.Told) -> None:
        raise NotYet("the order is not remembered yet")

    with sessions.begin() as session:
        ledger.write(session, order(), reactions=["waits"])
    for _ in range(len(ledger.RETRY_PAUSES) + 1):
        ledger.run_reactions(sessions, {"Order Completed": (waits,)})
        with sessions.begin() as session:
            session.execute(update(PendingReaction).values(due_at=NOW))
    with sessions() as session:
        owed = session.scalars(select(PendingReaction)).one()
        assert (owed.state, owed.last_error) == ("given_up", "the order is not remembered yet")


def test_two_workers_never_both_do_a_reaction(sessions: sessionmaker[Session]) -> None:
    def counts(session: Session, row: Event, told: events.Told) -> None:
        row.subject += "x"

    table = {"Order Completed": (counts,)}
    with sessions.begin() as session:
        ids = [ledger.write(session, order(f"A{n}"), reactions=["counts"]) for n in range(20)]
    workers = [threading.Thread(target=ledger.run_reactions, args=(sessions, table)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with sessions() as session:
        subjects = session.scalars(select(Event.subject).where(Event.id.in_(ids)).order_by(Event.id)).all()
    assert subjects == [f"A{n}x" for n in range(20)]


def test_an_event_told_within_a_savepoint_of_the_host_waits_for_the_outer_commit(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        pytest.skip("savepoints are not used on SQLite: with its default driver a released one survives the rollback")
    ran: list[Sequence[int]] = []
    with session.begin_nested():
        event_id = ledger.write(session, order(), reactions=["a"])
        assert event_id is not None
        ledger.after_commit(session, event_id, ran.append)
    assert ran == []
    session.commit()
    assert ran == [[event_id]]


def test_reactions_start_when_the_hosts_connection_is_back_in_the_pool(database_url: str) -> None:
    options = engine_options(database_url) | {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1}
    engine = create_engine(database_url, **options)
    ran: list[int] = []

    def react(event_ids: Sequence[int]) -> None:
        with Session(engine) as own:
            ran.append(count(own, Event))

    with Session(engine) as host:
        event_id = ledger.write(host, order(), reactions=[])
        assert event_id is not None
        ledger.after_commit(host, event_id, react)
        host.commit()
    engine.dispose()
    assert ran == [1]


def test_what_another_worker_has_done_meanwhile_stays_done(sessions: sessionmaker[Session]) -> None:
    def rival(session: Session, row: Event, told: events.Told) -> None:
        row.subject += "!"

    def fails(session: Session, row: Event, told: events.Told) -> None:
        session.rollback()  # gives the row free: the rival gets it before the failure is written down
        assert ledger.run_reactions(sessions, {"Order Completed": (rival,)}) == 1
        raise RuntimeError("too late")

    rival.__name__ = "fails"
    with sessions.begin() as session:
        event_id = ledger.write(session, order(), reactions=["fails"])
        session.execute(update(PendingReaction).values(attempts=len(ledger.RETRY_PAUSES)))
    assert event_id is not None
    assert ledger.run_reactions(sessions, {"Order Completed": (fails,)}, event_ids=[event_id]) == 0
    with sessions() as session:
        reaction = session.scalars(select(PendingReaction)).one()
        assert (reaction.state, reaction.last_error, session.get_one(Event, event_id).subject) == ("done", "", "A1!")
