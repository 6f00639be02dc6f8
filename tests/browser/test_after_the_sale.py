"""After the sale, in a browser: a split order, a carrier's scan, a delay, a question by e-mail, the agent's answer from
the draft, a content customer, and the report that shows it. Real LMTP in, a signed webhook, the jobs as they run."""

from __future__ import annotations

import re
import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from ecrm.delays import look_after_delays
from ecrm.installation import Installation, installation
from ecrm.mail_reports.intake import serve
from ecrm.scheduler import run_job
from ecrm.timetable import job_named
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_accessibility import findings_of
from tests.browser.test_the_whole_walk import become_owner, fill_details, link, press, register, search_and_add
from tests.ecrm.carriers.payloads import SECRET, easypost, sign_easypost
from tests.walks.mailbox import body_of, mails
from tracking.delivery.shipment import Shipment

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

DESK = "support@shop.example"
NUMBER = "1Z999AA10123456784"
TOO_WIDE = """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
    [...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > window.innerWidth)
    .map(one => one.outerHTML.slice(0, 120)).slice(0, 8)"""


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"ECRM_EASYPOST_SECRETS": (SECRET,), "ECRM_DESK_ADDRESSES": (DESK,), "ECRM_SATISFACTION_HOURS": 0}


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk, light", "phone, dark"]
)
def test_from_a_split_order_to_a_content_customer(
    app: Flask, shop_data: dict[str, int], visit: Callable[..., Page], picture: Callable[[Page, str], None],
    viewport: dict[str, int], scheme: str,
) -> None:  # fmt: skip
    crm = installation(app)
    customer = visit(viewport, color_scheme=scheme, bypass_csp=True)
    staff = visit(viewport, color_scheme=scheme, bypass_csp=True)
    found: list[str] = []

    def look(page: Page, name: str) -> None:
        assert page.evaluate(TOO_WIDE) == [], name
        found.extend(f"{name}: {one}" for one in findings_of(page))
        picture(page, f"after-{name}-{viewport['width']}-{scheme}")

    # an order of two things
    order = buy(customer)

    # one of them is sent: the number says whose parcel it is
    staff.goto("/sign-in")
    become_owner(staff, shop_data["olga"])
    staff.goto(f"/staff/orders/{order}")
    staff.get_by_label("Tracking number").fill(NUMBER)
    staff.get_by_role("group", name="In this parcel").get_by_label("Beeswax Candle").fill("0")
    press(staff, "Send the parcel")
    expect(staff.get_by_text("1 piece is still to be sent.")).to_be_visible()
    look(staff, "staff-order")

    # the carrier has seen it
    body = easypost(("in_transit", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"))
    told = app.test_client().post(
        "/ecrm/carriers/easypost", data=body, headers={"Content-Type": "application/json", **sign_easypost(body)}
    )
    assert told.status_code == 200
    customer.goto(f"/orders/{order}")
    expect(customer.get_by_role("main")).to_contain_text(NUMBER)
    look(customer, "order")

    # its day passes: the customer is told before they ask
    with app.app_context():
        look_after_delays(crm, now=noon_after_the_promise(crm, order))
    late = [mail for mail in mails(crm) if order in str(mail["Subject"])][-1]
    assert "nadia@example.com" in str(late["To"])
    assert "late" in body_of(late) or "delay" in body_of(late)

    # they ask all the same, by e-mail
    with mail_server(crm) as port, smtplib.LMTP("127.0.0.1", port, timeout=10) as server:
        server.sendmail("nadia@example.com", [DESK], question(order).as_bytes())
    run_job(crm, job_named("desk"))

    # the agent finds the answer half written
    staff.goto("/console/cases")
    link(staff, "All open")
    expect(staff.get_by_role("link", name="All open")).to_have_attribute("aria-current", "true")
    look(staff, "inbox")
    link(staff, "Where is my candle?")
    draft = staff.get_by_label("To nadia@example.com").input_value()
    look(staff, "case")
    assert order in draft, draft
    assert "Still to be sent: Beeswax Candle" in draft, draft
    staff.get_by_label("To nadia@example.com").fill(draft + "\n\nThe candle leaves us tomorrow.")
    staff.get_by_label("and then").select_option("solved")
    press(staff, "Send the answer")
    expect(staff.get_by_text("The candle leaves us tomorrow.").first).to_be_visible()
    answer = next(mail for mail in mails(crm) if "The candle leaves us tomorrow." in body_of(mail))
    assert answer["In-Reply-To"] == "<question@mail.example>"

    # was it of help?
    run_job(crm, job_named("ask-content"))
    asked = next(text for text in map(body_of, mails(crm)) if "/ecrm/satisfaction/" in text)
    customer.goto(re.findall(r"http\S+?(/ecrm/satisfaction/\S+)", asked)[-1])
    look(customer, "satisfaction")
    customer.get_by_role("radio").last.check()
    press(customer, re.compile("Send|Say"))
    expect(customer.get_by_text(re.compile("Thank")).first).to_be_visible()

    # the report shows it, and opens into the case
    staff.goto("/console/desk-report")
    expect(staff.get_by_text("1 of 1", exact=True)).to_be_visible()
    look(staff, "report")
    staff.goto("/console/customers")
    staff.get_by_role("main").get_by_role("textbox").first.fill(NUMBER)
    staff.get_by_role("main").get_by_role("button").first.click()
    for known in (order, NUMBER):
        expect(staff.get_by_role("main")).to_contain_text(known)
    look(staff, "customer")
    assert found == []


def buy(page: Page) -> str:
    """Register, order beans and a candle; the order's number."""
    page.goto("/")
    press(page, "Refuse")
    register(page)
    search_and_add(page, "espresso", "Espresso Beans")
    search_and_add(page, "candle", "Beeswax Candle")
    page.goto("/checkout")
    fill_details(page)
    page.locator("form[action='/checkout'] button[type=submit]").click()
    press(page, re.compile("Place order"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank")
    return page.url.split("/orders/")[1].split("/")[0].split("?")[0]


def noon_after_the_promise(crm: Installation, order: str) -> datetime:
    """The day after the promised one; nobody is written to at night."""
    with crm.sessions() as session:
        promised = session.scalars(select(Shipment.promised_on).where(Shipment.order_reference == order)).first()
    assert promised is not None
    return datetime.combine(promised + timedelta(days=1), time(12), UTC)


def question(order: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Nadia Haddad <nadia@example.com>", DESK
    mail["Subject"], mail["Message-ID"] = "Where is my candle?", "<question@mail.example>"
    mail.set_content(f"Hello,\n\nmy order {order} came without the candle. Where is it?\n\nNadia\n")
    return mail


@contextmanager
def mail_server(crm: Installation) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = serve(crm, address="reports@shop.example", host="127.0.0.1", port=port, lmtp=True)
    try:
        yield port
    finally:
        server.stop()
