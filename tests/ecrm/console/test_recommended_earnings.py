"""What recommendations earn: by placement, position and strategy, compared, and open to the orders behind."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from ecrm.marketing.recommended.crediting import rebook
from ecrm.marketing.recommended.tables import RecommendationClick, RecommendedDay, Slot
from tracking.clickstream.dimensions import ids_of
from tracking.clickstream.rollups import add_to
from tracking.clickstream.sessions import Session as Visit
from tracking.orders import SeenOrder
from tracking.visitors import Grade, Visitor

from .clicks import days_ago
from .host import DeskStorefront
from .sales_seen import customer, given_back, ordered, product
from .test_site import figures

EARNINGS = "/console/recommendations/earnings"


def slot(session: Session, placement: str, position: int, strategy: str = "learnt") -> int:
    key = (placement, position, strategy)
    return ids_of(session, Slot, [key])[key]


def seen(session: Session, day: date, slot_id: int, impressions: int, clicks: int, adds: int = 0) -> None:
    figures = {"impressions": impressions, "clicks": clicks, "cart_adds": adds}
    add_to(session, RecommendedDay, {"day": day, "slot_id": slot_id}, figures)


def clicked(session: Session, order_id: int, slot_id: int, number: str) -> None:
    """The visit of an order, in which a product of it was clicked."""
    order = session.get_one(SeenOrder, order_id)
    visitor = Visitor(token=f"{order_id:032x}", first_seen_at=order.placed_at)
    session.add(visitor)
    session.flush()
    visit = Visit(
        visitor_id=visitor.id, started_at=order.placed_at, last_at=order.placed_at, day=order.placed_at.date(),
        grade=int(Grade.PERSONAL), orders=1, revenue_minor=order.total_minor, stage=4,
    )  # fmt: skip
    session.add(visit)
    session.flush()
    at = order.placed_at - timedelta(minutes=5)
    session.add(
        RecommendationClick(
            session_id=visit.id, slot_id=slot_id, product_key_id=product(session, number), clicked_at=at, last_at=at
        )
    )
    order.session_id, order.joined = visit.id, True
    session.flush()


@pytest.fixture
def earned(desk: Flask, sessions: sessionmaker[Session]) -> None:
    """Espresso Beans bought from the home page's first place for 12.00, of which 2.00 went back; 77 from the cart."""
    with desk.app_context(), sessions.begin() as session:
        ada, eve = customer(session, "ada"), customer(session, "eve")
        home, third, cart = slot(session, "home", 1), slot(session, "home", 3), slot(session, "cart", 1, "popular")
        first = ordered(session, days_ago(5), "A-1", ada, {"1": 1200, "77": 500})
        second = ordered(session, days_ago(2), "A-2", eve, {"1": 1300, "77": 700})
        clicked(session, first, home, "1")
        clicked(session, second, cart, "77")
        given_back(session, days_ago(1), "R-1", first, "1", 200)
        seen(session, days_ago(5), home, 100, 4, 1)
        seen(session, days_ago(5), third, 100, 1)
        seen(session, days_ago(2), cart, 50, 2, 1)
        seen(session, days_ago(40), home, 80, 8)
        rebook(session, [first, second])


def test_a_placement_goes_from_being_shown_to_the_money_that_stays(browser: FlaskClient, earned: None) -> None:
    rows = figures(browser.get(EARNINGS).text)
    assert rows["Home page: for you"] == ["200", "5", "2.5%", "1", "1", "€12.00", "€2.00", "€10.00", "€50.00"]
    assert rows["Cart"] == ["50", "2", "4.0%", "1", "1", "€7.00", "€0.00", "€7.00", "€140.00"]
    assert rows["Together"] == ["250", "7", "2.8%", "2", "2", "€19.00", "€2.00", "€17.00", "€68.00"]


def test_a_placement_opens_into_its_positions_and_strategies(browser: FlaskClient, earned: None) -> None:
    soup = BeautifulSoup(browser.get(EARNINGS).text, "html.parser")
    link = next(one for one in soup.select("table.report th a") if "Home page" in one.text)
    rows = figures(browser.get(str(link["href"])).text)
    assert rows["Position 1"][:4] == ["100", "4", "4.0%", "1"]
    assert rows["Position 3"][:4] == ["100", "1", "1.0%", "0"]
    assert "Cart" not in rows
    by_strategy = figures(browser.get(f"{EARNINGS}?by=strategy").text)
    assert by_strategy["popular, the same for everybody"][7] == "€7.00"


def test_the_money_opens_into_its_orders_and_refunds(browser: FlaskClient, earned: None) -> None:
    soup = BeautifulSoup(browser.get(EARNINGS).text, "html.parser")
    row = next(one for one in soup.select("table.report tbody tr") if "Home page" in one.text)
    links = [str(one["href"]) for one in row.select("td a")]
    listed = browser.get(links[-1]).text
    assert "A-1" in listed
    assert "R-1" in listed
    assert "A-2" not in listed
    everything = browser.get("/console/recommendations/credits").text
    assert "A-2" in everything
    assert "Home page: for you · Position 1" in everything


def test_spreadsheets_hold_the_same(browser: FlaskClient, earned: None) -> None:
    lines = list(csv.reader(io.StringIO(browser.get(f"{EARNINGS}.csv?compare=none").text.lstrip("\ufeff"))))
    assert lines[0][0] == "Placement"
    assert {line[0]: line[-2] for line in lines[1:]} == {"Home page: for you": "10.00", "Cart": "7.00"}
    rows = list(csv.reader(io.StringIO(browser.get("/console/recommendations/credits.csv").text.lstrip("\ufeff"))))
    assert sorted((row[1], row[2], row[9]) for row in rows[1:]) == [
        ("order", "A-1", "12.00"), ("order", "A-2", "7.00"), ("refund", "A-1", "-2.00"),
    ]  # fmt: skip


def test_visits_with_a_click_stand_beside_the_others(browser: FlaskClient, earned: None) -> None:
    text = " ".join(BeautifulSoup(browser.get(EARNINGS).text, "html.parser").get_text(" ").split())
    assert "with a click on a recommendation 2 2 100.0%" in text
    assert "An experiment with a control group says that." in text


def test_an_empty_shop_says_so(browser: FlaskClient) -> None:
    assert "No recommendations were shown in these days." in browser.get(EARNINGS).text
    assert "Nothing is credited there" in browser.get("/console/recommendations/credits").text


@pytest.mark.parametrize("asked", ["by=colour", "position=first", "placement=" + "x" * 30, "before=x"])
def test_what_cannot_be_read_is_refused_in_words(browser: FlaskClient, asked: str) -> None:
    where = "/console/recommendations/credits" if asked.startswith("before") else EARNINGS
    assert browser.get(f"{where}?{asked}").status_code == 400


def test_an_analyst_reads_it_and_the_packer_does_not(
    browser: FlaskClient, storefront: DeskStorefront, earned: None
) -> None:
    storefront.role = "analyst"
    assert browser.get(EARNINGS).status_code == 200
    storefront.role = "packer"
    assert browser.get(EARNINGS).status_code == 403
