"""What becomes of messages: e-commerce names and properties, pages and their sources, machines and persons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ecrm.collector.spec_names import own_properties, spec_name
from ecrm.collector.translation import _source, path_in
from tests.ecrm.collector.conftest import Send
from tests.ecrm.visited_host import FIREFOX
from tracking.clickstream.event import Event

Events = Callable[[], Sequence[Event]]
A = {"anonymousId": "a"}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Product Viewed", "Product Viewed"),
        ("product_viewed", "Product Viewed"),
        ("productViewed", "Product Viewed"),
        ("PRODUCT VIEWED", "Product Viewed"),
        ("Viewed Product", "Product Viewed"),
        ("Added Product", "Product Added"),
        ("Order Completed", "Order Completed (reported)"),
        ("completed order", "Order Completed (reported)"),
        ("Signed Up", "Signed Up (reported)"),
        ("Lamp Lit", "Lamp Lit"),
        ("Лампа", "Лампа"),
    ],
)
def test_the_specs_names_are_known_however_they_are_written(said: str, name: str) -> None:
    assert spec_name(said) == name


@pytest.mark.parametrize(
    ("name", "given", "subject", "kept"),
    [
        ("Product Viewed", {"productId": 7}, "7", {"product_id": "7"}),
        ("Product Viewed", {"id": "7", "sku": "S"}, "7", {"product_id": "7", "sku": "S"}),
        ("Product Added", {"product_id": "7", "quantity": -3}, "7", {"product_id": "7", "quantity": 1}),
        ("Product Added", {"product_id": "7", "quantity": "3"}, "7", {"product_id": "7", "quantity": 1}),
        ("Product List Viewed", {"category": "tea", "products": [{"product_id": "7"}, {"id": 8}, 9]}, "tea",
         {"category": "tea", "list_id": "tea", "product_ids": ["7", "8"]}),
        ("Products Searched", {"query": "tea", "results": 0}, "tea", {"query": "tea", "results": 0}),
        ("Products Searched", {"query": "tea", "results": "many"}, "tea", {"query": "tea"}),
        ("Checkout Started", {"value": 27.5, "currency": "EUR"}, "", {"currency": "EUR", "value_minor": 2750}),
        ("Checkout Started", {"value": 275, "currency": "JPY"}, "", {"currency": "JPY", "value_minor": 275}),
        ("Checkout Started", {"value": "nan", "currency": "EUR"}, "", {"currency": "EUR"}),
        ("Checkout Started", {"value": "1e999999", "currency": "EUR"}, "", {"currency": "EUR"}),
        ("Order Completed (reported)", {"orderId": 17}, "17", {"order_id": 17}),
        ("Order Updated", {"order_id": "A-17"}, "A-17", {"order_id": "A-17"}),
        ("Lamp Lit", {"watts": 40}, "", {"watts": 40}),
    ],
)  # fmt: skip
def test_properties_are_those_of_the_shops_own_steps(
    name: str, given: dict[str, Any], subject: str, kept: dict[str, Any]
) -> None:
    assert own_properties(name, given) == (subject, kept)


def test_a_page_keeps_its_path_and_source_and_no_address(send: Send, events: Events) -> None:
    url = "https://shop.example.com/tea/green?utm_source=letter&utm_campaign=May&gclid=secret&token=key#x"
    send("page", {**A, "name": "Green tea", "properties": {"url": url, "referrer": "https://www.example.org/a?q=me"}})
    (event,) = events()
    assert event.subject == "/tea/green"
    kept = event.properties
    assert (kept["utm_source"], kept["utm_campaign"], kept["click_id"]) == ("letter", "May", "gclid")
    assert kept["referrer"] == "https://www.example.org/a"
    assert "secret" not in str(kept)
    assert "token" not in str(kept)


@pytest.mark.parametrize(("grade", "path"), [("1", "/goods/*"), (None, "/goods/*"), ("2", "/goods/2611-A")])
def test_a_title_says_no_more_than_the_path(client: FlaskClient, events: Events, grade: str | None, path: str) -> None:
    if grade:
        client.set_cookie("ecrm_consent", grade)
    own_page = {"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin"}
    title = "Order 2611-A"
    given = {"path": "/goods/2611-A", "title": title, "name": title}
    context = {"page": {"path": "/goods/2611-A", "title": title}}
    for message in ({"properties": given}, {"context": context}, {"name": title, "properties": given}):
        assert client.post("/v1/page", json={**A, **message}, headers=own_page).status_code == 200
    found = events()
    assert {event.subject for event in found} == {path}
    assert [("2611-A" in str(event.properties)) for event in found] == [grade == "2"] * 3


STATISTICS = {"consent": {"categoryPreferences": {"Analytics": True, "Personalization": False}}}
REFUSED = {"consent": {"categoryPreferences": {"Analytics": False}}}
ORDER_PAGE = "https://shop.example/goods/2611-A?token=abc"


@pytest.mark.parametrize(("said", "path"), [(STATISTICS, "/goods/*"), (REFUSED, "/goods/*"), ({}, "/goods/2611-A")])
def test_what_a_server_tells_of_a_page_is_kept_as_far_as_its_person_agreed(
    send: Send, events: Events, said: dict[str, Any], path: str
) -> None:
    context = {**said, "page": {"title": "Order 2611-A"}, "userAgent": FIREFOX}
    send("page", {**A, "context": context, "properties": {"url": ORDER_PAGE}})
    send("track", {**A, "event": "Lamp Lit", "context": {**context, "page": {"url": ORDER_PAGE}}})
    page, track = events()
    assert page.subject == path
    assert ("2611-A" in str(page.properties), "title" in page.properties) == (not said, not said)
    assert "abc" not in str([page.properties, track.properties])


@pytest.mark.parametrize("grade", [None, "1", "2"])
def test_a_step_says_no_more_of_addresses_than_a_page_view(
    client: FlaskClient, events: Events, grade: str | None
) -> None:
    if grade:
        client.set_cookie("ecrm_consent", grade)
    given = {
        "path": "/goods/2611-A", "url": ORDER_PAGE, "title": "Order 2611-A", "search": "?token=abc",
        "referrer": "https://shop.example/enter?token=abc", "order_id": "2611-A", "watts": 40,
    }  # fmt: skip
    own_page = {"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin"}
    for event in ("Lamp Lit", "Order Completed"):
        assert client.post("/v1/track", json={**A, "event": event, "properties": given}, headers=own_page).json
    lit, ordered = events()
    if grade == "2":
        assert lit.properties == {"path": "/goods/2611-A", "title": "Order 2611-A", "order_id": "2611-A", "watts": 40}
        assert ordered.subject == "2611-A"
    else:
        assert lit.properties == ordered.properties == {"path": "/goods/*", "watts": 40}
        assert (lit.subject, ordered.subject) == ("", "")


def test_a_screen_says_no_address_either(send: Send, events: Events) -> None:
    send("screen", {**A, "name": "Basket", "properties": {"url": ORDER_PAGE, "search": "?token=abc", "watts": 40}})
    (event,) = events()
    assert event.properties == {"path": "/goods/2611-A", "watts": 40}


def test_a_key_in_a_path_is_kept_of_nobody(host: Flask, send: Send, events: Events) -> None:
    path = f"{host.config['ECRM_PUBLIC_PREFIX']}/recall/s3cret"
    for call, more in (("page", {}), ("track", {"event": "Lamp Lit"})):
        send(call, {**A, **more, "properties": {"path": path}})
    page, track = events()
    assert page.subject == page.properties["path"] == track.properties["path"] == path.replace("s3cret", "*")


def test_a_page_whose_path_is_kept_keeps_its_title(client: FlaskClient, events: Events) -> None:
    own_page = {"User-Agent": FIREFOX, "Sec-Fetch-Site": "same-origin"}
    client.post("/v1/page", json={**A, "context": {"page": {"path": "/", "title": "Home"}}}, headers=own_page)
    (event,) = events()
    assert event.properties["title"] == "Home"


def test_what_is_remembered_of_addresses_is_bounded(send: Send) -> None:
    path_in.cache_clear()
    _source.cache_clear()
    longest = max(len(path_in("/" + "x" * 1999)), len(_source("/?utm_term=" + "x" * 1980)["utm_term"]))
    url = "https://shop.example.com/tea?utm_term=" + "x" * 30_000
    before = path_in.cache_info().currsize, _source.cache_info().currsize
    for end in "ab":  # the same in their first 2,000 characters
        assert send("page", {**A, "properties": {"url": url + end}}).status_code == 200
        assert send("page", {**A, "properties": {"path": "/" + "y" * 30_000 + end}}).status_code == 200
    assert longest
    assert path_in.cache_info().currsize - before[0] == 2
    assert _source.cache_info().currsize - before[1] == 2


def test_the_context_names_page_and_campaign_too(send: Send, events: Events) -> None:
    context = {
        "page": {"path": "/tea?x=1", "referrer": "https://news.example"},
        "campaign": {"name": "May", "medium": "cpc"},
    }
    send("page", {**A, "context": context})
    (event,) = events()
    assert (event.subject, event.properties["utm_campaign"], event.properties["utm_medium"]) == ("/tea", "May", "cpc")


@pytest.mark.parametrize("address", ["http://[broken", "\x00", "//", "?", "javascript:1", "/" + "x" * 1900])
def test_an_address_that_is_none_is_no_fault(send: Send, events: Events, address: str) -> None:
    properties = {"url": address, "path": address, "referrer": address}
    assert send("page", {**A, "properties": properties}).status_code == 200
    assert len(events()) == 1


def test_machines_are_counted_apart_and_servers_are_no_machines(send: Send, events: Events) -> None:
    send("track", {**A, "event": "Lamp Lit", "context": {"userAgent": "Googlebot/2.1"}})
    assert events() == []
    send("track", {**A, "event": "Lamp Lit", "context": {"userAgent": FIREFOX}})
    send("track", {**A, "event": "Lamp Lit"}, headers={"User-Agent": "analytics-python/2.4"})
    assert len(events()) == 2


def test_a_public_key_is_judged_by_its_own_user_agent(send: Send, events: Events) -> None:
    body = {**A, "event": "Lamp Lit", "context": {"userAgent": FIREFOX}}
    send("track", body, kind="browser", headers={"User-Agent": "curl/8"})
    assert events() == []
