"""A mailing is written, looked at and sent in a real browser: without a script, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Page

from ecrm.installation import installation
from ecrm.mailboxes import contact_for
from ecrm.mailings import run
from mailer.consent import Topic, subscribe
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_accessibility import findings_of
from tests.browser.test_the_whole_walk import become_owner

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    ("viewport", "scheme", "script"),
    [(DESKTOP, "light", True), (PHONE, "dark", True), (PHONE, "light", False)],
    ids=["desk, light", "phone, dark", "phone, no script"],
)
def test_a_marketer_writes_looks_and_sends(
    app: Flask, shop_data: dict[str, int], visit: Callable[..., Page], picture: Callable[[Page, str], None],
    viewport: dict[str, int], scheme: str, script: bool,
) -> None:  # fmt: skip
    crm, now = installation(app), datetime.now(UTC)
    with app.app_context(), crm.sessions.begin() as session:
        contact = contact_for(session, "ada@example.com", now=now)
        subscribe(session, contact.id, [Topic.OFFERS], how="test", wording="yes", now=now)
    page = visit(viewport, color_scheme=scheme, java_script_enabled=script, bypass_csp=True)
    page.goto("/sign-in")
    become_owner(page, shop_data["olga"])
    found: list[str] = []

    def look(name: str) -> None:
        if script:
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
            found.extend(findings_of(page))
        picture(page, f"mailing-{name}-{viewport['width']}-{scheme}")

    page.goto("/console/mailings")
    page.get_by_label("New mailing").fill("Easter: gift ideas")
    page.get_by_role("button", name="Write it").click()
    page.get_by_role("button", name="+ Opening").click()
    page.get_by_label("Heading").fill("Easter is near")
    page.get_by_role("button", name="+ Text").click()
    page.get_by_label("Text", exact=True).last.fill("Dear {{ first_name }},\n\nlook what we found.")
    page.get_by_role("button", name="+ Products").click()
    page.get_by_label("Product numbers").fill(f"{shop_data['espresso']}, {shop_data['filter']}")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.get_by_text("isn't known of everybody").first.wait_for()
    look("editor-wrong")
    page.get_by_label("Subject").fill("Easter is near, {{ first_name | friend }}")
    page.get_by_label("Text", exact=True).last.fill("Dear {{ first_name | friend }},\n\nlook what we found.")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.get_by_text("Everything is there: it can be sent.").wait_for()
    look("editor")
    page.get_by_role("button", name="Save and look at it").click()
    page.get_by_text("Easter is near, friend").first.wait_for()
    frame = page.frame_locator("iframe.mail")
    frame.get_by_text("look what we found").wait_for()
    look("look")
    page.get_by_role("link", name="Narrow, dark").click()
    frame.get_by_text("look what we found").wait_for()
    page.get_by_role("link", name="Easter: gift ideas").first.click()
    page.get_by_role("heading", name="Who would get it now").wait_for()
    look("draft")
    page.get_by_role("link", name="Send …").click()
    page.get_by_role("heading", name="Send this mailing?").wait_for()
    look("confirm")
    page.get_by_role("button", name="Send it").click()
    page.get_by_text("It begins within seconds.").wait_for()
    run(crm)
    page.goto(page.url)
    look("running")
    page.goto("/console/mailings")
    look("list")
    assert found == []
