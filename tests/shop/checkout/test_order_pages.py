"""Who sees an order, and cancelling it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog.product import Product
from shop.checkout.order import Order, OrderStatus, Refund
from shop.checkout.order_links import signed_order_path
from tests.shop.visitor import Visitor

Look = Callable[[], Session]


def signed(app: Flask, number: str) -> str:
    with app.test_request_context():
        return signed_order_path(number)


def test_the_owner_sees_the_order_others_get_the_same_404(
    app: Flask, visitor: Visitor, shop_data: dict[str, int]
) -> None:
    number = visitor.sign_in(shop_data["ada"]).order(shop_data["filter"])
    assert visitor.see(f"/orders/{number}").status == 200
    stranger, other = Visitor(app), Visitor(app).sign_in(shop_data["olga"])
    there, nowhere = stranger.see(f"/orders/{number}"), stranger.see("/orders/2611-AAAA-BBBB")
    assert (there.status, there.soup.main.get_text()) == (404, nowhere.soup.main.get_text())  # type: ignore[union-attr]
    assert other.see(f"/orders/{number}").status == 404
    assert other.see(f"/orders/{number}/thanks").status == 404


def test_a_signed_link_opens_its_own_order_and_no_other(
    app: Flask, visitor: Visitor, shop_data: dict[str, int]
) -> None:
    first, second = visitor.order(shop_data["filter"]), visitor.order(shop_data["candle"])
    friend = Visitor(app)
    page = friend.see(signed(app, first))
    assert (page.status, "Filter Coffee" in page.words) == (200, True)
    assert friend.see(signed(app, first).replace(first, second)).status == 404
    for proof in ("", "x", "é", "\x00", signed(app, first).split("t=")[1][:-1]):
        assert friend.client.get(f"/orders/{first}", query_string={"t": proof}).status_code == 404


@pytest.mark.parametrize("number", ["%00", "a%0Ab", "x" * 300, "..%2f..", "'; --", "é"])
def test_a_strange_number_is_not_found(visitor: Visitor, number: str) -> None:
    assert visitor.see(f"/orders/{number}").status == 404


def test_a_guest_cancels_by_the_link_and_money_and_goods_go_back_once(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    number = visitor.order(shop_data["filter"], 3)
    page = visitor.see(signed(app, number))
    for _ in range(2):
        assert "is cancelled" in visitor.submit(page, "/cancel").words
    refund = tables().scalars(select(Refund)).one()
    assert refund.amount_minor == 3 * 749 + 495
    assert refund.order is not None
    assert refund.order.status == OrderStatus.CANCELLED
    product = tables().get_one(Product, shop_data["filter"])
    assert (product.stock, product.sold) == (50, 0)


def test_nobody_else_cancels(app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look) -> None:
    number = visitor.order(shop_data["filter"])
    for proof in ("", "x"):
        assert Visitor(app).send(f"/orders/{number}/cancel", t=proof).status == 404
    assert tables().scalars(select(Order)).one().status == OrderStatus.PLACED


def test_what_is_on_its_way_can_not_be_cancelled(
    app: Flask, visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    number = visitor.order(shop_data["filter"])
    page = visitor.see(signed(app, number))
    session = tables()
    session.scalars(select(Order)).one().status = OrderStatus.SHIPPED
    session.commit()
    assert "on its way already" in visitor.submit(page, "/cancel").words
    assert tables().scalars(select(Refund)).all() == []
