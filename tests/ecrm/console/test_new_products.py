"""Who should hear of a new product: the newest ones, and of a chosen one its first customers, each with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm import ProductFacts
from ecrm.access.audit import Action, AuditEntry
from ecrm.installation import installation
from ecrm.training import train_models, train_quickly
from tests.ecrm.slots_host import order

from .host import DeskStorefront

PAGE = "/console/recommendations/new-products"
BEANS, COOKIES = "dark roasted coffee beans", "crunchy oat biscuits"


class Roastery(DeskStorefront):
    """Says what its goods are; the filter coffee (2) came three days ago."""

    def catalogue(self) -> Iterable[ProductFacts]:
        today = datetime.now(UTC)
        return [
            ProductFacts(
                product_id=key, text=text, brand="", category="", price_minor=500, added_at=today - timedelta(days=age)
            )
            for key, text, age in (("1", BEANS, 400), ("2", BEANS, 3), ("3", COOKIES, 400))
        ]

    def arrivals(self, since: datetime) -> Sequence[ProductFacts]:
        return [one for one in self.catalogue() if one.added_at and one.added_at > since]


@pytest.fixture
def storefront() -> DeskStorefront:
    return Roastery()


@pytest.fixture(autouse=True)
def history(sessions: sessionmaker[Session], ada: int) -> None:
    """Ada buys beans, Eve cookies."""
    with sessions.begin() as session:
        for days_ago in (9, 30, 50):
            order(session, ada, ["1"], days_ago=days_ago)
            order(session, ada + 1, ["3"], days_ago=days_ago)


def read(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "html.parser")


def words(page: str) -> str:
    return " ".join(read(page).text.split())


def test_what_came_of_late_leads_to_the_customers_who_buy_its_kind(
    desk: Flask, browser: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    with desk.app_context():
        train_models(installation(desk))

    (newest,) = read(browser.get(PAGE).text).select(".products li a")
    assert newest.text == "Filter Coffee"
    page = read(browser.get(str(newest["href"])).text)

    assert "Who should hear of Filter Coffee?" in page.h1.text if page.h1 else False
    people = [[" ".join(cell.text.split()) for cell in row.select("th, td")] for row in page.select("tbody tr")]
    assert people[0] == ["1", "Ada Byron", "Ada@example.com", "Bought Espresso Beans, which is like it"]
    assert [row[3] for row in people if row[1] == "Eve"] == ["Buys often, or early what is new"]
    with sessions() as session:
        (look,) = session.scalars(select(AuditEntry).where(AuditEntry.action == Action.RECOMMENDATIONS_READ))
    assert look.subject == "product:2"


def test_without_a_list_the_page_says_why(desk: Flask, browser: FlaskClient) -> None:
    assert "No model was trained yet." in words(browser.get(f"{PAGE}?product=2").text)
    with desk.app_context():
        train_quickly(installation(desk))
    assert "Of this product no list was made" in words(browser.get(f"{PAGE}?product=2").text)
    assert "flask ecrm audience 1" in words(browser.get(f"{PAGE}?product=1").text)
    assert "The shop lists no product of this number." in words(browser.get(f"{PAGE}?product=99").text)
    assert "The first to tell" not in words(browser.get(f"{PAGE}?product=99").text)


@pytest.mark.parametrize(("role", "status"), [("support", 200), ("analyst", 403)])
def test_only_who_may_see_customers_opens_it(
    browser: FlaskClient, storefront: DeskStorefront, role: str, status: int
) -> None:
    storefront.role = role
    assert browser.get(PAGE).status_code == status
