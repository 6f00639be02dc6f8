"""axe finds nothing worse than minor on any page that people see, on a desk and on a phone, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page

from tests.architecture.route_matrix import MATRIX
from tests.architecture.test_route_role_matrix import _Browser, _prepare, _routes
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_the_whole_walk import become_owner
from tests.walks.person import Person, order_number

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PUBLIC = ["/",
          "/d/grocery", "/d/grocery/coffee", "/search?q=coffee", "/search?q=nothinglikethis", "/sign-in", "/register",
          "/forgot-password", "/about", "/privacy", "/imprint", "/ecrm/privacy", "/ecrm/recall", "/ecrm/newsletter",
          "/no/such/page"]  # fmt: skip
CUSTOMER = ["/account", "/account/profile", "/account/password", "/account/addresses", "/account/addresses/new",
            "/account/orders", "/cart", "/checkout?edit=1", "/ecrm/preferences"]  # fmt: skip
STAFF = ["/console/site?channel=direct&first=2026-11-01&compare=year", "/console/site/speed?least=1",
         "/console/keywords?show=failed"]  # fmt: skip
"""Besides every page of the staff's areas, once more as these arguments show it."""


def findings_of(page: Page) -> list[str]:
    """Findings from moderate on (among them: regions of the same name, words outside of any landmark), in words."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {finding['id']} {[node['target'] for node in finding['nodes'][:3]]}"
        for finding in found
        if finding["impact"] in {"moderate", "serious", "critical"}
    ]


def staff_pages(app: Flask, shop_data: dict[str, int]) -> list[str]:
    """Every page of the console and of the staff area, each of its examples filled in: none can be forgotten."""
    examples, people = _prepare(app, shop_data)
    owner, pages = _Browser(app, people["owner"]), []
    for rule, key in _routes(app):
        if rule.endpoint.startswith(("console.", "backoffice.")) and key.endswith(" GET"):
            with owner.call(rule, key, MATRIX[key], examples) as answer:
                if answer.mimetype == "text/html" and answer.status_code == 200:
                    pages.append(answer.request.full_path.rstrip("?"))
    assert len(pages) > 40
    return pages


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk, light", "phone, dark"]
)
def test_axe_finds_nothing_worse_than_minor_on_any_page(
    app: Flask, shop_data: dict[str, int], visit: Callable[..., Page], viewport: dict[str, int], scheme: str
) -> None:
    number = order_number(Person(app).buy(shop_data["espresso"]))
    staff = [*staff_pages(app, shop_data), *STAFF]
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
    look([*CUSTOMER, *staff, f"/staff/orders/{number}"])
    page.goto("/console/emails")
    page.get_by_role("main").get_by_role("link", name=number).first.click()
    page.wait_for_url(re.compile(r"/console/emails/\d+"))
    findings.extend(findings_of(page))
    assert findings == []
