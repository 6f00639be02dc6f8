"""Keywords on the site and at search engines: figures, what leads where, and refusals in words."""

from __future__ import annotations

import csv
import io

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from ecrm.marketing.attribution.credits import CreditDay
from ecrm.marketing.campaigns import SearchReportDay
from tracking.clickstream.dimensions import Audience, Source
from tracking.clickstream.rollups import AudienceDay, TermDay, add_to

from .clicks import days_ago
from .sales_seen import customer, opened, ordered, refined, searched, term
from .test_site import figures


@pytest.fixture
def searches(desk: Flask, sessions: sessionmaker[Session]) -> int:
    """`tea` is found, opened and bought; `unicorn` isn't there. Returns the number of `tea`."""
    with desk.app_context(), sessions.begin() as session:
        order = ordered(session, days_ago(2), "A-1", customer(session, "ada"), {"1": 3000})
        searched(session, days_ago(2), "tea", times=8)
        searched(session, days_ago(1), "unicorn", times=3, found=False)
        searched(session, days_ago(1), "=1+1", times=1)
        searched(session, days_ago(40), "tea", times=4)
        opened(session, days_ago(2), "tea", "1", position=1, order_id=order, net=3000)
        opened(session, days_ago(2), "tea", "1", position=4)
        opened(session, days_ago(2), "tea", "77", position=10)
        refined(session, days_ago(1), "unicorn", "tea", times=2)
        refined(session, days_ago(1), "tea", "green tea", times=5)
        add_to(session, TermDay, {"day": days_ago(1), "term_id": term(session, "tea")}, {"refunds_minor": 500})
        return term(session, "tea")


def test_a_term_goes_from_searches_to_the_money_that_stays(browser: FlaskClient, searches: int) -> None:
    rows = figures(browser.get("/console/keywords").text)
    assert rows["tea"] == ["8", "0", "3", "0.38", "5", "1", "1", "12.5%", "€30.00", "€25.00"]
    assert rows["unicorn"][:2] == ["3", "3"]
    assert rows["All terms"] == ["12", "3", "3", "0.25", "5", "1", "1", "8.3%", "€30.00", "€25.00"]


def test_what_found_nothing_stands_by_demand(browser: FlaskClient, searches: int) -> None:
    rows = figures(browser.get("/console/keywords?show=failed").text)
    assert list(rows) == ["All terms that found nothing", "unicorn"]


def test_a_term_shows_what_was_opened_where_and_what_people_tried_besides(browser: FlaskClient, searches: int) -> None:
    page = browser.get(f"/console/keywords/{searches}").text
    soup = BeautifulSoup(page, "html.parser")
    tables = {
        str(panel.h2.get_text()): [
            [cell.get_text(strip=True) for cell in row.select("th, td")] for row in panel.select("tbody tr")
        ]
        for panel in soup.select("section.panel")
        if panel.h2 and panel.select("table.rows")
    }
    assert tables["Products opened from its results"] == [
        ["Espresso Beans", "2", "2.5", "1", "€30.00", "€0.00"],
        ["Product 77", "1", "10", "0", "€0.00", "€0.00"],
    ]
    assert tables["What people tried next"] == [["green tea", "5"]]
    assert tables["What they had tried before"] == [["unicorn", "2"]]
    assert figures(page)["All days"][0] == "8"


def test_a_terms_orders_are_the_rows_behind_its_orders(browser: FlaskClient, searches: int) -> None:
    page = BeautifulSoup(browser.get(f"/console/keywords/{searches}").text, "html.parser")
    link = page.select_one("table.report tbody.sum td:nth-of-type(7) a")
    assert link is not None
    listed = browser.get(str(link["href"])).text
    assert "A-1" in listed
    assert "found by searching “tea”" in listed
    assert "A-1" not in browser.get(f"/console/orders?searched={searches + 10_000}").text


def test_refined_searches_show_both_terms(browser: FlaskClient, searches: int) -> None:
    rows = figures(browser.get("/console/keywords/refinements").text)
    assert rows == {"All": ["7"], "tea → green tea": ["5"], "unicorn → tea": ["2"]}
    by_name = list(figures(browser.get("/console/keywords/refinements?sort=label").text))
    assert by_name[1:] == ["tea → green tea", "unicorn → tea"]


def test_spreadsheets_hold_every_term_and_run_none_as_a_formula(browser: FlaskClient, searches: int) -> None:
    text = browser.get("/console/keywords.csv?compare=none").data.decode("utf-8-sig")
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(text))}
    assert rows["tea"][-2:] == ["30.00", "25.00"]
    assert "'=1+1" in rows
    assert browser.get("/console/keywords/refinements.csv").status_code == 200
    assert browser.get(f"/console/keywords/{searches}.csv").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/console/keywords/999999", 404, "There is no such search term."),
        ("/console/keywords?show=some", 400, "is not known here"),
        ("/console/keywords?sort=money", 400, "no column"),
        ("/console/keywords/search-engines?kind=free", 400, "is not known here"),
        ("/console/keywords/search-engines?engine=nowhere", 400, "names the search engine"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(browser: FlaskClient, path: str, status: int, words: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == status
    assert words in answer.text


@pytest.fixture
def engines(desk: Flask, sessions: sessionmaker[Session]) -> None:
    """Visits from Google (one names its term) and Bing, a paid click, and what the engines reported."""
    with desk.app_context(), sessions.begin() as session:
        day = days_ago(3)
        for channel, source, words, visits in (
            ("organic_search", "google", "", 7), ("organic_search", "google", "tea", 2),
            ("organic_search", "bing", "tea", 1), ("paid_search", "google", "green tea", 5),
            ("paid_search", "googleads", "green tea", 1), ("direct", "", "", 9),
        ):  # fmt: skip
            known = Source(channel=channel, source=source, term=words)
            session.add(known)
            session.flush()
            crowd = Audience(source_id=known.id, device="desktop")
            session.add(crowd)
            session.flush()
            add_to(session, AudienceDay, {"day": day, "audience_id": crowd.id}, {"sessions": visits})
            if visits == 5:
                key = {"model": "last_non_direct", "day": day, "source_id": known.id}
                add_to(session, CreditDay, key, {
                    "orders_ppm": 1_500_000, "revenue_minor": 4000, "refunds_minor": 1000,
                })  # fmt: skip
        session.add_all([
            SearchReportDay(engine="google", kind="organic", day=day, term="tea", clicks=30, impressions=100,
                            position=200),
            SearchReportDay(engine="google", kind="organic", day=days_ago(2), term="tea", clicks=10, impressions=300,
                            position=400),
            SearchReportDay(engine="google", kind="paid", day=day, term="green tea", clicks=6, impressions=60,
                            cost_minor=900),
            SearchReportDay(engine="microsoft", kind="paid", day=day, term="matcha", clicks=2, impressions=4,
                            cost_minor=80),
        ])  # fmt: skip


def test_what_engines_dont_tell_is_shown_as_not_provided_and_not_shared_out(
    browser: FlaskClient, engines: None
) -> None:
    rows = figures(browser.get("/console/keywords/search-engines").text)
    assert rows["(not provided) google"][:3] == ["7", "0", "€0.00"]
    assert rows["(not provided) google"][3:] == ["–", "–", "–", "–"]
    assert rows["tea google"] == ["2", "0", "€0.00", "400", "40", "10.0%", "3.5"]
    assert rows["tea bing"][0] == "1"
    assert rows["All keywords"][0] == "10"


def test_paid_keywords_show_credits_and_cost_and_one_name_an_engine(browser: FlaskClient, engines: None) -> None:
    rows = figures(browser.get("/console/keywords/search-engines?kind=paid").text)
    assert rows["green tea google"] == ["6", "1.5", "€30.00", "60", "6", "10.0%", "€9.00"]
    assert rows["matcha bing"] == ["0", "0", "€0.00", "4", "2", "50.0%", "€0.80"]
    only = figures(browser.get("/console/keywords/search-engines?kind=paid&engine=bing").text)
    assert list(only) == ["All keywords", "matcha bing"]


def test_a_days_sum_over_all_terms_is_no_further_term_but_tells_what_the_engine_doesnt_name(
    browser: FlaskClient, desk: Flask, sessions: sessionmaker[Session]
) -> None:
    report = {"engine": "google", "kind": "organic"}
    with desk.app_context(), sessions.begin() as session:
        session.add_all([
            SearchReportDay(**report, day=days_ago(3), term="", clicks=100, impressions=1000, position=300),
            SearchReportDay(**report, day=days_ago(3), term="tea", clicks=40, impressions=400, position=200),
            SearchReportDay(**report, day=days_ago(3), term="cup", clicks=20, impressions=100, position=200),
            SearchReportDay(**report, day=days_ago(2), term="tea", clicks=7, impressions=70, position=200),
        ])  # fmt: skip
    rows = figures(browser.get("/console/keywords/search-engines").text)
    assert rows["(not named by the engine) google"] == ["–", "–", "–", "500", "40", "8.0%", "4"]
    assert rows["tea google"][3:5] == ["470", "47"]
    assert rows["All keywords"] == ["0", "0", "€0.00", "1,070", "107", "10.0%", "2.93"]


def test_terms_without_days_are_taken_from_the_sum_of_all_days(
    browser: FlaskClient, desk: Flask, sessions: sessionmaker[Session]
) -> None:
    report = {"engine": "google", "kind": "organic"}
    with desk.app_context(), sessions.begin() as session:
        session.add_all([
            *(SearchReportDay(**report, day=days_ago(ago), term="", clicks=10, impressions=50) for ago in (4, 3, 2)),
            SearchReportDay(**report, day=days_ago(2), term="tea", clicks=25, impressions=200),
        ])  # fmt: skip
    rows = figures(browser.get("/console/keywords/search-engines").text)
    assert rows["(not named by the engine) google"][3:] == ["0", "5", "–", "–"]
    assert rows["All keywords"][3:5] == ["200", "30"]
