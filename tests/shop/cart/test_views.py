"""The cart's pages, as people and as tamperers use them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop import signals
from shop.cart.basket import product_ids_in_cart
from shop.cart.cart import Cart, CartLine
from shop.catalog.product import Product
from tests.shop.filling import fields_of
from tests.shop.visitor import Visitor

Look = Callable[[], Session]


def test_looking_at_the_cart_makes_none(visitor: Visitor, tables: Look) -> None:
    page = visitor.see("/cart")
    assert page.status == 200
    assert "Nothing in here yet" in page.words
    assert tables().scalar(select(func.count()).select_from(Cart)) == 0


def session_of(client: FlaskClient) -> dict[str, Any]:
    with client.session_transaction() as kept:
        return dict(kept)


def test_two_first_clicks_at_once_fill_one_cart(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    token = visitor.token()
    before = session_of(visitor.client)
    gate, answers = threading.Barrier(2), []

    def click(product: str) -> None:
        tab = app.test_client()
        with tab.session_transaction() as same:
            same.update(before)
        gate.wait()
        answers.append(
            tab.post("/cart/add", data={"csrf_token": token, "product_id": str(shop_data[product])}).status_code
        )

    clicks = [threading.Thread(target=click, args=(product,)) for product in ("filter", "candle")]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert answers == [303, 303]
    assert tables().scalar(select(func.count()).select_from(Cart)) == 1
    words = visitor.see("/cart").words
    assert "Filter Coffee" in words
    assert "Beeswax Candle" in words


def test_a_cart_is_one_browsers_and_ends_with_its_session(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["filter"])
    stranger = Visitor(app)
    stranger.add(shop_data["candle"])
    assert "Filter Coffee" not in stranger.see("/cart").words
    before = session_of(visitor.client)
    visitor.sign_in(shop_data["ada"])
    assert "Filter Coffee" in visitor.see("/cart").words
    visitor.send("/sign-out")
    visitor._token = ""
    assert "Nothing in here yet" in visitor.see("/cart").words
    visitor.add(shop_data["candle"])
    tokens = tables().scalars(select(Cart.token)).all()
    assert len(set(tokens)) == 3
    with visitor.client.session_transaction() as old:  # a cookie from before the sign-in opens nothing of Ada's
        old.clear()
        old.update(before)
    visitor._token = ""
    assert "Nothing in here yet" in visitor.see("/cart").words
    assert "Espresso Beans" in visitor.add(shop_data["espresso"]).words


def test_what_is_added_lies_in_the_cart_with_todays_price(visitor: Visitor, shop_data: dict[str, int]) -> None:
    page = visitor.add(shop_data["filter"], 2)
    assert (page.status, page.path) == (200, "/cart")
    assert "Filter Coffee" in page.words
    assert "14,98 €" in page.words
    assert "Cart, 2 pieces" in str(page.soup)


def test_a_tampered_price_is_not_even_read(visitor: Visitor, shop_data: dict[str, int]) -> None:
    page = visitor.send(
        "/cart/add", product_id=str(shop_data["espresso"]), quantity="1", price_minor="1", price="0.01", unit_minor="1"
    )
    assert "18,90 €" in page.words


@pytest.mark.parametrize("quantity", ["0", "-1", "100", "1e3", "2.5", "abc", "", "9" * 30, "٣"])
def test_a_strange_quantity_changes_nothing(visitor: Visitor, shop_data: dict[str, int], quantity: str) -> None:
    page = visitor.send("/cart/add", product_id=str(shop_data["espresso"]), quantity=quantity)
    assert page.status in {200, 400}
    assert "Nothing in here yet" in visitor.see("/cart").words


@pytest.mark.parametrize("product_id", ["987654", "999999999"])
def test_an_unknown_product_is_not_found(visitor: Visitor, product_id: str) -> None:
    assert visitor.send("/cart/add", product_id=product_id, quantity="1").status == 404


@pytest.mark.parametrize("product_id", ["-1", "x", "", "1;drop", "9" * 20])
def test_no_product_id_at_all_is_a_bad_request(visitor: Visitor, product_id: str) -> None:
    assert visitor.send("/cart/add", product_id=product_id, quantity="1").status == 400


def test_more_than_the_stock_becomes_the_stock_and_says_so(visitor: Visitor, shop_data: dict[str, int]) -> None:
    page = visitor.add(shop_data["last_one"], 3)
    assert "Only 1 × Vanilla Candle left: your cart has 1." in page.words
    assert "sold out" in visitor.add(shop_data["sold_out"]).words


def test_a_quick_add_keeps_the_shopper_where_they_are(visitor: Visitor, shop_data: dict[str, int]) -> None:
    for path in ("/d/grocery/coffee", "/search?q=coffee&sort=name", "/"):
        page = visitor.see(path)
        card = page.soup.select_one('article.card:has(input[name="product_id"])')
        assert card is not None, path
        answer = visitor.client.post("/cart/add", data=fields_of(card.select_one("form")))
        assert (answer.status_code, answer.location) == (303, f"{path}#{card['id']}")
    page = visitor.see("/d/grocery/coffee")
    toast = page.soup.select_one(".toasts .toast--added")
    assert toast is not None
    assert "3 × Espresso Beans. Go to cart" in " ".join(toast.get_text(" ").split())
    assert [str(link["href"]) for link in toast.select("a")] == ["/cart"]
    assert visitor.see("/d/grocery/coffee").soup.select_one(".toasts") is None, "told once"


def test_a_name_in_the_message_is_text(visitor: Visitor, shop_data: dict[str, int], tables: Look) -> None:
    session = tables()
    session.get_one(Product, shop_data["filter"]).name = "<b>Filter</b> & Co"
    session.commit()
    page = visitor.send("/cart/add", product_id=str(shop_data["filter"]), next="/about")
    assert page.path == "/about"
    assert "In your cart: 1 × <b>Filter</b> & Co. Go to cart" in page.words


def test_what_a_quick_add_could_not_add_is_said_there_too(visitor: Visitor, shop_data: dict[str, int]) -> None:
    page = visitor.send("/cart/add", product_id=str(shop_data["last_one"]), quantity="3", next="/about")
    assert page.path == "/about"
    assert "Only 1 × Vanilla Candle left: your cart has 1. Go to cart" in page.words
    assert page.soup.select_one(".toast--not-added") is not None
    assert (
        visitor.send("/cart/add", product_id=str(shop_data["last_one"]), quantity="0", next="/about").path == "/about"
    )


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%2f/evil", "x", ""],
)
def test_a_quick_add_leads_nowhere_else(visitor: Visitor, shop_data: dict[str, int], wanted: str) -> None:
    data = {"csrf_token": visitor.token(), "product_id": str(shop_data["filter"]), "next": wanted}
    assert visitor.client.post("/cart/add", data=data).location == "/cart"


def test_the_product_page_leads_to_the_cart(visitor: Visitor, shop_data: dict[str, int]) -> None:
    page = visitor.see(f"/p/{shop_data['filter']}/filter-coffee")
    assert "next" not in fields_of(page.soup.select_one("form.buy"))
    assert visitor.submit(page, "/cart/add", quantity="2").path == "/cart"


def test_no_id_stands_twice_on_a_page(visitor: Visitor, shop_data: dict[str, int]) -> None:
    for path in ("/", "/d/grocery", "/search?q=nothinglikethis", f"/p/{shop_data['filter']}/filter-coffee"):
        ids = [str(tag["id"]) for tag in visitor.see(path).soup.select("[id]")]
        assert len(ids) == len(set(ids)), path


def test_lines_are_changed_saved_moved_and_removed(visitor: Visitor, shop_data: dict[str, int]) -> None:
    coffee = str(shop_data["filter"])
    visitor.add(shop_data["filter"], 2)
    assert "37,45 €" in visitor.send("/cart/change", product_id=coffee, quantity="5").words
    assert "Saved for later" in visitor.send("/cart/save-for-later", product_id=coffee).words
    assert "5 pieces saved" in visitor.see("/cart").words
    assert "37,45 €" in visitor.send("/cart/move-to-cart", product_id=coffee).words
    assert "Nothing in here yet" in visitor.send("/cart/remove", product_id=coffee).words
    again = visitor.send("/cart/remove", product_id=coffee)
    assert (again.status, "Nothing was changed" in again.words) == (200, True)


def test_nobody_reaches_into_anothers_cart(app: Flask, visitor: Visitor, shop_data: dict[str, int]) -> None:
    visitor.add(shop_data["filter"], 2)
    stranger = Visitor(app)
    stranger.send("/cart/remove", product_id=str(shop_data["filter"]))
    stranger.send("/cart/change", product_id=str(shop_data["filter"]), quantity="9")
    assert "14,98 €" in visitor.see("/cart").words
    assert "Nothing in here yet" in stranger.see("/cart").words


def test_a_post_without_a_token_is_refused(visitor: Visitor, shop_data: dict[str, int]) -> None:
    answer = visitor.client.post("/cart/add", data={"product_id": str(shop_data["filter"]), "quantity": "1"})
    assert answer.status_code == 400
    assert "Nothing in here yet" in visitor.see("/cart").words


def test_changes_since_are_shown_and_hold_up_the_checkout(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["espresso"], 5)
    session = tables()
    product = session.get_one(Product, shop_data["espresso"])
    product.price_minor, product.stock = 2000, 3
    session.commit()
    page = visitor.see("/cart")
    assert "It was 18,90 € when you chose it and is 20,00 € now." in page.words
    assert "Only 3 left" in page.words
    assert "Go to checkout" not in page.words
    assert visitor.see("/checkout").path == "/cart"


def test_the_strangers_cart_comes_along_at_sign_in_and_stays_with_the_account(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["filter"], 2)
    visitor.sign_in(shop_data["ada"])
    assert "14,98 €" in visitor.see("/cart").words
    elsewhere = Visitor(app)
    elsewhere.add(shop_data["candle"])
    elsewhere.sign_in(shop_data["ada"])
    page = elsewhere.see("/cart")
    assert "we saved for later: Filter Coffee" in page.words
    assert "2 pieces saved" in page.words
    assert tables().scalar(select(func.count()).select_from(CartLine)) == 2


def test_steps_are_announced_with_what_really_changed(app: Flask, visitor: Visitor, shop_data: dict[str, int]) -> None:
    heard: list[tuple[str, int]] = []

    def added(_app: Flask, *, product: Product, quantity: int) -> None:
        heard.append(("added", quantity))

    def removed(_app: Flask, *, product: Product, quantity: int) -> None:
        heard.append(("removed", quantity))

    with signals.cart_added.connected_to(added, app), signals.cart_removed.connected_to(removed, app):
        visitor.add(shop_data["espresso"], 18)
        visitor.add(shop_data["espresso"], 18)
        visitor.send("/cart/change", product_id=str(shop_data["espresso"]), quantity="4")
        visitor.send("/cart/remove", product_id=str(shop_data["espresso"]))
    assert heard == [("added", 18), ("added", 2), ("removed", 16), ("removed", 4)]


def test_outside_of_ones_own_cart_there_is_nothing(app: Flask) -> None:
    with app.test_request_context():
        assert product_ids_in_cart() == []
