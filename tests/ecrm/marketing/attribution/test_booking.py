"""Booking: which touches an order's money goes to, and that it stays whole whatever happens to the order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ecrm.marketing.attribution.booking import book_order, book_refund, rebook, rebook_customer
from ecrm.marketing.attribution.credits import Credit, CreditDay
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.receipt import receipt_of
from ecrm.marketing.campaigns import Campaign, CampaignCode
from tracking.clickstream.dimensions import Source
from tracking.clickstream.touchpoints import Touchpoint
from tracking.identity import change_claim
from tracking.orders import SeenOrder
from tracking.visitors import VisitorClaim

from .town import NOON, RULES, Town


def test_money_goes_to_the_touches_before_the_order_as_each_model_says(town: Town) -> None:
    ada = town.customer()
    browser = town.browser_of(ada)
    town.visit(browser, 20, "paid_search")
    town.visit(browser, 3, "referral")
    town.visit(browser, 1)
    town.book(town.order(ada, 10_001))
    assert town.credits(Model.LAST_NON_DIRECT) == {"referral": 10_001}
    assert town.credits(Model.LAST) == {"direct": 10_001}
    assert town.credits(Model.FIRST) == {"paid_search": 10_001}
    assert town.credits(Model.LINEAR) == {"paid_search": 5001, "referral": 5000}
    assert town.credits(Model.DATA_DRIVEN) == town.credits(Model.LINEAR)


def test_models_that_agree_share_a_posting(town: Town, session: Session) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral")
    town.book(town.order(ada))
    assert session.scalar(select(func.count()).select_from(Credit)) == 1
    assert len(town.days()) == len(Model)


def test_touches_of_one_source_share_a_posting_with_the_sum_of_their_shares(town: Town, session: Session) -> None:
    ada = town.customer()
    browser = town.browser_of(ada)
    for days, channel in ((20, "referral"), (12, "email"), (4, "email"), (3, "referral"), (2, "referral"), (1, None)):
        town.visit(browser, days, *([channel] if channel else []))
    order = town.order(ada, 10_000)
    town.book(order)
    assert town.credits(Model.LINEAR) == {"referral": 7500, "email": 2500}
    assert town.credits(Model.POSITION_BASED) == {"referral": 9000, "email": 1000}
    rows = session.scalars(select(Credit)).all()
    assert len({(row.source_id, row.share_ppm) for row in rows}) == len(rows)
    last = select(func.max(Touchpoint.id)).where(Touchpoint.source_id == town.source("referral"))
    assert {row.touchpoint_id for row in rows if row.source_id == town.source("referral")} == {session.scalar(last)}


def test_the_receipt_shares_a_posting_out_among_the_touches_of_its_source(town: Town, session: Session) -> None:
    ada = town.customer()
    for days, channel in ((20, "referral"), (4, "email"), (3, "referral"), (2, "referral")):
        town.visit(town.browser_of(ada), days, channel)
    order = town.order(ada, 10_001)
    town.refund(order, 1000)
    town.book(order)
    receipt = receipt_of(session, session.get_one(SeenOrder, order).reference, rules=RULES)
    assert receipt is not None
    assert not receipt.outdated
    assert [line.credited[Model.LINEAR].amount_minor for line in receipt.lines] == [2501, 2500, 2500, 2500]
    assert [line.credited[Model.FIRST].amount_minor for line in receipt.lines] == [10_001, 0, 0, 0]
    assert [line.credited[Model.POSITION_BASED].share_ppm for line in receipt.lines] == [
        400_000, 100_000, 100_000, 400_000,
    ]  # fmt: skip
    for model in Model:
        assert (receipt.credited(model), receipt.refunded(model)) == (10_001, -1000)


def test_a_receipt_keeps_money_whose_touches_are_gone(town: Town, session: Session) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral")
    order = town.order(ada)
    town.book(order)
    session.execute(update(Credit).values(touchpoint_id=None))
    session.execute(delete(Touchpoint))
    receipt = receipt_of(session, session.get_one(SeenOrder, order).reference, rules=RULES)
    assert receipt is not None
    assert receipt.outdated
    assert [(line.at, line.credited[Model.LAST].amount_minor) for line in receipt.lines if line.source] == [
        (None, 10_000)
    ]
    assert receipt.credited(Model.LAST) == 10_000


@pytest.mark.parametrize(
    ("days", "channel", "counts"),
    [(30, "referral", True), (30.001, "referral", False), (5, "email", True), (5.001, "email", False)],
)
def test_a_touch_counts_within_its_window(town: Town, days: float, channel: str, counts: bool) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), days, channel)
    town.book(town.order(ada))
    assert town.credits() == ({channel: 10_000} if counts else {"no visit known": 10_000})


def test_what_came_after_the_order_brought_nothing(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 1)
    town.visit(town.browser_of(ada), -1, "email")
    town.book(town.order(ada))
    assert town.credits() == {"direct": 10_000}


def test_a_visit_that_got_its_source_only_after_the_order_was_direct(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 1, "email")
    town.book(town.order(ada, days=1.001))
    assert town.credits() == {"no visit known": 10_000}
    first = town.visit(town.browser_of(ada), 2)
    late = Touchpoint(
        kind="visit", at=NOON - timedelta(days=1.9), source_id=town.source("email"), session_id=first,
        visitor_id=town.browser_of(ada),
    )  # fmt: skip
    town.session.add(late)
    order = town.order(ada, days=1.95)
    town.book(order)
    assert town.credits(order=order) == {"direct": 10_000}


def test_why_nothing_is_credited_is_said(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 1, "email")
    history, statistics, refused = (town.order(ada, joined=False) for _ in range(3))
    town.told(history, grade=None)
    town.told(statistics, grade=1)
    town.book(history, statistics, refused)
    assert town.credits(order=history) == {"no visit known": 10_000}
    assert town.credits(order=statistics) == {"not joined": 10_000}
    assert town.credits(order=refused) == {"no visit known": 10_000}


def test_the_visit_in_which_an_order_was_placed_counts_on_a_shared_browser_others_dont(town: Town) -> None:
    ada, eve = town.customer(browser=False), town.customer(browser=False)
    shared = town.browser(ada, eve)
    town.visit(shared, 2, "email")
    own = town.visit(shared, 0.001, "referral")
    town.book(town.order(ada, session_id=own))
    assert town.credits(Model.LINEAR) == {"referral": 10_000}


def test_a_code_counts_always_and_belongs_to_its_campaigns_channel(town: Town, session: Session) -> None:
    ada = town.customer()
    campaign = Campaign(
        code="tea26", name="Tea", channel="display", first_day=NOON.date(), created_at=NOON, vanity="tea"
    )
    session.add(campaign)
    session.flush()
    session.add(CampaignCode(code="tea-5", campaign_id=campaign.id))
    order = town.order(ada, joined=False, codes=["TEA-5", " tea-5 ", "Nobody’s"])
    town.told(order, grade=1)
    town.book(order)
    assert town.credits() == {"display": 5000, "post": 5000}
    touches = session.scalars(select(Touchpoint)).all()
    assert {(touch.kind, touch.order_id, touch.customer_id, touch.at) for touch in touches} == {
        ("code", order, ada, NOON)
    }


def test_a_code_finds_the_campaign_that_is_made_later(town: Town, session: Session) -> None:
    order = town.order(town.customer(), codes=["TEA-5"])
    town.book(order)
    assert town.credits() == {"post": 10_000}
    session.add(Campaign(code="tea-5", name="Tea", channel="email", first_day=NOON.date(), created_at=NOON))
    session.flush()
    assert rebook(session, [order], rules=RULES).changed == 1
    assert town.credits() == {"email": 10_000}
    assert session.scalars(select(Source.channel).join(Touchpoint)).all() == ["email"]


def test_a_full_refund_in_parts_leaves_every_touch_with_nothing_in_every_model(town: Town) -> None:
    ada = town.customer()
    for days, channel in ((25, "paid_search"), (8, "referral"), (3, "email"), (2, "referral")):
        town.visit(town.browser_of(ada), days, channel)
    order = town.order(ada, 9_999)
    town.book(order)
    for amount in (1, 3333, 2, 6663):
        book_refund(town.session, town.refund(order, amount, days=-2), rules=RULES)
        for model in Model:
            assert min(town.credits(model).values(), default=0) >= 0
    for model in Model:
        assert town.credits(model) == {}
        by_source = [sums[2:4] for key, sums in town.days().items() if key[0] == model.value]
        assert sum(revenue for revenue, _ in by_source) == sum(refunds for _, refunds in by_source) == 9_999


def test_a_refund_counts_on_its_own_day_where_the_order_was_credited(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral")
    order = town.order(ada)
    town.refund(order, 4000, days=-2)
    town.book(order)
    source = town.source("referral")
    assert town.days()["last_non_direct", "2026-11-20", source] == (1_000_000, 0, 10_000, 0, 0, 0)
    assert town.days()["last_non_direct", "2026-11-22", source] == (0, 0, 0, 4000, 0, 0)


def test_more_than_the_order_can_be_given_back_and_is_split_by_its_shares(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral", "email")
    order = town.order(ada, 1000)
    town.refund(order, 1500)
    town.book(order)
    assert town.credits(Model.LINEAR) == {"referral": -250, "email": -250}


def test_a_refund_without_an_order_takes_from_nothing_known(town: Town) -> None:
    refund = town.refund(None, 700)
    assert book_refund(town.session, refund, rules=RULES).postings == 1
    assert book_refund(town.session, refund, rules=RULES).postings == 0
    assert town.credits(Model.FIRST) == {"no visit known": -700}


def test_booking_again_changes_nothing_while_nothing_changed(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral", "email")
    order = town.order(ada, codes=["TEA"], lines=[("tea", 3, 10_000, 3001)])
    town.refund(order, 5, lines=[("tea", 1, 5)])
    town.book(order)
    before, ids = town.days(), town.session.scalars(select(Credit.id)).all()
    assert book_order(town.session, order, rules=RULES).changed == 0
    assert (town.days(), town.session.scalars(select(Credit.id)).all()) == (before, ids)


def test_a_claim_taken_back_and_put_back_restores_every_figure(town: Town, session: Session) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral")
    town.book(town.order(ada))
    before = town.days()
    (claim_id,) = session.scalars(select(VisitorClaim.id)).all()
    change_claim(session, claim_id, stands=False, by="Olga", reason="a friend's", at=NOON)
    assert rebook_customer(session, ada, rules=RULES).changed == 1
    assert town.credits() == {"no visit known": 10_000}
    change_claim(session, claim_id, stands=True, by="Olga", reason="no", at=NOON)
    rebook_customer(session, ada, rules=RULES)
    assert town.days() == before


def test_costs_are_split_with_the_money_and_the_discount_lowers_what_they_stand_against(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral", "email")
    lines = [("tea", 3, 9000, 3001), ("cup", 1, 1000, None)]
    order = town.order(ada, goods_minor=10_000, discount_minor=1000, total_minor=9000, lines=lines)
    town.book(order)
    source = town.source("referral")
    assert town.days()["linear", "2026-11-20", source] == (500_000, 0, 4500, 0, 4050, 1501)


def test_a_discount_beyond_the_goods_was_the_deliverys(town: Town) -> None:
    lines = [("tea", 1, 1000, 400)]
    order = town.order(
        town.customer(), goods_minor=1000, discount_minor=1200, shipping_minor=500, total_minor=300, lines=lines
    )
    town.book(order)
    (day,) = set(town.days().values())
    assert day == (1_000_000, 0, 300, 0, 0, 400)


def test_a_refund_with_its_goods_gives_their_cost_back_and_one_without_doesnt(town: Town) -> None:
    ada = town.customer()
    order = town.order(ada, 9000, lines=[("tea", 3, 9000, 3001)])
    town.refund(order, 3000, lines=[("tea", 1, 3000)])
    town.book(order)
    (day,) = set(town.days().values())
    assert day == (1_000_000, 0, 9000, 3000, 6000, 2001)
    town.refund(order, 500, lines=[("tea", 0, 500)])
    town.refund(order, 5500, lines=[("tea", 2, 5500)])
    town.book(order)
    (day,) = set(town.days().values())
    assert day == (1_000_000, 0, 9000, 9000, 0, 0)


def test_new_customers_are_shared_like_orders(town: Town) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral", "email")
    town.book(town.order(ada, is_first=True))
    linear = [sums[:2] for key, sums in town.days().items() if key[0] == "linear"]
    assert linear == [(500_000, 500_000)] * 2


def test_the_days_are_always_the_sum_of_the_postings(town: Town, session: Session) -> None:
    ada = town.customer()
    town.visit(town.browser_of(ada), 3, "referral", "email")
    order = town.order(ada)
    town.refund(order, 300)
    town.book(order)
    session.execute(update(SeenOrder).values(total_minor=12_345, joined=False))
    town.book(order)
    sums = select(func.sum(CreditDay.revenue_minor), func.sum(CreditDay.refunds_minor), func.sum(CreditDay.orders_ppm))
    for model in Model:
        assert tuple(session.execute(sums.where(CreditDay.model == model.value)).one()) == (12_345, 300, 1_000_000)
