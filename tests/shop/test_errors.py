"""Whatever goes wrong: the right status, a page in the shop's own dress, and no trace of the inside."""

from __future__ import annotations

import logging

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import text

from shop.database import db
from tests.shop.browsing import be, text_of

pytestmark = pytest.mark.usefixtures("shop_data")


@pytest.fixture
def broken(app: Flask) -> FlaskClient:
    """The shop with views that fail in several ways, as it would answer in production."""

    def fault() -> str:
        raise RuntimeError("secret detail")

    def broken_sql() -> str:
        db.session.execute(text("SELECT * FROM no_such_table"))
        return "never"

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    app.add_url_rule("/fault", view_func=fault)
    app.add_url_rule("/v1/fault", "api_fault", fault)
    app.add_url_rule("/broken-sql", view_func=broken_sql)
    app.add_url_rule("/status/<int:code>", "status", abort)
    app.add_url_rule("/conflict", "conflict", lambda: abort(409, "Said by <the> view."))
    return app.test_client()


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503])
def test_every_status_has_a_page_in_the_shops_dress(broken: FlaskClient, code: int) -> None:
    answer = broken.get(f"/status/{code}")

    assert answer.status_code == code
    assert "Test & Taste" in text_of(answer)
    assert f"Error {code}" in text_of(answer)


def test_a_fault_shows_a_number_to_quote_and_logs_it_with_the_trace(
    broken: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = broken.get("/fault")

    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    reference = next(record.args[-1] for record in caplog.records if record.name == "shop.errors" and record.args)  # type: ignore[index]
    assert str(reference) in answer.text
    assert "secret detail" in caplog.text


def test_after_a_failed_statement_the_page_can_still_ask_the_database(broken: FlaskClient) -> None:
    answer = broken.get("/broken-sql")
    assert answer.status_code == 500
    assert "Test & Taste" in text_of(answer)


def test_without_a_database_the_error_page_is_plain_words(app: Flask, broken: FlaskClient) -> None:
    with app.app_context(), db.engine.begin() as connection:
        for table in ("shop_profile", "department"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))

    answer = broken.get("/fault")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "no such table" not in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_a_views_own_words_are_shown_and_escaped(broken: FlaskClient) -> None:
    answer = broken.get("/conflict")
    assert "Said by &lt;the&gt; view." in answer.text


def test_machine_clients_get_json(broken: FlaskClient) -> None:
    missing, fault = broken.get("/v1/nothing"), broken.get("/v1/fault")

    assert (missing.status_code, missing.json and missing.json["error"]["status"]) == (404, 404)
    assert (fault.status_code, fault.content_type) == (500, "application/json")
    assert "secret detail" not in fault.text


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    answer = client.get("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.content_type.startswith("text/html")


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/%00", "/p/999999999999999999999999/x", "/account/addresses/x", "/..%2f..%2fetc/passwd",
     "/static/nothing", "/a" * 900],
)  # fmt: skip
def test_unknown_paths_are_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in {404, 303}


def test_the_wrong_role_gets_a_page_and_not_the_sign_in(client: FlaskClient, shop_data: dict[str, int]) -> None:
    be(client, shop_data["ada"])
    answer = client.get("/staff")
    assert answer.status_code == 403
    assert "Not for this account" in text_of(answer)


def test_a_page_that_refuses_what_is_too_large_names_a_limit_that_it_keeps(app: Flask, client: FlaskClient) -> None:
    for most, named in ((11 * 2**20, "11,5 MB"), (256 * 2**10, "262 kB")):  # as the test shop writes numbers
        app.config["MAX_CONTENT_LENGTH"] = most
        answer = client.post("/sign-in", data=b"x" * (most + 1), content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413
        assert f"larger than the {named} that" in text_of(answer)
