"""Staff at the products: found, changed, counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from shop.accounts.account import Role
from shop.catalog.product import Category, Product
from tests.shop.visitor import Visitor

Look = Callable[[], Session]
Staff = Callable[[Role], Visitor]


def test_products_are_found_by_words_sku_state_and_department(staff: Staff, shop_data: dict[str, int]) -> None:
    keeper = staff(Role.CATALOGUE)
    assert "1 product" in keeper.see("/staff/products?q=oatmeal").words
    assert "1 product" in keeper.see("/staff/products?q=SKU-candle").words
    assert "Gingerbread Men" in keeper.see("/staff/products?state=sold_out").words
    assert "1 product" in keeper.see("/staff/products?state=low").words
    assert "0 products" in keeper.see("/staff/products?state=reduced").words
    assert "6 products" in keeper.see("/staff/products?state=listed&page=99999").words
    for strange in ("q=%00", "q=%22*", "state=x", "department=x", "page=x", "department=999999999", "page=" + "9" * 40):
        assert keeper.see(f"/staff/products?{strange}").status == 200


def test_a_product_is_changed(staff: Staff, shop_data: dict[str, int], tables: Look) -> None:
    keeper, path = staff(Role.CATALOGUE), f"/staff/products/{shop_data['filter']}"
    page = keeper.submit(
        keeper.see(path), path, name="Filter Coffee, mild", price="6,99", was="7.49", stock="60", listed="1"
    )  # fmt: skip
    assert "Saved: Filter Coffee, mild." in page.words
    product = tables().get_one(Product, shop_data["filter"])
    assert (product.price_minor, product.was_minor, product.stock) == (699, 749, 60)
    assert (product.slug, product.listed) == ("filter-coffee-mild", True)
    assert "mild" in product.search_text


def test_sales_during_a_count_are_not_undone(
    visitor: Visitor, staff: Staff, shop_data: dict[str, int], tables: Look
) -> None:
    keeper, path = staff(Role.CATALOGUE), f"/staff/products/{shop_data['filter']}"
    form = keeper.see(path)
    visitor.order(shop_data["filter"], 4)
    keeper.submit(form, path, stock="55", listed="1")
    assert tables().get_one(Product, shop_data["filter"]).stock == 55 - 4


def test_no_stock_below_zero(visitor: Visitor, staff: Staff, shop_data: dict[str, int], tables: Look) -> None:
    keeper, path = staff(Role.CATALOGUE), f"/staff/products/{shop_data['last_one']}"
    form = keeper.see(path)
    visitor.order(shop_data["last_one"])
    page = keeper.submit(form, path, stock="0", listed="1", name="Another name")
    assert page.status == 409
    assert "only 0 are left" in page.words
    product = tables().get_one(Product, shop_data["last_one"])
    assert (product.stock, product.name) == (0, "Vanilla Candle")


def test_taking_a_product_off_sale_is_counted_in_its_category(
    staff: Staff, shop_data: dict[str, int], tables: Look
) -> None:
    keeper, path = staff(Role.CATALOGUE), f"/staff/products/{shop_data['filter']}"
    category_id = tables().get_one(Product, shop_data["filter"]).category_id
    for answers, listed in (({}, 1), ({}, 1), ({"listed": "1"}, 2)):
        keeper.submit(keeper.see(path), path, **answers)
        assert tables().get_one(Category, category_id).products_listed == listed


@pytest.mark.parametrize(("field", "value"), [
    ("name", ""), ("name", "x" * 161), ("price", ""), ("price", "-1"), ("price", "1.234"), ("price", "1e9"),
    ("price", "free"), ("price", "9999999999"), ("was", "1"), ("stock", "-1"), ("stock", "x"), ("stock", "9" * 12),
    ("stock_seen", ""), ("description", "x" * 5_001), ("brand", "a\x00b"),
])  # fmt: skip
def test_a_wrong_value_is_named_and_nothing_is_saved(
    staff: Staff, shop_data: dict[str, int], tables: Look, field: str, value: str
) -> None:
    keeper, path = staff(Role.CATALOGUE), f"/staff/products/{shop_data['filter']}"
    page = keeper.submit(keeper.see(path), path, **{"listed": "1", "brand": "Changed"} | {field: value})
    assert page.status == 422
    assert tables().get_one(Product, shop_data["filter"]).brand == "Alba"


@pytest.mark.parametrize("product_id", ["987654", "99999999999999999999", "0", "x"])
def test_an_unknown_product_is_not_found(staff: Staff, product_id: str) -> None:
    assert staff(Role.OWNER).see(f"/staff/products/{product_id}").status == 404


def test_the_first_page_shows_what_waits(visitor: Visitor, staff: Staff, shop_data: dict[str, int]) -> None:
    number = visitor.order(shop_data["filter"])
    owner, keeper = staff(Role.OWNER).see("/staff").words, staff(Role.CATALOGUE).see("/staff").words
    assert number in owner
    assert "1 order to pack" in owner
    assert number not in keeper
    assert "Gingerbread Men" in keeper


def test_an_age_limit_and_barred_countries_are_set_and_staff_are_told_what_can_not_be_read(
    staff: Staff, shop_data: dict[str, int], tables: Look
) -> None:
    keeper, path = staff(Role.CATALOGUE), f"/staff/products/{shop_data['filter']}"
    keeper.submit(keeper.see(path), path, age_limit="18", barred_in="us, ch US")
    product = tables().get_one(Product, shop_data["filter"])
    assert (product.age_limit, product.barred_in) == (18, "CH US")

    page = keeper.submit(keeper.see(path), path, barred_in="Mars", age_limit="17")

    assert page.status == 422
    assert "Countries are written in two letters" in page.words
    assert "Please choose an age from the list." in page.words
