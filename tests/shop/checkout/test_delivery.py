"""What a delivery costs and when it arrives."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from shop.checkout.delivery import NoSuchDelivery, promised_day, quote, quotes
from shop.profile import ShopProfile


def shop_in(country: str = "DE", currency: str = "EUR") -> ShopProfile:
    return ShopProfile(
        id=1, name="Shop", tagline="", currency=currency, country=country, time_zone="Europe/Berlin",
        email="s@example.com", data_note="",
    )  # fmt: skip


FRIDAY_NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def test_standard_delivery_is_free_from_sixty() -> None:
    for goods, price in ((5999, 495), (6000, 0)):
        found = quote("standard", goods_minor=goods, country="DE", profile=shop_in(), now=FRIDAY_NOON)
        assert found.shipping_minor == price


def test_weekends_are_no_business_days() -> None:
    found = quote("express", goods_minor=1, country="DE", profile=shop_in(), now=FRIDAY_NOON)
    assert found.promised_on == date(2026, 11, 23)


@pytest.mark.parametrize(("local", "days", "arrives"), [
    (datetime(2026, 11, 20, 13, 59, tzinfo=UTC), 1, date(2026, 11, 23)),  # Friday before the last call
    (datetime(2026, 11, 20, 14, 0, tzinfo=UTC), 1, date(2026, 11, 24)),  # after it: leaves on Monday
    (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), 3, date(2026, 11, 26)),  # Saturday
    (datetime(2026, 11, 16, 9, 0, tzinfo=UTC), 3, date(2026, 11, 19)),
])  # fmt: skip
def test_the_last_call_decides_the_day(local: datetime, days: int, arrives: date) -> None:
    assert promised_day(local, days) == arrives


def test_abroad_costs_more_takes_longer_and_has_no_pick_up_point() -> None:
    home = quote("standard", goods_minor=9000, country="DE", profile=shop_in(), now=FRIDAY_NOON)
    abroad = quote("standard", goods_minor=9000, country="FR", profile=shop_in(), now=FRIDAY_NOON)
    assert (home.shipping_minor, abroad.shipping_minor) == (0, 1495)
    assert abroad.promised_on > home.promised_on
    offered = quotes(goods_minor=1, country="FR", profile=shop_in(), now=FRIDAY_NOON)
    assert [found.method for found in offered] == ["standard", "express"]
    for code, country in (("pickup", "FR"), ("drone", "DE")):
        with pytest.raises(NoSuchDelivery):
            quote(code, goods_minor=1, country=country, profile=shop_in(), now=FRIDAY_NOON)


def test_prices_fit_the_currencys_own_minor_unit() -> None:
    for currency, price in (("EUR", 495), ("JPY", 4), ("BHD", 4950)):
        profile = shop_in(currency=currency)
        assert quote("standard", goods_minor=1, country="DE", profile=profile, now=FRIDAY_NOON).shipping_minor == price


def test_a_promise_leaves_out_the_public_holidays_of_the_shops_country() -> None:
    before_christmas = datetime(2026, 12, 23, 9, 0)  # noqa: DTZ001 (the shop's local time)
    assert promised_day(before_christmas, 3, country="DE") == date(2026, 12, 29)
    assert promised_day(before_christmas, 3, country="XX") == date(2026, 12, 28)


def test_nothing_is_promised_for_a_holiday_of_the_country_that_it_goes_to() -> None:
    monday = datetime(2026, 7, 13, 9, 0)  # noqa: DTZ001 (the shop's local time)
    assert promised_day(monday, 1, country="DE", to="DE") == date(2026, 7, 14)
    assert promised_day(monday, 1, country="DE", to="FR") == date(2026, 7, 15)  # after Bastille Day
