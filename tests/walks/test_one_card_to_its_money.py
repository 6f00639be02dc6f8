"""One card of a recommendation, clicked without a script, to the money that the report says it earned."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from ecrm.installation import Installation
from ecrm.marketing.period import Period
from ecrm.marketing.recommended.figures import By, Which, credits_of, earned_by
from shop.checkout.order import Order
from shop.checkout.refunding import RefundAsked, refund
from shop.database import db
from tests.walks.person import DETAILS, Person, order_number

TODAY = datetime.now(UTC).date()
DAYS = Period(TODAY.replace(year=TODAY.year - 1, day=1), TODAY.replace(year=TODAY.year + 1, day=1))


def agreed(app: Flask, grade: str) -> Person:
    person = Person(app)
    person.client.set_cookie("ecrm_consent", grade)
    return person


def cards(person: Person, path: str = "/") -> list[str]:
    """Where the cards of the page's first strip lead."""
    strip = person.get(path).soup.select_one(".ecrm-strip")
    assert strip is not None
    return [str(link["href"]) for link in strip.select(".ecrm-card__link")]


def order_of(person: Person, page: str) -> str:
    """Put the product of a page in the cart and buy it."""
    person.submit(person.get(page, **{"Sec-Fetch-Site": "same-origin"}), "/cart/add")
    review = person.submit(person.get("/checkout?edit=1"), "/checkout", **DETAILS)
    return order_number(person.submit(review, "/checkout/place"))


def test_a_card_leads_to_an_order_and_its_refund(app: Flask, crm: Installation, shop_data: dict[str, int]) -> None:
    person = agreed(app, "2")
    found = cards(person)
    assert all(f"ecrm_from=home-{place}-" in url for place, url in enumerate(found, start=1))
    number = order_of(person, found[1])
    assert crm.writer.flush()
    with app.app_context():
        order = db.session.query(Order).filter_by(number=number).one()
        goods, product_id = order.goods_minor - order.discount_minor, order.lines[0].product_id
        asked = RefundAsked(pieces={product_id or 0: 1}, shipping=False, restock=False, reason="broken")
        refund(db.session(), order, asked, now=datetime.now(UTC))
        db.session.commit()
    with crm.sessions() as session:
        home = earned_by(session, DAYS, by=By.PLACEMENT)["home"]
        second = earned_by(session, DAYS, by=By.POSITION, which=Which(placement="home"))[2]
        rows = credits_of(session, DAYS, which=Which(), limit=9)
    assert home.impressions >= len(found)
    assert (home.clicks, home.cart_adds, home.orders, home.revenue_minor) == (1, 1, 1, goods)
    assert (second.clicks, second.revenue_minor, second.net_minor) == (1, goods, 0)
    assert [row.refund is None for row in sorted(rows, key=lambda row: row.credit.id)] == [True, False]
    assert {row.order.reference for row in rows} == {number}


@pytest.mark.parametrize(("grade", "orders"), [("1", 1), ("0", 0)])
def test_consent_decides_what_is_joined(
    app: Flask, crm: Installation, shop_data: dict[str, int], grade: str, orders: int
) -> None:
    person = agreed(app, grade)
    order_of(person, cards(person)[0])
    assert crm.writer.flush()
    with crm.sessions() as session:
        home = earned_by(session, DAYS, by=By.PLACEMENT)["home"]
        rows = credits_of(session, DAYS, which=Which(), limit=9)
    assert (home.clicks, home.orders) == (1, orders)
    assert [row.click for row in rows] == [None] * orders, "an order that may not name its visit names no click"


def test_an_add_on_the_card_is_a_click_and_leads_back_to_a_page_that_says_nothing(
    app: Flask, crm: Installation, shop_data: dict[str, int]
) -> None:
    person = agreed(app, "1")
    page = person.get("/")
    form = page.soup.select_one(".ecrm-strip form.ecrm-card__add")
    assert form is not None
    assert "ecrm_from=home-1-" in str(form["action"])
    back = person.submit(page, "/cart/add")
    assert "ecrm_from" not in back.url
    assert crm.writer.flush()
    with crm.sessions() as session:
        home = earned_by(session, DAYS, by=By.PLACEMENT)["home"]
    assert (home.clicks, home.cart_adds) == (1, 1)
