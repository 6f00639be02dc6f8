"""How far senders are believed and their people followed: secret and public keys, consent, signals, other sites."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from ecrm.collector.messages import Consent
from ecrm.collector.senders import grade_said
from ecrm.installation import Installation
from ecrm.keeping import TOLD_NAMES
from ecrm.ledger import from_row
from tests.ecrm.collector.conftest import NOW, Send
from tests.ecrm.visited_host import FIREFOX
from tracking.clickstream.archive import Archive
from tracking.clickstream.dimensions import Audience
from tracking.clickstream.erasure import erase_person
from tracking.clickstream.event import Event
from tracking.clickstream.sessions import Session as Visit
from tracking.customers import Customer, customer_by_reference, find_or_create_account, find_or_create_guest
from tracking.identity import claim
from tracking.orders import SeenOrder
from tracking.visitors import Grade, Visitor, VisitorClaim

Events = Callable[[], Sequence[Event]]
LIT = {"event": "Lamp Lit", "anonymousId": "a"}
BLOG = "https://blog.example.com"
BROWSER = {"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"ECRM_COLLECTOR_ORIGINS": (BLOG,), "ECRM_COLLECTOR_PACE": 20, "ECRM_COUNTRY_HEADER": "X-Country"}


def claims(plugin: Installation) -> int:
    with plugin.sessions() as session:
        return len(session.scalars(select(VisitorClaim)).all())


def test_a_server_names_a_customer_and_their_browser(send: Send, events: Events, plugin: Installation) -> None:
    send("track", LIT)
    traits = {"email": "Kim@Example.com", "firstName": "Kim", "plan": "gold", "address": {"country": "de"}}
    body = {"userId": "u-1", "anonymousId": "a", "messageId": "m-1", "traits": traits}
    assert send("identify", body).status_code == 200
    assert send("identify", body).status_code == 200
    send("track", {**LIT, "userId": "u-1"})
    found = events()
    assert [event.name for event in found] == ["Identified", "Lamp Lit", "Lamp Lit"]
    assert {event.visitor_id is not None for event in found} == {True}
    assert len({event.visitor_id for event in found}) == 1
    with plugin.sessions() as session:
        customer = customer_by_reference(session, "u-1")
        assert customer is not None
        assert (customer.first_name, customer.country, customer.traits) == ("Kim", "DE", {"plan": "gold"})
    assert claims(plugin) == 1


def test_an_address_in_an_identify_proves_nothing(send: Send, plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        guest = find_or_create_guest(session, email="kim@example.com", at=NOW).id
    send("identify", {"userId": "u-1", "traits": {"email": "kim@example.com"}})
    with plugin.sessions() as session:
        customer = customer_by_reference(session, "u-1")
        assert customer is not None
        assert customer.id != guest


def test_without_an_address_nobody_is_made_and_what_is_not_said_stays(send: Send, plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        find_or_create_account(session, reference="u-1", email="kim@example.com", at=NOW).first_name = "Kim"
    send("identify", {"userId": "u-1", "traits": {"lastName": "Lee", "email": "not an address"}})
    send("identify", {"userId": "u-2", "traits": {"firstName": "Nobody"}})
    with plugin.sessions() as session:
        (customer,) = session.scalars(select(Customer)).all()
        assert (customer.first_name, customer.last_name, customer.email) == ("Kim", "Lee", "kim@example.com")


def test_of_a_person_who_is_no_customer_only_the_reference_is_kept(
    send: Send, events: Events, plugin: Installation
) -> None:
    traits = {"firstName": "Nobody", "phone": "0301234567", "birthday": "1990-01-01", "address": {"country": "de"}}
    send("identify", {"userId": "u-2", "anonymousId": "a", "messageId": "m-1", "traits": traits})
    (event,) = events()
    assert (event.name, event.customer_id, event.visitor_id, event.subject) == ("Identified", None, None, "u-2")
    assert event.properties["person"]["customer_id"] == "u-2"
    kept = str(event.properties)
    assert not [word for word in ("Nobody", "0301234567", "1990", "DE", "birthday") if word in kept]
    assert from_row(event).key == "m-1"


def test_a_public_key_claims_and_changes_nobody(send: Send, events: Events, plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        find_or_create_account(session, reference="u-1", email="kim@example.com", at=NOW)
    body = {"userId": "u-1", "anonymousId": "a", "traits": {"email": "evil@example.com", "firstName": "Evil"}}
    agreed = {"context": {"consent": {"categoryPreferences": {"Analytics": True, "Advertising": True}}}}
    for path, more in (("identify", {}), ("track", {"event": "Lamp Lit"}), ("alias", {"previousId": "a"})):
        assert (
            send(path, {**body, **more, **agreed}, kind="browser", headers={"User-Agent": FIREFOX}).status_code == 200
        )
    found = events()
    assert len(found) == 3
    assert {event.customer_id for event in found} == {None}
    assert "evil" not in str([event.properties for event in found]).lower()
    assert claims(plugin) == 0
    with plugin.sessions() as session:
        customer = customer_by_reference(session, "u-1")
        assert customer is not None
        assert (customer.email, customer.first_name) == ("kim@example.com", "")


def test_nobody_takes_another_browsers_visit_by_naming_its_cookie(
    client: FlaskClient, send: Send, events: Events, plugin: Installation
) -> None:
    cookie = "0123456789abcdef" * 2
    with plugin.sessions.begin() as session:
        session.add(Visitor(token=cookie, first_seen_at=NOW))
    send("track", {**LIT, "anonymousId": cookie})
    (event,) = events()
    with plugin.sessions() as session:
        assert session.get_one(Visitor, event.visitor_id).token != cookie


def test_the_shops_own_page_needs_no_key_and_its_cookie_decides(client: FlaskClient, events: Events) -> None:
    assert client.post("/v1/track", json=LIT, headers=BROWSER).status_code == 200
    client.set_cookie("ecrm_consent", "1")
    client.set_cookie("ecrm_visitor", "0123456789abcdef" * 2)
    assert client.post("/v1/track", json=LIT, headers=BROWSER).status_code == 200
    assert client.post("/v1/track", json={**LIT, "anonymousId": "b"}, headers=BROWSER).status_code == 200
    stranger, first, second = events()
    assert stranger.visitor_id is None
    assert first.visitor_id == second.visitor_id != None  # noqa: E711


@pytest.mark.parametrize("signal", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_a_browser_that_asks_not_to_be_followed_is_counted_as_a_stranger(
    send: Send, events: Events, signal: dict[str, str]
) -> None:
    consent = {"context": {"consent": {"categoryPreferences": {"Analytics": True}}}}
    send("track", {**LIT, **consent}, kind="browser", headers={"User-Agent": FIREFOX, **signal})
    (event,) = events()
    assert (event.visitor_id, event.session_id) == (None, None)


def test_a_servers_message_may_say_that_nobody_agreed(send: Send, events: Events) -> None:
    send("track", {**LIT, "context": {"consent": {"categoryPreferences": {"Analytics": False}}}})
    (event,) = events()
    assert event.visitor_id is None


@pytest.mark.parametrize(
    ("preferences", "grade"),
    [
        (None, None),
        ({}, None),
        ({"Analytics": True}, Grade.ANALYTICS),
        ({"Analytics": True, "Advertising": False}, Grade.ANALYTICS),
        ({"Analytics": True, "Advertising": True}, Grade.PERSONAL),
        ({"Advertising": True}, Grade.NONE),
        ({"C0002": True, "C0004": True}, Grade.PERSONAL),
        ({"our own": True}, None),
        ({"our own": False}, Grade.NONE),
    ],
)
def test_categories_of_consent(preferences: dict[str, bool] | None, grade: Grade | None) -> None:
    assert grade_said(Consent(categoryPreferences=preferences)) == grade


def test_a_visit_of_a_browser_has_its_country_and_a_servers_has_none(
    send: Send, client: FlaskClient, events: Events, plugin: Installation
) -> None:
    at_home = {**BROWSER, "X-Country": "FR"}
    agreed = {"context": {"consent": {"categoryPreferences": {"Analytics": True}}}}
    send("track", {**LIT, **agreed}, kind="browser", headers={"User-Agent": FIREFOX, "X-Country": "FR"})
    send("track", {**LIT, "anonymousId": "b"}, headers={"X-Country": "FR"})
    client.set_cookie("ecrm_consent", "1")
    assert client.post("/v1/track", json=LIT, headers=at_home).status_code == 200
    found = events()
    assert len({event.session_id for event in found} - {None}) == 3
    with plugin.sessions() as session:
        query = select(Audience.country).join(Visit, Visit.audience_id == Audience.id).order_by(Visit.id)
        assert session.scalars(query).all() == ["FR", "", "FR"]


def test_only_the_configured_sites_may_send(client: FlaskClient, keys: dict[str, str]) -> None:
    asked = {"Origin": BLOG, "Access-Control-Request-Method": "POST"}
    before = client.options("/v1/track", headers=asked)
    assert before.status_code == 200
    assert before.headers["Access-Control-Allow-Origin"] == BLOG
    assert "Authorization" in before.headers["Access-Control-Allow-Headers"]
    sent = client.post(
        "/v1/track", json=LIT, auth=(keys["browser"], ""), headers={"Origin": BLOG, "User-Agent": FIREFOX}
    )
    assert (sent.status_code, sent.headers["Access-Control-Allow-Origin"]) == (200, BLOG)
    for origin in ("https://evil.example", BLOG + ".evil.example", "null", "http://blog.example.com"):
        refused = client.post("/v1/track", json=LIT, auth=(keys["browser"], ""), headers={"Origin": origin})
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_browsers_have_a_pace_and_servers_none(send: Send) -> None:
    for _ in range(25):
        last = send("track", LIT, kind="browser", headers={"User-Agent": FIREFOX})
    assert last.status_code == 429
    assert 0 < int(last.headers["Retry-After"]) <= 60
    assert send("track", LIT).status_code == 200


def test_a_key_in_a_page_is_not_believed_even_if_it_is_the_secret_one(send: Send, events: Events) -> None:
    send("track", {**LIT, "userId": "u-1"}, headers={**BROWSER, "Sec-Fetch-Site": "cross-site", "Origin": BLOG})
    (event,) = events()
    assert event.visitor_id is None


def test_sdks_for_browsers_get_their_settings(client: FlaskClient, keys: dict[str, str]) -> None:
    key = keys["browser"]
    settings = client.get(f"/v1/projects/{key}/settings").get_json()
    assert settings["integrations"]["Segment.io"]["apiHost"] == "localhost/v1"
    source = client.get(f"/v1/sourceConfig/?writeKey={key}", auth=(key, "")).get_json()["source"]
    assert (source["enabled"], source["destinations"]) == (True, [])
    assert client.get("/v1/projects/unknown/settings").status_code == 401
    assert client.get(f"/v1/projects/{keys['server']}/settings").status_code == 401


def test_an_order_that_a_shared_browser_reported_is_erased_with_its_customer(
    client: FlaskClient, events: Events, plugin: Installation, tmp_path: Path
) -> None:
    token = "0123456789abcdef" * 2
    with plugin.sessions.begin() as session:
        ada, _bob = (find_or_create_account(session, reference=name, email=f"{name}@x.de", at=NOW) for name in "ab")
        visitor = Visitor(token=token, first_seen_at=NOW)
        session.add(visitor)
        session.flush()
        for customer in session.scalars(select(Customer)):
            claim(session, visitor.id, customer.id, NOW, "signed in")
        session.add(
            SeenOrder(reference="A-17", customer_id=ada.id, placed_at=NOW, currency="EUR", goods_minor=1, total_minor=1)
        )
        ada_id = ada.id
    client.set_cookie("ecrm_consent", "2")
    client.set_cookie("ecrm_visitor", token)
    told = {"event": "Order Completed", "properties": {"order_id": "A-17", "email": "a@x.de"}}
    for message in (told, {"event": "Lamp Lit"}, {"event": "Lamp Lit"}):
        client.post("/v1/track", json={"anonymousId": "page", **message}, headers=BROWSER)
    assert [event.subject for event in events()] == ["A-17", "", ""]
    with plugin.sessions.begin() as session:
        erase_person(session, Archive(tmp_path / "archive"), ada_id, told=TOLD_NAMES)
    assert [event.name for event in events()] == ["Lamp Lit", "Lamp Lit"]
