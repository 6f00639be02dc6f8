"""Every response is guarded, every writing request proves that it comes from our own page, and sizes are limited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import time_machine
from flask import Flask, session
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from shop.app import create_app
from shop.database import db
from tests.shop.browsing import PASSWORD, be, send, sign_in, text_of, token

pytestmark = pytest.mark.usefixtures("shop_data")

PATHS = [
    "/",
    "/sign-in",
    "/register",
    "/account",
    "/nowhere",
    "/healthz",
    "/static/shop.css",
    "/cart",
    "/search?q=coffee",
]


@pytest.fixture
def live(app: Flask) -> Iterator[Flask]:
    """The same shop in production mode."""
    kept = {key: app.config[key] for key in ("SHOP_VAR", "SHOP_DATABASE_URL", "SHOP_SECRET_KEY")}
    bare = {"SHOP_CRM": False, "SHOP_RATE_LIMITS": False}
    live = create_app({**kept, "SHOP_ENV": "production", "SHOP_BASE_URL": "https://localhost", **bare})
    yield live
    with live.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("path", PATHS)
def test_every_response_carries_the_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_each_response_has_a_nonce_of_its_own_and_its_scripts_carry_it(client: FlaskClient) -> None:
    seen = set()
    for _visit in range(5):
        answer = client.get("/sign-in")
        found = re.search(r"script-src 'nonce-([\w-]{20,})'", answer.headers["Content-Security-Policy"])
        assert found is not None
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert all(f'nonce="{found[1]}"' in script for script in scripts)
        seen.add(found[1])
    assert len(seen) == 5


@pytest.mark.parametrize("path", ["/", "/sign-in", "/register", "/cart", "/search?q=coffee"])
def test_pages_hold_nothing_inline(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<[^>]+\sstyle\s*=", page)
    assert not re.search(r"<[^>]+\son\w+\s*=", page)
    assert "javascript:" not in page


@pytest.mark.parametrize("path", ["/", "/sign-in", "/register", "/cart"])
def test_what_depends_on_the_visitor_is_kept_by_no_cache(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]


def test_what_is_the_same_for_all_stays_cacheable_for_signed_in_people_too(
    client: FlaskClient, shop_data: dict[str, int]
) -> None:
    be(client, shop_data["ada"])
    for path in ("/static/shop.css", f"/art/{shop_data['espresso']}.svg"):
        with client.get(path) as answer:
            headers = answer.headers
        assert "no-store" not in headers.get("Cache-Control", "")
        assert "Cookie" not in headers.get("Vary", "")
        assert "Set-Cookie" not in headers


def test_a_header_that_a_view_sets_itself_is_left_alone(app: Flask) -> None:
    app.add_url_rule("/own-policy", "own_policy", lambda: ("x", {"Content-Security-Policy": "sandbox"}))
    assert app.test_client().get("/own-policy").headers.getlist("Content-Security-Policy") == ["sandbox"]


@pytest.mark.parametrize("wrong", [None, "", "x", "token"])
def test_a_form_from_elsewhere_is_refused_with_a_clear_page(client: FlaskClient, wrong: str | None) -> None:
    token(client)
    fields = {} if wrong is None else {"csrf_token": wrong}

    answer = client.post("/sign-in", data={"email": "ada@example.com", "password": PASSWORD, **fields})

    assert answer.status_code == 400
    assert "This form has expired" in text_of(answer)


def test_another_browsers_token_is_no_good(app: Flask, client: FlaskClient) -> None:
    others = token(app.test_client())
    token(client)
    assert client.post("/sign-in", data={"csrf_token": others}).status_code == 400


def test_cookies_can_be_read_by_no_script_and_sent_by_no_other_site(client: FlaskClient) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_in_production_cookies_and_connections_are_encrypted(live: Flask) -> None:
    answer = live.test_client().get("/sign-in", base_url="https://localhost")

    assert answer.headers["Set-Cookie"].startswith("__Host-shop=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Path=/" in answer.headers["Set-Cookie"]
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_a_forged_session_cookie_is_only_a_stranger(client: FlaskClient) -> None:
    client.set_cookie("shop", "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb")
    assert client.get("/account").status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/register", "/cart/add", "/nowhere", "/healthz"])
def test_a_body_of_ten_megabytes_is_refused_with_a_clear_page(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=b"x" * 10_000_000, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert "too large" in text_of(answer)


@pytest.mark.parametrize(("size", "status"), [(10_000_000, "413"), (256 * 1024 + 1, "413"), (1000, "400")])
def test_a_large_body_of_unknown_length_is_refused_whole(app: Flask, size: int, status: str) -> None:
    body = BytesIO(b"email=".ljust(size, b"x"))
    form = "application/x-www-form-urlencoded"
    environ = EnvironBuilder("/sign-in", method="POST", input_stream=body, content_type=form).get_environ()
    environ.pop("CONTENT_LENGTH", None)
    environ |= {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    assert run_wsgi_app(app, environ)[1].startswith(status)


def test_a_form_of_a_thousand_parts_is_refused(client: FlaskClient) -> None:
    parts = {f"field{number}": "x" for number in range(1000)}
    answer = client.post("/sign-in", data=parts, content_type="multipart/form-data")
    assert answer.status_code == 413


class TestRateLimits:
    """How often one address may ask."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"SHOP_RATE_LIMITS": True}

    def test_sign_ins_from_one_address_are_limited_whatever_account_they_try(self, client: FlaskClient) -> None:
        csrf = token(client)
        answers = [
            client.post("/sign-in", data={"csrf_token": csrf, "email": f"n{number}@example.com", "password": "x"})
            for number in range(21)
        ]
        assert {answer.status_code for answer in answers[:20]} == {401}
        assert answers[20].status_code == 429
        assert int(answers[20].headers["Retry-After"]) > 0
        assert "One moment" in text_of(answers[20])

    def test_searches_from_one_address_are_limited_beside_all_other_reading(self, client: FlaskClient) -> None:
        answers = [client.get("/search?q=tea") for _search in range(61)]

        assert {answer.status_code for answer in answers[:60]} == {200}
        assert answers[60].status_code == 429
        assert int(answers[60].headers["Retry-After"]) > 0
        assert "One moment" in text_of(answers[60])
        assert client.get("/about").status_code == 200

    def test_registrations_from_one_address_are_limited(self, client: FlaskClient) -> None:
        form = {"csrf_token": token(client), "email": "none"}
        answers = [client.post("/register", data=form).status_code for _try in range(11)]
        assert answers == [422] * 10 + [429]

    def test_password_changes_from_one_address_are_limited(
        self, client: FlaskClient, shop_data: dict[str, int]
    ) -> None:
        be(client, shop_data["ada"])
        form = {"csrf_token": token(client, "/account")}
        answers = [client.post("/account/password", data=form).status_code for _try in range(21)]
        assert answers == [422] * 20 + [429]

    def test_writing_from_one_address_is_limited(self, client: FlaskClient) -> None:
        form = {"csrf_token": token(client), "product_id": "999999"}
        answers = [client.post("/cart/add", data=form).status_code for _write in range(241)]
        assert 429 not in answers[:240]
        assert answers[240] == 429
        assert client.get("/cart").status_code == 200  # reading goes on

    def test_reading_from_one_address_is_limited_pictures_and_health_are_not(
        self, client: FlaskClient, shop_data: dict[str, int]
    ) -> None:
        picture = f"/art/{shop_data['espresso']}.svg"
        with time_machine.travel(datetime.now(UTC), tick=False):  # else a slow machine would see a second minute
            assert {client.get(path).status_code for _turn in range(40) for path in (picture, "/healthz")} == {200}
            answers = [client.get("/account").status_code for _visit in range(3001)]
            assert set(answers[:3000]) == {303}
            assert answers[3000] == 429
            for path in (picture, "/healthz", "/readyz"):
                assert client.get(path).status_code == 200
                assert "X-RateLimit-Limit" not in client.get(path).headers

    def test_another_address_goes_on(self, app: Flask, client: FlaskClient) -> None:
        form = {"csrf_token": token(client), "email": "none"}
        for _try in range(11):
            refused = client.post("/register", data=form)
        elsewhere = client.post("/register", data=form, environ_base={"REMOTE_ADDR": "192.0.2.7"})
        assert (refused.status_code, elsewhere.status_code) == (429, 422)


def test_the_cart_comes_along_when_signing_in_and_nothing_else_does(
    client: FlaskClient, shop_data: dict[str, int]
) -> None:
    send(client, "/cart/add", product_id=shop_data["espresso"], quantity=2)
    with client.session_transaction() as planted:
        planted["planted"] = "by a stranger"

    be(client, shop_data["ada"])

    with client:
        page = client.get("/cart")
        assert "planted" not in session
    assert "Espresso Beans" in page.text


def test_a_signed_out_browser_keeps_no_cart(client: FlaskClient, shop_data: dict[str, int]) -> None:
    be(client, shop_data["ada"])
    send(client, "/cart/add", page="/account", product_id=shop_data["espresso"], quantity=2)
    send(client, "/sign-out", page="/account")

    assert "Espresso Beans" not in client.get("/cart").text
    assert sign_in(client, email="ada@example.com").status_code == 401
