"""What buyers type: read, or answered field by field."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from shop import wording
from shop.checkout.forms import read_details
from shop.checkout.payment import payment_methods
from shop.database import db
from shop.profile import ShopProfile
from tests.shop.visitor import ADDRESS

PROFILE = ShopProfile(
    id=1, name="Shop", tagline="", currency="EUR", country="DE", time_zone="Europe/Berlin", email="s@example.com",
    data_note="",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _request() -> Iterator[None]:
    """A request of a bare app: the forms need its wording and nothing else."""
    bare = Flask("bare")
    bare.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db.init_app(bare)
    wording.init_app(bare)
    with bare.test_request_context():
        yield
        db.session.remove()
        db.engine.dispose()


def test_good_answers_are_stripped_and_brought_to_normal_form() -> None:
    typed = ADDRESS | {"email": " Kim@Example.COM ", "name": "  Kim Lee ", "phone": "030 901820"}
    details, errors = read_details(typed, PROFILE)
    assert errors == {}
    assert details is not None
    assert (details.email, details.name, details.phone) == ("Kim@example.com", "Kim Lee", "+49 30 901820")


@pytest.mark.parametrize("method", [method.code for method in payment_methods()])
@pytest.mark.parametrize("address", [
    {"country": "US", "postcode": "02139-4307", "city": "Cambridge"},
    {"country": "GB", "postcode": "sw1a 1aa", "city": "London"},
    {"country": "HK", "postcode": "", "city": "Kowloon"},
    {"country": "CO", "postcode": "110111", "city": "Bogotá"},
])  # fmt: skip
def test_addresses_of_the_world_are_understood(address: dict[str, str], method: str) -> None:
    details, errors = read_details(ADDRESS | address | {"payment_method": method}, PROFILE)
    assert errors == {}
    assert details is not None


@pytest.mark.parametrize(("field", "value"), [
    ("email", ""), ("email", "kim"), ("email", "kim@@example.com"), ("email", "kim@example.com\r\nBcc: x@example.com"),
    ("email", "k" * 250 + "@example.com"), ("name", "   "), ("name", "Kim\x00Lee"), ("name", "K" * 121),
    ("name", "Kim\nLee"), ("line1", ""), ("city", ""), ("postcode", "1234"), ("postcode", ""), ("postcode", "' OR 1=1"),
    ("country", "XX"), ("country", "Germany"), ("country", ""), ("phone", "call me"), ("phone", "12"),
    ("delivery_method", "drone"), ("delivery_method", ""), ("payment_method", "gold"), ("payment_method", ""),
    ("city", "\ud800"),
])  # fmt: skip
def test_a_wrong_answer_is_named_beside_its_field(field: str, value: str) -> None:
    details, errors = read_details(ADDRESS | {field: value}, PROFILE)
    assert details is None
    assert list(errors) == [field]
    assert errors[field].endswith((".", "!"))


def test_missing_fields_are_asked_for_and_unknown_ones_not_read() -> None:
    details, errors = read_details({"total_minor": "1", "account_id": "1"}, PROFILE)
    assert details is None
    assert {"email", "name", "line1", "city", "country", "delivery_method", "payment_method"} <= set(errors)


def test_a_pick_up_point_exists_only_at_home() -> None:
    abroad = ADDRESS | {"country": "FR", "postcode": "75001", "delivery_method": "pickup"}
    assert list(read_details(abroad, PROFILE)[1]) == ["delivery_method"]
    assert read_details(ADDRESS | {"delivery_method": "pickup"}, PROFILE)[1] == {}
