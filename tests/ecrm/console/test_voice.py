"""Reviews at the desk: who may judge them, what the author is told, and that persons stay out of sight."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.voice.reviews import Review
from mailer.outbox import Email
from tests.ecrm.console.host import TODAY, DeskStorefront


def written(sessions: sessionmaker[Session], customer: int, **more: object) -> int:
    values = {
        "product": "1", "customer_id": customer, "order_reference": "A-1001", "stars": 2, "title": "Weak",
        "words": "<b>thin</b>", "display_name": "A.", "state": "waiting", "written_at": TODAY,
    } | more  # fmt: skip
    with sessions.begin() as session:
        review = Review(**values)
        session.add(review)
        session.flush()
        return review.id


def deed(browser: FlaskClient, token: str, review: int, **form: str) -> tuple[int, str]:
    answer = browser.post(f"/console/reviews/{review}", data={"csrf_token": token, "version": "1", **form})
    return answer.status_code, answer.text


def one(sessions: sessionmaker[Session]) -> Review:
    with sessions() as session:
        return session.scalars(select(Review)).one()


def letters(sessions: sessionmaker[Session]) -> list[Email]:
    with sessions() as session:
        return list(session.scalars(select(Email).where(Email.template == "review_notice").order_by(Email.id)))


def test_a_review_is_read_shown_and_written_down(
    desk: Flask, browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    review = written(sessions, ada)
    page = browser.get("/console/reviews").text
    assert "&lt;b&gt;thin&lt;/b&gt;" in page
    assert "Espresso Beans" in page
    assert deed(browser, token, review, deed="show")[0] == 303
    assert one(sessions).state == "shown"
    assert letters(sessions) == [], "that it is shown, its author sees"
    with sessions() as session:
        assert "review_shown" in session.scalars(select(AuditEntry.action)).all()


def test_hiding_needs_a_reason_which_the_author_is_told_and_an_answer_is_told_too(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    review = written(sessions, ada)
    status, page = deed(browser, token, review, deed="hide", reply="kept")
    assert (status, "its author is told" in page) == (422, True)
    assert deed(browser, token, review, deed="hide", reason="insults somebody")[0] == 303
    assert deed(browser, token, review, deed="answer", reply="We are <sorry>")[0] == 303
    hidden = letters(sessions)
    assert "insults somebody" in hidden[0].text
    assert hidden[0].to_address == "Ada@example.com"
    assert one(sessions).reply == "We are <sorry>"


def test_showing_a_review_keeps_the_answer_that_was_typed_beside_it(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    review = written(sessions, ada)
    assert deed(browser, token, review, deed="show", reply="Thank you!")[0] == 303
    assert (one(sessions).state, one(sessions).reply, len(letters(sessions))) == ("shown", "Thank you!", 1)
    assert deed(browser, token, review, deed="show", reply="Thank you!")[0] == 303
    assert len(letters(sessions)) == 1, "nothing new was said"


def test_a_review_that_waits_lies_open_and_one_that_was_judged_is_folded(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    review = written(sessions, ada)

    def field() -> Tag:
        page = BeautifulSoup(browser.get(f"/console/reviews?state={one(sessions).state}").text, "html.parser")
        found = page.select_one(f"#reply-{review}")
        assert found is not None
        return found

    assert field().find_parent("details") is None
    assert deed(browser, token, review, deed="show", reply="Thank you!")[0] == 303
    assert field().find_parent("details") is not None
    panel = field().find_parent("section")
    assert panel is not None
    said = panel.select_one(".order .spoken")
    assert said is not None
    assert said.get_text() == "Thank you!"


def test_what_its_author_changed_meanwhile_is_read_again(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    review = written(sessions, ada, version=2)
    status, page = deed(browser, token, review, deed="answer", reply="typed in vain?")
    assert status == 409
    assert "changed this review after you opened it" in page
    assert "typed in vain?" in page
    assert one(sessions).reply == ""


def test_a_marketer_judges_reviews_and_sees_no_person(
    storefront: DeskStorefront, browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    written(sessions, ada)
    assert f"/console/customers/{ada}" in browser.get("/console/reviews").text
    storefront.role = "marketer"
    page = BeautifulSoup(browser.get("/console/reviews").text, "html.parser").get_text()
    assert "Weak" in page
    assert "A-1001" not in page
    storefront.role = "analyst"
    assert browser.get("/console/reviews").status_code == 403


def test_an_unknown_review_and_an_unknown_deed_are_said(browser: FlaskClient, token: str) -> None:
    assert deed(browser, token, 99, deed="show")[0] == 404
    assert deed(browser, token, 99, deed="dance")[0] == 422
