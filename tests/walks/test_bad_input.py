"""Bad input, walked end to end: a clear message in the shop's own dress, the right status, nothing lost, no fault."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from shop.accounts.account import Account
from shop.catalog.product import Product
from shop.checkout.order import Order
from shop.database import Base, db
from tests.faults.shopper import Page, fields_of
from tests.shop.browsing import PASSWORD
from tests.walks.person import DETAILS, Person, order_number

JOIN = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com", "password": PASSWORD}


@dataclass(frozen=True)
class Shop:
    """The shop with its example rows, and what it holds."""

    app: Flask
    ids: dict[str, int]

    def rows(self, model: type[Base]) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(model)) or 0

    def stock(self, product: str) -> int:
        with self.app.app_context():
            return db.session.get_one(Product, self.ids[product]).stock

    def set(self, product: str, **values: object) -> None:
        with self.app.app_context():
            row = db.session.get_one(Product, self.ids[product])
            for name, value in values.items():
                setattr(row, name, value)
            db.session.commit()

    def orders(self) -> list[tuple[str, int]]:
        """Number and goods' value of every order."""
        with self.app.app_context():
            return [(order.number, order.goods_minor) for order in db.session.scalars(select(Order))]


@pytest.fixture
def shop(app: Flask, shop_data: dict[str, int]) -> Shop:
    return Shop(app, shop_data)


@pytest.fixture
def kim(shop: Shop) -> Person:
    """Has two bags of espresso in the cart."""
    kim = Person(shop.app)
    assert in_cart(put(kim, shop.ids["espresso"], "2")) == {"Espresso Beans": "2"}
    return kim


def put(person: Person, product_id: int | str, quantity: str = "1", **fields: str) -> Page:
    """Send the product page's form, with whatever is written into it."""
    token = fields_of(person.get("/sign-in").form("/sign-in"))["csrf_token"]
    return person.post(
        "/cart/add", {"csrf_token": token, "product_id": str(product_id), "quantity": quantity, **fields}
    )


def in_cart(page: Page) -> dict[str, str]:
    """Names and quantities on the cart page."""
    lines = [line for line in page.soup.select("li.line") if line.select_one('form[action="/cart/change"]')]
    return {
        line.select_one(".line__name").get_text(strip=True): str(line.select_one('[name="quantity"]')["value"])  # type: ignore[union-attr,index]
        for line in lines
    }


def text_of(page: Page) -> str:
    return " ".join(page.soup.get_text(" ").split())


def assert_clear(page: Page, status: int, *words: str) -> None:
    """The right status, the shop's own header, and the message in words."""
    assert page.status == status, text_of(page)[:1000]
    header = page.soup.select_one(".site-header .wordmark")
    assert header is not None, f"{page.url} isn't in the shop's dress"
    assert "Test & Taste" in header.get_text()
    assert page.soup.html is not None
    assert page.soup.html.get("lang") == "en"
    assert len(page.soup.find_all("h1")) == 1
    for word in words:
        assert word in text_of(page)


ESPRESSO = {"Espresso Beans": "2"}


def test_a_tampered_quantity_is_refused_in_words_and_the_cart_stays(shop: Shop, kim: Person) -> None:
    for quantity in ("", "-1", "1.5", "1e3", "two", "١", "9" * 40, "1\x00", "<b>"):
        assert_clear(put(kim, shop.ids["filter"], quantity), 400, "“quantity” must be a whole number")
        page = kim.get("/cart")
        assert_clear(kim.submit(page, "/cart/change", quantity=quantity), 400, "“quantity” must be a whole number")
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_a_quantity_out_of_range_is_told_and_the_cart_stays(shop: Shop, kim: Person) -> None:
    for quantity in ("0", "100", "999999999"):
        page = put(kim, shop.ids["filter"], quantity)
        assert_clear(page, 200, "Choose between 1 and 99 pieces")
        assert in_cart(page) == ESPRESSO


def test_an_unknown_product_can_not_be_put_in_the_cart(shop: Shop, kim: Person) -> None:
    for product_id in ("999999", "0"):
        assert_clear(put(kim, product_id), 404, "no longer for sale")
    for product_id in ("-1", "1.0", "9" * 30, "", "1 OR 1=1", "\x00"):
        assert_clear(put(kim, product_id), 400, "“product_id” must be a whole number")
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_a_product_taken_off_sale_is_unknown_too(shop: Shop, kim: Person) -> None:
    shop.set("filter", listed=False)
    assert_clear(put(kim, shop.ids["filter"]), 404, "no longer for sale")
    assert_clear(kim.get(f"/p/{shop.ids['filter']}/filter-coffee"), 404, "no longer for sale")
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_prices_of_the_form_are_not_read(shop: Shop, kim: Person) -> None:
    put(kim, shop.ids["filter"], "1", price="0.01", price_minor="1", total_minor="1", currency="USD")
    review = kim.submit(kim.get("/checkout"), "/checkout", **DETAILS, total_minor="1", shipping_minor="0")
    assert_clear(review, 200, "45,29 €")  # 2 × 18.90 + 7.49
    kim.submit(review, "/checkout/place", total_minor="1", price="0", quantity="99")
    assert [goods for _number, goods in shop.orders()] == [4529]
    assert (shop.stock("espresso"), shop.stock("filter")) == (18, 49)


def test_a_tampered_fingerprint_orders_nothing_and_shows_the_review_again(shop: Shop, kim: Person) -> None:
    review = kim.submit(kim.get("/checkout"), "/checkout", **DETAILS)
    again = kim.submit(review, "/checkout/place", seen="0" * 64)
    assert_clear(again, 409, "Something has changed since you looked", "Hauptstraße 1")
    assert shop.rows(Order) == 0
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_a_tampered_key_orders_nothing(shop: Shop, kim: Person) -> None:
    review = kim.submit(kim.get("/checkout"), "/checkout", **DETAILS)
    for key in ("", "short", "k" * 300, "k" * 20 + "\x00", "ключ" * 8):
        assert_clear(kim.submit(review, "/checkout/place", idempotency_key=key), 400, "We couldn't read that")
    assert shop.rows(Order) == 0
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_another_buyers_key_opens_nothing_of_theirs_and_is_no_bar(shop: Shop, kim: Person) -> None:
    lee = Person(shop.app)
    put(lee, shop.ids["candle"])
    theirs = lee.submit(lee.get("/checkout"), "/checkout", **DETAILS | {"name": "Lee Secret"})
    key = fields_of(theirs.form("/checkout/place"))["idempotency_key"]
    lee_order = order_number(lee.submit(theirs, "/checkout/place"))

    review = kim.submit(kim.get("/checkout"), "/checkout", **DETAILS)
    done = kim.submit(review, "/checkout/place", idempotency_key=key)

    assert order_number(done) != lee_order
    assert "Lee Secret" not in text_of(done)
    assert sorted(goods for _number, goods in shop.orders()) == [1200, 3780]


def test_stock_that_is_gone_names_the_product_and_keeps_cart_and_details(shop: Shop, kim: Person) -> None:
    review = kim.submit(kim.get("/checkout"), "/checkout", **DETAILS)
    shop.set("espresso", stock=1)

    refused = kim.submit(review, "/checkout/place")

    assert_clear(refused, 409, "Of Espresso Beans only 1 are left. Nothing was ordered")
    assert (shop.rows(Order), shop.stock("espresso")) == (0, 1)
    assert in_cart(refused) == ESPRESSO
    kim.submit(refused, "/cart/change", quantity="1")
    assert_clear(kim.get("/checkout"), 200, "Hauptstraße 1")  # straight to the review: the details were kept


def test_the_last_piece_is_sold_once(shop: Shop) -> None:
    people = [Person(shop.app) for _ in range(2)]
    reviews = []
    for person in people:
        put(person, shop.ids["last_one"])
        reviews.append(person.submit(person.get("/checkout"), "/checkout", **DETAILS))
    first, second = (person.submit(page, "/checkout/place") for person, page in zip(people, reviews, strict=True))
    assert_clear(first, 200, "Thank you")
    assert_clear(second, 409, "Vanilla Candle has just sold out. Nothing was ordered")
    assert (shop.rows(Order), shop.stock("last_one")) == (1, 0)


def test_an_order_sent_twice_is_one_order(shop: Shop, kim: Person) -> None:
    review = kim.submit(kim.get("/checkout"), "/checkout", **DETAILS)
    first, second = (kim.submit(review, "/checkout/place") for _ in range(2))
    assert order_number(first) == order_number(second)
    assert_clear(second, 200, "Thank you")
    assert (shop.rows(Order), shop.stock("espresso")) == (1, 18)


def test_wrong_details_are_told_beside_the_field_and_the_rest_stays_typed(shop: Shop, kim: Person) -> None:
    for field, wrong, words in (
        ("email", "kim@", "doesn't look like an e-mail address"),
        ("email", "kim@example.com\r\nBcc: all@example.com", "can't be printed"),
        ("name", "", "Please fill this in"),
        ("name", "Kim\r\nBcc: all@example.com", "can't be printed on a label"),
        ("name", "Kim\x00Lee", "can't be printed on a label"),
        ("line1", "x" * 121, "At most 120 characters"),
        ("postcode", "1", "doesn't look like a postcode"),
        ("country", "XX", "choose a country from the list"),
        ("phone", "call me", "doesn't look like a phone number"),
        ("delivery_method", "pigeon", "choose how it should be delivered"),
        ("payment_method", "magic", "choose how you want to pay"),
    ):
        typed = {**DETAILS, "region": "Kiez", field: wrong}
        page = kim.submit(kim.get("/checkout"), "/checkout", **typed)
        assert_clear(page, 422, words, "One answer needs another look")
        kept = fields_of(page.form("/checkout"))
        assert {name for name in typed if name != field and kept[name] != typed[name]} == set()
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_a_wrong_registration_opens_no_account_and_keeps_what_was_typed(shop: Shop, kim: Person) -> None:
    before = shop.rows(Account)
    for field, wrong, words in (
        ("email", "grace", "doesn't look like an e-mail address"),
        ("first_name", "Grace\r\nBcc: all@example.com", "can't be printed"),
        ("password", "short", "at least 12 characters"),
        ("password", f"{PASSWORD}\x00", "can't be typed"),
        ("children", "-3", "A number from 0 to 20"),
        ("birthday", "2999-01-01", "can't be a birthday"),
        ("household", "castle", "choose from the list"),
        ("interests", "tea,\x00", "can't be printed"),
        ("interests", ",".join(map(chr, range(0x4E00, 0x4E00 + 150))), "At most 300 characters"),  # with ", " 448
    ):
        page = kim.submit(kim.get("/register"), "/register", **{**JOIN, field: wrong})
        assert_clear(page, 422, words)
        kept = fields_of(page.form("/register"))  # but for the password, which no page holds
        assert {name for name in JOIN if name not in {field, "password"} and kept[name] != JOIN[name]} == set()
    assert shop.rows(Account) == before
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_a_double_click_on_register_opens_one_account(shop: Shop) -> None:
    grace, twin = Person(shop.app), Person(shop.app)
    form = fields_of(grace.get("/register").form("/register")) | JOIN
    twin.client._cookies.update(grace.client._cookies)
    together = Barrier(2)
    before = shop.rows(Account)

    def click(person: Person) -> Page:
        together.wait(timeout=20)
        return person.post("/register", form)

    with ThreadPoolExecutor(2) as pool:
        pages = sorted(pool.map(click, (grace, twin)), key=lambda page: page.status)

    assert_clear(pages[0], 200, "Welcome, Grace!")
    assert_clear(pages[1], 422, "We can't open an account with this address. If you have one, please sign in.")
    assert shop.rows(Account) == before + 1


def test_another_customers_order_and_address_do_not_exist(shop: Shop, kim: Person) -> None:
    number = order_number(kim.buy(shop.ids["candle"]))
    grace = Person(shop.app)
    grace.submit(grace.get("/register"), "/register", **JOIN)
    ada = Person(shop.app)
    ada.sign_in_as(shop.ids["ada"])
    fields = {"name": "Ada", "line1": "Street 1", "city": "Berlin", "postcode": "10115", "country": "DE"}
    ada.submit(ada.get("/account/addresses/new"), "/account/addresses/new", **fields)
    token = fields_of(grace.get("/account/profile").form("/account/profile"))["csrf_token"]
    for path in (f"/orders/{number}", f"/orders/{number}/thanks", f"/orders/{number}?t=x", "/account/addresses/1"):
        assert_clear(grace.get(path), 404, "We can't find that page")
    for path in (f"/orders/{number}/cancel", "/account/addresses/1", "/account/addresses/1/remove"):
        assert_clear(grace.post(path, {"csrf_token": token, "t": "x", **fields}), 404, "We can't find that page")
    assert_clear(grace.get("/staff/orders"), 403, "Not for this account")
    assert shop.stock("candle") == 9
    assert_clear(ada.get("/account/addresses"), 200, "Street 1")


def test_signing_in_leads_to_no_other_site(shop: Shop) -> None:
    grace = Person(shop.app)
    grace.submit(grace.get("/register"), "/register", **JOIN)
    for wanted in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "x", "/\r\nA: b"):
        grace.submit(grace.get("/account"), "/sign-out")
        page = grace.get("/sign-in?next=" + quote(wanted, safe=""))
        form = fields_of(page.form("/sign-in")) | {"email": JOIN["email"], "password": PASSWORD, "next": wanted}
        answer = grace.client.post("/sign-in", data=form)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account"), wanted


def test_expired_foreign_and_missing_tokens_get_a_clear_page_and_the_cart_stays(shop: Shop, kim: Person) -> None:
    others = fields_of(Person(shop.app).get("/sign-in").form("/sign-in"))["csrf_token"]
    own = fields_of(kim.get("/sign-in").form("/sign-in"))["csrf_token"]
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=13)):
        stale = fields_of(Person(shop.app).get("/sign-in").form("/sign-in"))["csrf_token"]
    for wrong in ("", "x", others, stale, own[:-1], f"{own}\x00", "ü"):
        page = kim.post("/cart/remove", {"csrf_token": wrong, "product_id": str(shop.ids["espresso"])})
        assert_clear(page, 400, "This form has expired", "Nothing was changed", "reload the page")
    assert_clear(kim.post("/cart/remove", {"product_id": str(shop.ids["espresso"])}), 400, "This form has expired")
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_ten_megabytes_are_refused_and_the_cart_stays(shop: Shop, kim: Person) -> None:
    token = fields_of(kim.get("/sign-in").form("/sign-in"))["csrf_token"]
    page = kim.post("/cart/add", {"csrf_token": token, "product_id": "1", "note": "x" * 10_000_000})
    assert_clear(page, 413, "That is too large", "Nothing was changed")
    assert in_cart(kim.get("/cart")) == ESPRESSO


def test_staffs_wrong_product_form_keeps_what_was_typed_and_changes_nothing(shop: Shop) -> None:
    olga = Person(shop.app)
    olga.sign_in_as(shop.ids["olga"])
    path = f"/staff/products/{shop.ids['espresso']}"
    for wrong, words in (
        ({"price": "-1"}, "Please write a price"), ({"stock": "1.5"}, "A whole number from 0"),
        ({"name": "a\x00b"}, "can't be printed"), ({"was": "0.01"}, "must be higher than today's"),
    ):  # fmt: skip
        page = olga.submit(olga.get(path), path, **{"brand": "Typed Brand", **wrong})
        assert_clear(page, 422, words)
        assert fields_of(page.form(path))["brand"] == "Typed Brand"
    with shop.app.app_context():
        row = db.session.get_one(Product, shop.ids["espresso"])
        assert (row.brand, row.price_minor, row.stock) == ("Alba", 1890, 20)
