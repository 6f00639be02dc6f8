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
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.reconcile import reconcile
from ecrm.marketing.campaigns import Campaign, CampaignCode, CostEntry
from ecrm.marketing.period import Period
from tests.ecrm.marketing.attribution.town import NOON, Town

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
