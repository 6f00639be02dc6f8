"""Asking to be told, on the product's page: at once for who proved the mailbox, by a letter for everybody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from ecrm import CustomerFacts
from ecrm.waiting.asking import tell_me_html
from mailer.consent import Subscription
from mailer.contacts import Contact
from mailer.waitlists import MOST_WAITS, Kind, Wait, WaitState
from tests.ecrm.kites import Kites, open_kites, signed_up

ADA = CustomerFacts(customer_id="7", email="ada@example.com", first_name="Ada")


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


@pytest.fixture
def browser(kites: Kites) -> FlaskClient:
    return kites.app.test_client()


def tell_me(browser: FlaskClient, *want: str, email: str = "ada@example.com", **more: str) -> TestResponse:
    form = {"product_id": "1", "want": list(want), "email": email, "next": "/goods/1", **more}
    return browser.post("/ecrm/tell-me", data=form)


def waits(kites: Kites) -> list[tuple[str, str, str]]:
    return sorted((one.kind, one.subject, one.state) for one in kites.all(Wait))


def link(kites: Kites) -> str:
    mail = kites.emails("consent_confirm")[-1]
    found = re.search(r"https://kites\.example/shop(/ecrm/confirm/\S+)", mail.text)
    assert found is not None
    return found.group(1)


def test_a_strangers_wish_counts_once_the_link_of_the_letter_was_used(kites: Kites, browser: FlaskClient) -> None:
    answer = tell_me(browser, "price")
    assert (answer.status_code, answer.location) == (303, "/ecrm/tell-me?asked=letter&next=/goods/1")
    assert "Look into your mailbox" in browser.get(answer.location).text
    assert waits(kites) == [("price", "1", "asked")]
    assert "when Red kite gets cheaper" in kites.emails("consent_confirm")[0].text
    browser.get(link(kites))
    assert waits(kites) == [("price", "1", "asked")], "opening it changes nothing"
    browser.post(link(kites))
    assert waits(kites) == [("price", "1", "waiting")]
    assert [(one.topic, one.wanted) for one in kites.all(Subscription)] == [("restock", True)]


def test_known_and_unknown_addresses_get_the_same_answer(kites: Kites, browser: FlaskClient) -> None:
    kites.tell(signed_up(email_proved=True))
    known, unknown = tell_me(browser, "price"), tell_me(browser, "price", email="new@example.com")
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)


def test_who_is_signed_in_with_a_proved_mailbox_waits_at_once(kites: Kites, browser: FlaskClient) -> None:
    kites.tell(signed_up(email_proved=True))
    kites.storefront.customer = ADA
    answer = tell_me(browser, "price", email="")
    assert "We will tell you" in browser.get(answer.location).text
    assert waits(kites) == [("price", "1", "waiting")]
    assert kites.emails("consent_confirm") == []


def test_who_is_signed_in_without_a_proved_mailbox_gets_the_letter(kites: Kites, browser: FlaskClient) -> None:
    kites.tell(signed_up())
    kites.storefront.customer = ADA
    with kites.app.test_request_context():
        assert 'value="ada@example.com"' in tell_me_html("1", next_path="/")
    tell_me(browser, "price")
    assert waits(kites) == [("price", "1", "asked")]


def test_wishes_are_seen_among_the_preferences_and_ended_one_by_one(kites: Kites, browser: FlaskClient) -> None:
    kites.tell(signed_up(email_proved=True))
    kites.storefront.customer = ADA
    tell_me(browser, "price")
    page = browser.get("/ecrm/preferences").text
    assert "Tell me when Red kite gets cheaper" in page
    action = re.search(r'action="(?:https?://[^/"]+)?(/[^"]*tell-me/end/[^"]+)"', page)
    number = re.search(r'name="wait" value="(\d+)"', page)
    assert action
    assert number
    path = action.group(1).removeprefix("/shop")
    assert browser.post(path, data={"wait": number.group(1)}).status_code == 303
    assert browser.post(path, data={"wait": "x"}).status_code == 303
    assert waits(kites) == [("price", "1", "ended")]
    assert "Red kite" not in browser.get("/ecrm/preferences").text


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"email": "no address", "want": "price"}, 422, "no e-mail address we could write to"),
        ({"email": "ada@example.com", "want": "moon"}, 422, "Please tick"),
        ({"email": "ada@example.com", "want": "price", "product_id": "99"}, 404, "sold any more"),
    ],
)
def test_what_cant_be_done_says_what_to_do(
    browser: FlaskClient, kites: Kites, form: dict[str, str], status: int, words: str
) -> None:
    answer = browser.post("/ecrm/tell-me", data={"product_id": "1"} | form)
    assert answer.status_code == status
    assert words in answer.text
    assert kites.all(Wait) == []


def test_programs_that_fill_in_every_field_leave_nothing(kites: Kites, browser: FlaskClient) -> None:
    assert tell_me(browser, "price", website="http://spam.example").status_code == 303
    assert kites.all(Wait) == []
    assert kites.all(Contact) == []


def test_who_waits_for_very_much_is_told_so_only_where_they_are_known(kites: Kites, browser: FlaskClient) -> None:
    kites.tell(signed_up(email_proved=True))
    kites.storefront.customer = ADA
    tell_me(browser, "price")
    with kites.crm.sessions.begin() as session:
        contact = session.scalars(select(Contact.id)).one()
        session.add_all(
            Wait(
                contact_id=contact, kind=Kind.BRAND, subject=f"b{number}", state=WaitState.WAITING,
                asked_at=datetime.now(UTC),
            )
            for number in range(MOST_WAITS)
        )  # fmt: skip
        session.query(Wait).filter_by(subject="1").delete()
    answer = tell_me(browser, "price")
    assert answer.status_code == 422
    assert "very many things" in answer.text
    kites.storefront.customer = None
    assert tell_me(browser, "price").status_code == 303


def test_the_form_fits_the_product(kites: Kites) -> None:
    with kites.app.test_request_context("/goods/1"):
        form = tell_me_html("1", next_path="/goods/1")
        assert "gets cheaper" in form
        assert "checked" in form
        assert tell_me_html("99", next_path="/") == ""
