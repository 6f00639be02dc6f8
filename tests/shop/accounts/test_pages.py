"""The account's own pages: overview, orders, profile, password, addresses; nobody sees another's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from shop import signals
from shop.accounts.account import Account, Address
from shop.checkout.order import Order
from shop.database import db
from tests.conftest import NOW
from tests.shop.browsing import PASSWORD, be, register, send, sign_in, text_of

ADDRESS = {
    "name": "Ada Byron", "line1": "Hauptstr. 1", "line2": "", "city": "Berlin", "postcode": "10115", "region": "",
    "country": "DE", "phone": "",
}  # fmt: skip
PAGES = [
    "/account",
    "/account/orders",
    "/account/profile",
    "/account/password",
    "/account/addresses",
    "/account/addresses/new",
]


@pytest.fixture
def ada(client: FlaskClient, shop_data: dict[str, int]) -> int:
    be(client, shop_data["ada"])
    return shop_data["ada"]


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_asked_to_sign_in_and_comes_back(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=/account")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_for_its_owner(client: FlaskClient, ada: int, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_overview_shows_orders_addresses_and_profile(app: Flask, client: FlaskClient, ada: int) -> None:
    _orders(app, ada, 4)
    send(client, "/account/addresses/new", page="/account", **ADDRESS)

    seen = text_of(client.get("/account"))

    assert "Order X-3" in seen
    assert "Order X-0" not in seen
    assert "All 4 orders" in seen
    assert "Hauptstr. 1" in seen
    assert "Germany" in seen
    assert "Ada@example.com" in seen


def test_orders_come_in_pages_newest_first(app: Flask, client: FlaskClient, ada: int) -> None:
    _orders(app, ada, 23)

    first, second = text_of(client.get("/account/orders")), text_of(client.get("/account/orders?page=2"))

    assert first.index("X-22") < first.index("X-21")
    assert "X-0" in second
    assert "23 orders" in first


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "", "1.5", "9" * 40, "²"])
def test_a_page_that_does_not_exist_is_not_found(client: FlaskClient, ada: int, page: str) -> None:
    assert client.get("/account/orders", query_string={"page": page}).status_code == 404


def test_nobody_sees_the_orders_of_another(
    app: Flask, client: FlaskClient, ada: int, shop_data: dict[str, int]
) -> None:
    _orders(app, shop_data["olga"], 2)
    assert "X-1" not in text_of(client.get("/account/orders"))


def test_a_changed_profile_is_kept_and_announced_an_unchanged_one_is_not(
    app: Flask, client: FlaskClient, ada: int
) -> None:
    heard: list[str] = []

    def receive(_app: Flask, account: Account) -> None:
        heard.append(account.interests)

    form = {"first_name": "Ada", "last_name": "Lovelace", "interests": "mathematics; engines", "children": "3"}
    with signals.account_changed.connected_to(receive, app):
        assert send(client, "/account/profile", page="/account", **form).status_code == 303
        assert send(client, "/account/profile", page="/account", **form).status_code == 303

    assert heard == ["mathematics, engines"]
    seen = text_of(client.get("/account"))
    assert "Ada Lovelace" in seen
    assert "mathematics, engines" in seen


def test_traits_can_be_emptied_again(app: Flask, client: FlaskClient, ada: int) -> None:
    send(client, "/account/profile", page="/account", first_name="Ada", children="3", birthday="1990-05-17")
    send(client, "/account/profile", page="/account", first_name="Ada", children="", birthday="")

    with app.app_context():
        account = db.session.get_one(Account, ada)
        assert (account.children, account.birthday) == (None, None)


def test_a_profile_never_changes_the_address_to_sign_in_with_or_the_role(
    app: Flask, client: FlaskClient, ada: int
) -> None:
    form = {"first_name": "Ada", "email": "other@example.com", "email_folded": "other@example.com", "role": "owner"}
    send(client, "/account/profile", page="/account", **form)

    with app.app_context():
        account = db.session.get_one(Account, ada)
        assert (account.email, account.role) == ("Ada@example.com", None)


def test_a_household_from_an_import_stays_choosable(app: Flask, client: FlaskClient, ada: int) -> None:
    with app.app_context():
        db.session.get_one(Account, ada).household = "2 adults, kids"
        db.session.commit()

    page = client.get("/account/profile")
    assert '<option value="2 adults, kids" selected>' in page.text
    kept = send(client, "/account/profile", page="/account", first_name="Ada", household="2 adults, kids")
    assert kept.status_code == 303


def test_a_new_password_needs_the_present_one_and_signs_other_devices_out(
    app: Flask, client: FlaskClient, shop_data: Any
) -> None:
    register(client)
    phone = app.test_client()
    sign_in(phone)
    new = "seven grey geese overhead"

    wrong = send(client, "/account/password", page="/account", present="not this one at all", password=new)
    weak = send(client, "/account/password", page="/account", present=PASSWORD, password="password1234")
    done = send(client, "/account/password", page="/account", present=PASSWORD, password=new)

    assert (wrong.status_code, weak.status_code, done.status_code) == (422, 422, 303)
    assert phone.get("/account").status_code == 303
    assert client.get("/account").status_code == 200
    assert sign_in(app.test_client(), password=new).status_code == 303


def test_guessing_the_present_password_gets_slower_for_the_account_whatever_device_it_comes_from(
    app: Flask, client: FlaskClient, shop_data: Any
) -> None:
    register(client)
    phone = app.test_client()
    sign_in(phone)
    new = "seven grey geese overhead"
    for browser in (client, phone, client, phone):
        wrong = send(browser, "/account/password", page="/account", present="not this one at all", password=new)
        assert wrong.status_code == 422

    paused = send(client, "/account/password", page="/account", present=PASSWORD, password=new)

    assert paused.status_code == 429
    assert int(paused.headers["Retry-After"]) >= 1
    assert "Please wait" in text_of(paused)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=4)):
        assert send(client, "/account/password", page="/account", present=PASSWORD, password=new).status_code == 303


def test_strangers_at_the_door_keep_nobody_from_changing_the_password(
    app: Flask, client: FlaskClient, shop_data: Any
) -> None:
    register(client)
    for _guess in range(6):
        sign_in(app.test_client(), password="a wrong guess, that is")
    new = "seven grey geese overhead"
    assert send(client, "/account/password", page="/account", present=PASSWORD, password=new).status_code == 303


def test_a_present_password_that_is_right_is_forgiven_though_the_new_one_is_weak(
    client: FlaskClient, shop_data: Any
) -> None:
    register(client)
    weak = {"present": PASSWORD, "password": "password1234"}
    assert {send(client, "/account/password", page="/account", **weak).status_code for _try in range(6)} == {422}


@pytest.mark.parametrize(
    ("typed", "status"),
    [(",".join(["ab"] + [f"{n:02}" for n in range(73)]), 303), (",".join([f"{n:02}" for n in range(90)]), 422)],
)
def test_interests_are_measured_as_they_are_kept(client: FlaskClient, ada: int, typed: str, status: int) -> None:
    form = {"first_name": "Ada", "last_name": "", "interests": typed}
    answer = send(client, "/account/profile", page="/account", **form)
    assert len(typed) <= 300
    assert answer.status_code == status
    assert register(client.application.test_client(), interests=typed).status_code == status


def test_addresses_are_added_changed_made_default_and_removed(app: Flask, client: FlaskClient, ada: int) -> None:
    for line in ("Hauptstr. 1", "Seeweg 2", "Am Markt 3"):
        send(client, "/account/addresses/new", page="/account", **{**ADDRESS, "line1": line})
    first, second, third = _addresses(app, ada)
    assert [address.is_default for address in (first, second, third)] == [True, False, False]

    send(client, f"/account/addresses/{second.id}", page="/account", **{**ADDRESS, "line1": "Seeweg 22"})
    send(client, f"/account/addresses/{third.id}/default", page="/account")
    send(client, f"/account/addresses/{third.id}/remove", page="/account")

    left = _addresses(app, ada)
    assert [address.line1 for address in left] == ["Hauptstr. 1", "Seeweg 22"]
    assert [address.is_default for address in left] == [True, False]


@pytest.mark.parametrize(
    ("field", "value"),
    [("line1", ""), ("line1", "x" * 121), ("name", "A\x00"), ("country", "ZZ"), ("country", "Germany"),
     ("postcode", "ABC"), ("postcode", ""), ("city", ""), ("phone", "call me")],
)  # fmt: skip
def test_a_wrong_address_is_not_saved(app: Flask, client: FlaskClient, ada: int, field: str, value: str) -> None:
    answer = send(client, "/account/addresses/new", page="/account", **{**ADDRESS, field: value})

    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in answer.text
    assert _addresses(app, ada) == []


def test_an_address_book_holds_twenty(app: Flask, client: FlaskClient, ada: int) -> None:
    with app.app_context():
        db.session.add_all([Address(**ADDRESS, account_id=ada) for _number in range(20)])
        db.session.commit()

    answer = send(client, "/account/addresses/new", page="/account", follow=True, **ADDRESS)

    assert "20 addresses already" in text_of(answer)
    assert len(_addresses(app, ada)) == 20


@pytest.mark.parametrize("deed", ["", "/remove", "/default"])
def test_another_ones_address_is_not_found(
    app: Flask, client: FlaskClient, ada: int, shop_data: Any, deed: str
) -> None:
    with app.app_context():
        others = Address(**ADDRESS, account_id=shop_data["olga"])
        db.session.add(others)
        db.session.commit()
        number = others.id

    assert send(client, f"/account/addresses/{number}{deed}", page="/account", **ADDRESS).status_code == 404
    assert client.get(f"/account/addresses/{number}").status_code == 404
    assert client.get(f"/account/addresses/{10**30}").status_code == 404
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Address)) == 1


def _addresses(app: Flask, account_id: int) -> list[Address]:
    with app.app_context():
        return list(db.session.scalars(select(Address).where(Address.account_id == account_id).order_by(Address.id)))


def _orders(app: Flask, account_id: int, count: int) -> None:
    with app.app_context():
        db.session.add_all(
            Order(
                number=f"X-{number}", account_id=account_id, buyer=f"account:{account_id}", idempotency_key=str(number),
                email="ada@example.com", email_folded="ada@example.com", placed_at=NOW + timedelta(minutes=number),
                currency="EUR", goods_minor=100, total_minor=100,
            )
            for number in range(count)
        )  # fmt: skip
        db.session.commit()
