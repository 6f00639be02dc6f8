"""Letters that became no case are seen with the reason, and a person decides what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.installation import installation
from ecrm.service.cases import Case
from ecrm.service.inbound_mail import InboundMail
from ecrm.service.intake import take_mail

LETTER = (
    b"From: Ada <ada@example.net>\r\nTo: support@example.com\r\nSubject: <b>Hello</b>\r\nAuto-Submitted: auto-generated"
    b"\r\n\r\nI am <script>alert(1)</script> away"
)


@pytest.fixture
def letter(desk: Flask, sessions: sessionmaker[Session]) -> int:
    assert take_mail(installation(desk), LETTER, source="imap", now=datetime.now(UTC)) == "put_aside"
    with sessions() as session:
        return session.scalars(select(InboundMail.id)).one()


def test_it_is_listed_with_the_reason_and_read_as_text(
    browser: FlaskClient, letter: int, sessions: sessionmaker[Session]
) -> None:
    page = browser.get("/console/cases/put-aside").text
    assert "written by a machine" in page
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page
    text = browser.get(f"/console/cases/put-aside/{letter}").text
    assert "I am &lt;script&gt;" in text
    with sessions() as session:
        assert session.scalars(select(AuditEntry.subject)).all() == [f"letter:{letter}"]


def test_a_case_is_made_of_it_once(
    browser: FlaskClient, token: str, letter: int, sessions: sessionmaker[Session]
) -> None:
    answers = [browser.post(f"/console/cases/put-aside/{letter}/case", data={"csrf_token": token}) for _ in range(2)]
    with sessions() as session:
        case = session.scalars(select(Case)).one()
    assert all(case.reference in answer.headers["Location"] for answer in answers)
    assert "Nothing is put aside" in browser.get("/console/cases/put-aside").text


def test_it_is_dismissed(browser: FlaskClient, token: str, letter: int, sessions: sessionmaker[Session]) -> None:
    for words in ("is dismissed", "was faster"):
        answer = browser.post(
            f"/console/cases/put-aside/{letter}/dismiss", data={"csrf_token": token}, follow_redirects=True
        )
        assert words in answer.text
    with sessions() as session:
        assert session.scalars(select(Case)).all() == []


def test_what_is_not_there_is_said(browser: FlaskClient, token: str, ada: int) -> None:
    assert browser.get("/console/cases/put-aside/99").status_code == 404
    assert browser.post("/console/cases/put-aside/99/case", data={"csrf_token": token}).status_code == 404
