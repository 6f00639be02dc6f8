"""Departments, shelves and breadcrumbs."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.orm import Session

from shop.catalog import navigation
from shop.catalog.product import Category
from shop.database import db

from .shelves import make_product, make_shelf


def test_a_shelfs_face_is_its_best_seller(session: Session) -> None:
    shelf = make_shelf(session)
    make_product(session, shelf, "Green Tea", sold=1)
    best = make_product(session, shelf, "Black Tea", sold=2)
    make_product(session, shelf, "Hidden Tea", sold=3, listed=False)

    (row,) = navigation.categories_of(session, shelf.department_id)

    assert (row.name, row.face) == ("Tea", best.id)


def test_departments_with_nothing_to_sell_are_left_out(app: Flask, shop_data: dict[str, int]) -> None:
    with app.test_request_context():
        db.session.query(Category).filter(Category.slug == "candles").update({"products_listed": 0})

        assert [(row.name, row.products) for row in navigation.departments()] == [("Grocery", 4)]
        assert [row.name for row, _face in navigation.floor(db.session())] == ["Grocery"]
