"""Cohorts, and new beside returning customers: the figures, their shades, and the orders behind each."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from ecrm.marketing.cohorts import Cell, Cohort, cohorts, later, months_between, together
from ecrm.marketing.period import Period
from ecrm.wording import today
from tracking.clickstream.rollups import CohortMonth, add_to

from .host import DeskStorefront
from .sales_seen import customer, given_back, ordered
from .test_site import figures

SPAN = "first=2026-01-01&last=2026-03-31"
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture
def buyers(desk: Flask, sessions: sessionmaker[Session]) -> None:
    """Four customers of January, of whom one comes back in February and two in March; one of February."""
    with desk.app_context(), sessions.begin() as session:
        ada, bob, cem, dee, eve = (customer(session, name) for name in ("ada", "bob", "cem", "dee", "eve"))
        for number, one in enumerate((ada, bob, cem, dee)):
            ordered(session, JANUARY + timedelta(days=number), f"J-{number}", one, {"1": 1000})
        ordered(session, FEBRUARY, "F-1", ada, {"1": 3000}, cohort=JANUARY)
        ordered(session, FEBRUARY, "F-2", eve, {"1": 500})
        kept = ordered(session, MARCH, "M-1", ada, {"1": 2000}, cohort=JANUARY)
        ordered(session, MARCH, "M-2", bob, {"1": 2000}, cohort=JANUARY)
        given_back(session, MARCH, "R-1", kept, "1", 400)
        add_to(session, CohortMonth, {"cohort": JANUARY, "month": MARCH}, {"refunds_minor": 400})


def test_a_cohort_is_followed_month_by_month(browser: FlaskClient, buyers: None) -> None:
    rows = figures(browser.get(f"/console/cohorts?{SPAN}").text)
    assert rows["Jan 2026"] == ["4", "100.0%", "25.0%", "50.0%"]
    assert rows["Feb 2026"] == ["1", "100.0%", "0.0%", ""]
    assert rows["All cohorts those old enough"] == ["5", "100.0%", "20.0%", "50.0%"]


@pytest.mark.parametrize(
    ("show", "cells"),
    [
        ("customers", ["4", "1", "2"]),
        ("orders", ["4", "1", "2"]),
        ("net", ["€40.00", "€30.00", "€36.00"]),
        ("net_each", ["€10.00", "€7.50", "€9.00"]),
    ],
)
def test_cells_show_what_was_asked_for(browser: FlaskClient, buyers: None, show: str, cells: list[str]) -> None:
    assert figures(browser.get(f"/console/cohorts?{SPAN}&show={show}").text)["Jan 2026"][1:] == cells


def test_a_cell_opens_into_the_orders_of_its_customers_in_its_month(browser: FlaskClient, buyers: None) -> None:
    soup = BeautifulSoup(browser.get(f"/console/cohorts?{SPAN}").text, "html.parser")
    link = soup.select("table.cohorts tbody:not(.sum) tr")[1].select("td")[3].select_one("a")
    assert isinstance(link, Tag)
    listed = browser.get(str(link["href"])).text
    assert "M-1" in listed
    assert "M-2" in listed
    assert "F-2" not in listed
    assert "of customers who first ordered in Jan 2026" in listed
    only = browser.get("/console/orders?first=2026-02-01&last=2026-02-28&cohort=2026-01").text
    assert "F-1" in only
    assert "F-2" not in only
    refunds = browser.get("/console/refunds?first=2026-03-01&last=2026-03-31&cohort=2026-01").text
    assert "R-1" in refunds
    assert "R-1" not in browser.get("/console/refunds?first=2026-03-01&last=2026-03-31&cohort=2026-02").text


def test_darker_cells_are_larger_and_the_first_month_is_left_plain(browser: FlaskClient, buyers: None) -> None:
    soup = BeautifulSoup(browser.get(f"/console/cohorts?{SPAN}").text, "html.parser")
    january = soup.select("table.cohorts tbody:not(.sum) tr")[1].select("td")
    assert [cell["class"][-1] for cell in january] == ["shade-0", "shade-0", "shade-2", "shade-5"]


def test_cohorts_as_a_spreadsheet(browser: FlaskClient, buyers: None) -> None:
    text = browser.get(f"/console/cohorts.csv?{SPAN}&show=net").data.decode("utf-8-sig")
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(text))}
    assert rows["Jan 2026"] == ["4", "40.00", "30.00", "36.00"]


def test_customers_are_shown_to_those_who_may_see_them(
    browser: FlaskClient, storefront: DeskStorefront, buyers: None
) -> None:
    path = "/console/orders?first=2026-02-01&last=2026-02-28&cohort=2026-01"
    assert "/console/customers/" in browser.get(path).text
    storefront.role = "analyst"
    assert "/console/customers/" not in browser.get(path).text


def test_new_and_returning_customers_add_up_to_all_orders(browser: FlaskClient, buyers: None) -> None:
    rows = figures(browser.get("/console/cohorts/new-and-returning?first=2026-02-01&last=2026-03-31").text)
    assert rows["New customers"] == ["1", "25.0%", "€5.00", "6.7%", "€5.00"]
    assert rows["Returning customers"] == ["3", "75.0%", "€70.00", "93.3%", "€23.33"]
    assert rows["All orders"][:3] == ["4", "100.0%", "€75.00"]
    new = browser.get("/console/orders?first=2026-02-01&last=2026-03-31&customers=new").text
    assert "F-2" in new
    assert "F-1" not in new
    assert browser.get("/console/cohorts/new-and-returning.csv").status_code == 200


def test_a_shop_without_orders_says_so(browser: FlaskClient) -> None:
    assert "Nobody ordered for the first time" in browser.get("/console/cohorts").text
    assert "No order was placed" in browser.get("/console/cohorts/new-and-returning").text


def test_cohorts_end_with_the_period_and_the_older_ones_are_longer(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        for month in (JANUARY, FEBRUARY, MARCH):
            for other in (JANUARY, FEBRUARY, MARCH):
                if other >= month:
                    add_to(session, CohortMonth, {"cohort": month, "month": other}, {"customers": 2, "orders": 3})
        found = cohorts(session, Period(date(2026, 1, 20), date(2026, 2, 3)))
    assert [(one.month, len(one.cells), one.size) for one in found] == [(FEBRUARY, 1, 2), (JANUARY, 2, 2)]
    assert together(found, 0) == (Cell(4, 6), 4)
    assert together(found, 1) == (Cell(2, 3), 2)
    assert Cohort(JANUARY, ()).retention(0) is None


def test_months_are_counted_over_the_turn_of_the_year() -> None:
    assert later(date(2025, 11, 1), 3) == date(2026, 2, 1)
    assert months_between(date(2025, 11, 1), date(2026, 2, 1)) == 3


def test_the_month_that_isnt_over_stands_in_its_row_but_not_in_the_averages(
    browser: FlaskClient, desk: Flask, sessions: sessionmaker[Session]
) -> None:
    with desk.app_context(), sessions.begin() as session:
        this = today().replace(day=1)
        for ago, counts in ((2, (10, 4, 1)), (1, (10, 0))):
            for n, customers in enumerate(counts):
                row = {"cohort": later(this, -ago), "month": later(this, n - ago)}
                add_to(session, CohortMonth, row, {"customers": customers, "orders": customers})
    rows = figures(browser.get("/console/cohorts").text)
    assert rows["All cohorts those old enough"] == ["20", "100.0%", "40.0%", "–"]
    assert [row[3] for name, row in rows.items() if row[1:3] == ["100.0%", "40.0%"]] == ["–", "10.0%"]
    counted = figures(browser.get("/console/cohorts?show=customers").text)
    assert counted["All cohorts those old enough"] == ["20", "20", "4", "1"]
