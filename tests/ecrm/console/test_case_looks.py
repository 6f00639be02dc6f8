"""What stands open on a case's page, and what is folded away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service import cases
from ecrm.service.cases import Case, Direction, Kind, Opened, Said
from mailer.outbox import Email

NOW = datetime.now(UTC)
THANKS = "Your message has arrived."


def opened(session: Session) -> Case:
    asked = Said(direction=Direction.IN, text="Where is it?", author_name="Ada")
    case = cases.open_case(
        session,
        Opened(channel=cases.Channel.EMAIL, kind=Kind.DELIVERY, subject="My parcel", said=asked,
               from_address="ada@example.com"),
        now=NOW,
    )  # fmt: skip
    cases.add_message(
        session, case, Said(direction=Direction.IN, text="I am away until Monday.", automatic=True), now=NOW
    )
    return case


def letter(session: Session, state: str) -> int:
    email = Email(
        dedup_key="ack", template="case_received", from_address="desk@example.com", to_address="ada@example.com",
        subject=THANKS, text="", html="", message_id="<ack@example.com>", state=state, queued_at=NOW, due_at=NOW,
    )  # fmt: skip
    session.add(email)
    session.flush()
    return int(email.id)


def thread(browser: FlaskClient, reference: str) -> dict[str, str]:
    """Which element holds each message."""
    page = BeautifulSoup(browser.get(f"/console/cases/{reference}").text, "html.parser")
    return {str(one.select_one(".words").get_text()): one.name for one in page.select(".said")}  # type: ignore[union-attr]


def test_an_acknowledgement_is_folded_away_unless_it_did_not_arrive(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    with sessions.begin() as session:
        case = opened(session)
        reference, sent = case.reference, letter(session, "sent")
        cases.add_message(
            session, case, Said(direction=Direction.OUT, text=THANKS, automatic=True, email_id=sent), now=NOW
        )
    said = thread(browser, reference)
    assert said == {"Where is it?": "article", "I am away until Monday.": "article", THANKS: "details"}
    with sessions.begin() as session:
        email = session.get(Email, sent)
        assert email is not None
        email.state = "bounced"
    assert thread(browser, reference)[THANKS] == "article"


def test_the_inbox_says_all_of_a_case_in_few_columns(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    with sessions.begin() as session:
        case = opened(session)
        cases.change(session, case, cases.Changes(priority=cases.Priority.URGENT), now=NOW)
    page = BeautifulSoup(browser.get("/console/cases?view=all").text, "html.parser")
    assert len(page.select("main table.stack thead th")) == 6
    rows = [" ".join(row.get_text(" ").split()) for row in page.select("main table.stack tbody tr")]
    row = next(one for one in rows if case.reference in one)
    for said in ("My parcel", case.reference, "delivery", "e-mail", "ada@example.com", "urgent", "nobody", "answer"):
        assert said in row


def test_a_moment_is_to_the_minute_where_people_plan_and_to_the_second_in_logs(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int
) -> None:
    with sessions.begin() as session:
        reference = opened(session).reference
    case = BeautifulSoup(browser.get(f"/console/cases/{reference}").text, "html.parser")
    audit = BeautifulSoup(browser.get("/console/audit").text, "html.parser")
    spoken = {page: {one.get_text().count(":") for one in page.select("main time")} for page in (case, audit)}
    assert (spoken[case], spoken[audit]) == ({1}, {2})


@pytest.mark.parametrize(("state", "unfolded"), [("sent", False), ("bounced", True)])
def test_what_is_folded_in_a_long_case_stands_open_where_an_answer_did_not_arrive(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, state: str, unfolded: bool
) -> None:
    with sessions.begin() as session:
        case = opened(session)
        answered = Said(direction=Direction.OUT, text="Tomorrow.", email_id=letter(session, state))
        for said in (answered, *(Said(direction=Direction.IN, text=f"Words {number}.") for number in range(20))):
            cases.add_message(session, case, said, now=NOW)
    page = BeautifulSoup(browser.get(f"/console/cases/{case.reference}").text, "html.parser")
    assert [one.has_attr("open") for one in page.select("details.earlier")] == [unfolded]
