"""A coupon from the cart to the order: seen with its effect, paid to the cent, used as often as it may be."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import signals
from shop.cart.cart import Cart
from shop.catalog.product import Product
from shop.checkout.order import CouponUse, Order, Refund
from shop.checkout.refunding import RefundAsked, cancel, refund
from shop.coupons.coupon import Coupon
from shop.database import db
from tests.shop.filling import fields_of
from tests.shop.visitor import Seen, Visitor

Look = Callable[[], Session]
Make = Callable[..., int]


def enter(visitor: Visitor, code: str = "spring-10", **more: str) -> Seen:
    return visitor.send("/cart/coupon", code=code, **more)


def test_the_effect_is_seen_in_the_cart_and_at_the_review_and_is_what_is_paid(
    visitor: Visitor, shop_data: dict[str, int], tables: Look, coupon: Make
) -> None:
    coupon(percent=10)
    visitor.add(shop_data["filter"], 3)
    visitor.add(shop_data["candle"])
    cart = enter(visitor)
    assert "SPRING-10 takes 3,45 € off." in cart.words  # 10 % of 22.47 + 12.00 is 3.447
    review = visitor.review()
    assert "Coupon SPRING-10 −3,45 €" in review.words
    visitor.submit(review, "/checkout/place")
    order = tables().scalars(select(Order)).one()
    assert (order.goods_minor, order.discount_minor, order.full_goods_minor) == (3447 - 345, 0, 3447)
    assert order.total_minor == order.goods_minor + order.shipping_minor
    assert [line.net_minor for line in order.lines] == [2247 - 225, 1200 - 120]
    assert [(use.code, use.discount_minor) for use in order.coupons] == [("SPRING-10", 345)]
    assert tables().scalars(select(Cart.coupon_code)).all() == [None]


def test_the_order_is_announced_with_its_coupon(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], coupon: Make
) -> None:
    coupon(percent=10)
    heard: list[list[str]] = []

    def hear(_app: Flask, *, order: Order) -> None:
        heard.append([use.code for use in order.coupons])

    visitor.add(shop_data["filter"])
    enter(visitor)
    review = visitor.review()
    with signals.order_placed.connected_to(hear, app):
        visitor.submit(review, "/checkout/place")
    assert heard == [["SPRING-10"]]


def test_a_coupon_is_entered_at_the_review_too(visitor: Visitor, shop_data: dict[str, int], coupon: Make) -> None:
    coupon(amount_minor=500)
    visitor.add(shop_data["filter"])
    visitor.review()
    review = enter(visitor, next="/checkout/review")
    assert review.path == "/checkout/review"
    assert "Coupon SPRING-10 −5,00 €" in review.words
    taken_off = visitor.send("/cart/coupon/remove", next="/checkout/review")
    assert "−5,00" not in taken_off.words
    assert "The coupon is no longer used." in taken_off.words


@pytest.mark.parametrize(("terms", "words", "kept"), [
    (None, "We know no coupon SPRING-10", False),
    ({"percent": 10, "ends_at": datetime(2026, 1, 1, tzinfo=UTC), "starts_at": datetime(2025, 1, 1, tzinfo=UTC)},
     "SPRING-10 isn't valid any more.", False),
    ({"percent": 10, "stopped_at": datetime(2026, 1, 1, tzinfo=UTC)}, "SPRING-10 isn't valid any more.", False),
    ({"percent": 10, "uses_left": 0}, "has been used as often as it could be", False),
    ({"percent": 10, "minimum_minor": 5000}, "from goods worth 50,00 € on", True),
    ({"percent": 10, "only": ("candle",)}, "is for other products than those in your cart", True),
    ({"percent": 10, "starts_at": datetime(2099, 1, 1, 12, tzinfo=UTC)}, "SPRING-10 is good from", True),
])  # fmt: skip
def test_a_coupon_that_does_not_hold_is_refused_in_words_and_changes_no_price(
    visitor: Visitor, shop_data: dict[str, int], tables: Look, coupon: Make,
    terms: dict[str, object] | None, words: str, kept: bool,
) -> None:  # fmt: skip
    if terms is not None:
        coupon(**terms)
    visitor.add(shop_data["filter"])
    page = enter(visitor)
    assert page.status == 200
    assert words in page.words
    assert tables().scalars(select(Cart.coupon_code)).one() == ("SPRING-10" if kept else None)
    visitor.submit(visitor.review(), "/checkout/place")
    assert tables().scalars(select(Order)).one().goods_minor == 749
    assert tables().scalars(select(CouponUse)).all() == []


def test_a_code_below_its_minimum_takes_effect_as_soon_as_the_cart_is_worth_it(
    visitor: Visitor, shop_data: dict[str, int], coupon: Make
) -> None:
    coupon(amount_minor=200, minimum_minor=1000)
    visitor.add(shop_data["filter"])
    enter(visitor)
    assert "Coupon SPRING-10 −2,00 €" in visitor.add(shop_data["filter"]).words


@pytest.mark.parametrize("typed", ["", "ab", "x" * 5000, "\x00", "' OR 1=1 --", "ﷺ" * 40])
def test_what_can_be_no_code_is_said_so(visitor: Visitor, shop_data: dict[str, int], typed: str) -> None:
    visitor.add(shop_data["filter"])
    assert "A coupon's code has 3 to 40 letters" in enter(visitor, typed).words


def test_an_empty_cart_takes_no_coupon(visitor: Visitor, coupon: Make) -> None:
    coupon(percent=10)
    assert "Your cart is empty" in enter(visitor).words


def test_a_coupon_that_ended_meanwhile_is_shown_before_the_full_price_is_paid(
    visitor: Visitor, shop_data: dict[str, int], tables: Look, coupon: Make
) -> None:
    coupon_id = coupon(percent=10)
    visitor.add(shop_data["filter"], 2)
    enter(visitor)
    review = visitor.review()
    session = tables()
    session.get_one(Coupon, coupon_id).stopped_at = datetime.now(UTC)
    session.commit()
    again = visitor.submit(review, "/checkout/place")
    assert again.status == 409
    assert "isn't valid any more" in again.words
    assert tables().scalars(select(Order)).all() == []
    visitor.submit(again, "/checkout/place")
    assert tables().scalars(select(Order)).one().goods_minor == 1498


def test_goods_for_nothing_are_ordered_too(
    visitor: Visitor, shop_data: dict[str, int], tables: Look, coupon: Make
) -> None:
    coupon(percent=100)
    visitor.add(shop_data["filter"])
    enter(visitor)
    visitor.submit(visitor.review(delivery_method="pickup"), "/checkout/place")
    order = tables().scalars(select(Order)).one()
    assert (order.goods_minor, order.total_minor) == (0, order.shipping_minor)


def test_sixteen_buyers_with_one_coupon_for_a_single_use_make_one_order_with_it(
    app: Flask, shop_data: dict[str, int], tables: Look, coupon: Make
) -> None:
    coupon_id = coupon(amount_minor=300, uses_left=1)
    buyers, forms = [Visitor(app) for _ in range(16)], []
    for buyer in buyers:
        buyer.add(shop_data["filter"])
        enter(buyer)
        forms.append(fields_of(buyer.review().form("/checkout/place")))
    gate, statuses = threading.Barrier(16), []

    def place(buyer: Visitor, form: dict[str, str]) -> None:
        gate.wait()
        statuses.append(buyer.client.post("/checkout/place", data=form).status_code)

    threads = [threading.Thread(target=place, args=pair) for pair in zip(buyers, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert collections.Counter(statuses) == {303: 1, 409: 15}
    [order] = tables().scalars(select(Order)).all()
    assert order.goods_minor == 749 - 300
    assert len(tables().scalars(select(CouponUse)).all()) == 1
    assert tables().get_one(Coupon, coupon_id).uses_left == 0
    assert tables().get_one(Product, shop_data["filter"]).stock == 49


def test_a_cancelled_order_gives_its_use_back_and_what_was_paid(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look, coupon: Make
) -> None:
    coupon_id = coupon(percent=10, uses_left=1)
    visitor.add(shop_data["filter"], 3)
    enter(visitor)
    visitor.submit(visitor.review(), "/checkout/place")
    with app.app_context():
        order = db.session.scalars(select(Order)).one()
        cancel(db.session(), order, reason="Changed my mind", now=datetime.now(UTC))
        db.session.commit()
    given = tables().scalars(select(Refund)).one()
    assert given.amount_minor == 2247 - 225 + 495
    assert sum(line.amount_minor for line in given.lines) == 2247 - 225
    assert tables().get_one(Coupon, coupon_id).uses_left == 1


def test_returned_pieces_give_back_what_was_paid_for_them(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look, coupon: Make
) -> None:
    coupon(percent=10)
    visitor.add(shop_data["filter"], 3)
    enter(visitor)
    visitor.submit(visitor.review(), "/checkout/place")
    for _ in range(3):
        with app.app_context():
            order = db.session.scalars(select(Order)).one()
            asked = RefundAsked(pieces={shop_data["filter"]: 1}, shipping=False, restock=False, reason="broken")
            refund(db.session(), order, asked, now=datetime.now(UTC))
            db.session.commit()
    assert sum(tables().scalars(select(Refund.amount_minor))) == 2247 - 225


def test_a_strangers_coupon_comes_along_when_they_sign_in(
    visitor: Visitor, shop_data: dict[str, int], tables: Look, coupon: Make
) -> None:
    coupon(percent=10)
    visitor.add(shop_data["filter"])
    enter(visitor)
    visitor.sign_in(shop_data["ada"])
    assert tables().scalars(select(Cart.coupon_code).where(Cart.coupon_code.is_not(None))).all() == ["SPRING-10"]


def test_what_goods_cost_is_kept_with_the_order(visitor: Visitor, shop_data: dict[str, int], tables: Look) -> None:
    session = tables()
    session.get_one(Product, shop_data["filter"]).cost_minor = 410
    session.commit()
    visitor.add(shop_data["candle"])
    visitor.order(shop_data["filter"], 3)
    lines = tables().scalars(select(Order)).one().lines
    assert {line.product_id: line.cost_minor for line in lines} == {
        shop_data["filter"]: 1230, shop_data["candle"]: None,
    }  # fmt: skip
