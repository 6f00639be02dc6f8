"""Strangers who guess at an account keep its owner out of no browser that signed in to it before."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from shop.accounts.account import SignIn
from shop.app import create_app
from shop.database import db
from tests.shop.browsing import PASSWORD, be, register, send, sign_in, text_of, token

pytestmark = pytest.mark.usefixtures("shop_data")
WRONG = "a wrong guess, that is"


@pytest.fixture
def owner(client: FlaskClient) -> FlaskClient:
    """Grace's browser, signed out."""
    register(client)
    send(client, "/sign-out", page="/account")
    return client


def test_two_days_of_guessing_never_keep_the_owner_out(app: Flask, owner: FlaskClient) -> None:
    stranger, let_in, start = app.test_client(), 0, datetime.now(UTC)
    for turn in range(12):
        with time_machine.travel(start + timedelta(hours=4 * turn), tick=False):
            for _guess in range(3):
                sign_in(stranger, password=WRONG)
            assert sign_in(app.test_client(), password=WRONG).status_code in {401, 429}
            let_in += sign_in(owner).status_code == 303
            send(owner, "/sign-out", page="/account")
    assert let_in == 12


def test_the_owners_right_password_doesnt_start_the_strangers_count_anew(app: Flask, owner: FlaskClient) -> None:
    stranger = app.test_client()
    for _guess in range(4):
        assert sign_in(stranger, password=WRONG).status_code == 401
    assert sign_in(owner).status_code == 303
    assert sign_in(stranger, password=WRONG).status_code == 429


def test_a_known_browser_may_not_guess_on_either(app: Flask, owner: FlaskClient) -> None:
    answers = [sign_in(owner, password=WRONG).status_code for _guess in range(5)]
    assert answers == [401, 401, 401, 401, 429]
    assert sign_in(app.test_client()).status_code == 303  # the strangers' count is another one


def test_a_browser_is_known_only_for_the_accounts_that_it_signed_in_to(app: Flask, owner: FlaskClient) -> None:
    register(owner, email="eve@example.com")
    send(owner, "/sign-out", page="/account")
    eve = app.test_client()
    sign_in(eve, email="eve@example.com")
    send(eve, "/sign-out", page="/account")
    for _guess in range(4):
        sign_in(app.test_client(), password=WRONG)

    assert sign_in(eve).status_code == 429  # her own account doesn't make her known for Grace's
    assert sign_in(owner).status_code == 303  # one browser, two people


@pytest.mark.parametrize("forged", ["x", "WyJ4IixbXV0.aaaa.bbbb", "", "☃"])
def test_a_forged_cookie_makes_nobody_known(app: Flask, owner: FlaskClient, forged: str) -> None:
    thief = app.test_client()
    thief.set_cookie("shop-device", forged)
    for _guess in range(4):
        assert sign_in(thief, password=WRONG).status_code == 401
    assert sign_in(app.test_client()).status_code == 429


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_names_nobody(owner: FlaskClient) -> None:
    cookie = next(text for text in sign_in(owner).headers.getlist("Set-Cookie") if text.startswith("shop-device="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=31536000" in cookie
    assert "grace" not in cookie.lower()


def test_the_demos_buttons_make_no_browser_known(client: FlaskClient, shop_data: dict[str, int]) -> None:
    be(client, shop_data["ada"])
    assert client.get_cookie("shop-device") is None


def test_in_production_the_cookie_is_bound_to_the_host(app: Flask, owner: FlaskClient) -> None:
    kept = {key: app.config[key] for key in ("SHOP_VAR", "SHOP_DATABASE_URL", "SHOP_SECRET_KEY")}
    live = create_app(
        {**kept, "SHOP_ENV": "production", "SHOP_BASE_URL": "https://localhost", "SHOP_CRM": False,
         "SHOP_RATE_LIMITS": False}
    )  # fmt: skip
    browser = live.test_client()
    page = browser.get("/sign-in", base_url="https://localhost").text
    csrf = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = browser.post(
        "/sign-in",
        data={"csrf_token": csrf, "email": "grace@example.com", "password": PASSWORD},
        base_url="https://localhost",
        headers={"Referer": "https://localhost/sign-in"},
    )
    cookie = next(text for text in answer.headers.getlist("Set-Cookie") if "device" in text)
    assert cookie.startswith("__Host-shop-device=")
    assert "Secure" in cookie
    with live.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_double_click_signs_in_and_blames_nobody(app: Flask, owner: FlaskClient) -> None:
    csrf, session = token(owner), owner.get_cookie("shop")
    assert session is not None

    def click(_number: int) -> int:
        same_browser = app.test_client()
        same_browser.set_cookie("shop", session.value)
        form = {"csrf_token": csrf, "email": "grace@example.com", "password": PASSWORD}
        return same_browser.post("/sign-in", data=form).status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(click, range(3))) == [303, 303, 303]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignIn)) == 4


def test_who_has_to_wait_is_not_told_that_the_tries_were_theirs(app: Flask, owner: FlaskClient) -> None:
    for _guess in range(4):
        sign_in(app.test_client(), password=WRONG)
    said = text_of(sign_in(app.test_client()))
    assert re.search(r"Please wait \d seconds", said)
    assert "wrong" not in said
