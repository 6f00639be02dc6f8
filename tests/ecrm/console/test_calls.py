"""Who rings is known before anybody asks; what was said is kept, and becomes a case."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from ecrm.access.audit import AuditEntry
from ecrm.service.calls import Call
from ecrm.service.cases import Case, CaseMessage
from tracking.customers import Customer

from .host import DeskStorefront

NUMBER = "030 12345678"


@pytest.fixture
def caller(ada: int, sessions: sessionmaker[Session]) -> int:
    with sessions.begin() as session:
        session.get_one(Customer, ada).phone = "+49 30 12345678"
    return ada


def enter(browser: FlaskClient, token: str, **typed: str) -> TestResponse:
    form = {"number": NUMBER, "direction": "in", "outcome": "answered", "words": "Wants the bill", "deed": "log"}
    return browser.post("/console/calls", data={"csrf_token": token} | form | typed)


def test_the_card_of_a_number_is_shown_and_recorded(
    browser: FlaskClient, caller: int, sessions: sessionmaker[Session]
) -> None:
    page = browser.get("/console/calls", query_string={"number": NUMBER})
    for words in ("Ada Byron", "A-1001", "tel:+493012345678", "Ada@example.com"):
        assert words in page.text
    assert page.headers["Cache-Control"] == "no-store"
    with sessions() as session:
        looks = session.execute(select(AuditEntry.subject, AuditEntry.reason)).all()
    assert [tuple(one) for one in looks] == [(f"customer:{caller}", "call")]


@pytest.mark.parametrize(("number", "words"), [("030 999999", "Nobody is known"), ("hello", "is no telephone number")])
def test_a_number_of_nobody_says_what_to_do(browser: FlaskClient, caller: int, number: str, words: str) -> None:
    assert words in browser.get("/console/calls", query_string={"number": number}).text


def test_a_call_is_written_down_and_becomes_one_case(
    browser: FlaskClient, token: str, caller: int, sessions: sessionmaker[Session]
) -> None:
    assert enter(browser, token).status_code == 303
    with sessions() as session:
        call = session.scalars(select(Call).where(Call.words == "Wants the bill")).one()
    assert (call.customer_id, call.words, call.staff_name != "") == (caller, "Wants the bill", True)
    for _ in range(2):
        answer = browser.post(f"/console/calls/{call.id}/case", data={"csrf_token": token})
        assert answer.status_code == 303
    with sessions() as session:
        case = session.scalars(select(Case).where(Case.channel == "phone")).one()
        assert (case.channel, case.customer_id, case.from_address) == ("phone", caller, "Ada@example.com")
        assert session.scalars(select(CaseMessage.text).where(CaseMessage.case_id == case.id)).all() == [
            "Wants the bill"
        ]
    assert case.reference in answer.headers["Location"]
    page = browser.get("/console/calls", query_string={"number": NUMBER})
    assert case.reference in page.text


def test_a_case_can_be_opened_at_once(browser: FlaskClient, token: str, caller: int) -> None:
    answer = enter(browser, token, deed="case")
    assert "/console/cases/C-" in answer.headers["Location"]
    assert 'href="/console/calls"' in browser.get("/console/cases").text


@pytest.mark.parametrize(
    ("typed", "words"),
    [({"number": "hello"}, "be a telephone number"), ({"number": "", "words": ""}, "nothing to keep yet")],
)
def test_what_cannot_be_kept_is_refused_and_stays(
    browser: FlaskClient, token: str, typed: dict[str, str], words: str
) -> None:
    answer = enter(browser, token, **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert typed.get("words", "Wants the bill") in answer.text


@pytest.mark.parametrize("role", ["analyst", "marketer", "packer"])
def test_only_who_answers_people_sees_calls(
    desk: Flask, browser: FlaskClient, storefront: DeskStorefront, role: str
) -> None:
    storefront.role = role
    assert browser.get("/console/calls").status_code == 403


def test_a_call_of_a_customer_without_a_number_is_theirs(
    browser: FlaskClient, token: str, ada: int, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        session.get_one(Customer, ada).phone = ""
    page = browser.get("/console/calls", query_string={"customer": ada}).text
    assert "Ada Byron" in page
    assert f'name="customer" value="{ada}"' in page
    enter(browser, token, number="", customer=str(ada))
    with sessions() as session:
        assert session.scalars(select(Call.customer_id).where(Call.words == "Wants the bill")).all() == [ada]
    story = browser.get(f"/console/customers/{ada}", query_string={"kind": "call"}).text
    assert "They rang us" in story
    assert "Wants the bill" in story


def test_a_customers_calls_are_all_of_theirs_whichever_number_they_came_from(
    browser: FlaskClient, token: str, caller: int, sessions: sessionmaker[Session]
) -> None:
    # given: a call from Ada's office, of which only the agent knows that it was her, and one of somebody else
    enter(browser, token, number="0171 5550123", words="From the office", customer=str(caller))
    enter(browser, token, number="0171 5550124", words="Somebody else")

    # then
    page = browser.get("/console/calls", query_string={"customer": caller}).text
    assert "Calls of Ada Byron" in page
    assert "From the office" in page
    assert "Somebody else" not in page
    assert browser.get("/console/calls", query_string={"customer": 999_999}).status_code == 404
    # and: what is noted from her page leads back to her calls, and her page shows it
    answer = enter(browser, token, number="0171 5550123", words="Once more", customer=str(caller), back="1")
    assert answer.headers["Location"].endswith(f"/console/calls?customer={caller}")
    hers = browser.get(f"/console/customers/{caller}").text
    assert f'href="/console/calls?customer={caller}"' in hers
    assert hers.index('id="calls"') < hers.index("Once more")


def test_a_refused_entry_keeps_whose_it_is_and_what_was_chosen(browser: FlaskClient, token: str, caller: int) -> None:
    answer = enter(browser, token, number="hello", customer=str(caller), direction="out", outcome="missed")
    assert answer.status_code == 422
    assert f'name="customer" value="{caller}"' in answer.text
    assert '<option value="out" selected>' in answer.text
    assert '<option value="missed" selected>' in answer.text
