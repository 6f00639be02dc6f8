"""A rehearsal sends what the flows would have sent, by the same engine and budget, and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from mailer.budget import Budget
from mailer.calendar import Place
from mailer.caps import Caps
from mailer.consent import Topic
from mailer.flows.entry import FlowEntry, FlowSetting
from mailer.flows.really_mailed import ReallyMailed, really_mailed
from mailer.flows.rehearsing import BOUGHT_WITHIN, NOBODY, SHADOWED, Rehearsed, rehearse
from mailer.flows.review import ReviewRequest
from mailer.flows.shadow import shadow
from mailer.flows.winback import WinBack
from mailer.outbox import Email
from tracking.customers import Customer
from tracking.delivery.shipment import Shipment
from tracking.orders import SeenOrder

from .town import BERLIN, Town, moment

NOON = moment("2026-06-10 10:00")
DE = Place("DE")
NO_CONTROL = {
    name: FlowSetting(flow=name, switched_on=False, control_percent=0, knobs={}) for name in ("review", "winback")
}


@pytest.fixture
def town(sessions: sessionmaker[Session]) -> Town:
    """Thirty days of deliveries have happened, and nobody was mailed."""
    town = Town(sessions, [], NOON - timedelta(days=40))
    for number in range(6):
        customer = town.person(f"p{number}", Topic.REVIEWS, Topic.OFFERS, place=DE)
        order = town.order(customer, "tea")
        town.now += timedelta(days=4)
        town.deliver(order)
    town.order(1, "cup", at=NOON - timedelta(days=27))  # bought again, two days after the request would have come
    return town


def _rehearsed(
    engine: Engine,
    town: Town,
    budget: Budget | None = None,
    only: set[int] | None = None,
    mailed: ReallyMailed = NOBODY,
) -> Rehearsed:
    budget = budget or Budget(zone=BERLIN, home=DE, places=town.shop.places)
    with shadow(engine, SHADOWED) as sessions:
        return rehearse(
            sessions, [ReviewRequest(), WinBack()], town.shop, budget, start=NOON - timedelta(days=37), end=NOON,
            settings=NO_CONTROL, only=only, mailed=mailed, tick=timedelta(hours=3),
        )  # fmt: skip


def _counts(session: Session) -> list[int]:
    return [session.scalar(select(func.count()).select_from(record)) or 0 for record in (Email, FlowEntry, FlowSetting)]


def test_what_would_have_been_sent_is_shown_by_day_and_nothing_is_written(
    engine: Engine, town: Town, session: Session
) -> None:
    found = _rehearsed(engine, town)
    assert found.failed == 0
    assert found.entered["review"] == 6
    days = found.by_day()
    assert len(days) == 38
    assert sum(flows["review"] for flows in days.values()) == len(found.sent) == 6
    assert _counts(session) == [0, 0, 0]


def test_it_says_who_bought_anyway(engine: Engine, town: Town) -> None:
    found = _rehearsed(engine, town)
    assert found.bought == {"review": 1}


@pytest.mark.parametrize(
    ("state", "days_before", "left_out"),
    [("sent", 6, 1), ("unknown", 1, 1), ("sent", 8, 0), ("dropped", 1, 0), ("sent", -1, 0)],
)
def test_an_order_after_a_real_e_mail_of_the_flow_is_nobodys_who_bought_anyway(
    engine: Engine, town: Town, state: str, days_before: int, left_out: int
) -> None:
    at = NOON - timedelta(days=27 + days_before)  # the first customer's order is 27 days old
    with town.sessions.begin() as session:
        session.add(
            Email(
                dedup_key="x", template="t", contact_id=1, customer_id=1, source="flow:review", from_address="s@x.de",
                to_address="p0@x.example", subject="s", text="t", html="h", message_id="<x@x.example>",
                transactional=False, state=state, queued_at=at, due_at=at, handed_at=at,
                sent_at=at if state == "sent" else None,
            )
        )  # fmt: skip
    with town.sessions() as session:
        start = NOON - timedelta(days=37)
        mailed = really_mailed(session, ["review", "winback"], start=start, end=NOON, before=BOUGHT_WITHIN)
    found = _rehearsed(engine, town, mailed=mailed)
    assert len(found.sent) == 6
    assert (found.mailed["review"], found.bought["review"]) == (left_out, 1 - left_out)


def test_who_was_really_written_to_and_bought_nothing_is_left_out_too(engine: Engine, town: Town) -> None:
    free = _rehearsed(engine, town)
    last = free.sent[-1]
    mailed = ReallyMailed({(last.flow, last.contact_id): [last.at + timedelta(hours=1)]})
    found = _rehearsed(engine, town, mailed=mailed)
    assert (len(found.sent), found.mailed, found.bought["review"]) == (6, {"review": 1}, 1)


def test_a_cap_can_be_tried_out(engine: Engine, town: Town) -> None:
    with town.sessions.begin() as session:  # all of it happens to one person
        session.execute(update(SeenOrder).values(customer_id=1))
        session.execute(update(Shipment).values(customer_id=1))
    budget = Budget(zone=BERLIN, home=DE, places=town.shop.places)
    free = _rehearsed(engine, town, budget)
    tight = _rehearsed(engine, town, replace(budget, caps=Caps.parse("1/21days")))
    assert (len(free.sent), len(tight.sent)) == (6, 2)
    assert tight.collisions["review", "review"] > 0
    assert sum(tight.dropped.values()) > 0


def test_it_can_be_asked_of_some_people_only(engine: Engine, town: Town) -> None:
    found = _rehearsed(engine, town, only={1, 2})
    assert {one.contact_id for one in found.sent} == {1, 2}
    assert found.entered["review"] == 2


def test_the_database_itself_refuses_to_write_anything_real(engine: Engine, town: Town) -> None:
    with shadow(engine, SHADOWED) as sessions:
        with pytest.raises(DBAPIError, match=r"read-?only"), sessions.begin() as session:
            session.execute(text("UPDATE ecrm_customer SET first_name = 'x'"))
        with sessions.begin() as session:
            session.add(FlowSetting(flow="x", switched_on=True, control_percent=0, knobs={}))
    with town.sessions() as session:
        assert session.get(FlowSetting, "x") is None
        assert session.scalars(select(Customer.first_name)).all().count("x") == 0


def test_a_rehearsal_and_the_real_engine_agree(engine: Engine, sessions: sessionmaker[Session]) -> None:
    """The same days, once played for real and once rehearsed afterwards."""
    town = Town(sessions, [ReviewRequest()], NOON)
    with sessions.begin() as session:
        session.add(FlowSetting(flow="review", switched_on=True, control_percent=0, knobs={}, seen_until=NOON))
    for number in range(4):
        order = town.order(town.person(f"p{number}", Topic.REVIEWS, place=DE), "tea")
        town.deliver(order)
        town.until(town.now + timedelta(days=2), every=timedelta(hours=1))
    town.until(NOON + timedelta(days=20), every=timedelta(hours=1))
    real = [(email.customer_id, email.due_at) for email in town.emails()]
    with shadow(engine, SHADOWED) as shadowed:
        found = rehearse(
            shadowed, [ReviewRequest()], town.shop, Budget(zone=BERLIN, home=DE, places=town.shop.places),
            start=NOON, end=NOON + timedelta(days=20), settings=NO_CONTROL,
        )  # fmt: skip
    assert [one.customer_id for one in found.sent] == [customer for customer, _due in real]
    assert all(abs(one.at - due) <= timedelta(hours=1) for one, (_who, due) in zip(found.sent, real, strict=True))
