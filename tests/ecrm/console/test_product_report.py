"""Products: their figures, one product's own page, and the orders and refunds behind both."""

from __future__ import annotations

import csv
import io

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.rollups import DayFigures, ProductDay, add_to

from .clicks import days_ago, page
from .host import DeskStorefront
from .sales_seen import customer, given_back, opened, ordered, product
from .test_site import figures


@pytest.fixture
def sold(desk: Flask, sessions: sessionmaker[Session]) -> int:
    """Espresso Beans seen ten times, sold twice and once given back; product 77 has left the shop."""
    with desk.app_context(), sessions.begin() as session:
        ada, eve = customer(session, "ada"), customer(session, "eve")
        first = ordered(session, days_ago(5), "A-1", ada, {"1": 1200, "77": 500})
        ordered(session, days_ago(2), "A-2", eve, {"1": 1300})
        ordered(session, days_ago(50), "A-0", eve, {"1": 9900})
        given_back(session, days_ago(1), "R-1", first, "1", 200)
        key = {"day": days_ago(2), "product_key_id": product(session, "1")}
        add_to(session, ProductDay, key, {"impressions": 40, "views": 10, "cart_adds": 4})
        opened(session, days_ago(2), "beans", "1", position=3)
        return product(session, "1")


def test_a_product_goes_from_being_shown_to_the_money_that_stays(browser: FlaskClient, sold: int) -> None:
    rows = figures(browser.get("/console/products").text)
    assert rows["Espresso Beans"] == ["40", "10", "4", "40.0%", "2", "20.0%", "2", "€25.00", "€2.00", "€23.00"]
    assert rows["Sold 77"][7:] == ["€5.00", "€0.00", "€5.00"]
    assert rows["All products"][7:] == ["€30.00", "€2.00", "€28.00"]
    assert list(rows)[1:] == ["Espresso Beans", "Sold 77"]
    assert list(figures(browser.get("/console/products?sort=-label").text))[1:] == ["Sold 77", "Espresso Beans"]


def test_a_products_days_open_into_its_orders_and_refunds(browser: FlaskClient, sold: int) -> None:
    soup = BeautifulSoup(browser.get(f"/console/products/{sold}").text, "html.parser")
    total = soup.select("table.report tbody.sum td")
    orders, refunds = total[4].select_one("a"), total[8].select_one("a")
    assert orders is not None
    assert refunds is not None
    listed = browser.get(str(orders["href"])).text
    assert "A-1" in listed
    assert "A-2" in listed
    assert "A-0" not in listed
    back = browser.get(str(refunds["href"])).text
    assert "R-1" in back
    assert "€2.00" in back
    assert "with “Espresso Beans”" in back
    assert "R-1" not in browser.get("/console/refunds?product=77").text


def test_a_products_page_names_its_searches_and_its_page_in_the_shop(
    browser: FlaskClient, desk: Flask, sessions: sessionmaker[Session], sold: int
) -> None:
    with desk.app_context(), sessions.begin() as session:
        page(session, "/p/1")
    text = browser.get(f"/console/products/{sold}").text
    assert "beans" in text
    assert "0 views, 0 visits began here" in text


def test_the_list_of_orders_as_a_spreadsheet_is_narrowed_as_the_page_is(browser: FlaskClient, sold: int) -> None:
    text = browser.get("/console/orders.csv?product=77").data.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["order", "A-1"]


def test_names_of_customers_are_left_to_those_who_may_see_them(
    browser: FlaskClient, storefront: DeskStorefront, sold: int
) -> None:
    storefront.role = "analyst"
    assert "/console/customers/" not in browser.get("/console/refunds").text
    storefront.role = "owner"
    assert "/console/customers/" in browser.get("/console/refunds").text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/console/products/999999", 404, "There is no such product."),
        ("/console/orders?cohort=2026-13", 400, "is not a month"),
        ("/console/orders?cohort=2026-1-1", 400, "is not a month"),
        ("/console/orders?customers=old", 400, "is not known here"),
        ("/console/refunds?first=2026-11-02&last=2026-11-01", 400, "lies after"),
        ("/console/refunds?before=x", 400, "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(browser: FlaskClient, path: str, status: int, words: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == status
    assert words in answer.text


def test_simulated_visits_are_said(browser: FlaskClient, desk: Flask, sessions: sessionmaker[Session]) -> None:
    with desk.app_context(), sessions.begin() as session:
        add_to(session, DayFigures, {"day": days_ago(1)}, {"sessions": 2, "simulated_sessions": 2})
    assert "All 2 visits are simulated" in browser.get("/console/products").text
