"""Many at once: the last item has one buyer, a key one order, and every sum holds."""

from __future__ import annotations

import collections
import random
import threading
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog.product import Product
from shop.checkout.order import Order
from tests.shop.filling import fields_of
from tests.shop.visitor import Visitor

Look = Callable[[], Session]
MANY = 16


def all_at_once(visitors: list[Visitor], forms: list[dict[str, str]]) -> list[int]:
    """Everybody places at the same moment; the statuses."""
    gate, statuses = threading.Barrier(len(visitors)), []

    def place(visitor: Visitor, form: dict[str, str]) -> None:
        gate.wait()
        statuses.append(visitor.client.post("/checkout/place", data=form).status_code)

    threads = [threading.Thread(target=place, args=pair) for pair in zip(visitors, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_sixteen_buyers_of_the_last_item_make_one_order(app: Flask, shop_data: dict[str, int], tables: Look) -> None:
    buyers, forms = [Visitor(app) for _ in range(MANY)], []
    for buyer in buyers:
        buyer.add(shop_data["last_one"])
        forms.append(fields_of(buyer.review().form("/checkout/place")))
    statuses = all_at_once(buyers, forms)
    assert collections.Counter(statuses) == {303: 1, 409: MANY - 1}
    assert len(tables().scalars(select(Order)).all()) == 1
    assert tables().get_one(Product, shop_data["last_one"]).stock == 0


def test_sixteen_sendings_of_one_form_make_one_order(app: Flask, shop_data: dict[str, int], tables: Look) -> None:
    buyer = Visitor(app)
    buyer.add(shop_data["filter"], 3)
    form = fields_of(buyer.review().form("/checkout/place"))
    cookie = buyer.client.get_cookie("shop")
    assert cookie is not None
    twins = [Visitor(app) for _ in range(MANY)]
    for twin in twins:
        twin.client.set_cookie("shop", cookie.value)
    assert all_at_once(twins, [form] * MANY) == [303] * MANY
    [order] = tables().scalars(select(Order)).all()
    assert order.total_minor == 3 * 749 + 495
    assert tables().get_one(Product, shop_data["filter"]).stock == 47


def test_orders_of_the_same_goods_in_opposite_sequence_do_not_block_each_other(
    app: Flask, shop_data: dict[str, int], tables: Look
) -> None:
    buyers, forms = [Visitor(app) for _ in range(8)], []
    for turn, buyer in enumerate(buyers):
        for name in ("filter", "candle") if turn % 2 else ("candle", "filter"):
            buyer.add(shop_data[name])
        forms.append(fields_of(buyer.review().form("/checkout/place")))
    assert all_at_once(buyers, forms) == [303] * 8
    assert tables().get_one(Product, shop_data["candle"]).stock == 2


def test_in_a_hundred_orders_every_total_is_the_sum_of_its_lines_and_the_delivery(
    app: Flask, shop_data: dict[str, int], tables: Look
) -> None:
    chance, buyer = random.Random(11), Visitor(app)
    names = ("espresso", "filter", "oatmeal", "candle")
    session = tables()
    for name in names:
        session.get_one(Product, shop_data[name]).stock = 1_000
    session.commit()
    for _ in range(100):
        for name in chance.sample(names, chance.randint(1, 4)):
            wanted = {"product_id": shop_data[name], "quantity": chance.randint(1, 4), "csrf_token": buyer.token()}
            buyer.client.post("/cart/add", data=wanted)
        method = chance.choice(["standard", "express", "pickup"])
        assert buyer.submit(buyer.review(delivery_method=method), "/checkout/place").path.endswith("/thanks")
    found = tables().scalars(select(Order)).all()
    assert len(found) == 100
    for order in found:
        assert order.goods_minor == sum(line.net_minor for line in order.lines)
        assert all(line.net_minor == line.quantity * line.unit_minor for line in order.lines)
        assert order.total_minor == order.goods_minor + order.shipping_minor
    sold = sum(line.quantity for order in found for line in order.lines)
    products = [tables().get_one(Product, shop_data[name]) for name in names]
    assert sold == sum(product.sold for product in products) == 4_000 - sum(product.stock for product in products)
