"""Product questions at the desk: answered in public from the case's answer, and solved there."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service import cases
from ecrm.service.cases import Case, Channel, Direction, Opened, Said
from ecrm.storefront import Staff
from ecrm.voice.questions import ProductAnswer, ProductQuestion
from tests.ecrm.console.host import TODAY, DeskStorefront

SAM = Staff(staff_id="7", name="Sam", role="support")


def asked(sessions: sessionmaker[Session], ada: int) -> int:
    with sessions.begin() as session:
        said = Said(direction=Direction.IN, text="Is it vegan?")
        case = cases.open_case(
            session, Opened(channel=Channel.FORM, subject="?", customer_id=ada, product="1", said=said), now=TODAY
        )
        cases.add_message(session, case, Said(direction=Direction.OUT, text="Yes, it is vegan.", by=SAM), now=TODAY)
        question = ProductQuestion(
            product="1", words="Is it <vegan>?", customer_id=ada, state="waiting", asked_at=TODAY, case_id=case.id
        )
        session.add(question)
        session.flush()
        return question.id


def deed(browser: FlaskClient, token: str, question: int, **form: str) -> tuple[int, str]:
    answer = browser.post(f"/console/questions/{question}", data={"csrf_token": token, **form})
    return answer.status_code, answer.text


def test_the_answer_of_the_case_may_be_published_and_solves_it(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    question = asked(sessions, ada)
    page = browser.get("/console/questions").text
    assert "Is it &lt;vegan&gt;?" in page
    assert "Yes, it is vegan." in page
    assert deed(browser, token, question, deed="answer", words="It is vegan.")[0] == 303
    with sessions() as session:
        (said,) = session.scalars(select(ProductAnswer))
        assert (said.words, said.display_name, said.state) == ("It is vegan.", "Sam <b>", "shown")
        answered = session.scalars(select(ProductQuestion)).one()
        assert answered.state == "shown"
        assert session.get_one(Case, answered.case_id or 0).state == "solved"
    assert "No question is in this list" in browser.get("/console/questions").text


def test_what_cant_be_done_is_said_and_nobody_without_cases_reads_the_case(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str, storefront: DeskStorefront
) -> None:
    question = asked(sessions, ada)
    status, page = deed(browser, token, question, deed="answer", words=" ")
    assert (status, "Write the answer." in page) == (422, True)
    status, page = deed(browser, token, question, deed="answer", words="x" * 4001)
    assert (status, "x" * 4001 in page) == (422, True)
    assert deed(browser, token, question, deed="dance")[0] == 422
    assert deed(browser, token, 99, deed="show")[0] == 404
    assert deed(browser, token, question, deed="show_answer", answer="7")[0] == 404
    assert deed(browser, token, question, deed="hide", reason="rude")[0] == 303
    assert "Is it" in browser.get("/console/questions?state=hidden").text
    storefront.role = "marketer"
    assert "Yes, it is vegan." not in browser.get("/console/questions?state=hidden").text
    storefront.role = "analyst"
    assert browser.get("/console/questions").status_code == 403
