"""This repository's shop tells what shoppers wait for, in the transaction of the change."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from ecrm.installation import installation
from ecrm.letters import shop_context
from ecrm.storefront import pieces_of, promised_day
from shop.backoffice.forms import ProductAnswers
from shop.backoffice.inventory import StockGone, change_product
from shop.catalog.product import Product
from shop.database import db
from tracking.clickstream.event import Event


def change(app: Flask, product_id: int, **changed: object) -> None:
    with app.app_context():
        product = db.session.get_one(Product, product_id)
        now = {
            "name": product.name, "brand": product.brand, "size": product.size, "description": "", "was_minor": None,
            "price_minor": product.price_minor, "cost_minor": None, "stock_change": 0, "listed": product.listed,
            "age_limit": None, "barred_in": None,
        }  # fmt: skip
        change_product(db.session(), product, ProductAnswers(**(now | changed)))  # type: ignore[arg-type]
        db.session.commit()


def told(app: Flask) -> list[tuple[str, object]]:
    with installation(app).sessions() as session:
        names = ("Product Restocked", "Price Changed", "Product Listed")
        rows = session.scalars(select(Event).where(Event.name.in_(names)).order_by(Event.id))
        return [(row.name, row.properties.get("pieces", row.properties.get("price_minor"))) for row in rows]


def test_new_pieces_a_new_price_and_a_new_product_are_told(app: Flask, shop_data: dict[str, int]) -> None:
    change(app, shop_data["sold_out"], stock_change=4)
    change(app, shop_data["sold_out"], price_minor=300)
    change(app, shop_data["sold_out"], listed=False)
    change(app, shop_data["sold_out"], listed=True, stock_change=-1)
    assert told(app) == [("Product Restocked", 4), ("Price Changed", 300), ("Product Listed", None)]


def test_nothing_is_told_of_what_wasnt_changed_or_not_committed(app: Flask, shop_data: dict[str, int]) -> None:
    change(app, shop_data["filter"], name="Another name")
    with pytest.raises(StockGone):
        change(app, shop_data["sold_out"], stock_change=-4, price_minor=1)
    assert told(app) == []


def test_the_shop_says_how_many_pieces_there_are_and_when_an_order_would_arrive(
    app: Flask, shop_data: dict[str, int]
) -> None:
    storefront, product = installation(app).storefront, str(shop_data["filter"])
    friday = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    with shop_context(installation(app)):
        assert pieces_of(storefront, [product, str(shop_data["sold_out"]), "x", "999999"])[product] == 50
        assert promised_day(storefront, "", region="DE", now=friday) == date(2026, 11, 26)
        assert promised_day(storefront, "express", region="DE", now=friday) == date(2026, 11, 24)
        assert promised_day(storefront, "pickup", region="FR", now=friday) is None
        assert db.session.scalar(select(func.count()).select_from(Product)) == 6
