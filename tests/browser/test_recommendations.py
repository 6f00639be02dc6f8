"""A stranger clicks one product and the next page is theirs: in a real browser, without waiting, without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from ecrm.installation import installation
from ecrm.training import train_models
from tests.browser.conftest import PHONE
from tests.ecrm.slots_host import customer, order

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


@pytest.fixture
def settings() -> dict[str, object]:
    return {"ECRM_JOBS": "outside"}


@pytest.fixture(autouse=True)
def history(app: Flask, shop_data: dict[str, int]) -> None:
    """Six people buy coffee and cookies, six buy candles; then the shop learns."""
    crm = installation(app)
    with crm.sessions.begin() as session:
        for number in range(6):
            breakfast, evening = customer(session, f"early-{number}"), customer(session, f"late-{number}")
            order(
                session,
                breakfast,
                [str(shop_data[one]) for one in ("espresso", "filter", "oatmeal")],
                days_ago=number + 1,
            )
            order(session, evening, [str(shop_data[one]) for one in ("candle", "last_one")], days_ago=number + 1)
    with app.app_context():
        train_models(crm)


def strips(page: Page) -> dict[str, list[str]]:
    """Heading → reasons of its cards."""
    return {
        strip.locator("h2").inner_text(): strip.locator(".ecrm-card__reason").all_inner_texts()
        for strip in page.locator(".ecrm-strip").all()
    }


def test_one_click_changes_the_home_page_and_is_named_there(visit: Visit, picture: Callable[[Page, str], None]) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/")
    assert set(strips(page)) == {"Popular right now"}
    page.get_by_role("button", name="Accept all").click()

    page.locator(".ecrm-card__link", has_text="Beeswax Candle").click()
    page.goto("/")

    found = strips(page)
    assert "Because you looked at Beeswax Candle" in found["For you"]
    picture(page, "home-after-one-click")

    page.locator(".ecrm-strip").first.locator(".ecrm-card__dots").first.click()
    page.locator(".ecrm-card__panel button[name=not_used]").first.click()
    expect(page.locator(".ecrm-said").first).to_contain_text("We don't use Beeswax Candle for suggestions any more.")
    assert not any("Because you looked at Beeswax Candle" in reasons for reasons in strips(page).values())
    page.locator(".ecrm-said").first.get_by_role("button", name="Undo").click()
    assert "Because you looked at Beeswax Candle" in strips(page)["For you"]


def test_a_card_answers_why_on_a_phone_and_its_link_stays_out_of_the_way(
    visit: Visit, picture: Callable[[Page, str], None]
) -> None:
    page = visit(PHONE, color_scheme="dark")
    page.goto("/")
    page.locator(".ecrm-card__dots").first.click()
    panel = page.locator(".ecrm-card__panel").first
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("Why this?")
    picture(page, "why-on-a-phone")
    panel.get_by_role("link", name="Your recommendations").click()
    expect(page.get_by_role("heading", name="Your recommendations")).to_be_visible()
