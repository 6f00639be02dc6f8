"""Relationships: everybody in the right cell, the thresholds as said, and policies that reach who they are for."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.customers.segments.members import belongs
from ecrm.service import cases
from ecrm.service.calls import Call
from ecrm.service.cases import Changes, Channel, Direction, Opened, Said, State
from ecrm.service.desk import ARRANGER
from ecrm.service.relationship import (
    Relationship,
    RelationshipRun,
    forget,
    head_starts,
    policy_of,
    set_policy,
)
from ecrm.service.relationship_breaches import MOST, Broken, breaches, cut
from ecrm.service.relationship_counting import count_all
from ecrm.service.relationship_much import Cell, Much, threshold
from ecrm.storefront import Staff
from mailer.contacts import Contact
from mailer.flows.entry import FlowEntry
from tracking.customers import Customer
from tracking.orders import LineFacts, remember_order

NOW = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
SAM, BO = Staff(staff_id="7", name="Sam", role="support"), Staff(staff_id="8", name="Bo", role="support")
THREE = Much(3, 3, "setting")


def customer(session: Session, name: str) -> int:
    made = Customer(email=f"{name}@example.com", created_at=NOW - timedelta(days=400))
    session.add(made)
    session.flush()
    return made.id


def orders(session: Session, who: int, count: int, *, days: int = 10, total: int = 1000) -> None:
    for _number in range(count):
        reference = f"A{who}-{days}-{_number}"
        remember_order(
            session, reference=reference, customer_id=who, visitor_id=None, session_id=None,
            placed_at=NOW - timedelta(days=days), currency="EUR", goods_minor=total, shipping_minor=0,
            discount_minor=0, total_minor=total, lines=[LineFacts("p", "P", 1, total)],
        )  # fmt: skip


def asks(session: Session, who: int, count: int, *, at: datetime | None = None, **more: object) -> cases.Case:
    at = at or NOW - timedelta(days=5)
    said = Said(direction=Direction.IN, text="Where is it?", channel=Channel.FORM)
    case = cases.open_case(
        session,
        Opened(channel=Channel.FORM, subject="Hello", customer_id=who, said=said, **more),
        now=at,  # type: ignore[arg-type]
    )
    for _number in range(count - 1):
        cases.add_message(session, case, said, now=at)
    return case


def placed(sessions: sessionmaker[Session]) -> dict[int, tuple[str, int, int, int]]:
    with sessions() as session:
        return {
            one.customer_id: (one.cell, one.contacts, one.orders, one.net_minor)
            for one in session.scalars(select(Relationship))
        }


def test_everybody_lies_where_their_contacts_and_orders_put_them(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        both, asker, buyer, quiet, nobody, old = (customer(session, name) for name in "abcdef")
        for who, asked, bought in ((both, 3, 3), (asker, 4, 1), (buyer, 0, 5), (quiet, 1, 1)):
            if asked:
                asks(session, who, asked)
            orders(session, who, bought)
        orders(session, old, 9, days=400)
        asks(session, quiet, 9, spam=True)
        case = asks(session, buyer, 1)
        cases.add_message(
            session, case, Said(direction=Direction.IN, text="I am away", automatic=True), now=NOW - timedelta(days=1)
        )
        cases.add_message(session, case, Said(direction=Direction.OUT, text="Hello", by=SAM), now=NOW)
        for number, case_id in ((1, None), (2, 7)):  # the second made a case, whose message counts
            session.add(
                Call(
                    external_id=f"c{number}",
                    direction="in",
                    customer_id=asker,
                    started_at=NOW - timedelta(days=2),
                    case_id=case_id,
                )
            )
    report = count_all(sessions, days=365, much=THREE, now=NOW)
    assert placed(sessions) == {
        both: (Cell.ASKS_MUCH_BUYS_MUCH, 3, 3, 3000), asker: (Cell.ASKS_MUCH_BUYS_LITTLE, 5, 1, 1000),
        buyer: (Cell.ASKS_LITTLE_BUYS_MUCH, 1, 5, 5000), quiet: (Cell.ASKS_LITTLE_BUYS_LITTLE, 1, 1, 1000),
    }  # fmt: skip
    assert nobody not in placed(sessions)
    assert str(report) == "4 customers placed; much is 3 contacts or 3 orders (by setting)"


@pytest.mark.parametrize("seed", range(5))
def test_the_shop_s_own_thresholds_leave_at_most_a_fifth_above_them(sessions: sessionmaker[Session], seed: int) -> None:
    dice = random.Random(seed)
    told: dict[int, tuple[int, int]] = {}
    with sessions.begin() as session:
        for number in range(60):
            who = customer(session, f"p{number}")
            asked, bought = min(int(dice.expovariate(0.8)), 9), min(int(dice.expovariate(0.5)), 9)
            if asked:
                asks(session, who, asked)
            orders(session, who, bought)
            if asked or bought:
                told[who] = asked, bought
    report = count_all(sessions, days=365, much=None, now=NOW)
    found = placed(sessions)
    assert {who: (row[1], row[2]) for who, row in found.items()} == told
    for place, much in ((0, report.much.contacts), (1, report.much.orders)):
        reach = sum(counts[place] >= much for counts in told.values())
        assert reach <= 0.2 * len(told)
        if much > 2:
            assert sum(counts[place] >= much - 1 for counts in told.values()) > 0.2 * len(told), "and not one more"
    cells = Counter(report.much.cell(contacts=a, orders=b) for a, b in told.values())
    assert Counter(row[0] for row in found.values()) == Counter({str(cell): n for cell, n in cells.items()})
    assert report.much.by == "quantile"


def test_counting_again_moves_people_and_drops_who_did_nothing_any_more(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        ada = customer(session, "ada")
        orders(session, ada, 3)
    count_all(sessions, days=365, much=THREE, now=NOW)
    assert placed(sessions)[ada][0] == Cell.ASKS_LITTLE_BUYS_MUCH
    count_all(sessions, days=365, much=THREE, now=NOW + timedelta(days=400))
    assert placed(sessions) == {}


def test_much_is_never_less_than_two() -> None:
    assert threshold({}, people=0) == 2
    assert threshold({1: 100}, people=100) == 2
    assert threshold({1: 80, 2: 10, 3: 10}, people=100) == 2
    assert threshold({1: 70, 2: 15, 3: 15}, people=100) == 3


@pytest.mark.parametrize("setting", ["3", "3 contacts", "x contacts, 2 orders", "0 contacts, 2 orders", "2 orders, 3"])
def test_thresholds_that_cant_be_read_are_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="ECRM_RELATIONSHIP_MUCH"):
        Much.parse(setting)
    assert Much.parse("5 orders, 3 contacts") == Much(3, 5, "setting")
    assert Much.parse(" ") is None


def test_a_policy_is_told_with_its_reason(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        ada, eve = customer(session, "ada"), customer(session, "eve")
        asks(session, ada, 3)
        assert policy_of(session, ada, NOW) is None, "before the first count"
    count_all(sessions, days=365, much=THREE, now=NOW)
    with sessions.begin() as session:
        found = policy_of(session, ada, NOW)
        assert found is not None
        assert (found.cell, found.contacts, found.orders, found.response_minutes) == (
            Cell.ASKS_MUCH_BUYS_LITTLE, 3, 0, None,
        )  # fmt: skip
        set_policy(
            session, Cell.ASKS_MUCH_BUYS_LITTLE, days_first=3, response_minutes=60, reminder="10 % with HELLO",
            agent_id="7", by="Olga", now=NOW,
        )  # fmt: skip
        found = policy_of(session, ada, NOW)
        assert found is not None
        assert (found.days_first, found.response_minutes, found.reminder, found.agent_id) == (
            3, 60, "10 % with HELLO", "7",
        )  # fmt: skip
        assert policy_of(session, eve, NOW) is None
        assert policy_of(session, None, NOW) is None
        assert head_starts(session, [ada, eve]) == (3, {ada: 3})
        assert forget(session, ada) == 1
        assert policy_of(session, ada, NOW) is None


def test_a_segment_asks_for_a_relationship(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        ada, eve = customer(session, "ada"), customer(session, "eve")
        asks(session, ada, 3)
        for who in (ada, eve):
            session.add(Contact(folded=f"{who}@x", address=f"{who}@x", customer_id=who, created_at=NOW))
    count_all(sessions, days=365, much=THREE, now=NOW)
    rules = {"all": [{"is": "relationship", "cells": [str(Cell.ASKS_MUCH_BUYS_LITTLE)]}]}
    with sessions() as session:
        inside = {
            one.customer_id: belongs(session, rules, one, now=NOW, window=timedelta(days=30))
            for one in session.scalars(select(Contact))
        }
    assert inside == {ada: True, eve: False}


def test_what_was_not_kept_is_found_row_by_row_and_what_was_kept_is_not(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        ada, eve = customer(session, "ada"), customer(session, "eve")
        kept, late = asks(session, ada, 1), asks(session, ada, 1)
        owed = asks(session, ada, 1)
        merged = asks(session, ada, 1)
        at = NOW - timedelta(days=5)
        for case, minutes, by in ((kept, 59, SAM), (late, 90, BO)):
            cases.add_message(
                session, case, Said(direction=Direction.OUT, text="Hello", by=by), now=at + timedelta(minutes=minutes)
            )
        cases.change(session, merged, Changes(state=State.SOLVED), by=SAM, now=at + timedelta(minutes=5))
        asks(session, eve, 1)
        mailbox = Contact(folded="a@x", address="a@x", created_at=NOW)
        session.add(mailbox)
        session.flush()
        for who, hours, product in ((ada, 70, "late"), (ada, 1, "early"), (eve, 48, "late"), (eve, 120, "early")):
            session.add(
                FlowEntry(
                    flow="arrivals",
                    cause=f"{who}{product}",
                    contact_id=mailbox.id,
                    customer_id=who,
                    topic="arrivals",
                    control=False,
                    data={"products": [product]},
                    caused_at=at,
                    entered_at=at + timedelta(hours=hours),
                    step=0,
                    due_at=at,
                    state="done",
                    reason="",
                )
            )
        set_policy(
            session, Cell.ASKS_MUCH_BUYS_LITTLE, days_first=2, response_minutes=60, reminder="", agent_id="7",
            by="Olga", now=NOW,
        )  # fmt: skip
    count_all(sessions, days=365, much=THREE, now=NOW)
    with sessions() as session:
        found = breaches(session, since=NOW - timedelta(days=9), until=NOW, now=NOW)
        references = {one.id: one.reference for one in session.scalars(select(cases.Case))}
    assert {(one.kind, one.about) for one in found} == {
        (Broken.ANSWERED_LATE, references[late.id]), (Broken.ANSWERED_LATE, references[owed.id]),
        (Broken.OTHER_AGENT, references[late.id]), (Broken.TOLD_LATE, "late"),
    }  # fmt: skip
    by = {(one.kind, one.about): one.by for one in found}
    assert by[Broken.ANSWERED_LATE, references[late.id]] == timedelta(minutes=30)
    assert by[Broken.TOLD_LATE, "late"] == timedelta(hours=70)
    assert {one.customer_id for one in found} == {ada}


def test_a_run_says_what_it_counted(sessions: sessionmaker[Session]) -> None:
    count_all(sessions, days=30, much=THREE, now=NOW)
    with sessions() as session:
        run = session.scalars(select(RelationshipRun)).one()
    assert (run.days, run.much_contacts, run.by, run.customers) == (30, 3, "setting", 0)


def test_a_new_case_of_theirs_is_promised_what_the_policy_says(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        ada = customer(session, "ada")
        asks(session, ada, 3)
    count_all(sessions, days=365, much=THREE, now=NOW)
    with sessions.begin() as session:
        set_policy(
            session, Cell.ASKS_MUCH_BUYS_LITTLE, days_first=0, response_minutes=7, reminder="", agent_id="7",
            by="Olga", now=NOW,
        )  # fmt: skip
        case = asks(session, ada, 1, at=NOW)
        assert (ARRANGER.preferred(session, case, now=NOW), case.response_minutes) == ("7", 7)
        assert case.first_response_due == NOW + timedelta(minutes=7)


def test_late_answers_are_found_behind_any_number_of_answers_in_time(sessions: sessionmaker[Session]) -> None:
    at = NOW - timedelta(days=20)
    with sessions.begin() as session:
        who = customer(session, "ada")
        cell = Cell.ASKS_MUCH_BUYS_MUCH
        session.add(Relationship(customer_id=who, cell=cell, contacts=9, orders=9, net_minor=1))
        set_policy(
            session, cell, days_first=0, response_minutes=60, reminder="", agent_id="", by="Olga", now=at
        )  # fmt: skip
        for number in range(MOST + 100 + 2):
            late = number < 2  # the oldest two
            opened_at = at + timedelta(minutes=number)
            session.add(
                cases.Case(
                    reference=f"C-{number}", customer_id=who, channel="email", kind="question", subject="?",
                    opened_at=opened_at, last_message_at=opened_at,
                    first_responded_at=opened_at + timedelta(hours=2 if late else 1),
                )
            )  # fmt: skip
    with sessions() as session:
        found = breaches(session, since=at, until=NOW, now=NOW)
    assert [one.about for one in found] == ["C-1", "C-0"]
    assert cut(found) == frozenset()
    assert cut(found * (MOST // 2)) == {Broken.ANSWERED_LATE}


def test_two_counts_at_once_write_the_same(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        for number in range(30):
            orders(session, customer(session, f"p{number}"), 1 + number % 4)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            for _number in range(5):
                count_all(sessions, days=365, much=THREE, now=NOW)
        except Exception as error:
            failed.append(error)

    both = [threading.Thread(target=run) for _number in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert failed == []
    assert len(placed(sessions)) == 30
