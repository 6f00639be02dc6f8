"""Product questions: asked once the mailbox is proved, answered, told once, and gone with their author."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from ecrm import CustomerFacts
from ecrm.erasing import erase_mail
from ecrm.service.cases import Case, CaseMessage
from ecrm.storefront import Staff
from ecrm.template_globals import SLOTS
from ecrm.voice import questions as voice
from ecrm.voice.answered import tell_answered
from ecrm.voice.questions import ProductAnswer, ProductQuestion, QuestionFollower, QuestionState
from tests.ecrm.kites import Kites, delivered, open_kites, order, person, shipped, signed_up

ADA = CustomerFacts(customer_id="7", email="ada@example.com", first_name="Ada")
OWNER = Staff(staff_id="1", name="Olga", role="owner")
NOW = datetime.now(UTC)


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    opened = open_kites(engine, tmp_path)
    opened.tell(signed_up(email_proved=True))
    opened.tell(order(who=person(account="7", email_proved=True)))
    opened.tell(shipped())
    opened.tell(delivered())
    return opened


@pytest.fixture
def browser(kites: Kites) -> FlaskClient:
    return kites.app.test_client()


def ask(
    browser: FlaskClient, *, words: str = "Does it fly in rain?", email: str = "eve@example.com", **more: str
) -> str:
    answer = browser.post("/ecrm/questions", data={"product": "2", "words": words, "email": email, **more})
    return answer.location or str(answer.status_code)


def link(kites: Kites, number: int = -1) -> str:
    found = re.search(
        r"https://kites\.example/shop(/ecrm/questions/confirm/\S+)", kites.emails("question_confirm")[number].text
    )
    assert found is not None
    return found[1]


def states(kites: Kites) -> list[str]:
    return [one.state for one in kites.all(ProductQuestion)]


def show(kites: Kites, *, answer: str = "") -> None:
    with kites.crm.sessions.begin() as session:
        question = session.scalars(select(ProductQuestion)).one()
        question.state = QuestionState.SHOWN
        if answer:
            voice.answer(
                session, question, words=answer, display_name="Olga", state=QuestionState.SHOWN, staff_id="1", now=NOW
            )


def slot(kites: Kites, query: str = "") -> str:
    with kites.app.test_request_context(f"/pictures/2.png{query}"):
        return str(SLOTS.questions("2"))


def test_a_stranger_s_question_counts_once_its_link_was_used_and_is_a_case_then(
    kites: Kites, browser: FlaskClient
) -> None:
    assert "asked=letter" in ask(browser)
    assert states(kites) == ["unconfirmed"]
    assert kites.all(Case) == []
    assert browser.get(link(kites)).status_code == 200
    assert states(kites) == ["unconfirmed"], "opening it changes nothing"
    for _click in range(2):
        assert browser.post(link(kites)).status_code == 200
    assert states(kites) == ["waiting"]
    (case,) = kites.all(Case)
    assert (case.product, case.kind, case.subject, case.from_address) == (
        "2", "question", "Question about Blue <kite>", "eve@example.com",
    )  # fmt: skip
    assert [one.text for one in kites.all(CaseMessage)] == ["Does it fly in rain?"]
    assert "rain" not in slot(kites)
    show(kites)
    assert "Does it fly in rain?" in slot(kites)


def test_known_and_unknown_addresses_get_the_same_answer(kites: Kites, browser: FlaskClient) -> None:
    assert ask(browser) == ask(browser, email="ada@example.com")


def test_who_is_signed_in_with_a_proved_mailbox_asks_at_once(kites: Kites, browser: FlaskClient) -> None:
    kites.storefront.customer = ADA
    assert "asked=now" in ask(browser, email="")
    (question,) = kites.all(ProductQuestion)
    (case,) = kites.all(Case)
    assert (question.state, question.case_id) == ("waiting", case.id)
    assert case.customer_id == question.customer_id is not None
    assert "Does it fly in rain?" in browser.get("/ecrm/me").text


def test_who_wants_the_answer_is_told_once(kites: Kites, browser: FlaskClient) -> None:
    ask(browser)
    browser.post(link(kites))
    show(kites)
    question = kites.only(ProductQuestion)
    path = f"/ecrm/questions/{question.id}/me-too"
    assert "asked=letter" in (browser.post(path, data={"email": "bob@example.com"}).location or "")
    browser.post(link(kites))
    browser.post(path, data={"email": "never@example.com"})
    kites.storefront.customer = ADA
    assert "asked=follow" in (browser.post(path).location or "")
    assert tell_answered(kites.crm, now=NOW) == 0, "nobody has answered"
    show(kites, answer="It does, <b>slowly</b>")
    assert tell_answered(kites.crm, now=NOW) == 3
    assert tell_answered(kites.crm, now=NOW) == 0
    told = kites.emails("question_answered")
    assert sorted(one.to_address for one in told) == ["ada@example.com", "bob@example.com", "eve@example.com"]
    assert "<b>slowly</b>" not in told[0].html
    assert "2 others want to know, too" in slot(kites)


def test_only_verified_buyers_answer_and_staff_let_it_through(kites: Kites, browser: FlaskClient) -> None:
    ask(browser)
    browser.post(link(kites))
    show(kites)
    path = f"/ecrm/questions/{kites.only(ProductQuestion).id}/answer"
    assert browser.post(path, data={"words": "Yes"}).location == "/enter"
    kites.storefront.customer = CustomerFacts(customer_id="8", email="x@example.com", first_name="X")
    refused = browser.post(path, data={"words": "Yes of course"})
    assert (refused.status_code, "Only who bought this product" in refused.text) == (422, True)
    assert "Yes of course" in refused.text
    kites.storefront.customer = ADA
    assert "asked=answer" in (browser.post(path, data={"words": "Mine does", "name": "Ada B."}).location or "")
    assert "Mine does" not in slot(kites)
    with kites.crm.sessions.begin() as session:
        session.scalars(select(ProductAnswer)).one().state = QuestionState.SHOWN
    assert "Mine does" in slot(kites)
    assert "verified purchase" in slot(kites)


def test_the_search_finds_words_of_question_and_answer(kites: Kites) -> None:
    with kites.crm.sessions.begin() as session:
        for number in range(8):
            session.add(
                ProductQuestion(
                    product="2", words=f"Ärmel {number}?", state="shown", asked_at=NOW - timedelta(days=number)
                )
            )
        session.flush()
        first = session.scalars(select(ProductQuestion).order_by(ProductQuestion.id)).first()
        assert first is not None
        voice.answer(session, first, words="Made of SILK", display_name="", state=QuestionState.SHOWN, now=NOW)
    assert slot(kites).count("<article") == 5
    assert "3 more questions" in slot(kites)
    assert slot(kites, "?questions=all").count("<article") == 8
    assert slot(kites, "?asked=silk").count("<article") == 1
    assert slot(kites, "?asked=%C3%A4rmel+7").count("<article") == 1
    assert "No question or answer holds these words" in slot(kites, "?asked=wool")


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"words": ""}, 422, "Write what you would like to say"), ({"words": "x" * 1001}, 422, "too long"),
        ({"words": "mail me@example.com"}, 422, "leave e-mail addresses out"),
        ({"email": "no address"}, 422, "no e-mail address"), ({"product": "99"}, 404, "there any more"),
    ],
)  # fmt: skip
def test_what_cant_be_asked_is_said_and_what_was_typed_stays(
    kites: Kites, browser: FlaskClient, form: dict[str, str], status: int, words: str
) -> None:
    answer = browser.post("/ecrm/questions", data={"product": "2", "words": "kept words", "email": "e@x.org"} | form)
    assert answer.status_code == status
    assert words in answer.text
    if "words" not in form and status == 422:
        assert "kept words" in answer.text
    assert kites.all(ProductQuestion) == []


def test_nobody_fills_another_s_mailbox_and_programs_are_not_answered(kites: Kites, browser: FlaskClient) -> None:
    for _try in range(8):
        ask(browser)
    assert len(kites.emails("question_confirm")) == 5
    ask(browser, email="new@example.com", website="spam")
    assert len(kites.emails("question_confirm")) == 5
    assert len(kites.all(ProductQuestion)) == 5


def test_the_letter_to_a_typed_address_carries_no_word_of_who_typed_it(kites: Kites, browser: FlaskClient) -> None:
    ask(browser, words="WIN 1000 EUR: https://evil.example/win", email="victim@example.org")
    (letter,) = kites.emails("question_confirm")
    assert not any("evil.example" in part for part in (letter.subject, letter.text, letter.html))
    assert "evil.example" in browser.get(link(kites)).text, "whoever opens the link reads what is asked in their name"


def test_a_network_of_many_addresses_is_one_asker(kites: Kites, browser: FlaskClient) -> None:
    codes = [
        browser.post(
            "/ecrm/questions", data={"product": "2", "words": "q", "email": f"v{last}@example.org"},
            environ_base={"REMOTE_ADDR": f"2001:db8::{last:x}"},
        ).status_code
        for last in range(30)
    ]  # fmt: skip
    assert 429 in codes
    assert len(kites.emails("question_confirm")) <= 20, "two minutes' worth at most"


def test_made_up_links_open_nothing_and_old_questions_are_forgotten(kites: Kites, browser: FlaskClient) -> None:
    ask(browser)
    assert browser.post(link(kites)[:-4] + "AAAA").status_code == 404
    with kites.crm.sessions.begin() as session:
        assert voice.forget_unconfirmed(session, now=NOW + timedelta(days=15)) == 1
    assert kites.all(QuestionFollower) == []
    assert browser.post(link(kites)).status_code == 404


def test_an_erased_author_leaves_no_word(kites: Kites, browser: FlaskClient) -> None:
    kites.storefront.customer = ADA
    ask(browser, words="Ada asks", name="Ada Byron")
    show(kites, answer="We answer")
    question = kites.only(ProductQuestion)
    browser.post(f"/ecrm/questions/{question.id}/answer", data={"words": "Ada answers"})
    erase_mail(kites.crm, "ada@example.com", reason="asked", staff=OWNER)
    question = kites.only(ProductQuestion)
    assert (question.words, question.display_name, question.customer_id, question.contact_id, question.state) == (
        "", "", None, None, "hidden",
    )  # fmt: skip
    assert sorted(one.words for one in kites.all(ProductAnswer)) == ["", "We answer"]
    assert kites.all(QuestionFollower) == []
    assert "Ada" not in slot(kites)
