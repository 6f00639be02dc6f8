"""Staff at the coupons: made, found with what they brought, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.accounts.account import Role
from shop.catalog.product import Product
from shop.coupons.coupon import Coupon
from tests.shop.visitor import Seen, Visitor

Look = Callable[[], Session]
Staff = Callable[[Role], Visitor]
NEW = "/staff/coupons/new"
GOOD = {
    "code": "welcome-5", "label": "Welcome", "kind": "amount", "amount": "5,00", "percent": "", "minimum": "10",
    "first_day": "2026-01-02", "last_day": "", "uses": "2", "products": "",
}  # fmt: skip


def make(keeper: Visitor, **answers: str) -> Seen:
    return keeper.submit(keeper.see(NEW), NEW, **GOOD | answers)


def test_a_coupon_is_made_in_the_shops_days(staff: Staff, tables: Look) -> None:
    page = make(staff(Role.CATALOGUE), last_day="2026-12-31", products="SKU-filter\nSKU-candle")
    assert "The coupon WELCOME-5 can be used." in page.words
    made = tables().scalars(select(Coupon)).one()
    assert (made.amount_minor, made.percent, made.minimum_minor, made.uses_left) == (500, None, 1000, 2)
    assert made.starts_at == datetime(2026, 1, 1, 23, tzinfo=UTC)  # midnight in Berlin
    assert made.ends_at == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert len(made.products) == 2


def test_what_it_brought_is_listed_and_an_ended_one_is_refused(
    visitor: Visitor, staff: Staff, shop_data: dict[str, int], tables: Look
) -> None:
    keeper = staff(Role.CATALOGUE)
    make(keeper)
    visitor.add(shop_data["filter"], 2)
    visitor.send("/cart/coupon", code="WELCOME-5")
    visitor.submit(visitor.review(), "/checkout/place")
    listed = keeper.see("/staff/coupons?state=running").words
    assert "WELCOME-5 Welcome 5,00 € from goods worth 10,00 € everything" in listed
    assert "1 1 14,93 € 5,00 €" in listed  # uses left, orders, paid: 14.98 - 5.00 + 4.95, taken off
    coupon_id = tables().scalars(select(Coupon.id)).one()
    ended = keeper.submit(keeper.see("/staff/coupons"), f"/staff/coupons/{coupon_id}/stop")
    assert "The coupon WELCOME-5 has ended." in ended.words
    assert "1 coupon" in keeper.see("/staff/coupons?state=ended&q=welc").words
    assert "had ended before" in keeper.send(f"/staff/coupons/{coupon_id}/stop").words
    visitor.add(shop_data["filter"], 2)
    assert "isn't valid any more" in visitor.send("/cart/coupon", code="WELCOME-5").words


def test_a_code_is_given_once_only(staff: Staff, tables: Look) -> None:
    keeper = staff(Role.CATALOGUE)
    make(keeper)
    again = make(keeper, code="Welcome-5 ")
    assert again.status == 409
    assert "There is a coupon WELCOME-5 already" in again.words
    assert len(tables().scalars(select(Coupon)).all()) == 1


@pytest.mark.parametrize(("field", "value"), [
    ("code", ""), ("code", "a"), ("code", "€€€€"), ("code", "a\x00bc"), ("label", ""), ("label", "x" * 121),
    ("kind", "gift"), ("amount", ""), ("amount", "0"), ("amount", "x"), ("amount", "1e9"), ("minimum", "-1"),
    ("first_day", ""), ("first_day", "1.1.2026"), ("first_day", "2026-02-30"), ("first_day", "9999-12-31"),
    ("last_day", "2025-12-31"), ("last_day", "9999-12-31"), ("uses", "0"), ("uses", "x"), ("uses", "9" * 9),
    ("products", "SKU-unknown"), ("products", "x" * 50), ("products", "a," * 501), ("products", "\x00"),
])  # fmt: skip
def test_a_wrong_value_is_named_and_nothing_is_made(staff: Staff, tables: Look, field: str, value: str) -> None:
    page = make(staff(Role.CATALOGUE), **{field: value})
    assert page.status == 422
    assert page.soup.select(".field__error")
    assert tables().scalars(select(Coupon)).all() == []


@pytest.mark.parametrize("percent", ["", "0", "101", "1.5", "-1", "x"])
def test_a_percentage_is_a_whole_number_from_1_to_100(staff: Staff, tables: Look, percent: str) -> None:
    assert make(staff(Role.CATALOGUE), kind="percent", percent=percent).status == 422
    assert tables().scalars(select(Coupon)).all() == []


def test_the_form_begins_today(staff: Staff) -> None:
    value = str(staff(Role.OWNER).see(NEW).soup.select_one("#field-first_day")["value"])  # type: ignore[index]
    assert abs(datetime.fromisoformat(value).date() - datetime.now(UTC).date()) <= timedelta(days=1)


@pytest.mark.parametrize("address", ["?q=%00", "?state=x", "?page=99999", "?page=x", "?q=%25&state=planned"])
def test_strange_addresses_are_answered(staff: Staff, address: str) -> None:
    assert staff(Role.OWNER).see(f"/staff/coupons{address}").status == 200


def test_a_product_keeps_what_it_costs(staff: Staff, shop_data: dict[str, int], tables: Look) -> None:
    keeper, path = staff(Role.CATALOGUE), f"/staff/products/{shop_data['filter']}"
    keeper.submit(keeper.see(path), path, cost="4,10", listed="1")
    assert tables().get_one(Product, shop_data["filter"]).cost_minor == 410
    keeper.submit(keeper.see(path), path, listed="1")
    assert tables().get_one(Product, shop_data["filter"]).cost_minor == 410
    keeper.submit(keeper.see(path), path, cost="", listed="1")
    assert tables().get_one(Product, shop_data["filter"]).cost_minor is None
    assert keeper.submit(keeper.see(path), path, cost="-1", listed="1").status == 422
