"""How often one address may ask: whoever shows no secret key is counted, before anything is read or looked up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from ecrm.collector.key_ring import MOST_REMEMBERED, KeyRing
from ecrm.installation import Installation
from tests.ecrm.collector.conftest import Send
from tests.ecrm.visited_host import FIREFOX

LIT = {"event": "Lamp Lit", "anonymousId": "a"}
LIMIT = 5
OWN_PAGE = {"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"ECRM_COLLECTOR_PACE": LIMIT}


@pytest.mark.parametrize(
    "auth", [None, ("", ""), ("unknown", ""), ("server_" + "0" * 40, ""), ("browser_" + "0" * 40, "")]
)
def test_whoever_has_no_known_key_is_held_back_and_costs_no_query(
    client: FlaskClient, plugin: Installation, auth: tuple[str, str] | None
) -> None:
    asked: list[str] = []
    with plugin.sessions() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    answers = []
    for number in range(3 * LIMIT):
        shown = None if auth is None else (f"{auth[0][:-2]}{number:02}", "")
        answers.append(client.post("/v1/batch", data=b" " * 400_000, auth=shown).status_code)
    assert answers == [401] * LIMIT + [429] * 2 * LIMIT
    assert len(asked) <= LIMIT


@pytest.mark.parametrize("header", ["Basic %%%", "Bearer abc"])
def test_a_key_that_cannot_be_read_is_counted_too(client: FlaskClient, header: str) -> None:
    for _ in range(LIMIT + 1):
        last = client.post("/v1/track", json=LIT, headers={"Authorization": header})
    assert last.status_code == 429
    assert 0 < int(last.headers["Retry-After"]) <= 60


def test_a_key_in_the_body_is_not_read_any_more_above_the_pace(client: FlaskClient, keys: dict[str, str]) -> None:
    body = json.dumps({**LIT, "writeKey": keys["browser"]})
    answers = [client.post("/v1/t", data=body, content_type="text/plain").status_code for _ in range(LIMIT + 1)]
    assert answers == [200] * LIMIT + [429]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/reset", 200),
        ("POST", "/v1/m", 200),
        ("GET", "/v1/projects/unknown/settings", 401),
        ("GET", "/v1/sourceConfig/?writeKey=unknown", 401),
        ("POST", "/beacon/v1/batch?writeKey=unknown", 401),
    ],
)
def test_every_address_of_the_collector_counts(client: FlaskClient, method: str, path: str, status: int) -> None:
    answers = [client.open(path, method=method, headers=OWN_PAGE).status_code for _ in range(LIMIT + 1)]
    assert answers == [status] * LIMIT + [429]


def test_a_secret_key_is_not_counted_and_is_known_where_others_were_held_back(send: Send, client: FlaskClient) -> None:
    for _ in range(2 * LIMIT):
        client.post("/v1/track", json=LIT, headers=OWN_PAGE)
    for _ in range(3 * LIMIT):
        assert send("track", LIT).status_code == 200
    assert client.post("/v1/track", json=LIT, headers=OWN_PAGE).status_code == 429


def test_a_secret_key_in_a_page_is_counted_as_the_page(send: Send) -> None:
    answers = [send("track", LIT, headers={**OWN_PAGE, "Origin": "http://localhost"}) for _ in range(LIMIT + 1)]
    assert answers[-1].status_code == 429


def test_guesses_make_the_ring_forget_no_known_key(host: Flask, plugin: Installation, keys: dict[str, str]) -> None:
    ring: KeyRing = host.extensions["ecrm_key_ring"]
    assert ring.key(keys["server"])
    for number in range(MOST_REMEMBERED + 1):
        ring._guessed[f"guess {number}"] = float("inf")
    assert ring.key("one more") is None
    assert len(ring._guessed) == 1
    asked: list[str] = []
    with plugin.sessions() as session:
        event.listen(session.get_bind(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert ring.key(keys["server"])
    assert asked == []
