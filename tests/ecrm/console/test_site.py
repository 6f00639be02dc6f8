"""The report about visits: groups, comparison, segment, links to the rows, spreadsheet, and refusals in words."""

from __future__ import annotations

import csv
import io

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from .clicks import audience, days_ago, refund, visit


@pytest.fixture
def visits(desk: Flask, sessions: sessionmaker[Session]) -> None:
    """Six visits of the last days, two of a month ago."""
    with desk.app_context(), sessions.begin() as session:
        search = audience(session, "organic_search", "google")
        letter = audience(session, "email", "shop", campaign="autumn", device="mobile", back=True)
        direct = audience(session, "direct")
        for _n in range(3):
            visit(session, days_ago(1), search, entry="/p/1")
        visit(session, days_ago(2), search, entry="/p/1", stage=2, pages=4)
        visit(session, days_ago(1), letter, entry="/d/tea", stage=4, pages=6, revenue_minor=2590)
        visit(session, days_ago(1), direct, simulated=True)
        visit(session, days_ago(30), search)
        visit(session, days_ago(31), search, stage=4, revenue_minor=1000)


def figures(page: str) -> dict[str, list[str]]:
    """The report's rows by their names, each figure without its change."""
    table = BeautifulSoup(page, "html.parser").select_one("table.report")
    assert table is not None
    rows = {}
    for row in table.select("tbody tr"):
        for change in row.select(".delta"):
            change.decompose()
        head = row.select_one("th")
        assert isinstance(head, Tag)
        rows[" ".join(head.get_text(" ").split())] = [cell.get_text().strip() for cell in row.select("td")]
    return rows


def test_visits_are_grouped_and_the_sum_stands_above_them(browser: FlaskClient, visits: None) -> None:
    rows = figures(browser.get("/console/site").text)
    assert rows["All visits"][:2] == ["6", "66.7%"]
    assert rows["Organic search"] == ["4", "75.0%", "1.75", "1", "1", "0", "0.0%", "€0.00", "€0.00", "€0.00"]
    assert rows["E-mail"] == ["1", "0.0%", "6", "1", "1", "1", "100.0%", "€25.90", "€0.00", "€25.90"]
    assert rows["Direct simulated"][0] == "1"
    assert list(figures(browser.get("/console/site?by=device").text)) == ["All visits", "Desk simulated", "Phone"]
    assert list(figures(browser.get("/console/site?by=referrer").text)) == ["All visits", "google Organic search"]


def test_a_report_is_set_beside_the_days_before_and_says_what_went_up(browser: FlaskClient, visits: None) -> None:
    page = BeautifulSoup(browser.get("/console/site").text, "html.parser")
    search = next(row for row in page.select("table.report tbody tr") if "Organic search" in row.get_text())
    assert "▲" in search.select("td")[0].get_text()
    assert "2 before" in search.select("td")[0].get_text()
    assert not BeautifulSoup(browser.get("/console/site?compare=none").text, "html.parser").select("td .delta")


def test_a_segment_narrows_the_report_and_stays_in_its_links(browser: FlaskClient, visits: None) -> None:
    answer = browser.get("/console/site?by=device&channel=email&days=7")
    assert figures(answer.text)["All visits"][0] == "1"
    page = BeautifulSoup(answer.text, "html.parser")
    links = [str(link["href"]) for link in page.select(".period a, .sorter, nav[aria-label='Grouped by'] a, .tabs a")]
    assert len(links) > 20
    assert [href for href in links if "channel=email" not in href] == []
    assert figures(browser.get("/console/site?campaign=autumn").text)["All visits"][0] == "1"
    assert figures(browser.get("/console/site?campaign=-").text)["All visits"][0] == "5"
    assert figures(browser.get("/console/site?visitors=returning").text)["All visits"][0] == "1"


def test_every_linked_figure_opens_as_many_rows_as_it_says(browser: FlaskClient, visits: None) -> None:
    page = BeautifulSoup(browser.get("/console/site").text, "html.parser")
    checked = 0
    for row in page.select("table.report tbody tr"):
        for place in (0, 3, 4, 5):
            cell = row.select("td")[place]
            for change in cell.select(".delta"):
                change.decompose()
            if (link := cell.select_one("a")) is not None:
                rows = BeautifulSoup(browser.get(str(link["href"])).text, "html.parser")
                assert len(rows.select("main table tbody tr")) == int(cell.get_text())
                checked += 1
    assert checked >= 8


def test_refunds_reduce_the_net_of_their_visits_and_open_as_rows_with_the_same_sum(
    desk: Flask, browser: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    with desk.app_context(), sessions.begin() as session:
        letter, direct = audience(session, "email", "shop"), audience(session, "direct")
        bought = visit(session, days_ago(40), letter, entry="/d/tea", stage=4, revenue_minor=5000)
        other = visit(session, days_ago(2), direct, stage=4, revenue_minor=3000)
        refund(session, days_ago(1), bought, "R-1", 1200)
        refund(session, days_ago(3), bought, "R-2", 300)
        refund(session, days_ago(1), other, "R-3", 70)
        refund(session, days_ago(1), None, "R-4", 999)
        refund(session, days_ago(35), bought, "R-5", 1)
        since = days_ago(27)
    rows = figures(browser.get("/console/site").text)
    assert rows["E-mail"][-3:] == ["€0.00", "€15.00", "-€15.00"]
    assert rows["All visits"][-3:] == ["€30.00", "€15.70", "€14.30"]
    for address, name, listed in (
        ("/console/site", "E-mail", {"R-1", "R-2"}),
        ("/console/site", "Direct", {"R-3"}),
        ("/console/site/landing-pages?sort=-net_minor", "/", {"R-3"}),
    ):
        table = BeautifulSoup(browser.get(address).text, "html.parser")
        row = next(row for row in table.select("table.report tbody tr") if row.select_one("th").get_text() == name)  # type: ignore[union-attr]
        link = row.select("td")[-2].select_one("a")
        assert link is not None
        page = BeautifulSoup(browser.get(str(link["href"])).text, "html.parser")
        assert {head.get_text() for head in page.select("main tbody th")} == listed
        assert link.get_text() in page.select_one("main > p").get_text()  # type: ignore[union-attr]
    everything = BeautifulSoup(browser.get(f"/console/refunds?first={since}").text, "html.parser")
    assert {head.get_text() for head in everything.select("main tbody th")} == {"R-1", "R-2", "R-3", "R-4"}
    assert "4 refunds, €25.69" in everything.get_text()


def test_different_browsers_are_counted_of_all_visits_and_on_demand_of_a_segment(
    browser: FlaskClient, visits: None
) -> None:
    assert "These visits are those of 6 different browsers." in browser.get("/console/site").text
    narrowed = BeautifulSoup(browser.get("/console/site?channel=organic_search&by=device").text, "html.parser")
    link = narrowed.find("a", string="Count the different browsers of these visits")
    assert isinstance(link, Tag)
    assert "those of 4 different browsers" in browser.get(str(link["href"])).text


def test_a_report_is_sorted_as_asked(browser: FlaskClient, visits: None) -> None:
    by_name = list(figures(browser.get("/console/site?sort=label").text))
    assert by_name[1:] == ["Direct simulated", "E-mail", "Organic search"]
    assert list(figures(browser.get("/console/site?sort=-revenue_minor").text))[1] == "E-mail"


def test_the_spreadsheet_has_the_same_rows_with_the_comparison(browser: FlaskClient, visits: None) -> None:
    answer = browser.get("/console/site.csv")
    rows = {row["Channel"]: row for row in csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))}
    assert rows["Organic search"]["Visits"] == "4"
    assert rows["Organic search"]["Visits, compared"] == "2"
    assert rows["E-mail"]["Revenue EUR"] == "25.90"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("days=nonsense", "must be a whole number"),
        ("days=0", "Ask for 1 to"),
        ("first=2026-02-03&last=2026-02-01", "lies after the last one"),
        ("first=2020-01-01&last=2026-02-01", "three years at most"),
        ("first=yesterday", "is not a day"),
        ("compare=never", "is not known here"),
        ("sort=-shoe_size", "no column"),
        ("page=9", "no such page"),
        ("by=colour", "is not known here"),
        ("channel=%00", "can&#39;t be read"),
    ],
)
def test_what_cant_be_read_is_refused_in_words(browser: FlaskClient, query: str, words: str) -> None:
    answer = browser.get(f"/console/site?{query}")
    assert answer.status_code == 400
    assert words in answer.text


def test_a_visit_names_its_customer_only_to_those_who_may_see_customers(browser: FlaskClient, visits: None) -> None:
    assert browser.get("/console/visits?entry=999").status_code == 404
    listed = browser.get("/console/visits").text
    assert "autumn" in listed
    assert "simulated" in listed
