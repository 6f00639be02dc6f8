"""The form on the site: what is written there becomes a case, and nobody learns who is known."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from ecrm import CustomerFacts
from ecrm.installation import Installation
from ecrm.service.cases import CaseAttachment
from ecrm.service.contact import MOST_AN_HOUR, MOST_BYTES
from ecrm.service.contact_pages import FORMS_A_MINUTE
from tests.ecrm.slots_host import GardenShop, customer, order

from .desk import cases_of, go_out, known, ready, said

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin)


def send(browser: FlaskClient, **typed: Any) -> TestResponse:
    page = browser.get("/ecrm/contact").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    form = {"kind": "question", "email": "ada@example.net", "words": "Do you sell <b>blue</b> rakes?"} | typed
    answer = browser.post("/ecrm/contact", data={"csrf_token": found.group(1)} | form, follow_redirects=True)
    for one in (answer, *answer.history):
        one.request.environ["wsgi.input"].close()  # a file, where the form is large
    return answer


def test_a_stranger_s_question_becomes_a_case_and_is_answered_for(plugin: Installation, browser: FlaskClient) -> None:
    answer = send(browser, name="Ada", order="#K-7")
    (case,) = cases_of(plugin)
    assert case.reference in answer.text
    assert (case.channel, case.kind, case.from_address, case.order_reference) == (
        "form",
        "question",
        "ada@example.net",
        "K-7",
    )
    assert said(plugin, case)[0].text == "Do you sell <b>blue</b> rakes?"
    (received,) = go_out(plugin, at=datetime.now(UTC) + timedelta(seconds=5))
    assert case.reference in received["Subject"]
    assert case.reference not in browser.get("/ecrm/contact?sent=1").text  # once, and in this browser alone


def test_the_answer_is_the_same_for_a_known_address(plugin: Installation, browser: FlaskClient) -> None:
    known(plugin, "ada@example.net")
    texts = [send(browser, email=address).text for address in ("ada@example.net", "nobody@example.net")]
    first, second = (re.sub(r"C-[A-Z2-7]{8}", "C", text) for text in texts)
    assert first == second
    assert [one.customer_id is None for one in cases_of(plugin)] == [False, True]


def test_who_is_signed_in_chooses_among_their_orders_and_writes_in_their_own_name(
    plugin: Installation, browser: FlaskClient, shop: GardenShop
) -> None:
    with plugin.sessions.begin() as session:
        ada = customer(session, "ada")
        order(session, ada, ["rake"], days_ago=1)
    shop.customer = CustomerFacts(customer_id="ada", email="ada@example.com", first_name="Ada")
    assert '<option value="R-1">' in browser.get("/ecrm/contact").text
    send(browser, email="eve@example.org", order="R-1")
    (case,) = cases_of(plugin)
    assert (case.customer_id, case.from_address, case.order_reference) == (ada, "ada@example.com", "R-1")


def test_files_are_kept_by_what_they_are(plugin: Installation, browser: FlaskClient) -> None:
    send(browser, files=[(BytesIO(PNG), "../x\u202egpj.exe"), (BytesIO(b"%PDF-1.7"), "bill.pdf")])
    with plugin.sessions() as session:
        kept = session.execute(select(CaseAttachment.name, CaseAttachment.content_type, CaseAttachment.size)).all()
    assert [tuple(one) for one in kept] == [("xgpj.exe", "image/png", len(PNG)), ("bill.pdf", "application/pdf", 8)]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"kind": "hack"}, "choose what it is about"), ({"email": "ada"}, "no e-mail address"),
        ({"words": " "}, "write what"),
        ({"words": "x" * 10_001}, "put longer texts into a file"),
        ({"files": [(BytesIO(b"<svg onload=x>"), "a.png")]}, "We can&#39;t take a.png"),
        ({"files": [(BytesIO(b"MZ" * 9), "a.pdf")]}, "We can&#39;t take a.pdf"),
        ({"files": [(BytesIO(PNG), f"{n}.png") for n in range(4)]}, "At most 3 files"),
        ({"files": [(BytesIO(PNG + b"x" * MOST_BYTES), "a.png")]}, "MB of files"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    plugin: Installation, browser: FlaskClient, typed: dict[str, Any], words: str
) -> None:
    answer = send(browser, **{"name": "Ada <3"} | typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Ada &lt;3" in answer.text
    assert cases_of(plugin) == []


def test_programs_and_floods_make_no_cases(plugin: Installation, browser: FlaskClient) -> None:
    assert "We have your message" in send(browser, website="http://spam.example").text
    assert cases_of(plugin) == []
    answers = [send(browser).status_code for _ in range(FORMS_A_MINUTE + 2)]
    assert answers[-1] == 429
    assert len(cases_of(plugin)) <= FORMS_A_MINUTE


def test_one_address_opens_few_cases_an_hour(plugin: Installation, browser: FlaskClient) -> None:
    answers = []
    for number in range(MOST_AN_HOUR + 1):
        browser.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        answers.append(send(browser).status_code)
    assert answers == [200] * MOST_AN_HOUR + [422]
    assert len(go_out(plugin, at=datetime.now(UTC) + timedelta(seconds=5))) == 3


def test_without_a_token_nothing_is_taken(plugin: Installation, browser: FlaskClient) -> None:
    assert browser.post("/ecrm/contact", data={"kind": "question"}).status_code == 400


def test_the_form_stands_in_a_page_of_the_host(browser: FlaskClient) -> None:
    page = browser.get("/", query_string={"page": "{{ crm.contact_form('R-9') }}|{{ crm.contact_page() }}"}).text
    assert 'value="R-9"' in page
    assert page.endswith("|/ecrm/contact")


def test_the_form_carries_no_name_to_an_address_that_somebody_typed(plugin: Installation, browser: FlaskClient) -> None:
    send(browser, name="You won! https://evil.example/win")
    (received,) = go_out(plugin, at=datetime.now(UTC) + timedelta(seconds=5))
    assert "evil.example" not in received.as_string()
