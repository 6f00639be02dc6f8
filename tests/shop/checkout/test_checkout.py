"""The checkout as a walk: details, review, order; and what happens when something changes on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop import signals
from shop.cart.cart import CartLine
from shop.catalog.product import Product
from shop.checkout.draft import CheckoutDraft
from shop.checkout.order import Order
from shop.hooks import CheckoutDefaults, hooks
from tests.shop.visitor import ADDRESS, Visitor

Look = Callable[[], Session]


def stock(tables: Look, product_id: int) -> tuple[int, int]:
    product = tables().get_one(Product, product_id)
    return product.stock, product.sold


def orders(tables: Look) -> int:
    return tables().scalar(select(func.count()).select_from(Order)) or 0


def test_a_guest_buys(visitor: Visitor, shop_data: dict[str, int], tables: Look) -> None:
    visitor.add(shop_data["filter"], 2)
    review = visitor.review()
    assert review.path == "/checkout/review"
    assert "19,93 €" in review.words  # 2 × 7.49 and 4.95
    thanks = visitor.submit(review, "/checkout/place")
    assert (thanks.status, "Thank you" in thanks.words) == (200, True)
    order = tables().scalars(select(Order)).one()
    assert order.number in thanks.words
    assert (order.goods_minor, order.shipping_minor, order.total_minor) == (1498, 495, 1993)
    assert (order.account_id, order.email, order.ship_city) == (None, "kim@example.com", "Springfield")
    assert [(line.product_id, line.quantity, line.net_minor) for line in order.lines] == [
        (shop_data["filter"], 2, 1498)
    ]
    assert stock(tables, shop_data["filter"]) == (48, 2)
    for emptied in (CartLine, CheckoutDraft):
        assert tables().scalar(select(func.count()).select_from(emptied)) == 0


def test_a_known_buyers_second_order_is_one_confirming_click(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    known = {name: ADDRESS[name] for name in ADDRESS}
    hooks(app).checkout_defaults.insert(0, lambda: CheckoutDefaults(**known))
    visitor.add(shop_data["filter"])
    review = visitor.see("/checkout")
    assert review.path == "/checkout/review"
    assert "Thank you" in visitor.submit(review, "/checkout/place").words
    assert orders(tables) == 1
    visitor.add(shop_data["candle"])
    assert visitor.see("/checkout?edit=1").path == "/checkout"


def test_a_memory_that_does_not_hold_any_more_fills_the_form_instead(
    app: Flask, visitor: Visitor, shop_data: dict[str, int]
) -> None:
    stale = ADDRESS | {"delivery_method": "pigeon"}
    hooks(app).checkout_defaults.insert(0, lambda: CheckoutDefaults(**stale))
    visitor.add(shop_data["filter"])
    form = visitor.see("/checkout")
    assert form.path == "/checkout"
    assert 'value="Kim Lee"' in str(form.soup)


def test_a_customer_finds_name_and_email_filled_in(visitor: Visitor, shop_data: dict[str, int]) -> None:
    visitor.sign_in(shop_data["ada"]).add(shop_data["filter"])
    form = visitor.see("/checkout")
    assert 'value="Ada@example.com"' in str(form.soup)
    assert 'value="Ada Byron"' in str(form.soup)


def test_wrong_answers_keep_what_was_typed(visitor: Visitor, shop_data: dict[str, int]) -> None:
    visitor.add(shop_data["filter"])
    form = visitor.submit(visitor.see("/checkout"), "/checkout", **ADDRESS | {"email": "kim", "postcode": "1"})
    assert form.status == 422
    assert "doesn't look like an e-mail address" in form.words
    assert 'value="Kim Lee"' in str(form.soup)
    assert "2 answers need another look" in form.words


def test_without_a_cart_there_is_no_checkout(visitor: Visitor, tables: Look) -> None:
    for path in ("/checkout", "/checkout/review"):
        assert visitor.see(path).path == "/cart"
    assert visitor.send("/checkout", **ADDRESS).path == "/cart"
    assert visitor.send("/checkout/place", idempotency_key="k" * 20, seen="0" * 64).path == "/cart"
    assert orders(tables) == 0


def test_the_same_form_sent_again_answers_with_the_same_order(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["filter"], 2)
    review = visitor.review()
    first, second = (visitor.submit(review, "/checkout/place") for _ in range(2))
    assert first.path == second.path
    assert second.path.endswith("/thanks")
    assert orders(tables) == 1
    assert stock(tables, shop_data["filter"]) == (48, 2)


def test_the_same_key_with_other_contents_is_refused_clearly(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["filter"])
    old = visitor.review()
    visitor.submit(old, "/checkout/place")
    visitor.add(shop_data["candle"])
    key = str(old.form("/checkout/place").find("input", {"name": "idempotency_key"})["value"])  # type: ignore[index]
    answer = visitor.submit(visitor.review(), "/checkout/place", idempotency_key=key)
    assert answer.status == 409
    assert "with other contents" in answer.words
    assert orders(tables) == 1
    assert "Beeswax Candle" in visitor.see("/cart").words


def test_a_price_that_changed_meanwhile_is_shown_before_it_is_paid(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["filter"])
    review = visitor.review()
    session = tables()
    session.get_one(Product, shop_data["filter"]).price_minor = 999
    session.commit()
    again = visitor.submit(review, "/checkout/place")
    assert again.status == 409
    assert "Something has changed" in again.words
    assert "14,94 €" in again.words
    assert orders(tables) == 0
    assert visitor.submit(again, "/checkout/place").path.endswith("/thanks")
    assert tables().scalars(select(Order)).one().total_minor == 999 + 495


def test_a_cart_changed_in_another_tab_is_not_bought_unseen(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["filter"])
    review = visitor.review()
    visitor.add(shop_data["candle"])
    again = visitor.submit(review, "/checkout/place")
    assert (again.status, "Beeswax Candle" in again.words) == (409, True)
    visitor.send("/cart/remove", product_id=str(shop_data["candle"]))
    visitor.send("/cart/remove", product_id=str(shop_data["filter"]))
    assert visitor.submit(again, "/checkout/place").status == 409
    assert orders(tables) == 0


def test_sold_out_meanwhile_leads_back_to_the_cart_with_the_products_name(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["last_one"])
    visitor.add(shop_data["filter"])
    review = visitor.review()
    session = tables()
    session.get_one(Product, shop_data["last_one"]).stock = 0
    session.commit()
    answer = visitor.submit(review, "/checkout/place")
    assert answer.status == 409
    assert "Vanilla Candle has just sold out. Nothing was ordered" in answer.words
    assert orders(tables) == 0
    assert stock(tables, shop_data["filter"]) == (50, 0)


@pytest.mark.parametrize("fields", [
    {}, {"idempotency_key": "short", "seen": "0" * 64}, {"idempotency_key": "k" * 300, "seen": "0" * 64},
    {"idempotency_key": "k" * 20, "seen": "0"}, {"idempotency_key": "k" * 19 + "\x00", "seen": "0" * 64},
])  # fmt: skip
def test_a_malformed_order_is_a_bad_request(
    visitor: Visitor, shop_data: dict[str, int], fields: dict[str, str]
) -> None:
    visitor.add(shop_data["filter"])
    visitor.review()
    assert visitor.send("/checkout/place", **fields).status == 400


def test_a_made_up_fingerprint_orders_nothing(visitor: Visitor, shop_data: dict[str, int], tables: Look) -> None:
    visitor.add(shop_data["filter"])
    visitor.review()
    answer = visitor.send("/checkout/place", idempotency_key="k" * 20, seen="0" * 64, total_minor="1")
    assert answer.status == 409
    assert orders(tables) == 0


def test_a_courier_does_not_collect_a_fortune(visitor: Visitor, shop_data: dict[str, int], tables: Look) -> None:
    session = tables()
    session.get_one(Product, shop_data["espresso"]).price_minor = 60_000
    session.commit()
    visitor.add(shop_data["espresso"], 2)
    answer = visitor.submit(visitor.review(payment_method="on_delivery"), "/checkout/place")
    assert answer.status == 409
    assert "Couriers can't collect this much" in answer.words
    assert orders(tables) == 0
    assert stock(tables, shop_data["espresso"]) == (20, 0)


def test_nothing_is_committed_when_the_announcement_fails(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    visitor.add(shop_data["filter"])
    review = visitor.review()

    def fails(_app: Flask, *, order: Order) -> None:
        raise RuntimeError("nobody may hear of this order")

    with signals.order_placed.connected_to(fails, app):
        assert visitor.submit(review, "/checkout/place").status == 500
    assert orders(tables) == 0
    assert stock(tables, shop_data["filter"]) == (50, 0)
    assert visitor.submit(review, "/checkout/place").path.endswith("/thanks")
