"""The whole walk in a browser: a stranger becomes a customer, comes back, orders with one click; staff see it all."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from ecrm.installation import installation
from ecrm.scheduler import run_job
from ecrm.timetable import job_named

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PASSWORD = "tangerine kite over harbour"
Picture = Callable[[Page, str], None]


def link(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).first.click()


def cookie_names(page: Page) -> set[str]:
    return {str(cookie.get("name")) for cookie in page.context.cookies()}


def search_and_add(page: Page, words: str, product: str) -> None:
    page.get_by_role("searchbox").fill(words)
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("main").get_by_role("link", name=product).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(product)
    press(page, "Add to cart")


def register(page: Page) -> None:
    page.goto("/register")
    page.get_by_label("First name").fill("Nadia")
    page.get_by_label("Last name").fill("Haddad")
    page.get_by_role("main").get_by_role("textbox", name="E-mail").fill("nadia@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Open the account")


def fill_details(page: Page) -> None:
    page.get_by_label("Name on the parcel").fill("Nadia Haddad")
    page.get_by_label("Street and house number").fill("Lindenweg 7")
    page.get_by_label("Postcode").fill("20095")
    page.get_by_label("Town or city").fill("Hamburg")
    page.get_by_label("Country").select_option("DE")
    page.locator("input[name=delivery_method]").first.check()
    page.locator("input[name=payment_method]").first.check()


def test_from_stranger_to_console(
    app: Flask, shop_data: dict[str, int], visit: Callable[..., Page], picture: Picture
) -> None:
    page = visit()

    # a stranger refuses cookies and has none but the strictly needed
    page.goto("/")
    assert cookie_names(page) <= {"shop"}
    picture(page, "01-home")
    press(page, "Refuse")
    expect(page.get_by_role("button", name="Accept all")).to_have_count(0)
    assert cookie_names(page) <= {"shop", "ecrm_consent"}

    # browse, search, cart
    link(page, "Grocery")
    picture(page, "02-department")
    search_and_add(page, "espresso", "Espresso Beans")
    expect(page.get_by_role("main")).to_contain_text("Espresso Beans")
    picture(page, "03-cart")

    # register; the cart stays
    register(page)
    expect(page.get_by_text("Nadia").first).to_be_visible()
    page.goto("/cart")
    expect(page.get_by_role("main")).to_contain_text("Espresso Beans")

    # checkout: details, review, place
    link(page, "Go to checkout")
    fill_details(page)
    picture(page, "04-details")
    page.locator("form[action='/checkout'] button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Everything right?")
    picture(page, "05-review")
    press(page, re.compile("Place order"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank")
    picture(page, "06-thanks")
    link(page, "Follow this order")
    first_order = page.url.split("/orders/")[1].split("?")[0]
    picture(page, "07-order")

    # log out, come back, be greeted
    page.goto("/account")
    press(page, re.compile("Sign out|Not you"))
    page.goto("/")
    expect(page.get_by_text("Welcome back")).to_have_count(0)
    page.goto("/sign-in")
    page.get_by_role("main").get_by_role("textbox", name="E-mail").fill("nadia@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("form[action='/sign-in'] button[type=submit]").click()
    page.goto("/")
    expect(page.get_by_text("Welcome back, Nadia")).to_be_visible()
    expect(page.get_by_role("button", name="Not you?")).to_be_visible()
    picture(page, "08-greeted")

    # the second order is one confirming click: cart → everything filled in → place
    search_and_add(page, "candle", "Beeswax Candle")
    page.goto("/cart")
    link(page, "Go to checkout")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Everything right?")
    expect(page.get_by_role("main")).to_contain_text("Lindenweg 7")
    press(page, re.compile("Place order"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank")
    second_order = page.url.split("/orders/")[1].split("/")[0].split("?")[0]
    assert second_order != first_order

    staff_ship_and_look(app, visit(), first_order, shop_data["olga"], picture)

    page.goto(f"/orders/{first_order}")
    expect(page.get_by_role("main")).to_contain_text("00340434161094042557")
    picture(page, "09-on-its-way")


def staff_ship_and_look(app: Flask, staff: Page, order: str, owner: int, picture: Picture) -> None:
    """The owner sends the parcel; the mail is seen; the console shows the events."""
    staff.goto("/sign-in")
    become_owner(staff, owner)
    staff.goto(f"/staff/orders/{order}")
    staff.get_by_label("Carrier").select_option("dhl")
    staff.get_by_label("Tracking number").fill("00340434161094042557")
    picture(staff, "10-staff-order")
    press(staff, "Send the parcel")

    run_job(installation(app), job_named("send-mail"))
    installation(app).writer.flush()
    staff.goto("/console/emails")
    expect(staff.get_by_role("main")).to_contain_text("nadia@example.com")
    picture(staff, "11-emails")
    staff.get_by_role("main").get_by_role("link", name=re.compile(order)).first.click()
    expect(staff.frame_locator("iframe").locator("body")).to_contain_text(order)
    picture(staff, "12-email")

    staff.goto("/console/events")
    for name in ("Order Completed", "Order Shipped", "Signed Up", "Signed In"):
        expect(staff.get_by_role("table").get_by_text(name).first).to_be_visible()
    picture(staff, "13-events")
    staff.goto("/console/overview")
    picture(staff, "14-overview")

    staff.goto("/console/customers")
    staff.get_by_role("main").get_by_role("textbox").first.fill("Nadia@Example.com")
    staff.get_by_role("main").get_by_role("button").first.click()
    expect(staff.get_by_role("main")).to_contain_text("Nadia Haddad")
    expect(staff.get_by_role("main")).to_contain_text(order)
    picture(staff, "15-customer")


def become_owner(page: Page, account_id: int) -> None:
    """The demo's one-click sign-in, by the form that the page carries."""
    page.locator(f"form[action='/sign-in/demo'] button[value='{account_id}']").click()
