"""Landing pages, pages, speed and funnel: their figures, their rows, and pages of a table."""

from __future__ import annotations

import csv
import io

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.rollups import PageDay, TimingDay, add_to
from tracking.clickstream.timings import bucket_of

from .clicks import audience, days_ago, page, visit
from .test_site import figures


@pytest.fixture
def visits(desk: Flask, sessions: sessionmaker[Session]) -> None:
    """Two pages with which visits began, one of them slow."""
    with desk.app_context(), sessions.begin() as session:
        search, direct = audience(session, "organic_search", "google"), audience(session, "direct")
        for stage in (0, 0, 1, 2):
            visit(session, days_ago(1), search, entry="/d/tea", stage=stage, pages=1 + stage)
        visit(session, days_ago(2), direct, entry="/d/tea", stage=4, pages=8, revenue_minor=4000)
        visit(session, days_ago(2), direct, entry="/", stage=3, pages=3)
        visit(session, days_ago(40), direct, entry="/")
        tea = page(session, "/d/tea")
        add_to(session, PageDay, {"day": days_ago(1), "page_id": tea}, {"engagements": 4, "seconds": 50})
        for milliseconds, views in ((40, 90), (200, 10)):
            for key in (0, tea):
                row = {"day": days_ago(1), "page_id": key, "bucket": bucket_of(milliseconds)}
                add_to(session, TimingDay, row, {"views": views})


def test_landing_pages_tell_what_came_of_the_visits_that_began_there(browser: FlaskClient, visits: None) -> None:
    rows = figures(browser.get("/console/site/landing-pages").text)
    assert rows["/d/tea"] == ["5", "40.0%", "3", "2", "1", "20.0%", "€40.00", "€0.00", "€40.00"]
    assert rows["/"][:2] == ["1", "0.0%"]
    assert rows["All pages"][:2] == ["6", "33.3%"]


def test_landing_pages_of_a_segment_are_counted_visit_by_visit(browser: FlaskClient, visits: None) -> None:
    rows = figures(browser.get("/console/site/landing-pages?channel=organic_search").text)
    assert rows["/d/tea"] == ["4", "50.0%", "2", "1", "0", "0.0%", "€0.00", "€0.00", "€0.00"]
    assert "/" not in rows


def test_every_linked_figure_of_a_landing_page_opens_its_visits(browser: FlaskClient, visits: None) -> None:
    soup = BeautifulSoup(browser.get("/console/site/landing-pages?compare=none").text, "html.parser")
    row = next(row for row in soup.select("table.report tbody tr") if "/d/tea" in row.get_text())
    for place, wanted in ((0, 5), (1, 2), (4, 1)):
        link = row.select("td")[place].select_one("a")
        assert link is not None
        listed = BeautifulSoup(browser.get(str(link["href"])).text, "html.parser")
        assert len(listed.select("main table tbody tr")) == wanted


def test_pages_say_how_long_they_were_looked_at_and_open_by_day(browser: FlaskClient, visits: None) -> None:
    answer = browser.get("/console/site/pages")
    assert figures(answer.text)["/d/tea"] == ["15", "12.5 s", "4", "5"]
    link = BeautifulSoup(answer.text, "html.parser").select_one("table.report tbody:last-of-type th a")
    assert link is not None
    days = figures(browser.get(str(link["href"])).text)
    assert days["All days"][:4] == ["15", "12.5 s", "39 ms", "196 ms"]
    assert len(days) == 29
    assert browser.get("/console/site/pages/9999").status_code == 404


def test_speed_names_the_slowest_pages_with_enough_views(browser: FlaskClient, visits: None) -> None:
    rows = figures(browser.get("/console/site/speed").text)
    assert rows == {"All pages": ["100", "39 ms", "196 ms"], "/d/tea": ["100", "39 ms", "196 ms"]}
    assert "No page was timed so often" in browser.get("/console/site/speed?least=101").text
    assert browser.get("/console/site/speed?least=0").status_code == 400


def test_the_funnel_says_how_many_came_how_far_and_who_left(browser: FlaskClient, visits: None) -> None:
    answer = browser.get("/console/site/funnel")
    steps = [
        " ".join(step.get_text(" ").split())
        for step in BeautifulSoup(answer.text, "html.parser").select(".funnel .funnel-step .num")
    ]
    assert steps == ["6", "4", "3", "2", "1"]
    assert "66.7% of the step before, 66.7% of all visits · 2 visits left before" in answer.text
    assert figures(answer.text)["Direct"] == ["2", "100.0%", "100.0%", "100.0%", "50.0%", "1", "50.0%"]
    assert figures(browser.get("/console/site/funnel?channel=direct&by=device").text)["All visits"][0] == "2"


def test_a_long_table_comes_in_pages_and_whole_as_a_spreadsheet(
    desk: Flask, browser: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    with desk.app_context(), sessions.begin() as session:
        for number in range(230):
            key = {"day": days_ago(1), "page_id": page(session, f"/p/{number}")}
            add_to(session, PageDay, key, {"views": number + 1, "entries": 1})
    first = browser.get("/console/site/pages")
    assert list(figures(first.text))[1:3] == ["/p/229", "/p/228"]
    assert len(figures(first.text)) == 51
    assert "1–50 of 230" in first.text
    assert list(figures(browser.get("/console/site/pages?page=5").text))[-1] == "/p/0"
    assert list(figures(browser.get("/console/site/pages?sort=label").text))[1] == "/p/0"
    rows = list(csv.DictReader(io.StringIO(browser.get("/console/site/pages.csv?sort=views").text.lstrip("\ufeff"))))
    assert len(rows) == 230
    assert (rows[0]["Page"], rows[0]["Views"], rows[0]["Views, compared"]) == ("/p/0", "1", "")


def test_a_page_with_nothing_but_a_refund_in_the_period_is_there_and_in_the_sum(
    browser: FlaskClient, visits: None, desk: Flask, sessions: sessionmaker[Session]
) -> None:
    with desk.app_context(), sessions.begin() as session:
        old = page(session, "/d/old")
        add_to(session, PageDay, {"day": days_ago(1), "page_id": old}, {"entry_refunds_minor": 1500})
        add_to(session, PageDay, {"day": days_ago(1), "page_id": page(session, "/seen")}, {"views": 3})
    rows = figures(browser.get("/console/site/landing-pages").text)
    assert rows["/d/old"] == ["0", "–", "0", "0", "0", "–", "€0.00", "€15.00", "-€15.00"]
    assert rows["All pages"][-3:] == ["€40.00", "€15.00", "€25.00"]
    assert "/seen" not in rows
