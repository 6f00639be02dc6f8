"""Members of staff are made on the command line; a demo has six of them."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from shop.accounts import passwords
from shop.accounts.account import Account, Role
from shop.accounts.demo_people import demo_households, demo_person, demo_staff, ensure_demo_people
from shop.accounts.staff import StaffProblem, create_staff
from shop.database import db
from tests.shop.browsing import PASSWORD

pytestmark = pytest.mark.usefixtures("shop_data")


@pytest.fixture(autouse=True)
def _in_the_shop(app: Flask) -> object:
    with app.test_request_context():
        yield


def test_a_new_member_has_a_role_and_a_hashed_password() -> None:
    made = create_staff(db.session(), email="Pia@example.com", role="packer", password=PASSWORD, first_name="Pia")

    assert (made.role, made.email_folded) == ("packer", "pia@example.com")
    assert passwords.is_right(PASSWORD, made.password_hash)


def test_a_customer_can_be_made_staff_and_keeps_the_account(shop_data: dict[str, int]) -> None:
    made = create_staff(db.session(), email="ada@EXAMPLE.com", role="support", password=PASSWORD, first_name="Ada")
    assert made.id == shop_data["ada"]
    assert made.role == "support"


def test_an_unknown_role_a_weak_password_and_a_broken_address_are_refused() -> None:
    for role, password in (("boss", PASSWORD), ("packer", "short"), ("packer", "password1234")):
        with pytest.raises(StaffProblem):
            create_staff(db.session(), email="pia@example.com", role=role, password=password, first_name="Pia")
    with pytest.raises(StaffProblem, match="e-mail"):
        create_staff(db.session(), email="pia", role="packer", password=PASSWORD, first_name="Pia")
    assert db.session.scalar(select(func.count()).select_from(Account)) == 2


def test_demo_people_are_six_roles_without_a_password_and_made_only_once() -> None:
    first = ensure_demo_people(db.session())
    again = ensure_demo_people(db.session())

    assert [account.role for account in first] == list(Role)
    assert [account.id for account in first] == [account.id for account in again]
    assert all(account.password_hash is None for account in first)
    assert {account.role for account in demo_staff(db.session())} == set(Role)


def test_people_with_a_password_are_nobodys_demo(shop_data: dict[str, int]) -> None:
    made = create_staff(db.session(), email="pia@example.com", role="packer", password=PASSWORD, first_name="Pia")

    assert demo_person(db.session(), made.id) is None
    assert demo_person(db.session(), shop_data["ada"]) is not None
    assert made not in demo_staff(db.session())
    assert demo_households(db.session()) == []
