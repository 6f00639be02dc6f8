"""The receipt page: the chain, the money of each model, what was left out, and names only for who may see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from ecrm.marketing.attribution.booking import rebook
from ecrm.marketing.attribution.rules import rules_of
from tracking.clickstream.dimensions import Source
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.touchpoints import Touchpoint
from tracking.orders import SeenOrder

from .host import DeskStorefront

RECEIPT = "/console/orders/A-1001/receipt"


@pytest.fixture
def touched(desk: Flask, sessions: sessionmaker[Session], ada: int) -> int:
    """Ada's order came by search, then by a coupon; an e-mail was too old to count."""
    with desk.app_context(), sessions.begin() as session:
        order = session.scalars(select(SeenOrder)).one()
        visit = session.scalars(select(Visit).where(Visit.orders == 1)).one()
        order.joined, order.codes, order.heard_from = True, ["TEA-5"], "A friend <3"
        search = Source(channel="paid_search", source="google", campaign="tea")
        letter = Source(channel="email", source="shop", campaign="news")
        session.add_all([search, letter])
        session.flush()
        old = Visit(
            visitor_id=visit.visitor_id, started_at=order.placed_at - timedelta(days=9),
            last_at=order.placed_at - timedelta(days=9), grade=2,
        )  # fmt: skip
        session.add(old)
        session.flush()
        for seen, source in ((visit, search), (old, letter)):
            session.add(
                Touchpoint(
                    kind="visit", at=seen.started_at, source_id=source.id, session_id=seen.id,
                    visitor_id=seen.visitor_id, simulated=seen is visit,
                )
            )  # fmt: skip
        session.flush()
        rebook(session, [order.id], rules=rules_of())
        return order.id


def read(browser: FlaskClient) -> str:
    answer = browser.get(RECEIPT)
    assert answer.status_code == 200
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def test_the_receipt_shows_each_touch_with_its_money_and_the_sums_that_are_booked(
    browser: FlaskClient, touched: int
) -> None:
    text = read(browser)
    assert "Paid search tea · google visit simulated" in text
    assert "Post and print tea-5 named by the order" in text
    assert "€12.45 50.0% -€2.50 refunded" in text
    assert text.count("Net, as booked €19.90 €19.90 €19.90 €19.90 €19.90 €19.90 €19.90") == 1
    assert "an e-mail, more than 5 days before the order" in text
    assert "hasn't learnt yet" in text
    assert "A friend <3" in text
    assert "More is known" not in text


def test_names_are_shown_to_who_may_see_customers_only(
    browser: FlaskClient, storefront: DeskStorefront, touched: int
) -> None:
    assert "Ada Byron" in read(browser)
    storefront.role = "analyst"
    assert "Ada" not in read(browser)
    storefront.role = "support"
    assert browser.get(RECEIPT).status_code == 403


def test_an_order_that_was_not_credited_says_so(browser: FlaskClient, ada: int) -> None:
    assert "This order isn't credited yet" in read(browser)


def test_what_is_known_since_is_said(browser: FlaskClient, sessions: sessionmaker[Session], touched: int) -> None:
    with sessions.begin() as session:
        session.execute(update(SeenOrder).values(codes=[]))
    assert "More is known of this order than when it was credited" in read(browser)


def test_an_unexplained_order_says_why(
    browser: FlaskClient, desk: Flask, sessions: sessionmaker[Session], ada: int
) -> None:
    with desk.app_context(), sessions.begin() as session:
        rebook(session, [session.scalars(select(SeenOrder.id)).one()], rules=rules_of())
    assert "no visit of this customer is on file" in read(browser)


def test_orders_and_timeline_lead_to_it(browser: FlaskClient, ada: int) -> None:
    for page in ("/console/orders", f"/console/customers/{ada}"):
        assert f'href="{RECEIPT}"' in browser.get(page).text


@pytest.mark.parametrize("reference", ["nothing", "a/b/c", "x" * 300, "%00", "%F0%9F%8D%B5"])
def test_a_number_that_no_order_has_is_not_found(browser: FlaskClient, ada: int, reference: str) -> None:
    assert browser.get(f"/console/orders/{reference}/receipt").status_code == 404
