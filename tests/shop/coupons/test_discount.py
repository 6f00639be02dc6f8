"""What a coupon takes off, to the cent; and each reason for which it takes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.coupons.coupon import Coupon, CouponProduct, read_code
from shop.coupons.discount import Applied, Priced, Refusal, apply, shared

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CART = (Priced(1, 1000), Priced(2, 333), Priced(3, 667))


def coupon(*, only: tuple[int, ...] = (), **terms: Any) -> Coupon:
    values = {"code": "SPRING-10", "label": "Spring", "minimum_minor": 0, "starts_at": NOW - timedelta(days=1)}
    return Coupon(**values | terms, products=[CouponProduct(product_id=one) for one in only])


def applied(one: Coupon | None, lines: tuple[Priced, ...] = CART) -> Applied:
    return apply(one, lines, code="SPRING-10", now=NOW)


def test_a_percentage_is_rounded_once_over_all_lines() -> None:
    found = applied(coupon(percent=15))
    assert found.refusal is None
    assert found.discount_minor == 300
    assert found.shares == (150, 50, 100)


def test_half_a_cent_is_rounded_up() -> None:
    assert applied(coupon(percent=50), (Priced(1, 333),)).discount_minor == 167


def test_an_amount_is_never_more_than_the_goods_it_is_for() -> None:
    assert applied(coupon(amount_minor=500)).discount_minor == 500
    assert applied(coupon(amount_minor=500, only=(2,))).shares == (0, 333, 0)


def test_a_coupon_for_some_products_leaves_the_others_alone() -> None:
    assert applied(coupon(percent=10, only=(1, 3))).shares == (100, 0, 67)


@pytest.mark.parametrize(("terms", "reason"), [
    ({"percent": 10, "starts_at": NOW + timedelta(seconds=1)}, Refusal.NOT_YET),
    ({"percent": 10, "ends_at": NOW}, Refusal.EXPIRED),
    ({"percent": 10, "stopped_at": NOW - timedelta(days=9)}, Refusal.EXPIRED),
    ({"percent": 10, "uses_left": 0}, Refusal.USED_UP),
    ({"percent": 10, "minimum_minor": 2001}, Refusal.BELOW_MINIMUM),
    ({"percent": 10, "only": (9,)}, Refusal.FITS_NOTHING),
])  # fmt: skip
def test_what_does_not_hold_is_refused_with_its_reason(terms: dict[str, Any], reason: Refusal) -> None:
    found = applied(coupon(**terms))
    assert (found.refusal, found.shares) == (reason, (0, 0, 0))


def test_a_coupon_that_would_take_off_nothing_is_refused_and_not_used_up() -> None:
    found = applied(coupon(percent=1), (Priced(1, 30), Priced(2, 19)))
    assert (found.refusal, found.shares) == (Refusal.TAKES_NOTHING, (0, 0))
    assert applied(coupon(percent=1), (Priced(1, 30), Priced(2, 20))).discount_minor == 1


def test_an_unknown_code_is_refused() -> None:
    assert applied(None).refusal == Refusal.UNKNOWN
    assert applied(None).coupon_id is None


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=30).filter(any), st.data())
def test_shares_sum_to_the_amount_and_none_is_more_than_its_line(weights: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(weights)))
    parts = shared(amount, weights)
    assert sum(parts) == amount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize(("typed", "code"), [
    (" spring-10 ", "SPRING-10"), ("spring 10", "SPRING10"), ("ab", None), ("", None), ("-AB-", None),
    ("x" * 41, None), ("Ｓpring", None), ("SPRING\x00", None),
])  # fmt: skip
def test_a_typed_code_is_read_as_it_was_meant(typed: str, code: str | None) -> None:
    assert read_code(typed) == code
