"""Sending the shop's forms as a browser does: open the page, take its hidden fields along."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "violet kettle marches north"


def token(client: FlaskClient, page: str = "/sign-in") -> str:
    """The CSRF token of this browser's session."""
    found = BeautifulSoup(client.get(page, follow_redirects=True).text, "html.parser").find(
        attrs={"name": "csrf_token"}
    )
    assert found is not None, f"{page} has no form"
    return str(found["value"])


def send(
    client: FlaskClient, action: str, *, page: str = "/sign-in", follow: bool = False, **fields: Any
) -> TestResponse:
    """POST a form with the token of `page`."""
    data = {"csrf_token": token(client, page), **fields}
    return client.post(action, data=data, follow_redirects=follow)


def register(client: FlaskClient, email: str = "grace@example.com", **fields: Any) -> TestResponse:
    """Open an account as Grace, with a good password."""
    form = {"first_name": "Grace", "last_name": "Hopper", "email": email, "password": PASSWORD, **fields}
    return send(client, "/register", page="/register", **form)


def sign_in(
    client: FlaskClient, email: str = "grace@example.com", password: str = PASSWORD, **fields: Any
) -> TestResponse:
    """Sign in with a password."""
    return send(client, "/sign-in", email=email, password=password, **fields)


def be(client: FlaskClient, account_id: int) -> None:
    """Sign in as anybody without a password, by the demo's button."""
    assert send(client, "/sign-in/demo", page="/", account_id=account_id).status_code == 303


def text_of(response: TestResponse) -> str:
    """What a reader sees of a page, with single blanks."""
    return " ".join(BeautifulSoup(response.text, "html.parser").get_text(" ").split())
