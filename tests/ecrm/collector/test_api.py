"""The collector over HTTP: what is taken, what is refused in which words, and that nothing is counted twice."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from ecrm.collector.messages import MAX_BATCH, MAX_MESSAGE
from ecrm.installation import Installation
from tests.ecrm.collector.conftest import Send
from tracking.clickstream.event import Event
from tracking.clickstream.inbox import InboxEntry

Events = Callable[[], Sequence[Event]]
TRACK = {"event": "Lamp Lit", "anonymousId": "a-1", "messageId": "m-1", "properties": {"watts": 40}}


def waiting(plugin: Installation) -> int:
    with plugin.sessions() as session:
        return session.scalar(select(func.count()).select_from(InboxEntry)) or 0


def test_a_message_is_an_event_with_its_id(send: Send, events: Events) -> None:
    answer = send("track", TRACK)
    assert (answer.status_code, answer.json) == (200, {"success": True, "accepted": 1, "errors": []})
    (event,) = events()
    assert (event.name, event.message_id, event.properties["watts"]) == ("Lamp Lit", "m-1", 40)
    assert event.session_id is not None


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("identify", {"anonymousId": "a"}, "Identified (reported)"),
        ("page", {"anonymousId": "a", "properties": {"path": "/x"}}, "Page Viewed"),
        ("screen", {"anonymousId": "a", "name": "Home"}, "Screen Viewed"),
        ("group", {"anonymousId": "a", "groupId": "g"}, "Group Joined"),
        ("alias", {"previousId": "a", "userId": "u"}, "Aliased"),
        ("t", {"anonymousId": "a", "event": "Product Viewed", "properties": {"product_id": "7"}}, "Product Viewed"),
        ("p", {"anonymousId": "a", "properties": {"path": "/x"}}, "Page Viewed"),
        ("i", {"anonymousId": "a"}, "Identified (reported)"),
        ("s", {"anonymousId": "a", "name": "Home"}, "Screen Viewed"),
        ("g", {"anonymousId": "a", "groupId": "g"}, "Group Joined"),
        ("a", {"previousId": "a", "userId": "u"}, "Aliased"),
        ("import", {"batch": [{"type": "track", **TRACK}]}, "Lamp Lit"),
        ("b", {"batch": [{"type": "track", **TRACK}]}, "Lamp Lit"),
    ],
)
def test_every_call_has_its_event(send: Send, events: Events, path: str, body: dict[str, Any], name: str) -> None:
    answer = send(path, body)
    assert (answer.status_code, answer.json and answer.json["accepted"]) == (200, 1)
    assert [event.name for event in events()] == [name]


def test_a_message_sent_again_is_accepted_and_counted_once(send: Send, events: Events) -> None:
    for _ in range(3):
        assert send("track", TRACK).status_code == 200
    assert len(events()) == 1
    assert send("batch", {"batch": [{"type": "track", **TRACK}] * 2}).status_code == 200
    assert len(events()) == 1


def test_the_good_messages_of_a_batch_are_kept_and_the_others_named(send: Send, events: Events) -> None:
    batch = [
        {"type": "track", **TRACK},
        {"type": "track", "anonymousId": "a-1", "messageId": "m-2"},
        {"type": "dance", "anonymousId": "a-1", "messageId": "m-3"},
        {"anonymousId": "a-1", "messageId": "m-4"},
        5,
        {"type": "track", **TRACK, "messageId": "m-6", "properties": {"x": "y" * MAX_MESSAGE}},
        {"type": "track", **TRACK, "messageId": "m-7", "timestamp": "yesterday"},
        {"type": "track", **TRACK, "messageId": "m-8", "timestamp": "1999-01-01T00:00:00Z"},
        {"type": "track", **TRACK, "messageId": "m-9"},
    ]
    answer = send("batch", {"batch": batch})
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["accepted"] == 2
    errors = {error["index"]: error for error in answer.json["errors"]}
    assert set(errors) == {1, 2, 3, 4, 5, 6, 7}
    assert errors[1] == {"index": 1, "messageId": "m-2", "message": "track needs the name of an event"}
    assert "type" in errors[2]["message"]
    assert "identify, track, page" in errors[3]["message"]
    assert "32768 bytes" in errors[5]["message"]
    assert "timestamp" in errors[6]["message"]
    assert "395 days" in errors[7]["message"]
    assert [event.message_id for event in events()] == ["m-1", "m-9"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[]", "object"),
        (b'{"event": "x", "anonymousId": "a", "properties": {"x": NaN}}', "no JSON"),
        (b'{"event": "x", "anonymousId": "a", "properties": {"x": 1e400}}', "out of range"),
        (b'{"event": "x", "anonymousId": "a", "properties": {"x": "\\ud800"}}', "no JSON"),
        (b'{"event": "x", "anonymousId": "a", "properties": {"x": 99999999999999999999}}', "64 bits"),
        (b'{"event": "x", "anonymousId": "a", "properties": {"x": ' + b"[" * 20 + b"]" * 20 + b"}}", "nested"),
        (b'{"event": "x", "anonymousId": "a", "properties": {"x": ' + b"[" * 9000 + b"]" * 9000 + b"}}", "nested"),
        (b'{"event": "x", "anonymousId": "a", "properties": [1]}', "properties"),
        (b'{"event": "x", "anonymousId": "\xff"}', "UTF-8"),
        (b'{"event": "x"}', "anonymousId"),
        (b'{"event": " ", "anonymousId": "a"}', "name of an event"),
        (b'{"event": "x", "anonymousId": "a", "messageId": ""}', "messageId"),
        (b'{"event": "x", "anonymousId": "a", "messageId": "' + b"x" * 101 + b'"}', "messageId"),
        (b'{"event": "x", "anonymousId": "a", "timestamp": "0001-01-01T00:00:00+14:00"}', "calendar"),
        (b'{"event": "' + b"x" * MAX_MESSAGE + b'", "anonymousId": "a"}', "32768"),
    ],
)
def test_a_single_message_that_cannot_be_kept_is_refused_in_words(
    send: Send, plugin: Installation, body: bytes, why: str
) -> None:
    answer = send("track", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json is not None
    assert why in answer.json["message"]
    assert answer.json["code"] == "unreadable"
    assert waiting(plugin) == 0


def test_traits_of_the_context_are_looked_at_like_others(send: Send, events: Events) -> None:
    deep = json.loads("[" * 300 + "]" * 300)
    bad = {"type": "identify", "userId": "u-1", "messageId": "m-2", "context": {"traits": {"x": deep}}}
    huge = {**bad, "messageId": "m-3", "context": {"traits": {"x": 10**30}}}
    answer = send("batch", {"batch": [{"type": "track", **TRACK}, bad, huge]})
    assert answer.status_code == 200
    assert answer.json is not None
    assert {error["messageId"]: error["message"] for error in answer.json["errors"]} == {
        "m-2": "properties and traits may be nested 12 deep",
        "m-3": "a whole number is larger than 64 bits; send it as text",
    }
    assert send("identify", bad).status_code == 400
    cover = {"context": {"traits": {"x": deep}}, "batch": [{"type": "identify", "userId": "u-1"}]}
    assert send("batch", cover).json["errors"][0]["index"] == 0
    assert [event.message_id for event in events()] == ["m-1"]


def test_a_price_without_measure_harms_no_other_message(send: Send, events: Events) -> None:
    prices = ["1e999999", "-1e999999", "1e-999999", "9" * 30_000, "Infinity", "sNaN", 1e308]
    batch = [
        {"type": "track", "anonymousId": "a-1", "event": "Checkout Started", "messageId": f"m-{number}",
         "properties": {"value": price, "currency": "EUR"}}
        for number, price in enumerate(prices)
    ]  # fmt: skip
    answer = send("batch", {"batch": batch})
    assert (answer.status_code, answer.json and answer.json["accepted"]) == (200, len(prices))
    assert {event.properties.get("value_minor", 0) for event in events()} == {0}


def test_text_that_no_database_takes_is_cleaned(send: Send, events: Events) -> None:
    body = {"event": "a\x00b", "anonymousId": "a\x00", "messageId": "m\x00", "userId": "u\x00",
            "properties": {"k\x00": "v\x00", "path": "/\x00"}, "context": {"userAgent": "F\x00"}}  # fmt: skip
    assert send("track", body).status_code == 200
    assert send("track", body).status_code == 200
    (event,) = events()
    assert (event.name, event.properties["k"]) == ("ab", "v")


@pytest.mark.parametrize("auth", [None, ("", ""), ("unknown", ""), ("x" * 5000, ""), ("ключ", "")])
def test_without_a_known_key_nothing_is_taken(
    client: FlaskClient, plugin: Installation, auth: tuple[str, str] | None
) -> None:
    answer = client.post("/v1/track", json=TRACK, auth=auth)
    assert answer.status_code == 401
    assert answer.json is not None
    assert "write key" in answer.json["message"]
    assert "Basic" in answer.headers["WWW-Authenticate"]
    assert waiting(plugin) == 0


@pytest.mark.parametrize("header", ["Basic %%%", "Bearer abc", "Basic /w==", "nonsense"])
def test_a_key_that_cannot_be_read_is_none(client: FlaskClient, header: str) -> None:
    assert client.post("/v1/track", json=TRACK, headers={"Authorization": header}).status_code == 401


def test_the_key_may_stand_in_the_body_or_the_address(client: FlaskClient, keys: dict[str, str]) -> None:
    key = keys["browser"]
    beacon = json.dumps({"batch": [{"type": "track", **TRACK}]})
    assert client.post(f"/beacon/v1/batch?writeKey={key}", data=beacon, content_type="text/plain").status_code == 200
    assert (
        client.post("/v1/t", data=json.dumps({**TRACK, "writeKey": key}), content_type="text/plain").status_code == 200
    )
    batch = {"batch": [{"type": "track", **TRACK}], "writeKey": key}
    assert client.post("/v1/b", data=json.dumps(batch), content_type="text/plain").status_code == 200
    assert client.post(f"/v1/track?writeKey={key}", json=TRACK).status_code == 200


def test_packed_bodies_are_unpacked_and_bombs_are_not(send: Send) -> None:
    headers = {"Content-Encoding": "gzip"}
    packed = gzip.compress(json.dumps(TRACK).encode())
    assert send("track", packed, headers=headers).status_code == 200
    assert send("track", packed[:-9], headers=headers).status_code == 400
    assert send("track", b"no gzip", headers=headers).status_code == 400
    bomb = gzip.compress(b" " * 200_000_000)
    assert len(bomb) < MAX_BATCH
    assert send("track", bomb, headers=headers).status_code == 413


def test_what_is_too_large_or_of_another_type_is_refused(send: Send) -> None:
    assert send("batch", b" " * (MAX_BATCH + 1)).status_code == 413
    assert send("batch", b"<x/>", content_type="application/xml").status_code == 415
    assert send("batch", b"x", headers={"Content-Encoding": "br"}).status_code == 415


def test_nobody_takes_an_orders_place_in_the_ledger(send: Send, events: Events) -> None:
    assert send("track", {**TRACK, "messageId": "order-completed:2611-A"}, kind="browser").status_code == 200
    (event,) = events()
    assert event.message_id is not None
    assert event.message_id.startswith("m:")


@pytest.mark.parametrize("said", ["Signed In\x00", "\x00 Signed In", " Signed In ", "Signed In" + " " * 60 + "x"])
def test_nobody_takes_the_name_of_what_the_shop_tells(send: Send, events: Events, said: str) -> None:
    assert send("track", {**TRACK, "event": said}, kind="browser").status_code == 200
    (event,) = events()
    assert event.name == "Signed In (reported)"


def test_a_name_of_nothing_is_none(send: Send) -> None:
    assert send("track", {**TRACK, "event": "\x00 \x00"}).status_code == 400


def test_what_a_public_key_sends_late_is_at_most_some_days_old(send: Send, events: Events) -> None:
    now = datetime.now(UTC)
    old = {**TRACK, "timestamp": (now - timedelta(days=4)).isoformat()}
    late = {**TRACK, "messageId": "m-2", "timestamp": (now - timedelta(days=2)).isoformat()}
    refused = send("track", old, kind="browser")
    assert (refused.status_code, "3 days" in (refused.json or {})["message"]) == (400, True)
    assert send("track", late, kind="browser").status_code == 200
    assert send("track", old).status_code == 200
    assert {event.message_id for event in events()} == {"m-1", "m-2"}


def test_an_order_that_a_client_reports_moves_no_money(send: Send, events: Events) -> None:
    send("track", {**TRACK, "event": "order_completed", "properties": {"order_id": "1", "total": 99.0}})
    assert [event.name for event in events()] == ["Order Completed (reported)"]
