"""Ad intensity: spending beside sales, what is said of both, and how it is narrowed down."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from ecrm.marketing.ad_intensity import intensity
from ecrm.marketing.period import Period
from tracking.clickstream.rollups import DayFigures, add_to

from .clicks import days_ago
from .sales_seen import campaign, spent
from .test_site import figures

AMOUNTS = [((day * 7919) % 97) * 100 + 1000 for day in range(200)]
"""Amounts in no order that a week would have."""


@pytest.fixture
def sales(desk: Flask, sessions: sessionmaker[Session]) -> None:
    """What `spring` costs on a day is sold ten times over two days later; `letter` cost something once."""
    with desk.app_context(), sessions.begin() as session:
        spring, letter = campaign(session, "spring", "paid_search"), campaign(session, "letter", "post")
        for ago in range(120):
            spent(session, days_ago(ago), spring, AMOUNTS[ago], clicks=AMOUNTS[ago] // 100)
            figures = {
                "orders": AMOUNTS[ago + 2] // 500,
                "revenue_minor": AMOUNTS[ago + 2] * 10 + 100,
                "refunds_minor": 100,
            }
            add_to(session, DayFigures, {"day": days_ago(ago)}, figures)
        spent(session, days_ago(3), letter, 77_700)


def test_the_lag_is_found_and_said_with_its_interval(browser: FlaskClient, sales: None) -> None:
    page = BeautifulSoup(browser.get("/console/ad-intensity?campaign=spring").text, "html.parser")
    panel = page.select_one("section[aria-labelledby=lag-head]")
    assert panel is not None
    words = " ".join(panel.get_text(" ").split())
    assert "Net revenue Higher after more spending, most of all 2 days later: 1 (95 %" in words
    assert "A correlation is no effect" in words
    assert page.select_one("#chart-lags-title, [aria-labelledby=chart-lags-head]") is not None


def test_rows_are_days_with_what_was_spent_and_sold(browser: FlaskClient, sales: None) -> None:
    rows = figures(browser.get("/console/ad-intensity?days=7&compare=none").text)
    whole = sum(AMOUNTS[:7])
    assert len(rows) == 8
    assert rows["All days"][0] == f"€{(whole + 77_700) / 100:,.2f}"
    only = figures(browser.get("/console/ad-intensity?days=7&channel=paid_search").text)
    assert only["All days"][0] == f"€{whole / 100:,.2f}"
    assert only["All days"][2] == str(sum(amount // 100 for amount in AMOUNTS[:7]))
    assert only["All days"][4] == f"€{sum(AMOUNTS[2:9]) / 10:,.2f}"


def test_few_days_say_that_they_are_too_few(browser: FlaskClient, sales: None) -> None:
    assert "it takes 28 days" in browser.get("/console/ad-intensity?days=20").text


def test_without_costs_it_says_what_to_do(browser: FlaskClient, desk: Flask, sessions: sessionmaker[Session]) -> None:
    assert "Nothing was spent or sold" in browser.get("/console/ad-intensity").text
    with desk.app_context(), sessions.begin() as session:
        add_to(session, DayFigures, {"day": days_ago(1)}, {"orders": 1, "revenue_minor": 100})
    assert "Enter or import what the campaigns cost" in browser.get("/console/ad-intensity").text


def test_a_code_without_costs_is_refused_in_words(browser: FlaskClient, sales: None) -> None:
    answer = browser.get("/console/ad-intensity?campaign=nothing")
    assert answer.status_code == 400
    assert "No campaign with costs has the code “nothing”" in answer.text


def test_a_long_period_is_compared_by_week(desk: Flask, sessions: sessionmaker[Session]) -> None:
    with desk.app_context(), sessions.begin() as session:
        spring = campaign(session, "spring", "paid_search")
        for week in range(40):
            for day in range(7):
                ago = week * 7 + day
                spent(session, days_ago(ago), spring, AMOUNTS[week])
                add_to(session, DayFigures, {"day": days_ago(ago)}, {"orders": 1, "revenue_minor": AMOUNTS[week + 1]})
        found = intensity(session, Period(days_ago(30 * 7 - 1), days_ago(0)))
        odd = intensity(session, Period(days_ago(30 * 7 + 2), days_ago(0)))
        whole = intensity(session, Period(days_ago(29 * 7 - 1), days_ago(0)))
    assert found.by_week
    assert max(found.revenue, key=lambda lag: lag.correlation).steps == 1
    assert found.steps[0].span.days == 7
    assert odd.steps[0].span.days == 10
    assert max(odd.revenue, key=lambda lag: lag.correlation).steps == 1
    assert odd.revenue == whole.revenue, "the ten days are neither an effect nor a cause"
    assert len(found.orders) == 0  # as many every week


def test_the_spreadsheet_holds_the_days(browser: FlaskClient, sales: None) -> None:
    text = browser.get("/console/ad-intensity.csv?days=7").data.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text)))) == 8


def test_days_before_the_period_count_for_the_lags_only(desk: Flask, sessions: sessionmaker[Session]) -> None:
    with desk.app_context(), sessions.begin() as session:
        spring = campaign(session, "spring", "paid_search")
        spent(session, days_ago(30), spring, 500)
        found = intensity(session, Period(days_ago(20), days_ago(20) + timedelta(days=5)))
    assert found.spent.amount_minor == 0


@pytest.mark.parametrize("narrowed", ["", "&channel=post", "&campaign=letter", "&channel=post&campaign=letter"])
def test_what_was_spent_opens_the_costs_that_it_sums(browser: FlaskClient, sales: None, narrowed: str) -> None:
    page = BeautifulSoup(browser.get(f"/console/ad-intensity?days=7&compare=none{narrowed}").text, "html.parser")
    link = page.select_one("table.report tbody.sum td a")
    assert link is not None
    assert "/console/costs" in str(link["href"])
    assert link.get_text() in browser.get(str(link["href"])).text
