"""Register, sign in, sign out: what happens, what is said, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from shop import signals
from shop.accounts.account import Account, SignIn
from shop.accounts.staff import create_staff
from shop.accounts.throttle import SignInAttempts
from shop.app import create_app
from shop.database import db
from tests.shop.browsing import PASSWORD, be, register, send, sign_in, text_of, token

pytestmark = pytest.mark.usefixtures("shop_data")


@pytest.fixture
def heard(app: Flask) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The signals of accounts that the shop sent, in order."""
    found: list[tuple[str, dict[str, Any]]] = []
    receivers = []
    for name in ("account_opened", "signed_in", "signed_out", "account_changed"):

        def receive(_app: Flask, name: str = name, **facts: Any) -> None:
            found.append((name, facts))

        getattr(signals, name).connect(receive, app)
        receivers.append(receive)
    yield found
    receivers.clear()  # signals hold their receivers weakly; this kept them alive


def test_registering_opens_an_account_signs_in_and_announces_both(
    app: Flask, client: FlaskClient, heard: list[tuple[str, dict[str, Any]]]
) -> None:
    answer = register(
        client, household="couple", children="2", interests="baking,  coffee, baking", birthday="1990-05-17"
    )

    assert answer.status_code == 303
    assert [name for name, _facts in heard] == ["account_opened", "signed_in"]
    with app.app_context():
        account = db.session.scalars(select(Account).where(Account.email_folded == "grace@example.com")).one()
        assert (account.household, account.children, account.interests) == ("couple", 2, "baking, coffee")
        assert account.birthday is not None
        assert account.role is None
        assert account.password_hash is not None
        assert PASSWORD not in account.password_hash
    assert "Hello, Grace" in text_of(client.get("/account"))


def test_the_traits_are_optional_and_a_role_in_the_form_is_not_read(app: Flask, client: FlaskClient) -> None:
    assert register(client, role="owner", id="1", created_at="2020-01-01").status_code == 303

    with app.app_context():
        account = db.session.scalars(select(Account).where(Account.email_folded == "grace@example.com")).one()
        assert (account.role, account.children, account.birthday, account.household) == (None, None, None, "")
        assert account.id > 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"), ("email", ""), ("email", "a@b\r\nBcc: x@example.com"),
        ("email", "x" * 300 + "@example.com"), ("first_name", ""), ("first_name", "A\x00da"), ("first_name", "x" * 101),
        ("password", "short"), ("password", ""), ("password", "password1234"), ("password", "GraceHopper12"),
        ("password", "x\x00" * 10), ("children", "-1"), ("children", "1.5"), ("children", "99"), ("children", "٣"),
        ("birthday", "2190-01-01"), ("birthday", "17.5.1990"), ("birthday", "1800-01-01"), ("household", "castle"),
        ("phone", "call me"), ("interests", "x" * 301),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    app: Flask, client: FlaskClient, field: str, value: str
) -> None:
    answer = register(client, **{"last_name": "Murray-Hopper", field: value})

    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in answer.text
    assert field == "last_name" or "Murray-Hopper" in answer.text
    assert PASSWORD not in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Account)) == 2


def test_everything_that_is_wrong_is_said_at_once(client: FlaskClient) -> None:
    answer = register(client, email="nope", password="password1234", children="many")
    assert all(f'id="field-{field}-error"' in answer.text for field in ("email", "password", "children"))


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@EXAMPLE.COM", " Ada@Example.com "])
def test_an_address_makes_one_account_however_it_is_written(app: Flask, client: FlaskClient, email: str) -> None:
    answer = register(client, email=email)

    assert answer.status_code == 422
    assert "can't open an account with this address" in text_of(answer).replace("’", "'")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Account)) == 2
        assert db.session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_signing_out_and_in_again(client: FlaskClient, heard: list[tuple[str, dict[str, Any]]]) -> None:
    register(client)
    assert send(client, "/sign-out", page="/account").status_code == 303
    assert client.get("/account").status_code == 303

    assert sign_in(client, email="GRACE@example.com").status_code == 303

    assert "Hello, Grace" in text_of(client.get("/account"))
    assert [name for name, _facts in heard] == ["account_opened", "signed_in", "signed_out", "signed_in"]


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: FlaskClient, app: Flask) -> None:
    register(client)
    send(client, "/sign-out", page="/account")

    wrong = sign_in(client, password="not the password at all")
    unknown = sign_in(client, email="nobody@example.com", password="not the password at all")
    without_password = sign_in(client, email="ada@example.com", password="not the password at all")

    assert wrong.status_code == unknown.status_code == without_password.status_code == 401
    said = text_of(wrong)
    assert "don't fit together" in said.replace("’", "'")
    assert said == text_of(unknown) == text_of(without_password)


@pytest.mark.parametrize("email", ["", "\x00", "a" * 5000, "' OR 1=1 --", "ada@example.com\x00", "☃@example.com"])
def test_odd_addresses_are_only_wrong(client: FlaskClient, email: str) -> None:
    assert sign_in(client, email=email, password="x" * 2000).status_code == 401


def test_after_some_wrong_guesses_even_the_right_password_must_wait(app: Flask, client: FlaskClient) -> None:
    register(client)
    send(client, "/sign-out", page="/account")
    for _guess in range(4):
        assert sign_in(client, password="a wrong guess, that is").status_code == 401

    paused = sign_in(client)

    assert paused.status_code == 429
    assert int(paused.headers["Retry-After"]) >= 1
    assert "Please wait" in text_of(paused)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=4)):
        assert sign_in(client).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignInAttempts)) == 0


def test_an_unknown_address_is_slowed_down_alike(client: FlaskClient) -> None:
    answers = [sign_in(client, email="nobody@example.com", password="a guess").status_code for _guess in range(5)]
    assert answers == [401, 401, 401, 401, 429]


def test_the_page_that_was_wanted_is_shown_after_signing_in(client: FlaskClient) -> None:
    register(client)
    send(client, "/sign-out", page="/account")

    to_sign_in = client.get("/account/orders?page=1")
    assert to_sign_in.headers["Location"] == "/sign-in?next=/account/orders?page%3D1"
    assert sign_in(client, next="/account/orders?page=1").headers["Location"] == "/account/orders?page=1"


@pytest.mark.parametrize("evil", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(client: FlaskClient, evil: str) -> None:
    register(client)
    assert client.get("/sign-in", query_string={"next": evil}).headers["Location"] == "/account"
    send(client, "/sign-out", page="/account")
    page = BeautifulSoup(client.get("/sign-in", query_string={"next": evil}).text, "html.parser")
    carried = page.select_one('form[action="/sign-in"] input[name="next"]')
    assert carried is not None
    assert carried["value"] == ""
    assert sign_in(client, next=evil).headers["Location"] == "/account"


def test_a_session_from_before_the_sign_in_is_worth_nothing_after_it(client: FlaskClient) -> None:
    register(client)
    send(client, "/sign-out", page="/account")
    planted = token(client)
    sign_in(client)

    assert client.post("/sign-out", data={"csrf_token": planted}).status_code == 400
    assert client.get("/account").status_code == 200


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(app: Flask, client: FlaskClient) -> None:
    register(client)
    cookie = client.get_cookie("shop")
    assert cookie is not None
    send(client, "/sign-out", page="/account")

    thief = app.test_client()
    thief.set_cookie("shop", cookie.value)

    assert thief.get("/account").status_code == 303


def test_signing_out_everywhere_ends_the_other_devices(app: Flask, client: FlaskClient) -> None:
    register(client)
    phone = app.test_client()
    sign_in(phone)
    assert phone.get("/account").status_code == 200

    send(client, "/sign-out", page="/account", everywhere="yes")

    assert phone.get("/account").status_code == 303


def test_signing_out_by_a_link_does_nothing(client: FlaskClient) -> None:
    register(client)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/account").status_code == 200


def test_a_demo_button_opens_people_without_a_password_only(
    app: Flask, client: FlaskClient, shop_data: dict[str, int]
) -> None:
    register(client)
    with app.app_context():
        grace = db.session.scalars(select(Account.id).where(Account.email_folded == "grace@example.com")).one()
    send(client, "/sign-out", page="/account")

    for number in (grace, 999_999, -1, "x", "", "²", 10**30):
        assert send(client, "/sign-in/demo", account_id=number).status_code == 404
    be(client, shop_data["ada"])

    assert "Hello, Ada" in text_of(client.get("/account"))


def test_the_sign_in_page_of_a_demo_offers_its_people(client: FlaskClient) -> None:
    assert "Olga" in text_of(client.get("/sign-in"))


def test_in_production_there_is_no_demo_sign_in_and_nobody_is_offered(app: Flask, shop_data: dict[str, int]) -> None:
    live = create_app(
        {**{key: app.config[key] for key in ("SHOP_VAR", "SHOP_DATABASE_URL", "SHOP_SECRET_KEY")},
         "SHOP_ENV": "production", "SHOP_BASE_URL": "https://localhost", "SHOP_CRM": False, "SHOP_RATE_LIMITS": False}
    )  # fmt: skip
    client = live.test_client()

    page = client.get("/sign-in", base_url="https://localhost")

    assert page.status_code == 200
    assert "Olga" not in page.text
    assert "accounts.demo_sign_in" not in live.view_functions
    assert (
        client.post("/sign-in/demo", data={"account_id": shop_data["olga"]}, base_url="https://localhost").status_code
        == 404
    )
    with live.app_context():
        db.session.remove()
        db.engine.dispose()


def test_if_the_announcement_fails_no_account_is_opened(app: Flask, client: FlaskClient) -> None:
    def refuse(_app: Flask, **_facts: Any) -> None:
        raise RuntimeError("the ledger is full")

    form = {
        "csrf_token": token(client, "/register"),
        "first_name": "Grace",
        "email": "grace@example.com",
        "password": PASSWORD,
    }
    with signals.signed_in.connected_to(refuse, app), pytest.raises(RuntimeError, match="ledger"):
        client.post("/register", data=form)

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Account)) == 2
        assert db.session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_staff_made_on_the_command_line_can_sign_in_and_land_at_their_work(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        create_staff(db.session(), email="pia@example.com", role="packer", password=PASSWORD, first_name="Pia")
        db.session.commit()

    assert sign_in(client, email="pia@example.com").headers["Location"] == "/staff"


def test_a_customers_cookie_outlives_the_browser_and_that_of_staff_does_not(
    app: Flask, client: FlaskClient, shop_data: dict[str, int]
) -> None:
    at_work = app.test_client()
    kept = send(client, "/sign-in/demo", account_id=shop_data["ada"]).headers["Set-Cookie"]
    dropped = send(at_work, "/sign-in/demo", account_id=shop_data["olga"]).headers["Set-Cookie"]

    assert "Expires=" in kept
    assert "Expires=" not in dropped
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=31)):
        assert client.get("/account").status_code == 200
        assert at_work.get("/staff").headers["Location"].startswith("/sign-in")


def test_whoever_comes_back_in_time_stays_signed_in(client: FlaskClient, shop_data: dict[str, int]) -> None:
    be(client, shop_data["ada"])
    for days in (20, 40, 60):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
            assert client.get("/account").status_code == 200
