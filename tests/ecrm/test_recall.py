"""Recall: a guest's details come back by a link in the mailbox, in the same browser, once; strangers learn nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from ecrm import CustomerFacts
from ecrm.customers.recall import MAX_AN_HOUR, MAX_OF_A_BROWSER, RecallLink, recall_form_html

from .kites import Kites, open_kites, order, person

NOTHING = "None"


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    kites = open_kites(engine, tmp_path)
    kites.tell(order())
    return kites


def ask(client: FlaskClient, email: str = "ada@example.com", **more: str) -> TestResponse:
    return client.post("/ecrm/recall", data={"email": email, **more}, follow_redirects=True)


def link(kites: Kites) -> str:
    """The path of the link in the last letter."""
    found = re.search(r"https://kites\.example/shop(/ecrm/recall/\S+)", kites.emails("recall")[-1].text)
    assert found is not None
    return found.group(1)


def test_the_whole_walk_fills_in_the_checkout(kites: Kites) -> None:
    browser = kites.app.test_client()
    assert browser.get("/checkout").text == NOTHING
    assert "If you have ordered with this address before" in ask(browser, " Ada@Example.com ").text
    page = browser.get(link(kites))
    assert (page.status_code, "Fill in my details" in page.text) == (200, True)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert browser.get("/checkout").text == NOTHING  # opening it changes nothing
    answer = browser.post(link(kites))
    assert (answer.status_code, answer.location) == (303, "/checkout")
    assert "Lane 1" in browser.get("/checkout").text


def test_known_and_unknown_addresses_get_the_same_answer(kites: Kites) -> None:
    known, unknown = ask(kites.app.test_client()), ask(kites.app.test_client(), "nobody@example.com")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert [mail.to_address for mail in kites.emails("recall")] == ["ada@example.com"]


def test_in_another_browser_it_shows_nothing_and_says_why(kites: Kites) -> None:
    ask(kites.app.test_client())
    other = kites.app.test_client()
    for response in (other.get(link(kites)), other.post(link(kites))):
        assert response.status_code == 403
        assert "other browser" in response.text
        assert "ada@example.com" not in response.text
    ask(other)  # even one that asked for itself
    first = kites.emails("recall")[0].text
    assert other.get(re.search(r"(/ecrm/recall/\S+)", first).group(1)).status_code == 403  # type: ignore[union-attr]


def test_it_works_once(kites: Kites) -> None:
    browser = kites.app.test_client()
    ask(browser)
    with browser.session_transaction() as session:
        kept = dict(session)
    browser.post(link(kites))
    with browser.session_transaction() as session:
        session.clear()
        session.update(kept)  # even with the cookie of before
    answer = browser.post(link(kites))
    assert (answer.status_code, "used already" in answer.text) == (410, True)
    assert browser.get("/checkout").text == NOTHING


def test_it_works_for_an_hour(kites: Kites) -> None:
    browser = kites.app.test_client()
    ask(browser)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        answer = browser.post(link(kites))
    assert (answer.status_code, "expired" in answer.text) == (410, True)


@pytest.mark.parametrize("token", ["x", "a.b.c", "%00", "..", "eyJsaW5rIjoxfQ.aaaa.bbbb"])
def test_a_made_up_link_is_a_clear_page(kites: Kites, token: str) -> None:
    browser = kites.app.test_client()
    ask(browser)
    assert browser.get(f"/ecrm/recall/{token}").status_code == 404


def test_the_proof_ends_after_two_hours(kites: Kites) -> None:
    browser = kites.app.test_client()
    ask(browser)
    browser.post(link(kites))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2, minutes=1)):
        assert browser.get("/checkout").text == NOTHING


def test_impatient_clicks_make_one_letter_whose_link_still_works(kites: Kites) -> None:
    browser = kites.app.test_client()
    with time_machine.travel(datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC), tick=False):
        for _ in range(4):
            ask(browser)
        assert len(kites.emails("recall")) == 1
        assert browser.get(link(kites)).status_code == 200


def test_nobody_can_flood_a_mailbox(kites: Kites) -> None:
    for _ in range(MAX_AN_HOUR + 5):
        ask(kites.app.test_client())
    assert len(kites.emails("recall")) == MAX_AN_HOUR


def test_a_stranger_does_not_use_up_somebodys_hour(kites: Kites) -> None:
    for _ in range(MAX_OF_A_BROWSER + 1):
        ask(kites.app.test_client())
    ada = kites.app.test_client()
    ask(ada)
    assert ada.get(link(kites)).status_code == 200


def test_one_browser_gets_fewer_letters_than_an_address(kites: Kites) -> None:
    stranger, start = kites.app.test_client(), datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    for minute in range(0, 60, 10):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            ask(stranger)
    assert len(kites.emails("recall")) == MAX_OF_A_BROWSER


def test_a_stranger_who_asks_first_does_not_take_somebodys_turn(kites: Kites) -> None:
    ask(kites.app.test_client())
    browser = kites.app.test_client()
    ask(browser)
    assert browser.get(link(kites)).status_code == 200


@pytest.mark.parametrize("email", ["", "ada", "ada@example.com\r\nBcc: x@example.com", "a@b.example,c@d.example"])
def test_what_is_no_address_is_said_beside_the_field(kites: Kites, email: str) -> None:
    answer = ask(kites.app.test_client(), email)
    assert answer.status_code == 422
    assert kites.emails("recall") == []


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_it_never_leads_to_another_site(kites: Kites, wanted: str) -> None:
    browser = kites.app.test_client()
    ask(browser, next=wanted)
    assert browser.post(link(kites)).location == "/"


def test_it_leads_back_to_where_it_was_asked_for(kites: Kites) -> None:
    browser = kites.app.test_client()
    ask(browser, next="/checkout?edit=1")
    assert browser.post(link(kites)).location == "/checkout?edit=1"


def test_addresses_are_kept_as_hashes_and_a_day_at_most(kites: Kites) -> None:
    ask(kites.app.test_client(), "nobody@example.com")
    assert "nobody" not in kites.only(RecallLink).address
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, minutes=1)):
        ask(kites.app.test_client(), "somebody@example.com")
    assert len(kites.all(RecallLink)) == 1


def test_a_form_without_its_token_is_refused(kites: Kites) -> None:
    kites.app.config["WTF_CSRF_ENABLED"] = True
    assert ask(kites.app.test_client()).status_code == 400
    assert kites.emails("recall") == []


def test_the_form_is_for_strangers_only(kites: Kites) -> None:
    with kites.app.test_request_context():
        assert 'action="/ecrm/recall"' in recall_form_html()
    kites.storefront.customer = CustomerFacts(customer_id="7", email="ada@example.com", first_name="Ada")
    with kites.app.test_request_context():
        assert recall_form_html() == ""


def test_a_mailbox_at_a_domain_with_an_umlaut_gets_its_letter(kites: Kites) -> None:
    kites.tell(order("A7", person("kim@bücher.de", first_name="Kim")))
    ask(kites.app.test_client(), "kim@bücher.de")
    assert kites.emails("recall")[-1].to_address == "kim@xn--bcher-kva.de"
