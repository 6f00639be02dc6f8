"""`crm` in a host's templates: each slot gives its HTML, and none of them ever breaks the page."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import render_template_string
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy import Engine

from ecrm import CustomerFacts
from ecrm.paths import MIGRATIONS, STATIC, TEMPLATES
from tests.ecrm.slots_host import GardenShop, create_host

GREETING = "<main>{{ crm.greeting() }}</main>"


def show(browser: FlaskClient, page: str) -> str:
    response = browser.get("/", query_string={"page": page})
    assert response.status_code == 200
    return response.text


def test_a_customer_is_greeted_by_name_and_may_say_not_me(browser: FlaskClient, shop: GardenShop) -> None:
    shop.customer = CustomerFacts(customer_id="1", email="ada@example.com", first_name="Ada <b>")

    html = BeautifulSoup(show(browser, GREETING), "html.parser")

    assert html.select_one(".ecrm-greeting__words").text == "Welcome back, Ada <b>"  # type: ignore[union-attr]
    form = html.select_one("form")
    assert form is not None
    assert (form["method"], form["action"]) == ("post", "/out")
    assert form.select_one("input[name=csrf_token]")["value"]  # type: ignore[index]
    assert form.select_one("button").text == "Not you?"  # type: ignore[union-attr]


def test_a_stranger_is_not_greeted(browser: FlaskClient) -> None:
    assert show(browser, GREETING) == "<main></main>"


def test_a_failing_slot_is_logged_and_stays_empty(
    browser: FlaskClient, shop: GardenShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.broken = True

    with caplog.at_level(logging.ERROR, logger="ecrm.slots"):
        html = show(
            browser, '<main>{{ crm.greeting() }}{{ crm.recommendations("home") }}{{ crm.recall_form() }}</main>'
        )

    assert html == "<main></main>"
    assert [record.getMessage() for record in caplog.records if record.name == "ecrm.slots"] == [
        f"the slot {name} failed and was left empty" for name in ("greeting", "recommendations", "recall_form")
    ]


def test_an_unknown_placement_is_logged_and_stays_empty(browser: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    assert show(browser, '<main>{{ crm.recommendations("footer") }}</main>') == "<main></main>"
    assert "footer" in caplog.text


def test_the_consent_banner_stands_on_the_page_until_a_choice_is_made(browser: FlaskClient) -> None:
    assert "Refuse" in show(browser, "{{ crm.consent_banner() }}")

    browser.set_cookie("ecrm_consent", "0")

    assert "Refuse" not in show(browser, "{{ crm.consent_banner() }}")


def test_the_beacon_comes_only_with_consent(browser: FlaskClient) -> None:
    assert "<script" not in show(browser, "{{ crm.beacon() }}")

    browser.set_cookie("ecrm_consent", "1")

    assert "tracker.js" in show(browser, "{{ crm.beacon() }}")


def test_an_unknown_order_has_no_delivery(browser: FlaskClient) -> None:
    assert show(browser, '<main>{{ crm.delivery("nope") }}</main>') == "<main></main>"


def test_a_guest_may_ask_for_their_details_and_a_customer_need_not(browser: FlaskClient, shop: GardenShop) -> None:
    assert 'name="email"' in show(browser, "{{ crm.recall_form() }}")

    shop.customer = CustomerFacts(customer_id="1", email="ada@example.com", first_name="Ada")

    assert show(browser, "<main>{{ crm.recall_form() }}</main>") == "<main></main>"


def test_the_style_sheet_is_served(browser: FlaskClient) -> None:
    link = BeautifulSoup(show(browser, "{{ crm.styles() }}"), "html.parser").select_one("link")
    assert link is not None

    response = browser.get(str(link["href"]))

    assert response.mimetype == "text/css"
    assert ".ecrm-strip" in response.text
    response.close()


def test_the_hosts_own_template_comes_before_ours(engine: Engine, shop: GardenShop) -> None:
    shop.customer = CustomerFacts(customer_id="1", email="ada@example.com", first_name="Ada")
    host = create_host(engine, shop)
    host.jinja_loader = DictLoader({"ecrm/slots/greeting.html": "Ahoy {{ customer.first_name }}"})  # type: ignore[misc]

    with host.test_request_context("/"):
        assert render_template_string("{{ crm.greeting() }}") == "Ahoy Ada"


def test_two_apps_in_one_process_greet_their_own_customers(engine: Engine) -> None:
    shops = {name: GardenShop() for name in ("Ada", "Bob")}
    hosts = {name: create_host(engine, shop) for name, shop in shops.items()}
    for name, shop in shops.items():
        shop.customer = CustomerFacts(customer_id=name, email="x@example.com", first_name=name)

    for name, host in hosts.items():
        assert f"Welcome back, {name}" in show(host.test_client(), GREETING)


def test_the_plugins_own_files_are_where_it_says() -> None:
    for file in (TEMPLATES / "ecrm" / "slots" / "greeting.html", STATIC / "slots.css", MIGRATIONS / "env.py"):
        assert Path(file).is_file()
