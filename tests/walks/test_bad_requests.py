"""Requests that no browser makes: broken bodies, headers, cookies and paths. Always an answer, never a fault."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ecrm.installation import installation
from tests.shop.browsing import token
from tests.walks.arbitrary import Caller, path_of
from tests.walks.person import FIREFOX
from tracking.clickstream.event import Event

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def kim(app: Flask, shop_data: dict[str, int]) -> Caller:
    """A stranger with something in the cart; a fault is answered, as it would be in production."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return Caller(app, cart=shop_data["espresso"])


def raw(kim: Caller, path: bytes = b"/", *, method: str = "GET", body: bytes = b"", **environ: Any) -> tuple[int, str]:
    """Status and text of a request as a server hands it on: bytes as Latin-1, nothing checked. `None` drops a key."""
    built = EnvironBuilder("/", method=method, input_stream=BytesIO(body)).get_environ()
    cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in kim.client._cookies.values())
    where, _, query = path.partition(b"?")
    built |= {"PATH_INFO": where.decode("latin-1"), "QUERY_STRING": query.decode("latin-1"), "HTTP_COOKIE": cookies}
    built |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": FORM, "HTTP_USER_AGENT": FIREFOX, **environ}
    given = {key: value for key, value in built.items() if value is not None}
    chunks, status, _headers = run_wsgi_app(kim.app, given, buffered=True)
    return int(status.split()[0]), b"".join(chunks).decode("utf-8", "replace")


def in_dress(text: str) -> bool:
    return BeautifulSoup(text, "html.parser").select_one(".site-header .wordmark") is not None


def cart_is_kept(kim: Caller) -> bool:
    return "Espresso Beans" in kim.client.get("/cart").text


def test_broken_addresses_are_answered_in_the_shops_dress(kim: Caller) -> None:
    for path in (
        b"/\xff\xfe", b"/d/\xff", b"/d/grocery/\xc3\x28", b"/p/1/\xff", b"/search?q=\xff\xfe%ff", b"/search?q=%ff%fe",
        b"/search?\xff=\xff&q=%00", b"/d/a\x00b", b"/d/grocery/\x00", b"/orders/\x00", b"/static/\x00", b"//evil/p",
        b"/static/../../pyproject.toml", b"/p/-1", b"/p/1.5", b"/p/99999999999999999999", b"/%0d%0aSet-Cookie:%20a=b",
        b"/art/99999999999999999999.svg", b"/search?q=coffee&page=999999", b"/d/grocery/coffee?page=-1",
        b"/d/grocery/coffee?page=99999999999999999999",
    ):  # fmt: skip
        status, text = raw(kim, path)
        assert status in {200, 301, 308, 400, 404}, (path, status)
        assert status in {301, 308} or in_dress(text), path


def test_broken_bodies_are_refused_clearly_and_the_cart_stays(kim: Caller) -> None:
    chunked: dict[str, Any] = {
        "CONTENT_LENGTH": None,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    valid = f"csrf_token={kim.token}&product_id=1&quantity=1".encode()
    cases: list[tuple[int, bytes, dict[str, Any]]] = [
        (413, b"x" * 10_000_000, {}),
        (413, b"x" * 10_000_000, chunked),
        (413, b"a=1&" * 200_000, {}),
        (413, b"a=1&" * 200_000, chunked),
        (400, b"&".join(b"a%d=" % number for number in range(30_000)), {}),
        (400, b"\xff\xfe\x00=\xff", {}),
        (400, b'{"csrf_token": 1}', {"CONTENT_TYPE": "application/json"}),
        (400, b"product_id=1", {"CONTENT_TYPE": "text/plain; charset=utf-99"}),
        (400, b"product_id=1", {"CONTENT_TYPE": "multipart/form-data"}),
        (400, b"--x\r\nContent-Disposition: form-data\r\n\r\n", {"CONTENT_TYPE": "multipart/form-data; boundary=x"}),
        (400, b"", {"CONTENT_LENGTH": "-5"}),
        (400, b"", {"CONTENT_LENGTH": "ten"}),
        (400, valid + b"&quantity=\xff\xff", {"HTTP_COOKIE": ""}),
        (400, valid.replace(b"quantity=1", b"quantity=%FF%00"), {}),
    ]
    for expected, body, environ in cases:
        status, text = raw(kim, b"/cart/add", method="POST", body=body, **environ)
        assert (status, in_dress(text)) == (expected, True), (body[:60], environ, status)
    assert cart_is_kept(kim)


def test_garbage_in_cookies_is_a_stranger(kim: Caller) -> None:
    for name in ("shop", "ecrm_consent", "ecrm_visitor", "remember_token", "csrf_token"):
        for value in ("", "x", "\xff\xfe", "a" * 8000, '"\\000"', "2; 2", "eyJhIjoxfQ.aaaa.bbbb", "9" * 32, "-1", "٢"):
            header = f"{name}={value}".encode().decode("latin-1")
            for path in (b"/", b"/cart", b"/checkout", b"/ecrm/privacy"):
                status, _text = raw(kim, path, HTTP_COOKIE=header)
                assert status < 500, header
    assert cart_is_kept(kim)


def test_garbage_in_headers_is_answered(kim: Caller) -> None:
    for name in (
        "HTTP_HOST", "HTTP_ORIGIN", "HTTP_REFERER", "HTTP_USER_AGENT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT",
        "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "HTTP_IF_RANGE", "HTTP_X_FORWARDED_FOR",
        "HTTP_SEC_FETCH_SITE", "HTTP_AUTHORIZATION", "HTTP_SEC_PURPOSE", "CONTENT_TYPE", "REMOTE_ADDR",
    ):  # fmt: skip
        for value in (
            "",
            "\xff",
            "http://[",
            "[::1",
            "a" * 5000,
            "bytes=9-1,-",
            ";=,q=x",
            "Basic \xff",
            "\x00",
            "a b:c",
        ):
            for path, method in (
                (b"/", "GET"),
                (b"/art/1.svg", "GET"),
                (b"/static/shop.css", "GET"),
                (b"/ecrm/seen", "POST"),
            ):
                status, _text = raw(kim, path, method=method, **{name: value})
                assert status < 500, (name, value, path)


def test_the_beacon_refuses_whatever_is_no_report(kim: Caller) -> None:
    here = {"HTTP_SEC_FETCH_SITE": "same-origin"}
    good = {"path": "/x", "seconds": 3, "scroll": 50}
    bad: list[Any] = [
        None, [], [good], "x", 1, {}, {**good, "seconds": -1}, {**good, "seconds": 1.5}, {**good, "seconds": "3"},
        {**good, "scroll": 101}, {**good, "scroll": True and "x"}, {**good, "path": "no path"},
        {**good, "path": "/" * 999},
        {**good, "path": "/\x00"}, {**good, "path": ["/"]}, {**good, "more": 1}, {**good, "seconds": 10**30},
        {**good, "seconds": float("inf")}, {**good, "seconds": float("nan")},
    ]  # fmt: skip
    bodies = [json.dumps(one).encode() for one in bad]
    bodies += [b"", b"{", b"\xff\xfe", b"[" * 4000, b'{"seconds":' + b"9" * 4000 + b"}", b"nul"]
    for body in bodies:
        assert raw(kim, b"/ecrm/seen", method="POST", body=body, **here)[0] == 400, body[:80]
    for big in (5_000, 1_000_000):
        assert raw(kim, b"/ecrm/seen", method="POST", body=b"x" * big, **here)[0] == 413
    right = json.dumps(good).encode()
    for elsewhere in (
        {"HTTP_SEC_FETCH_SITE": "cross-site"}, {}, {"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_ORIGIN": "http://["},
        {"HTTP_ORIGIN": "null"},
    ):  # fmt: skip
        assert raw(kim, b"/ecrm/seen", method="POST", body=right, **elsewhere)[0] == 403, elsewhere
    assert (
        raw(kim, b"/ecrm/seen", method="POST", body=json.dumps({**good, "path": "/\ud800"}).encode(), **here)[0] == 204
    )
    assert raw(kim, b"/ecrm/seen", method="POST", body=right, **here)[0] == 204
    writer = installation(kim.app).writer
    assert writer.flush()
    assert writer.figures.refused == 0
    with installation(kim.app).sessions() as session:
        assert len(session.scalars(select(Event).where(Event.name == "Page Engaged")).all()) == 2


def test_head_and_options_of_every_route_are_answered(app: Flask, shop_data: dict[str, int], kim: Caller) -> None:
    known = {"group": "treated", "deed": "schedule", "name": "a"}
    for who in (kim, Caller(app, shop_data["olga"])):
        for rule in app.url_map.iter_rules():
            path = path_of(rule, {name: known.get(name, "1") for name in rule.arguments})
            for method in ("HEAD", "OPTIONS", "TRACE", "PROPFIND"):
                with who.client.open(path, method=method) as answer:
                    assert answer.status_code < 500, (method, rule.rule)
                    assert method != "HEAD" or answer.data == b"", rule.rule
                    assert method != "OPTIONS" or answer.headers.get("Allow"), (rule.rule, answer.status)
    assert cart_is_kept(kim)


def test_no_header_can_be_injected(app: Flask, kim: Caller) -> None:
    csrf = token(kim.client)
    for wrong in ("/\r\nX-Evil: 1", "/%0d%0aX-Evil:1", "/x\nX-Evil: 1", "//evil.example"):
        for path, fields in (
            ("/ecrm/consent", {"grade": "1"}), ("/sign-in/demo", {"account_id": "1"}),
            ("/cart/add", {"product_id": "1"}),
        ):  # fmt: skip
            answer = kim.client.post(path, data={"csrf_token": csrf, "next": wrong, **fields})
            assert answer.status_code < 500
            assert "X-Evil" not in answer.headers
            assert "evil.example" not in answer.headers.get("Location", "")
