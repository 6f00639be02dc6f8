"""The campaigns' pages: every figure leads to its rows, forms refuse in words, nothing is deleted."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import Action, AuditEntry
from ecrm.console.return_columns import source_args
from ecrm.console.segments import UNKNOWN
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.reconcile import reconcile
from ecrm.marketing.campaigns import Campaign, CampaignCode, CostEntry
from ecrm.marketing.period import Period
from ecrm.marketing.redemptions import Redemptions, redemptions_of
from tests.ecrm.marketing.attribution.town import NOON, Town
from tracking.clickstream.dimensions import Source
from tracking.orders import SeenOrder

from .host import DeskStorefront

GOOD = {
    "name": "Tea week", "channel": "email", "code": "Tea Week", "first_day": "2026-11-01", "last_day": "2026-11-30",
    "budget": "1500.50", "reached": "", "vanity": "Tea", "landing_path": "/tea?from=x", "codes": "TEA5\ntea10, tea5",
    "note": "for <b>winter</b>",
}  # fmt: skip


@pytest.fixture
def town(sessions: sessionmaker[Session], desk: Flask) -> dict[str, int]:
    """A letter whose coupon two orders named (one partly refunded), and an order without any source."""
    with sessions.begin() as session:
        town = Town(session)
        letter = Campaign(
            code="letter", name="Letter", channel="post", first_day=NOON.date(), created_at=NOON, budget_minor=5000,
            landing_path="/",
        )  # fmt: skip
        session.add(letter)
        session.flush()
        session.add(CampaignCode(code="letter-5", campaign_id=letter.id))
        session.add(
            CostEntry(
                campaign_id=letter.id, day=NOON.date(), amount_minor=4000, origin="entered", reference="entered:x:1",
                entered_at=NOON,
            )
        )  # fmt: skip
        first = town.order(town.customer(), 6000, codes=["LETTER-5"], is_first=True)
        town.refund(first, 2000)
        session.get_one(SeenOrder, first).refunded_minor = 2000  # as the sales data's own recording keeps it
        second = town.order(town.customer(), 4000, codes=["letter-5"], is_first=True)
        town.book(first, second, town.order(town.customer(), 700))
        return {"letter": letter.id, "first": first}


def page(browser: FlaskClient, path: str) -> BeautifulSoup:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.text, "html.parser")


def days(town: dict[str, int]) -> str:
    return f"first={NOON.date() - timedelta(days=6)}&last={NOON.date()}&compare=none"


def test_the_list_adds_up_to_the_booked_net_revenue_and_says_so(browser: FlaskClient, town: dict[str, int]) -> None:
    shown = page(browser, f"/console/campaigns?{days(town)}")
    rows = {row.th.get_text(" ", strip=True).split(" Post")[0]: row for row in shown.select("tbody tr") if row.th}
    assert {"Booked net revenue", "Letter"} <= set(rows)
    letter = [cell.get_text(strip=True) for cell in rows["Letter"].select("td")]
    assert letter[1:5] == ["€40.00", "2", "€80.00", "100.0%"]
    assert "€87.00: €80.00 with a source and €7.00 unattributed" in shown.get_text()
    sheet = browser.get(f"/console/campaigns.csv?{days(town)}").text.removeprefix("\ufeff")
    table = list(csv.reader(io.StringIO(sheet)))
    assert [row[4] for row in table[1:]] == ["80.00", "7.00"]


def test_money_that_is_not_credited_yet_is_said_to_be_missing(
    browser: FlaskClient, sessions: sessionmaker[Session], town: dict[str, int]
) -> None:
    assert "are credited so far" not in page(browser, f"/console/campaigns?{days(town)}").get_text()
    with sessions.begin() as session:
        Town(session, _made=100).order(session.get_one(SeenOrder, town["first"]).customer_id, 1300)
    shown = page(browser, f"/console/campaigns?{days(town)}").get_text()
    assert "come to €100.00; €87.00 of it are credited so far" in shown
    assert "All lines together are what is credited so far, €87.00" in shown
    assert "ooked net revenue" not in shown


def test_a_code_of_letters_that_few_machines_know_leads_to_its_rows(
    browser: FlaskClient, sessions: sessionmaker[Session], town: dict[str, int]
) -> None:
    with sessions.begin() as session:
        more = Town(session, _made=100)
        ada = more.customer()
        for number, campaign in enumerate(("\U0001fae9 sale", "\ue000x")):
            more.visit(more.browser_of(ada), 2 - number, "email", campaign=campaign)
            more.book(more.order(ada, 300, days=1.5 - number))
    links = page(browser, f"/console/campaigns?{days(town)}").select("table.report a[href*='key=code']")
    assert len({str(link["href"]) for link in links}) == 2
    for link in links:
        assert "€3.00" in page(browser, str(link["href"])).get_text()


@pytest.mark.parametrize("asked", ["searched=1", "customers=new", "redeemed=1", "code=letter-5"])
def test_refunds_refuse_what_tells_orders_apart_only(browser: FlaskClient, town: dict[str, int], asked: str) -> None:
    answer = browser.get(f"/console/refunds?{days(town)}&{asked}")
    assert answer.status_code == 400
    words = BeautifulSoup(answer.text, "html.parser").get_text()
    assert f"Refunds can't be narrowed down by {asked.partition('=')[0]}" in words


@pytest.mark.parametrize("path", ["orders", "orders.csv", "refunds", "visits"])
def test_a_number_that_no_page_has_is_refused_in_words(browser: FlaskClient, desk: Flask, path: str) -> None:
    answer = browser.get(f"/console/{path}?entry=3000000000")
    assert answer.status_code == 400
    assert "“entry” must be a whole number" in answer.text


@pytest.mark.parametrize("by", ["campaign", "channel", "source"])
def test_each_figure_of_the_list_leads_to_its_rows(browser: FlaskClient, town: dict[str, int], by: str) -> None:
    shown = page(browser, f"/console/campaigns?{days(town)}&by={by}&model=linear")
    links = [link["href"] for link in shown.select("table.report tbody a")]
    assert links
    for link in links:
        assert browser.get(str(link).split("#")[0]).status_code == 200, link


def test_the_rows_are_orders_and_refunds_as_negative_rows_with_their_receipts(
    browser: FlaskClient, town: dict[str, int]
) -> None:
    shown = page(browser, f"/console/campaigns/credits?key=campaign:{town['letter']}&{days(town)}")
    amounts = [row.select("td")[3].get_text(strip=True) for row in shown.select("tbody tr")]
    assert sorted(amounts) == ["-€20.00", "€40.00", "€60.00"]
    assert shown.select_one("a[href*='/receipt']")
    sheet = browser.get(f"/console/campaigns/credits.csv?key=campaign:{town['letter']}&{days(town)}").text
    assert sheet.count("\n") == 4
    assert "-20.00" in sheet


def test_a_key_that_no_line_has_and_a_damaged_link_are_refused_in_words(
    browser: FlaskClient, town: dict[str, int]
) -> None:
    assert "No line of the report" in browser.get("/console/campaigns/credits?key=campaign:x").text
    assert browser.get("/console/campaigns/credits.csv?key=a+b").status_code == 404
    assert "damaged" in browser.get("/console/campaigns/credits?before=2026-11-01~x").text
    assert browser.get("/console/campaigns?model=best").status_code == 400


def test_a_campaigns_page_has_all_models_its_sources_and_its_codes(browser: FlaskClient, town: dict[str, int]) -> None:
    shown = page(browser, f"/console/campaigns/{town['letter']}?{days(town)}")
    text = shown.get_text(" ", strip=True)
    for model in Model:
        assert model.label in text
    assert "€40.00 of €50.00 spent (80%)" in text
    assert "2 codes redeemed by 2 orders of these days, which paid €100.00; €20.00 of that went back since." in text
    assert shown.find("code", string="letter-5")
    assert len(shown.select("figure.chart")) == 2
    assert browser.get(f"/console/campaigns/{town['letter']}.csv?{days(town)}").status_code == 200
    assert browser.get("/console/campaigns/99").status_code == 404


def test_redemptions_open_the_orders_that_they_count(browser: FlaskClient, town: dict[str, int]) -> None:
    shown = page(browser, f"/console/campaigns/{town['letter']}?{days(town)}")
    links = [str(link["href"]) for link in shown.select("a[href*='redeemed='], a[href*='code=letter-5']")]
    assert len(links) == 3
    for link in links:
        listed = page(browser, link)
        assert len(listed.select("table.rows tbody tr")) == 2
        assert "2 orders, which paid €100.00; €20.00 of that went back until now." in " ".join(
            listed.get_text().split()
        )
        assert "named" in listed.get_text()
    first, last = NOON.date() - timedelta(days=6), NOON.date()
    for asked in ("redeemed=99", "code=nothing"):
        assert "No order of these days fits" in browser.get(f"/console/orders?first={first}&last={last}&{asked}").text


def test_of_the_people_reached_each_customer_counts_once_whenever_they_ordered(
    browser: FlaskClient, sessions: sessionmaker[Session], town: dict[str, int]
) -> None:
    with sessions.begin() as session:
        session.get_one(Campaign, town["letter"]).reached = 10
        again, made = session.get_one(SeenOrder, town["first"]).customer_id, Town(session, _made=100)
        made.book(made.order(again, 500, days=1, codes=["letter"]), made.order(again, 500, days=60, codes=["letter"]))
    text = page(browser, f"/console/campaigns/{town['letter']}?{days(town)}").get_text(" ", strip=True)
    assert "3 codes redeemed by 3 orders of these days" in text
    assert "2 different customers ordered with one of its codes: 20.0% of the people reached." in text
    none_of_them = page(browser, f"/console/campaigns/{town['letter']}?first=2026-01-01&last=2026-01-02")
    assert "2 different customers" in none_of_them.get_text()


def test_what_is_asked_of_one_campaign_is_what_it_has_among_all(
    sessions: sessionmaker[Session], town: dict[str, int]
) -> None:
    period, letter = Period(NOON.date() - timedelta(days=6), NOON.date()), town["letter"]
    with sessions() as session:
        every = redemptions_of(session, period, time_zone="Europe/Berlin")
        assert redemptions_of(session, period, time_zone="Europe/Berlin", campaign_id=letter) == every
        assert every == {letter: Redemptions(2, 2, 10_000, 2000)}
        assert redemptions_of(session, period, time_zone="Europe/Berlin", campaign_id=letter + 1) == {}


def test_the_list_of_orders_says_how_the_net_of_reports_comes_about(browser: FlaskClient, town: dict[str, int]) -> None:
    shown = page(browser, f"/console/overview?{days(town)}")
    card = shown.select_one("section[aria-labelledby=revenue] .figure a")
    assert card is not None
    listed = page(browser, str(card["href"]))
    assert f"is {card.get_text(strip=True)}." in " ".join(listed.get_text().split())
    back = listed.find("a", string="€20.00")
    assert back is not None
    assert "€20.00" in page(browser, str(back["href"])).get_text()


def test_the_visits_of_a_source_are_those_of_its_medium_and_content_too(desk: Flask) -> None:
    source = Source(channel="email", source="letter", medium="mail", campaign="tea", term="", content="top")
    assert source_args(source) == {
        "channel": "email", "source": "letter", "medium": "mail", "campaign": "tea", "term": UNKNOWN, "content": "top",
    }  # fmt: skip


def test_a_campaign_is_made_changed_and_put_away(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session]
) -> None:
    made = browser.post("/console/campaigns/new", data={"csrf_token": token, **GOOD})
    assert made.status_code == 303, made.text
    with sessions() as session:
        row = session.scalars(select(Campaign)).one()
        codes = session.scalars(select(CampaignCode.code).order_by(CampaignCode.code)).all()
    assert (row.code, row.vanity, row.budget_minor, codes) == ("tea week", "tea", 150_050, ["tea10", "tea5"])
    shown = browser.get(made.headers["Location"]).text
    assert "&lt;b&gt;winter&lt;/b&gt;" in shown
    assert "http://localhost/ecrm/go/tea" in shown

    form = page(browser, f"/console/campaigns/{row.id}/edit")
    assert [field["value"] for field in form.select("input[name=budget]")] == ["1500.50"]
    changed = GOOD | {"name": "Tea month", "codes": "tea10", "budget": ""}
    assert browser.post(f"/console/campaigns/{row.id}/edit", data={"csrf_token": token, **changed}).status_code == 303
    with sessions() as session:
        assert session.scalars(select(Campaign.name)).one() == "Tea month"
        assert session.scalars(select(CampaignCode.code)).all() == ["tea10"]

    for archived, words in (("yes", "is archived"), ("yes", "archived before"), ("no", "out of the archive")):
        data = {"csrf_token": token, "archived": archived}
        answer = browser.post(f"/console/campaigns/{row.id}/archive", data=data, follow_redirects=True)
        assert words in answer.text
        listed = page(browser, "/console/campaigns").select(f"details a[href*='/campaigns/{row.id}']")
        assert bool(listed) is (archived == "yes"), "what is archived is found again below the list"
    with sessions() as session:
        assert set(session.scalars(select(AuditEntry.action))) == {Action.CAMPAIGN_CHANGED}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "a name"), ("name", "x" * 121, "at most 120"), ("channel", "direct", "Choose a channel"),
        ("code", "", "utm_campaign"), ("first_day", "", "begins"), ("first_day", "1.11.2026", "2026-11-20"),
        ("last_day", "2026-10-01", "before the first"), ("budget", "1,234.50", "without a currency"),
        ("budget", "1.234", "more decimals"), ("budget", "-5", "from 0 to"), ("reached", "many", "whole number"),
        ("vanity", "two words", "small letters"), ("landing_path", "https://evil.example", "path of this shop"),
        ("landing_path", "//evil.example", "path of this shop"), ("landing_path", "/\\evil.example", "path of this"),
        ("codes", "x" * 101, "at most 100"), ("note", "\x00", "can be seen"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_beside_its_field(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], field: str, value: str, words: str
) -> None:
    answer = browser.post("/console/campaigns/new", data={"csrf_token": token, **GOOD, field: value})
    assert answer.status_code == 400
    hint = BeautifulSoup(answer.text, "html.parser").find(id=f"{field}-hint")
    assert hint is not None
    assert words in hint.get_text()
    with sessions() as session:
        assert session.scalars(select(Campaign)).all() == []


def test_a_code_and_a_word_belong_to_one_campaign(browser: FlaskClient, token: str, town: dict[str, int]) -> None:
    assert browser.post("/console/campaigns/new", data={"csrf_token": token, **GOOD}).status_code == 303
    other = GOOD | {"code": "LETTER", "codes": "letter-5"}
    text = browser.post("/console/campaigns/new", data={"csrf_token": token, **other}).text
    assert "belongs to the campaign “Letter”" in text
    assert "“letter-5” belongs to the campaign “Letter”" in text
    assert "leads to the campaign “Tea week”" in text


def test_a_campaign_that_changes_its_channel_takes_its_credits_along_and_all_still_adds_up(
    browser: FlaskClient, token: str, town: dict[str, int], sessions: sessionmaker[Session]
) -> None:
    form = GOOD | {"code": "letter", "codes": "letter-5", "channel": "display", "vanity": ""}
    path = f"/console/campaigns/{town['letter']}/edit"
    answer = browser.post(path, data={"csrf_token": token, **form}, follow_redirects=True)
    assert "2 orders are credited anew" in answer.text
    channels = browser.get(f"/console/campaigns.csv?{days(town)}&by=channel").text
    assert "Display" in channels
    assert "Post" not in channels
    with sessions() as session:
        period = Period(NOON.date() - timedelta(days=30), NOON.date())
        for one in reconcile(session, period, models=list(Model), zone="Europe/Berlin"):
            assert not one.differences, one


def test_the_link_builder_says_how_its_visits_will_be_counted(browser: FlaskClient, town: dict[str, int]) -> None:
    at = f"/console/campaigns/{town['letter']}/link"
    shown = page(browser, at)
    assert "http://localhost/?utm_source=letter&utm_medium=offline&utm_campaign=letter" in shown.get_text()
    assert "the campaign's channel" in shown.get_text()
    assert "count under “Paid search”, though" in page(browser, f"{at}?utm_source=google&utm_medium=cpc").get_text()
    assert "another site" in browser.get(f"{at}?path=https://evil.example/").text


def test_an_analyst_reads_campaigns_and_changes_none(
    browser: FlaskClient, storefront: DeskStorefront, token: str, town: dict[str, int]
) -> None:
    storefront.role = "analyst"
    shown = page(browser, f"/console/campaigns/{town['letter']}?{days(town)}")
    assert not shown.find("a", string="Edit")
    assert "Imports" not in shown.get_text()
    for path in ("/console/campaigns/new", "/console/costs", f"/console/campaigns/{town['letter']}/archive"):
        assert browser.post(path, data={"csrf_token": token}).status_code == 403


def test_without_anything_the_pages_say_what_to_do(browser: FlaskClient) -> None:
    assert "New campaign" in browser.get("/console/campaigns").text
    assert "Make the first campaign" in browser.get("/console/costs").text
