"""Money, days and moments as people of the shop's country read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from shop import wording
from shop.database import db
from shop.profile import ShopProfile

pytestmark = pytest.mark.usefixtures("shop_data")


def _in_country(app: Flask, country: str, time_zone: str = "Europe/Berlin") -> None:
    with app.app_context():
        profile = db.session.get_one(ShopProfile, 1)
        profile.country, profile.time_zone = country, time_zone
        db.session.commit()


@pytest.mark.parametrize(
    ("minor", "currency", "country", "read"),
    [(1299, "USD", "US", "$12.99"), (1299, "GBP", "GB", "£12.99"), (123456789, "USD", "US", "$1,234,567.89"),
     (500, "JPY", "US", "¥500"), (1234, "KWD", "US", "KWD1.234"), (0, "USD", "US", "$0.00"),
     (-1, "USD", "US", "-$0.01"),
     (10**17 + 1, "USD", "US", "$1,000,000,000,000,000.01")],
)  # fmt: skip
def test_money_has_the_digits_of_its_currency(app: Flask, minor: int, currency: str, country: str, read: str) -> None:
    _in_country(app, country)
    with app.test_request_context():
        assert wording.money(minor, currency).replace("\xa0", " ") == read


def test_a_moment_is_shown_in_the_shops_time_zone(app: Flask) -> None:
    late = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
    _in_country(app, "US", "America/New_York")
    with app.test_request_context():
        assert wording.day(late) == "Jun 30, 2026"
        assert wording.moment(late).replace("\u202f", " ") == "Jun 30, 2026, 10:30 PM"
    _in_country(app, "GB", "Asia/Tokyo")
    with app.test_request_context():
        assert wording.day(late) == "1 Jul 2026"


def test_a_date_stays_the_same_day_everywhere(app: Flask) -> None:
    _in_country(app, "US", "Pacific/Honolulu")
    with app.test_request_context():
        assert wording.day(date(2026, 1, 1)) == "Jan 1, 2026"


@pytest.mark.parametrize("wanted", ["de", "xx", "", "en-GB;q=bad", "zz-ZZ,*;q=0", "en" * 500])
def test_a_language_that_is_not_there_falls_back_to_english(app: Flask, wanted: str) -> None:
    with app.test_request_context(headers={"Accept-Language": wanted}):
        assert wording.language() == "en"
        assert wording.gettext("Hello %(name)s", name="100 % Ada") == "Hello 100 % Ada"


def test_counts_choose_between_one_and_many(app: Flask) -> None:
    with app.test_request_context():
        assert wording.ngettext("%(num)d order", "%(num)d orders", 1) == "1 order"
        assert wording.ngettext("%(num)d order", "%(num)d orders", 3) == "3 orders"


def test_outside_of_a_request_everything_still_reads(app: Flask) -> None:
    with app.app_context():
        assert wording.money(100, "USD")
        assert wording.moment(datetime(2026, 7, 1, 2, 30, tzinfo=UTC))


def test_an_unknown_country_costs_only_the_way_of_writing(app: Flask) -> None:
    _in_country(app, "ZZ")
    with app.test_request_context():
        assert wording.money(1299, "USD") == "$12.99"
