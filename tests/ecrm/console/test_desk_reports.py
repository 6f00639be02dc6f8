"""The desk's figures in the console: every number opens its rows, and persons stay with those who may see them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service import cases
from ecrm.service.cases import Case, Changes, Channel, Direction, Kind, Opened, Said, State
from ecrm.storefront import Staff
from tests.ecrm.console.host import TODAY, DeskStorefront

SAM = Staff(staff_id="7", name="Sam", role="support")


def work(sessions: sessionmaker[Session], ada: int) -> None:
    with sessions.begin() as session:
        for number, kind in enumerate((Kind.QUESTION, Kind.COMPLAINT, Kind.COMPLAINT, Kind.PRAISE)):
            at = TODAY - timedelta(days=3, hours=number)
            said = Said(direction=Direction.IN, text="Hello")
            case = cases.open_case(
                session,
                Opened(
                    channel=Channel.FORM, subject=f"Matter {number} <i>", kind=kind, customer_id=ada, said=said,
                    product="1",
                ),
                now=at,
            )  # fmt: skip
            if number < 3:
                answer = Said(direction=Direction.OUT, text="So", by=SAM)
                cases.add_message(session, case, answer, now=at + timedelta(hours=number + 1))
            if number < 2:
                cases.change(session, case, Changes(state=State.SOLVED), by=SAM, now=at + timedelta(hours=8))
                case.satisfaction_asked_at, case.satisfaction = at + timedelta(hours=9), 5 - number


def test_numbers_open_the_cases_behind_them(browser: FlaskClient, sessions: sessionmaker[Session], ada: int) -> None:
    work(sessions, ada)
    page = browser.get("/console/desk-report?by=kind").text
    links = [unescape(one) for one in re.findall(r'href="(/console/desk-report/cases\?[^"]+)"', page)]
    assert any("what=complaints" in one and "key=complaint" in one for one in links)
    for link in links:
        rows = browser.get(link)
        assert rows.status_code == 200
        said = re.search(r">(\d+)</a>", page[page.index(link.replace("&", "&amp;")) :])
        assert said is not None
        assert f"{said[1]} case" in rows.text, link
    assert "Matter 0 &lt;i&gt;" in browser.get("/console/desk-report/cases").text
    assert "gave 4 or 5" in page


def test_an_analyst_reads_the_figures_and_no_case(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, storefront: DeskStorefront
) -> None:
    work(sessions, ada)
    storefront.role = "analyst"
    page = browser.get("/console/desk-report").text
    assert "desk-report/cases" not in page
    assert "Matter" not in page
    assert browser.get("/console/desk-report/cases").status_code == 403
    table = browser.get("/console/desk-products").text
    assert "Espresso Beans" in table
    storefront.role = "packer"
    assert browser.get("/console/desk-report").status_code == 403


def test_sheets_hold_the_same_figures_and_odd_questions_are_refused_in_words(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    work(sessions, ada)
    sheet = browser.get("/console/desk-report.csv?by=agent&compare=none").text
    assert sheet.splitlines()[0].lstrip("\ufeff").startswith("Agent,Cases,Answered")
    with sessions() as session:
        opened = session.scalars(select(Case).where(Case.opened_at > TODAY - timedelta(days=20))).all()
    answered = sum(one.first_responded_at is not None for one in opened)
    assert f",{len(opened)},{answered}," in sheet
    assert "Espresso Beans,4,1,2" in browser.get("/console/desk-products.csv?compare=none").text
    assert browser.get("/console/desk-report/cases?what=wishes").status_code == 400
    assert browser.get("/console/desk-report?by=moon").status_code == 400
    assert "No case was opened" in browser.get("/console/desk-report?first=2020-01-01&last=2020-01-02").text
