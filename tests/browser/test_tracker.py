"""The first-party script in a browser: a step arrives, waits while offline, and ends with its visitor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select

from ecrm.installation import installation
from tracking.clickstream.digest import digest_next
from tracking.clickstream.event import Event

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
Visit = Callable[..., Page]


@pytest.fixture(autouse=True)
def the_last_requests_are_answered(server: str) -> Iterator[None]:
    """Before the server goes: what a closing page sends is still on its way when its window is gone."""
    assert server
    yield
    time.sleep(0.5)


def steps(app: Flask, name: str, *, at_least: int = 0, of: str = "") -> Sequence[Event]:
    """Events of this name, once so many are there, one of them `of` this subject, or ten seconds have passed."""
    crm, deadline = installation(app), time.monotonic() + 10
    while True:
        while digest_next(crm.sessions, "Europe/Berlin").anything:
            pass
        with crm.sessions() as session:
            found = session.scalars(select(Event).where(Event.name == name).order_by(Event.id)).all()
        there = not of or of in {event.subject for event in found}
        if (there and len(found) >= at_least) or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def until(page: Page, condition: str) -> None:
    """Playwright's own waiting needs `eval`, which the shop's policy forbids."""
    deadline = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def agree(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Accept all").click()
    until(page, "() => Boolean(window.analytics)")


def test_a_step_arrives_with_the_visitor_of_the_page(app: Flask, shop_data: dict[str, int], visit: Visit) -> None:
    page = visit()
    agree(page)
    page.evaluate("analytics.track('Lamp Lit', {watts: 40})")
    page.evaluate("analytics.page('Guide', 'Lamps', {path: '/guide/lamps'})")
    (lit,) = steps(app, "Lamp Lit", at_least=1)
    assert lit.properties["watts"] == 40
    assert lit.session_id is not None
    assert installation(app).writer.flush()
    viewed = steps(app, "Page Viewed", at_least=2, of="/guide/lamps")
    assert {event.visitor_id for event in viewed if event.visitor_id} == {lit.visitor_id}
    assert "/guide/lamps" in {event.subject for event in viewed}


def test_what_happens_offline_is_sent_later_and_once(app: Flask, shop_data: dict[str, int], visit: Visit) -> None:
    page = visit()
    agree(page)
    page.context.set_offline(True)
    for number in range(3):
        page.evaluate("number => analytics.track('Lamp Lit', {number})", number)
    assert page.evaluate("JSON.parse(localStorage.getItem('ecrm_waiting')).length") == 3
    assert steps(app, "Lamp Lit") == []
    page.context.set_offline(False)
    found = steps(app, "Lamp Lit", at_least=3)
    assert sorted(event.properties["number"] for event in found) == [0, 1, 2]
    until(page, "() => localStorage.getItem('ecrm_waiting') === null")


def test_global_privacy_control_is_a_refusal_until_somebody_chooses_here(
    app: Flask, shop_data: dict[str, int], visit: Visit
) -> None:
    page = visit(extra_http_headers={"Sec-GPC": "1"})
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/")
    page.wait_for_timeout(1500)
    page.goto("/ecrm/privacy")
    assert page.evaluate("typeof window.analytics") == "undefined"
    assert sent == []
    page.get_by_label("Accept all").check()
    page.get_by_role("button", name="Save my choice").click()
    page.goto("/")
    until(page, "() => Boolean(window.analytics)")
    page.evaluate("analytics.track('Lamp Lit')")
    (lit,) = steps(app, "Lamp Lit", at_least=1)
    assert lit.visitor_id is not None


def left_waiting(page: Page) -> None:
    """A step that can't be sent now."""
    page.route("**/v1/batch", lambda route: route.abort())
    page.evaluate("analytics.track('Left Waiting')")
    until(page, "() => JSON.parse(localStorage.getItem('ecrm_waiting')).length === 1")


def test_what_waits_is_never_sent_under_the_next_visitor(app: Flask, shop_data: dict[str, int], visit: Visit) -> None:
    page = visit()
    agree(page)
    left_waiting(page)
    page.context.clear_cookies(name="ecrm_visitor")
    page.unroute("**/v1/batch")
    page.goto("/")
    until(page, "() => Boolean(window.analytics)")
    page.evaluate("analytics.track('Lamp Lit')")
    assert len(steps(app, "Lamp Lit", at_least=1)) == 1
    assert steps(app, "Left Waiting") == []
    until(page, "() => localStorage.getItem('ecrm_waiting') === null")


def test_what_waits_outlives_the_page_of_its_visitor(app: Flask, shop_data: dict[str, int], visit: Visit) -> None:
    page = visit()
    agree(page)
    left_waiting(page)
    page.unroute("**/v1/batch")
    page.goto("/")
    assert len(steps(app, "Left Waiting", at_least=1)) == 1


def test_a_refusal_takes_away_what_waits(app: Flask, shop_data: dict[str, int], visit: Visit) -> None:
    page = visit()
    agree(page)
    left_waiting(page)
    page.goto("/ecrm/privacy")
    page.get_by_label("Refuse").check()
    page.get_by_role("button", name="Save my choice").click()
    until(page, "() => localStorage.getItem('ecrm_waiting') === null")
    assert page.evaluate("typeof window.analytics") == "undefined"
    assert steps(app, "Left Waiting") == []


def test_without_consent_there_is_no_script(shop_data: dict[str, int], visit: Visit) -> None:
    page = visit()
    page.goto("/")
    assert page.evaluate("typeof window.analytics") == "undefined"


def test_reset_begins_a_new_visitor(app: Flask, shop_data: dict[str, int], visit: Visit) -> None:
    page = visit()
    agree(page)
    page.evaluate("analytics.track('Lamp Lit')")
    (before,) = steps(app, "Lamp Lit", at_least=1)
    page.evaluate("analytics.reset()")
    page.evaluate("analytics.track('Lamp Lit')")
    after = steps(app, "Lamp Lit", at_least=2)[-1]
    assert after.visitor_id is not None
    assert after.visitor_id != before.visitor_id


def test_a_message_is_measured_in_the_bytes_that_the_collector_counts(
    app: Flask, shop_data: dict[str, int], visit: Visit
) -> None:
    page = visit()
    agree(page)
    page.evaluate("analytics.track('Lamp Lit', {text: '漢'.repeat(22000)})")  # 66 KB in 22,000 characters
    page.evaluate("analytics.track('Lamp Lit', {text: '漢'.repeat(10000)})")
    page.evaluate("analytics.track('Lamp Lit', {text: ''})")
    found = steps(app, "Lamp Lit", at_least=2)
    assert [len(event.properties["text"]) for event in found] == [10_000, 0]
    until(page, "() => localStorage.getItem('ecrm_waiting') === null")


def test_what_is_too_large_to_be_sent_does_not_hold_up_the_rest(
    app: Flask, shop_data: dict[str, int], visit: Visit
) -> None:
    page = visit()
    agree(page)
    left_waiting(page)
    page.evaluate("""() => {
        const [message] = JSON.parse(localStorage.getItem('ecrm_waiting'));
        const large = {...message, messageId: 'large', properties: {text: '漢'.repeat(22000)}};
        localStorage.setItem('ecrm_waiting', JSON.stringify([large, message]));
    }""")
    page.unroute("**/v1/batch")
    page.goto("/")
    assert len(steps(app, "Left Waiting", at_least=1)) == 1
    until(page, "() => localStorage.getItem('ecrm_waiting') === null")


@pytest.mark.parametrize("refusal", [429, 503, None])
def test_a_reset_that_was_not_taken_is_repeated_before_anything_else_is_sent(
    app: Flask, shop_data: dict[str, int], visit: Visit, refusal: int | None
) -> None:
    page = visit()
    agree(page)
    page.evaluate("analytics.track('Lamp Lit')")
    (before,) = steps(app, "Lamp Lit", at_least=1)
    page.route("**/v1/reset", lambda route: route.fulfill(status=refusal) if refusal else route.abort())
    page.evaluate("analytics.reset()")
    page.evaluate("analytics.track('Lamp Lit')")
    page.goto("/")  # outlives the page
    until(page, "() => Boolean(window.analytics)")
    page.wait_for_timeout(2500)
    assert page.evaluate("localStorage.getItem('ecrm_reset_owed') !== null")
    assert len(steps(app, "Lamp Lit")) == 1
    page.unroute("**/v1/reset")
    page.goto("/")
    after = steps(app, "Lamp Lit", at_least=2)[-1]
    assert after.visitor_id is not None
    assert after.visitor_id != before.visitor_id
    until(page, "() => localStorage.getItem('ecrm_reset_owed') === null")
