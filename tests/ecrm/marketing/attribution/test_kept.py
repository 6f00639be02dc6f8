"""What an order was credited to outlives the visits that led to it, and isn't rewritten by what was learnt later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ecrm.marketing.attribution.booking import book_refund, rebook
from ecrm.marketing.attribution.credits import Credit
from ecrm.marketing.attribution.forgetting import forget_touches
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.rules import Rules
from ecrm.marketing.campaigns import Campaign
from tracking.clickstream.event import Event
from tracking.clickstream.retention import make_nameless
from tracking.orders import SeenOrder, SeenOrderLine

from .town import NOON, RULES, Town

LATER = replace(RULES, forgotten_before=NOON + timedelta(days=1))
Posted = dict[int, tuple[int | None, str, int, int, int]]


def orders_postings(session: Session) -> Posted:
    columns = (Credit.source_id, Credit.why, Credit.models, Credit.share_ppm, Credit.amount_minor)
    rows = session.execute(select(Credit.id, *columns).where(Credit.kind == "order"))
    return {id_: (source, why, models, share, amount) for id_, source, why, models, share, amount in rows}


def three_ways(town: Town) -> tuple[int, int]:
    """A customer who came by three sources and directly, and their order of 100.01."""
    ada = town.customer()
    for days, channels in ((9, ("referral",)), (3, ("email", "paid_search")), (2.5, ("referral",)), (1, ())):
        town.visit(town.browser_of(ada), days, *channels)
    order = town.order(ada, 10_001)
    town.told(order, grade=2)
    town.book(order)
    return ada, order


@pytest.mark.parametrize(
    ("how", "direct"),
    [
        ("by age", False), ("by its touches", False), ("by erasure", False),
        ("by age", True), ("by erasure", True),  # not by its touches: a direct visit leaves none
    ],
)  # fmt: skip
def test_a_refund_of_a_forgotten_visits_order_moves_nothing(
    town: Town, session: Session, how: str, direct: bool
) -> None:
    if direct:
        ada = town.customer()
        town.visit(town.browser_of(ada), 2)
        order = town.order(ada, 10_001)
        town.told(order, grade=2)
        town.book(order)
    else:
        ada, order = three_ways(town)
    before, rules = orders_postings(session), RULES
    if how == "by age":
        rules = LATER
    if how == "by erasure":
        forget_touches(session, ada)
        session.execute(update(Event).values(subject="", properties={}))
    make_nameless(session, [town.browser_of(ada)])
    # when some money goes back
    book_refund(session, town.refund(order, 100), rules=rules)
    # then the order stays where it was, and all that was refunded comes from there
    assert orders_postings(session) == before
    for model in Model:
        assert sum(town.credits(model).values()) == 9901
        assert "no visit known" not in town.credits(model)


def test_without_forgetting_an_order_follows_its_visits(town: Town, session: Session) -> None:
    ada = town.customer()
    order = town.order(ada)
    town.told(order, grade=2)
    town.book(order)
    town.visit(town.browser_of(ada), 3, "email")
    assert rebook(session, [order], rules=RULES).changed == 1
    assert town.credits() == {"email": 10_000}


def test_a_cost_that_comes_late_goes_along_the_kept_shares(town: Town, session: Session) -> None:
    ada, order = three_ways(town)
    make_nameless(session, [town.browser_of(ada)])
    session.execute(update(SeenOrderLine).values(cost_minor=3000))
    rebook(session, [order], rules=LATER)
    assert set(town.credits(Model.LINEAR)) == {"referral", "email", "paid_search"}
    costs = session.scalars(select(Credit.cost_minor).where(Credit.models.bitwise_and(Model.LINEAR.bit) != 0))
    assert sum(costs) == 3000


def test_a_forgotten_orders_code_follows_its_campaign_and_its_visits_keep_their_part(
    town: Town, session: Session
) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "paid_search")
    order = town.order(ada, codes=["TEA-5"])
    town.told(order, grade=2)
    town.book(order)
    make_nameless(session, [town.browser_of(ada)])
    session.add(Campaign(code="tea-5", name="Tea", channel="email", first_day=NOON.date(), created_at=NOON))
    session.flush()
    rebook(session, [order], rules=LATER)
    assert town.credits(Model.LINEAR) == {"paid_search": 5000, "email": 5000}


def test_damaged_postings_are_not_kept(town: Town, session: Session) -> None:
    _, order = three_ways(town)
    before = town.credits(Model.LINEAR)
    session.execute(delete(Credit).where(Credit.id == select(Credit.id).limit(1).scalar_subquery()))
    rebook(session, [order], rules=LATER)
    assert town.credits(Model.LINEAR) == before


def test_what_was_learnt_later_rewrites_no_order_unless_asked(town: Town, session: Session) -> None:
    _, order = three_ways(town)
    then = {"email": 900_000, "referral": 50_000, "paid_search": 50_000}
    rebook(session, [order], rules=RULES, weights=then, learnt_anew=True)
    before = orders_postings(session)
    other = {"email": 1_000, "referral": 9_000, "paid_search": 990_000}
    # when a refund arrives after the model learnt again
    town.refund(order, 100)
    rebook(session, [order], rules=RULES, weights=other)
    # then the order's postings are what they were
    assert orders_postings(session) == before
    # and where it is asked for, they follow
    rebook(session, [order], rules=RULES, weights=other, learnt_anew=True)
    assert town.credits(Model.DATA_DRIVEN)["paid_search"] > 9000


def test_a_further_touch_shares_an_order_out_by_what_is_known_now(town: Town, session: Session) -> None:
    ada, order = three_ways(town)
    town.visit(town.browser_of(ada), 2, "affiliate")
    rebook(
        session,
        [order],
        rules=RULES,
        weights={"affiliate": 970_000, "referral": 10_000, "email": 10_000, "paid_search": 10_000},
    )
    assert town.credits(Model.DATA_DRIVEN)["affiliate"] > 9000


def test_only_orders_whose_visits_may_be_gone_are_forgotten() -> None:
    rules = Rules(zone="UTC", forgotten_before=NOON)
    assert rules.is_forgotten(NOON - timedelta(seconds=1))
    assert not rules.is_forgotten(NOON)
    assert not Rules(zone="UTC").is_forgotten(NOON - timedelta(days=9999))


def test_an_order_without_postings_is_booked_however_old_it_is(town: Town, session: Session) -> None:
    order = town.order(town.customer(), days=800)
    assert session.get_one(SeenOrder, order).joined
    assert rebook(session, [order], rules=LATER).changed == 1
