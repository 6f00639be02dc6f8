"""Segment's and RudderStack's SDKs for browsers, in Chromium on a page of the shop."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.clients.conftest import Collected

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SEGMENT = "@segment/analytics-next/dist/umd/index.js"
START_SEGMENT = """([key, base]) => {
  window.client = AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: base });
}"""
RUDDERSTACK = "@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"
START_RUDDERSTACK = """([key, base]) => {
  window.client = new rudderanalytics.RudderAnalytics();
  client.load(key, base, { configUrl: base + "/v1" });
}"""
CALLS = """() => {
  client.page("Docs", "Lamps", { path: "/docs/lamps" });
  client.track("Product Viewed", { product_id: "507f1f77" });
  client.identify("u-1", { email: "kim@example.com" });
  for (let number = 0; number < 20; number += 1) client.track("Lamp Lit", { number });
}"""


@pytest.mark.parametrize(
    ("script", "start"), [(SEGMENT, START_SEGMENT), (RUDDERSTACK, START_RUDDERSTACK)], ids=["segment", "rudderstack"]
)
def test_what_a_page_sends_arrives_and_belongs_to_the_shops_visitor(
    app: Flask, browser: Browser, node_modules: Path, base: str, keys: dict[str, str], collected: Collected,
    script: str, start: str,
) -> None:  # fmt: skip
    assert app
    context = browser.new_context(base_url=base)
    page = context.new_page()
    agree(page)
    page.evaluate((node_modules / "node_modules" / script).read_text())
    page.evaluate(start, [keys["browser"], base])
    page.evaluate(CALLS)
    until(lambda: len([event for event in collected(23) if event.name == "Lamp Lit"]) >= 20)
    found = collected(23)
    context.close()
    time.sleep(0.5)
    assert sorted(event.properties["number"] for event in found if event.name == "Lamp Lit") == list(range(20))
    assert {event.name for event in found} == {"Page Viewed", "Product Viewed", "Identified (reported)", "Lamp Lit"}
    assert len({event.visitor_id for event in found}) == 1
    assert {event.customer_id for event in found} == {None}


def agree(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Accept all").click()
    page.wait_for_load_state()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
