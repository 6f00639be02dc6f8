"""Customers type the same things in the account and in the checkout: what one accepts, the other does."""

from __future__ import annotations

import pytest
from flask import Flask
from marshmallow import ValidationError

from shop.accounts.forms import AddressForm, ProfileForm, read
from shop.addressing.fields import checked_phone
from shop.checkout.forms import read_details
from shop.profile import ShopProfile
from tests.shop.visitor import ADDRESS

PROFILE = ShopProfile(
    id=1, name="Shop", tagline="", currency="EUR", country="DE", time_zone="Europe/Berlin", email="s@example.com",
    data_note="",
)  # fmt: skip
NAMES = {"first_name": "Kim", "household": "", "children": "", "birthday": ""}


@pytest.mark.parametrize(
    "number",
    [
        "",
        "030 901820",
        "+49 30 901820",
        "110",
        "00",
        "00 00",
        "0000000",
        "000 001",
        "999",
        "abc",
        "+1",
        "030" + "1" * 30,
    ],
)
def test_account_and_checkout_agree_on_phone_numbers(app: Flask, number: str) -> None:
    with app.test_request_context():
        _, ordering = read_details(ADDRESS | {"phone": number}, PROFILE)
        _, profile = read(ProfileForm(country="DE"), NAMES | {"phone": number})
        _, address = read(AddressForm(), {name: ADDRESS[name] for name in AddressForm().fields} | {"phone": number})
    assert ordering == profile == address
    assert set(ordering) <= {"phone"}


def test_a_number_is_kept_as_it_is_dialled_from_abroad(app: Flask) -> None:
    with app.test_request_context():
        assert checked_phone("030 901820", "DE") == "+49 30 901820"
        assert checked_phone("", "DE") == ""
        with pytest.raises(ValidationError):
            checked_phone("0000000", "DE")
