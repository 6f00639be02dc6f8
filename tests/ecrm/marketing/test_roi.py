"""Returns: lines that add up to the booked revenue, spending beside them, and every figure leading to its rows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.marketing.attribution.chain import Why
from ecrm.marketing.attribution.credit_rows import credits_of
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.campaign_days import campaign_days, codes_used, sources_within
from ecrm.marketing.campaigns import Campaign, CampaignCode, CostEntry, found
from ecrm.marketing.code_owners import owners_of
from ecrm.marketing.period import Period
from ecrm.marketing.redemptions import customers_naming, redemptions_of
from ecrm.marketing.roi import By, Earnings, returns, side_by_side
from tracking.clickstream.dimensions import Audience
from tracking.clickstream.rollups import AudienceDay, add_rows

from .attribution.town import NOON, Town

DAY = date(2026, 11, 20)
PERIOD = Period(DAY - timedelta(days=6), DAY)


@pytest.fixture
def town(session: Session) -> Town:
    """Two new customers through a letter's codes, an e-mail campaign that shares an order with search, a direct one."""
    town = Town(session)
    letter = Campaign(code="letter", name="Letter", channel="post", first_day=DAY, created_at=NOON)
    tea = Campaign(code="tea", name="Tea week", channel="email", first_day=DAY, created_at=NOON)
    session.add_all([letter, tea])
    session.flush()
    session.add(CampaignCode(code="letter-5", campaign_id=letter.id))
    for campaign, amount, days in ((letter, 3000, 0), (letter, 1000, 6), (tea, 500, 0), (tea, 9999, 7)):
        session.add(
            CostEntry(
                campaign_id=campaign.id, day=DAY - timedelta(days=days), amount_minor=amount, origin="entered",
                reference=f"{campaign.code}-{days}", entered_at=NOON,
            )
        )  # fmt: skip
    ada, bob, eve = (town.customer() for _ in range(3))
    first = town.order(
        ada, 6000, codes=["LETTER-5"], is_first=True, lines=[("tea", 2, 4000, 1000), ("cup", 1, 2000, None)]
    )
    town.refund(first, 2000, lines=[("tea", 1, 2000)])
    second = town.order(bob, 4000, codes=["Letter-5"], is_first=True, joined=False)
    browser = town.browser_of(eve)
    town.visit(browser, 3, "paid_search")
    town.visit(browser, 2, "email", campaign="tea")
    shared = town.order(eve, 1001)
    town.visit(town.browser_of(bob), 5)
    direct = town.order(bob, 700)
    unknown = town.order(town.customer(), 90)
    town.book(first, second, shared, direct, unknown)
    seen = Audience(source_id=town.source("email", "tea"), device="mobile")
    straight = Audience(source_id=town.source("direct"), device="mobile")
    session.add_all([seen, straight])
    session.flush()
    add_rows(
        session, AudienceDay,
        {(DAY, seen.id): {"sessions": 40, "simulated_sessions": 30}, (DAY, straight.id): {"sessions": 7}},
    )  # fmt: skip
    return town


def lines(town: Town, by: By, model: Model = Model.LAST_NON_DIRECT) -> dict[str, Earnings]:
    return {line.key: line.earnings for line in returns(town.session, PERIOD, model=model, by=by).lines}


def test_a_campaign_has_its_money_its_new_customers_and_what_they_cost(town: Town) -> None:
    letter = lines(town, By.CAMPAIGN)["campaign:1"]
    assert (letter.revenue_minor, letter.refunds_minor, letter.net_minor, letter.spend_minor) == (
        10_000,
        2000,
        8000,
        4000,
    )
    assert (letter.orders, letter.new_customers) == (2, 2)
    assert (letter.roi, letter.roas) == (1.0, 2.0)
    assert (letter.cost_per_order_minor, letter.cost_per_new_customer_minor) == (2000, 2000)
    assert (letter.costed_minor, letter.cost_minor, letter.margin_minor) == (2000, 500, 1500)
    assert letter.coverage == 0.25
    assert letter.roi_on_margin == (1500 - 4000) / 4000


def test_visits_stand_beside_what_they_earned(town: Town) -> None:
    found = lines(town, By.CAMPAIGN)
    assert (found["campaign:2"].visits, found["campaign:2"].simulated_visits) == (40, 30)
    assert found["why:direct"].visits == 7


def test_by_channel_and_by_source_it_is_the_same_money(town: Town) -> None:
    channels = lines(town, By.CHANNEL, Model.LINEAR)
    assert {key: one.net_minor for key, one in channels.items()} == {
        "post": 8000, "paid_search": 501, "email": 500, "why:direct": 700, "why:no visit known": 90,
    }  # fmt: skip
    assert (channels["post"].spend_minor, channels["email"].spend_minor) == (4000, 500)
    sources = lines(town, By.SOURCE, Model.LINEAR)
    assert sum(one.net_minor for one in sources.values()) == 9791
    assert {one.spend_minor for one in sources.values()} == {None}


def test_every_model_and_every_grouping_adds_up_to_the_booked_net_revenue(town: Town) -> None:
    for by in By:
        reports = side_by_side(town.session, PERIOD, models=list(Model), by=by)
        for report in reports.values():
            assert report.total.net_minor == sum(line.earnings.net_minor for line in report.lines) == 9791
            assert report.total.orders_ppm == 5_000_000
            assert report.total.spend_minor == 4500
            assert report.lines[-1].why is Why.UNKNOWN


def test_a_code_without_a_campaign_is_shown_as_such_and_sources_without_a_code_together(
    town: Town, session: Session
) -> None:
    town.book(town.order(town.customer(), 50, codes=["NOBODY"]))
    found = lines(town, By.CAMPAIGN, Model.FIRST)
    assert found["code:nobody"].net_minor == 50
    assert found["none"].net_minor == 1001
    session.add(Campaign(code="nobody", name="Late", channel="post", first_day=DAY, created_at=NOON))
    session.flush()
    assert lines(town, By.CAMPAIGN, Model.FIRST)["campaign:3"].net_minor == 50


def test_where_nothing_was_spent_there_is_no_return_to_speak_of(town: Town) -> None:
    direct = lines(town, By.CAMPAIGN)["why:direct"]
    assert (direct.roi, direct.roas, direct.roi_on_margin, direct.cost_per_order_minor) == (None, None, None, None)


@pytest.mark.parametrize("by", list(By))
@pytest.mark.parametrize("model", [Model.LAST_NON_DIRECT, Model.LINEAR, Model.FIRST])
def test_every_line_opens_into_rows_that_sum_to_it(town: Town, by: By, model: Model) -> None:
    for line in returns(town.session, PERIOD, model=model, by=by).lines:
        rows, before = [], None
        while page := credits_of(town.session, PERIOD, model=model, key=line.key, before=before, limit=2):
            rows += page
            before = (page[-1].credit.day, page[-1].credit.id)
        assert sum(row.credit.amount_minor for row in rows) == line.earnings.net_minor
        assert sum(row.credit.share_ppm for row in rows if row.credit.kind == "order") == line.earnings.orders_ppm
        assert all(row.at.date() == DAY for row in rows)


@pytest.mark.parametrize("key", ["why:because", "campaign:x", "source:", "campaign:99999999999999999999", "a b", ":"])
def test_a_key_that_no_line_has_is_refused(session: Session, key: str) -> None:
    with pytest.raises(LookupError, match="no line is called"):
        credits_of(session, PERIOD, model=Model.FIRST, key=key, limit=2)


def test_without_anything_there_is_an_empty_report(session: Session) -> None:
    report = returns(session, PERIOD, model=Model.LINEAR, by=By.CAMPAIGN)
    assert (report.lines, report.total.net_minor, report.total.coverage) == ((), 0, None)
    assert session.scalar(select(Campaign.id)) is None


def test_a_code_that_two_campaigns_claim_means_the_one_whose_own_it_is(session: Session) -> None:
    # given: a shop that founds a campaign by a code which another has among its further ones
    town, first_day = Town(session), PERIOD.first
    flyer = found(
        session, code="flyer", name="A", channel="post", first_day=first_day, last_day=None, now=NOON, codes=["spring"]
    )
    spring = found(session, code="spring", name="B", channel="post", first_day=first_day, last_day=None, now=NOON)
    town.book(town.order(town.customer(browser=False), 6000, codes=["spring"]))
    # then every reader gives the order to the same campaign, and the other has none of it
    model = Model.LAST_NON_DIRECT
    assert owners_of(session, ["spring", "flyer", "none"]) == {"spring": spring, "flyer": flyer}
    assert lines(town, By.CAMPAIGN).keys() == {f"campaign:{spring.id}"}
    assert redemptions_of(session, PERIOD, time_zone="Europe/Berlin").keys() == {spring.id}
    for campaign, one in ((spring, 1), (flyer, 0)):
        key = f"campaign:{campaign.id}"
        assert len(credits_of(session, PERIOD, model=model, key=key, limit=9)) == one
        assert len(campaign_days(session, campaign, PERIOD, model=model)) == one
        assert len(sources_within(session, campaign, PERIOD, model=model)) == one
        assert len(codes_used(session, campaign, PERIOD, time_zone="Europe/Berlin")) == one
        assert customers_naming(session, campaign.id) == one


def test_no_campaign_is_of_the_channel_of_direct_visits(session: Session) -> None:
    with pytest.raises(ValueError, match=r"needs a code, and a channel of paid_search, .*other$"):
        found(session, code="walk-in", name="W", channel="direct", first_day=DAY, last_day=None, now=NOON)
