"""The desk on a phone and on a desk: nothing is cut off, everything can be touched, a whole list can be ticked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from ecrm.installation import installation
from ecrm.service import cases
from ecrm.service.calls import Call
from ecrm.service.cases import Direction, Opened, Said
from ecrm.voice.questions import ProductQuestion, QuestionState
from ecrm.voice.reviews import Review, ReviewState
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_the_whole_walk import become_owner
from tests.walks.person import Person, order_number
from tracking.customers import Customer
from tracking.delivery.shipment import Shipment

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LONG = (
    "Do you sell oat milk from Brandenburg, and if you do, in which sizes, and how long does it keep once it is open?"
)
LINK = "https://example.com/" + "x" * 200
PAGES = [
    "/console/cases?view=all", "/console/cases/new", "/console/cases/put-aside", "/console/cases/routing",
    "/console/cases/teams", "/console/cases/targets", "/console/cases/macros", "/console/calls",
    "/console/deliveries", "/console/deliveries/many", "/console/returns", "/console/returns/reasons",
    "/console/reviews", "/console/questions", "/console/relationships", "/console/relationships/breaches",
    "/console/desk-report", "/console/desk-products", "/console/units", "/console/service-points",
]  # fmt: skip

CUT = """() => {
  const wide = document.documentElement.scrollWidth > innerWidth ? ["the page is wider than its window"] : [];
  // What may be pushed sideways says so by `.scroll`; everything else lies inside of its window.
  const cut = [...document.querySelectorAll("main *")]
    .filter((one) => one.checkVisibility() && !one.closest(".scroll, .tabs, .unseen"))
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
  return [...wide, ...cut.slice(0, 5).map((one) => "cut: " + one.outerHTML.slice(0, 90))];
}"""
SMALL = """() => [...document.querySelectorAll(
    "main :is(button, .button, select, summary, .segments a, .tabs a, .stack a), main input:not([type=hidden])")]
  .filter((one) => one.checkVisibility() && !["checkbox", "radio"].includes(one.type))
  .filter((one) => one.getBoundingClientRect().height < 43.5)
  .map((one) => `${one.getBoundingClientRect().height} px: ${one.outerHTML.slice(0, 90)}`)"""
COVERED = """() => [...document.querySelectorAll("main :is(button, .button, input:not([type=hidden]))")]
  .filter((one) => {
    if (!one.checkVisibility() || one.closest(".stay")) return false;
    one.scrollIntoView({block: "center"});
    const box = one.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return top && !one.contains(top) && !top.contains(one);
  }).map((one) => "covered: " + one.outerHTML.slice(0, 90))"""


@pytest.fixture
def busy(app: Flask, shop_data: dict[str, int]) -> str:
    """A desk with something in every list; the reference of its case."""
    number = order_number(Person(app).buy(shop_data["espresso"]))
    crm, now = installation(app), datetime.now(UTC)
    with app.app_context(), crm.sessions.begin() as session:
        kim = session.scalars(select(Customer)).one()
        asked = Said(direction=Direction.IN, text=f"{LONG}\n\n{LINK}", author_name="Kim")
        case = cases.open_case(
            session,
            Opened(channel=cases.Channel.EMAIL, subject=LONG, said=asked, from_address=kim.email, customer_id=kim.id,
                   order_reference=number),
            now=now - timedelta(days=40),  # long overdue: no chip has more to say
        )  # fmt: skip
        cases.open_case(
            session, Opened(channel=cases.Channel.FORM, subject="Eggs?", from_address="a@b.example"), now=now
        )
        session.add(Call(number="+4930123456", direction="in", outcome="missed", words=LONG, started_at=now))
        session.add(
            Review(product=str(shop_data["espresso"]), customer_id=kim.id, order_reference=number, stars=2, title=LONG,
                   words=LONG, display_name="Kim", state=ReviewState.WAITING, written_at=now)
        )  # fmt: skip
        session.add(
            ProductQuestion(product=str(shop_data["espresso"]), words=LONG, display_name="Kim", customer_id=kim.id,
                            state=QuestionState.WAITING, asked_at=now)
        )  # fmt: skip
        return case.reference


def desk_pages(app: Flask, case: str) -> list[str]:
    with app.app_context(), installation(app).sessions() as session:
        parcel, person = session.scalars(select(Shipment.id)).first(), session.scalars(select(Customer.id)).first()
    return [*PAGES, f"/console/cases/{case}", f"/console/deliveries/{parcel}", f"/console/customers/{person}"]


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_nothing_of_the_desk_is_cut_off_covered_or_too_small_to_touch(
    app: Flask, shop_data: dict[str, int], busy: str, visit: Callable[..., Page], viewport: dict[str, int], scheme: str
) -> None:
    page = visit(viewport, color_scheme=scheme)
    page.goto("/sign-in")
    become_owner(page, shop_data["olga"])
    found = []
    for path in desk_pages(app, busy):
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok, path
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        checks = (CUT, COVERED, SMALL) if viewport == PHONE else (CUT, COVERED)
        found += [f"{path}: {one}" for check in checks for one in page.evaluate(check)]
    assert not found, "\n".join(found)


def test_the_inbox_is_ticked_as_a_whole_and_given_away(
    app: Flask, shop_data: dict[str, int], busy: str, visit: Callable[..., Page]
) -> None:
    page = visit()
    page.goto("/sign-in")
    become_owner(page, shop_data["olga"])
    page.goto("/console/cases?view=all")
    everything = page.get_by_label("Tick all of this page")
    everything.check()
    ticks = page.locator("input[name=case]")
    assert [one.is_checked() for one in ticks.all()] == [True, True]
    ticks.first.uncheck()
    expect(everything).not_to_be_checked()
    assert everything.evaluate("one => one.indeterminate")
    everything.check()
    page.get_by_label("With the ticked ones").select_option("priority:4")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("tbody .chip", has_text="urgent")).to_have_count(2)
    with installation(app).sessions() as session:
        assert set(session.scalars(select(cases.Case.priority))) == {4}
