"""axe finds nothing worse than minor on any page that people see, on a desk and on a phone, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_the_whole_walk import become_owner
from tests.walks.person import Person, order_number

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PUBLIC = ["/",
          "/d/grocery", "/d/grocery/coffee", "/search?q=coffee", "/search?q=nothinglikethis", "/sign-in", "/register",
          "/about", "/privacy", "/imprint", "/ecrm/privacy", "/no/such/page"]  # fmt: skip
CUSTOMER = ["/account", "/account/profile", "/account/addresses", "/account/orders", "/cart", "/checkout?edit=1"]
STAFF = ["/staff", "/staff/products", "/staff/orders", "/console/overview", "/console/orders",
         "/console/site", "/console/site?channel=direct&first=2026-11-01&compare=year", "/console/site/landing-pages",
         "/console/experiments",
         "/console/site/pages", "/console/site/speed?least=1", "/console/site/funnel", "/console/visits",
         "/console/keywords", "/console/keywords?show=failed", "/console/keywords/1", "/console/keywords/refinements",
         "/console/keywords/search-engines", "/console/products", "/console/products/1", "/console/cohorts",
         "/console/cohorts/new-and-returning", "/console/ad-intensity", "/console/refunds",
         "/console/customers",
         "/console/emails", "/console/deliveries", "/console/events", "/console/recommendations", "/console/system",
         "/console/audit"]  # fmt: skip


def findings_of(page: Page) -> list[str]:
    """Findings from moderate on (among them: regions of the same name, words outside of any landmark), in words."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {finding['id']} {[node['target'] for node in finding['nodes'][:3]]}"
        for finding in found
        if finding["impact"] in {"moderate", "serious", "critical"}
    ]


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk, light", "phone, dark"]
)
def test_axe_finds_nothing_worse_than_minor_on_any_page(
    app: Flask, shop_data: dict[str, int], visit: Callable[..., Page], viewport: dict[str, int], scheme: str
) -> None:
    number = order_number(Person(app).buy(shop_data["espresso"]))
    page = visit(viewport, color_scheme=scheme, bypass_csp=True)  # axe itself is an inline script
    findings: list[str] = []

    def look(paths: list[str]) -> None:
        for path in paths:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status < 500, path
            findings.extend(findings_of(page))

    look([*PUBLIC, f"/p/{shop_data['espresso']}/espresso-beans", f"/p/{shop_data['sold_out']}/gingerbread-men"])
    page.goto(f"/p/{shop_data['filter']}/filter-coffee")
    page.get_by_role("button", name="Add to cart").first.click()
    page.goto("/sign-in")
    become_owner(page, shop_data["olga"])
    look([*CUSTOMER, *STAFF, f"/staff/orders/{number}", f"/staff/products/{shop_data['espresso']}"])
    page.goto("/console/emails")
    page.get_by_role("main").get_by_role("link", name=number).first.click()
    findings.extend(findings_of(page))
    assert findings == []
