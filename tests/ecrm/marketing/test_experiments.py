"""Who is in which group, what is kept of it, and what the units ordered afterwards, counted a second time by hand."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.events import ExperimentViewed
from ecrm.marketing.campaign_book import change_campaign, found_campaign
from ecrm.marketing.campaign_drafts import Draft
from ecrm.marketing.experiment_statistics import Group
from ecrm.marketing.experiments import (
    AlreadyRunning,
    Experiment,
    Exposure,
    Turn,
    Unit,
    held_out,
    in_control,
    is_control,
    running,
    start,
    stop,
)
from ecrm.marketing.exposures import expose_to_campaign, forget_exposures, note_exposures
from ecrm.marketing.outcomes import buyers_of, groups_of, orders_of, visits_of
from tracking.clickstream.ingest import ingest
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sightings import Sighting
from tracking.customers import Customer
from tracking.orders import SeenOrder
from tracking.visitors import Grade, Visitor

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def begin(session: Session, subject: str, unit: Unit = Unit.VISITOR, percent: int = 50) -> Experiment:
    return start(session, name="Tried", subject=subject, unit=unit, control_percent=percent, by="Sam", now=NOW)


def people(session: Session, count: int) -> list[int]:
    rows = [
        Customer(reference=f"c{number}", email=f"c{number}@example.com", created_at=NOW) for number in range(count)
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def met(experiment: Experiment, token: str, at: datetime, **more: object) -> Sighting:
    fields = {"visitor_token": token, "grade": Grade.ANALYTICS, "user_agent": "Mozilla/5.0 Firefox/130.0", **more}
    return Sighting(at, ExperimentViewed.name, str(experiment.id), {"variation_id": "treated"}, **fields)  # type: ignore[arg-type]


def test_a_unit_stays_in_its_group() -> None:
    first = [is_control("salt", str(number), 10) for number in range(1_000)]
    assert first == [is_control("salt", str(number), 10) for number in range(1_000)]
    assert [is_control("salt", "x", percent) for percent in range(1, 91)] == sorted(
        is_control("salt", "x", percent) for percent in range(1, 91)
    ), "a larger control group holds the smaller one"


def test_groups_are_drawn_evenly_over_a_hundred_thousand_units() -> None:
    """Chi-square over 10 bins of the hash's order: each percentage takes in as many as it says."""
    counts = [
        sum(is_control("salt", f"unit-{number}", percent) for number in range(100_000)) for percent in range(10, 91, 10)
    ]
    bins = [after - before for before, after in zip([0, *counts], [*counts, 100_000], strict=True)]
    assert sum((count - 10_000) ** 2 / 10_000 for count in bins) < 27.9, "99.9 % of chi-square with 9 degrees"


def test_two_experiments_draw_independently() -> None:
    table: defaultdict[tuple[bool, bool], int] = defaultdict(int)
    for number in range(100_000):
        table[is_control("one", str(number), 50), is_control("two", str(number), 50)] += 1
    assert sum((count - 25_000) ** 2 / 25_000 for count in table.values()) < 16.3, "99.9 % with 3 degrees"
    assert len(table) == 4


def test_one_experiment_at_a_time_runs_on_a_subject(session: Session) -> None:
    first = begin(session, "placement:home")
    session.commit()
    with pytest.raises(AlreadyRunning):
        begin(session, "placement:home")
    begin(session, "placement:cart")
    assert stop(session, first.id, now=NOW)
    assert not stop(session, first.id, now=NOW)
    assert begin(session, "placement:home").salt != first.salt
    assert [one.subject for one in running(session)] == ["placement:cart", "placement:home"]


@pytest.mark.parametrize(
    ("name", "unit", "percent"),
    [
        ("", "customer", 10),
        ("x" * 121, "customer", 10),
        ("x", "customer", 0),
        ("x", "customer", 91),
        ("x", "visitor", 10),
    ],
)
def test_what_could_not_be_compared_is_not_started(session: Session, name: str, unit: str, percent: int) -> None:
    with pytest.raises(ValueError, match=r"experiment needs|may have|on customers"):
        start(session, name=name, subject="campaign:s", unit=Unit(unit), control_percent=percent, by="", now=NOW)


def test_a_mailing_asks_for_each_customer_and_notes_both_groups_once(session: Session) -> None:
    ids = people(session, 200)
    assert not in_control(session, "spring", ids[0])
    assert expose_to_campaign(session, "spring", ids, at=NOW) == 0
    experiment = begin(session, "campaign:spring", Unit.CUSTOMER, 20)
    control = {one for one in ids if in_control(session, "spring", one)}
    assert 20 <= len(control) <= 60
    assert expose_to_campaign(session, "spring", ids, at=NOW) == 200
    assert expose_to_campaign(session, "spring", ids, at=NOW + timedelta(days=1)) == 0
    kept = session.scalars(select(Exposure)).all()
    assert {one.unit_id for one in kept if one.control} == control
    assert {one.first_at for one in kept} == {NOW}
    assert {one.id for one in held_out(session, experiment)} == control
    stop(session, experiment.id, now=NOW)
    assert not any(in_control(session, "spring", one) for one in ids)


def test_the_first_step_counts_and_machines_and_strangers_leave_none(session: Session) -> None:
    experiment = begin(session, "placement:home")
    steps = [
        met(experiment, "b" * 32, NOW + timedelta(minutes=9)),
        met(experiment, "b" * 32, NOW + timedelta(minutes=1)),
        met(experiment, "c" * 32, NOW, user_agent="Googlebot/2.1"),
        met(experiment, "d" * 32, NOW, grade=Grade.NONE),
        met(experiment, "e" * 32, NOW - timedelta(minutes=1)),  # before it began
    ]
    for _again in range(2):
        ingest(session, steps, "UTC")
        note_exposures(session, steps)
    kept = session.scalars(select(Exposure)).one()
    assert kept.first_at == NOW + timedelta(minutes=1)
    assert kept.unit_id == session.scalar(select(Visitor.id).where(Visitor.token == "b" * 32))
    assert kept.control == is_control(experiment.salt, "b" * 32, 50)


def test_customers_are_known_only_where_the_browser_agreed(session: Session) -> None:
    ids = people(session, 2)
    experiment = begin(session, "placement:home", Unit.CUSTOMER)
    steps = [
        met(experiment, "a" * 32, NOW, grade=Grade.PERSONAL, customer_reference="c0"),
        met(experiment, "b" * 32, NOW, grade=Grade.ANALYTICS, customer_reference="c1"),
    ]
    ingest(session, steps, "UTC")
    note_exposures(session, steps)
    assert session.scalars(select(Exposure.unit_id)).all() == [ids[0]]


def test_customers_figures_equal_a_count_by_hand(session: Session) -> None:
    chance = random.Random(11)
    ids = people(session, 300)
    experiment = begin(session, "campaign:spring", Unit.CUSTOMER, 40)
    exposed = {one: NOW + timedelta(hours=chance.randrange(100)) for one in ids[:260]}
    for one, at in exposed.items():
        expose_to_campaign(session, "spring", [one], at=at)
    for number in range(700):
        total = chance.randrange(0, 900_000)
        session.add(
            SeenOrder(
                reference=f"O{number}", customer_id=chance.choice(ids), currency="EUR", goods_minor=total,
                placed_at=NOW + timedelta(hours=chance.randrange(200)), total_minor=total,
                refunded_minor=total if chance.random() < 0.1 else 0,
            )
        )  # fmt: skip
    stop(session, experiment.id, now=NOW + timedelta(hours=150))
    session.flush()
    check(session, experiment, by_hand(session, experiment, lambda one: _orders_by_hand(session, experiment, one)))


def test_visitors_figures_equal_a_count_by_hand(session: Session) -> None:
    chance = random.Random(12)
    (buyer,) = people(session, 1)
    experiment = begin(session, "placement:home")
    visitors = [Visitor(token=f"{number:032x}", first_seen_at=NOW) for number in range(250)]
    session.add_all(visitors)
    session.flush()
    for visitor in visitors[:220]:
        at = NOW + timedelta(minutes=chance.randrange(3_000))
        steps = [met(experiment, visitor.token, at)]
        note_exposures(session, steps)
    for number in range(500):
        visitor, began = chance.choice(visitors), NOW + timedelta(minutes=chance.randrange(6_000))
        joined, orders = chance.random() < 0.5, chance.choice((0, 0, 1, 2))
        visit = Visit(visitor_id=visitor.id, started_at=began, last_at=began + timedelta(minutes=60))
        session.add(visit)
        session.flush()
        for place in range(orders):
            total = chance.randrange(100, 90_000)
            visit.orders, visit.revenue_minor = (visit.orders or 0) + 1, (visit.revenue_minor or 0) + total
            order = SeenOrder(
                reference=f"V{number}-{place}", customer_id=buyer, currency="EUR", goods_minor=total, total_minor=total,
                placed_at=began + timedelta(minutes=chance.randrange(60)), joined=joined,
                session_id=visit.id if joined else None, refunded_minor=0,
            )  # fmt: skip
            if joined and chance.random() < 0.3:
                order.refunded_minor = total // 2
                visit.refunds_minor = (visit.refunds_minor or 0) + total // 2
            session.add(order)
    stop(session, experiment.id, now=NOW + timedelta(minutes=5_000))
    session.flush()
    check(session, experiment, by_hand(session, experiment, lambda one: _visits_by_hand(session, experiment, one)))


def by_hand(
    session: Session, experiment: Experiment, outcome: Callable[[Exposure], tuple[int, int]]
) -> dict[bool, dict[int, tuple[int, int]]]:
    found: dict[bool, dict[int, tuple[int, int]]] = {True: {}, False: {}}
    for one in session.scalars(select(Exposure).where(Exposure.experiment_id == experiment.id)):
        found[one.control][one.unit_id] = outcome(one)
    return found


def check(session: Session, experiment: Experiment, expected: dict[bool, dict[int, tuple[int, int]]]) -> None:
    groups = groups_of(session, experiment)
    for control, group in ((False, groups.treated), (True, groups.control)):
        outcomes = expected[control]
        bought = {unit: one for unit, one in outcomes.items() if one[0]}
        assert group == Group(
            units=len(outcomes),
            buyers=len(bought),
            orders=sum(orders for orders, _net in bought.values()),
            net_minor=sum(net for _orders, net in bought.values()),
            net_squares=pytest.approx(sum(net * net for _orders, net in bought.values()), rel=1e-12),
        )
        assert len(bought) > 20, "the data try something"
        rows, after = [], 0
        while page := buyers_of(session, experiment, control=control, after=after, limit=7):
            rows += page
            after = page[-1].exposure_id
        assert {row.unit_id: (row.orders, row.net_minor) for row in rows} == bought, "the rows behind the figures"
        orders, visits = orders_of(session, experiment, rows), visits_of(session, experiment, rows)
        assert set(orders or visits) == set(bought)
        if orders:
            assert sum(len(one) for one in orders.values()) == group.orders


def _orders_by_hand(session: Session, experiment: Experiment, one: Exposure) -> tuple[int, int]:
    assert experiment.ended_at is not None
    mine = [
        order
        for order in session.scalars(select(SeenOrder))
        if order.customer_id == one.unit_id and one.first_at <= order.placed_at < experiment.ended_at
    ]
    return len(mine), sum(order.total_minor - order.refunded_minor for order in mine)


def _visits_by_hand(session: Session, experiment: Experiment, one: Exposure) -> tuple[int, int]:
    assert experiment.ended_at is not None
    orders = net = 0
    for visit in session.scalars(select(Visit).where(Visit.visitor_id == one.unit_id)):
        if visit.last_at < one.first_at or visit.started_at >= experiment.ended_at:
            continue
        orders, net = orders + visit.orders, net + visit.revenue_minor - visit.refunds_minor
        for order in session.scalars(select(SeenOrder).where(SeenOrder.session_id == visit.id)):
            if order.placed_at < one.first_at:
                orders, net = orders - 1, net - order.total_minor + order.refunded_minor
    return orders, net


def test_a_customer_who_is_erased_leaves_every_experiment_on_customers_and_no_visitor_does(session: Session) -> None:
    ids = people(session, 2)
    mailed = begin(session, "campaign:spring", Unit.CUSTOMER)
    expose_to_campaign(session, "spring", ids, at=NOW)
    on_visitors = begin(session, "placement:home")
    step = met(on_visitors, "b" * 32, NOW)
    ingest(session, [step], "UTC")
    note_exposures(session, [step])
    session.add(Turn(experiment_id=mailed.id, unit_id=ids[0], day=NOW.date(), arm="learnt", first_at=NOW))
    assert forget_exposures(session, ids[0]) == 2, "a day of theirs, and their exposure"
    assert len(session.scalars(select(Exposure)).all()) == 2


def test_an_experiment_follows_its_campaign_to_a_new_code(session: Session) -> None:
    draft = Draft(
        name="Spring", channel="email", code="spring", first_day=NOW.date(), last_day=None, budget_minor=None,
        reached=None, vanity=None, landing_path="/", codes=(), note="",
    )  # fmt: skip
    campaign, crowd = found_campaign(session, draft, now=NOW), people(session, 100)
    begin(session, "campaign:spring", Unit.CUSTOMER)
    held = [one for one in crowd if in_control(session, "spring", one)]
    # when the campaign gets another code, and another campaign the old one
    change_campaign(session, campaign, replace(draft, code="spring-2026"))
    found_campaign(session, draft, now=NOW)
    # then the control group goes with the first
    assert 0 < len(held) < 100
    assert [one for one in crowd if in_control(session, "spring-2026", one)] == held
    assert not any(in_control(session, "spring", one) for one in crowd)
    assert expose_to_campaign(session, "spring-2026", crowd, at=NOW) == 100
