"""On a case's page, whoever its letters name is shown and may be ticked for a copy; what was ticked isn't lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service import cases
from ecrm.service.cases import Direction, Field, Opened, Recipient, Said
from mailer.outbox import Email

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def case(sessions: sessionmaker[Session], ada: int) -> str:
    """Ada asks, with Bob in copy, by a clock that is three days slow."""
    said = Said(
        direction=Direction.IN, text="Where is it?", author_name="Ada", written_at=NOW - timedelta(days=3),
        recipients=(Recipient(Field.COPY, "bob@example.org"),),
    )  # fmt: skip
    with sessions.begin() as session:
        opened = Opened(channel=cases.Channel.EMAIL, subject="Parcel", said=said, from_address="Ada@example.com")
        return cases.open_case(session, opened, now=NOW).reference


def page(browser: FlaskClient, case: str) -> BeautifulSoup:
    return BeautifulSoup(browser.get(f"/console/cases/{case}").text, "html.parser")


def ticked(shown: BeautifulSoup) -> list[tuple[str, bool]]:
    return [(str(one["value"]), one.has_attr("checked")) for one in shown.find_all("input", attrs={"name": "copy"})]


def test_who_is_named_is_shown_and_offered_and_not_ticked(browser: FlaskClient, case: str) -> None:
    shown = page(browser, case)
    assert "copy to bob@example.org" in " ".join(shown.get_text(" ").split())
    assert "its sender's clock said" in shown.get_text()
    assert ticked(shown) == [("bob@example.org", False)]


def test_what_was_ticked_stays_ticked_where_the_answer_comes_back_and_goes_out_then(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], case: str
) -> None:
    form = {"csrf_token": token, "do": "send", "copy": "bob@example.org", "then": "waiting"}
    back = browser.post(f"/console/cases/{case}/reply", data=form | {"text": " "})
    assert back.status_code == 422
    assert ticked(BeautifulSoup(back.text, "html.parser")) == [("bob@example.org", True)]
    sent = browser.post(f"/console/cases/{case}/reply", data=form | {"text": "Soon."}, follow_redirects=True)
    assert "on its way to Ada@example.com, bob@example.org" in sent.text
    with sessions() as session:
        assert session.scalars(
            select(Email.to_address).where(Email.template == "case_reply").order_by(Email.id)
        ).all() == [
            "Ada@example.com",
            "bob@example.org",
        ]


def test_a_copy_for_a_stranger_is_refused_and_the_words_stay(browser: FlaskClient, token: str, case: str) -> None:
    form = {"csrf_token": token, "do": "send", "copy": "eve@example.org", "text": "Soon, dear Ada."}
    back = browser.post(f"/console/cases/{case}/reply", data=form)
    assert back.status_code == 422
    assert "A copy goes only to whom" in back.text
    assert "Soon, dear Ada." in back.text


def test_a_link_that_opens_the_order_goes_to_its_customer_and_to_no_copy(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], case: str
) -> None:
    form = {"csrf_token": token, "do": "send", "text": "See http://shop.example/orders/A-1001?utm=1&t=proof soon."}
    back = browser.post(f"/console/cases/{case}/reply", data=form | {"copy": "bob@example.org"})
    assert back.status_code == 422
    assert "Take the link out of the text, or untick the copies." in back.text
    assert "orders/A-1001?utm=1&amp;t=proof soon." in back.text
    assert ticked(BeautifulSoup(back.text, "html.parser")) == [("bob@example.org", True)]
    plain = {"text": "See http://shop.example/orders/A-1001 and https://video.example/orders?t=30", "then": "waiting"}
    assert browser.post(
        f"/console/cases/{case}/reply", data=form | plain | {"copy": "bob@example.org"}
    ).status_code == 303  # fmt: skip
    assert browser.post(f"/console/cases/{case}/reply", data=form).status_code == 303  # Ada alone
    with sessions() as session:
        texts = session.execute(select(Email.to_address, Email.text).where(Email.template == "case_reply")).all()
    assert [to for to, text in texts if "t=proof" in text] == ["Ada@example.com"]


def test_a_link_that_the_customer_pasted_is_quoted_to_no_copy(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], case: str
) -> None:
    pasted = "I looked at http://shop.example/orders/A-1001?t=proof and nothing moves."
    with sessions.begin() as session:
        here = session.scalars(select(cases.Case).where(cases.Case.reference == case)).one()
        said = Said(direction=Direction.IN, text=pasted, from_address="ada@example.com")
        cases.add_message(session, here, said, now=NOW)
    form = {"csrf_token": token, "do": "send", "text": "Soon.", "copy": "bob@example.org"}
    assert browser.post(f"/console/cases/{case}/reply", data=form).status_code == 303
    with sessions() as session:
        texts = session.scalars(select(Email.text).where(Email.template == "case_reply")).all()
    assert len(texts) == 2
    assert not any("proof" in text for text in texts)
    assert all("nothing moves" in text for text in texts)


def test_an_answer_pasted_with_a_nul_goes_out_without_it(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], case: str
) -> None:
    form = {"csrf_token": token, "do": "send", "text": "So\0on, \0Ada."}
    assert browser.post(f"/console/cases/{case}/reply", data=form).status_code == 303
    with sessions() as session:
        (email,) = session.scalars(select(Email).where(Email.template == "case_reply"))
    assert "Soon, Ada." in email.text
    assert "\0" not in email.text + email.html


def test_the_middle_of_a_long_case_is_folded_away_and_its_ends_stand(
    browser: FlaskClient, case: str, sessions: sessionmaker[Session]
) -> None:
    assert page(browser, case).select("details.earlier") == []
    with sessions.begin() as session:
        here = session.scalars(select(cases.Case).where(cases.Case.reference == case)).one()
        for number in range(20):
            cases.add_message(session, here, Said(direction=Direction.IN, text=f"Words {number}."), now=NOW)
    shown = page(browser, case)
    (folded,) = shown.select("details.earlier")
    words = [one.get_text() for one in shown.select(".said > .words")]
    hidden = [one.get_text() for one in folded.select(".said > .words")]
    assert folded.find("summary").get_text() == f"{len(hidden)} earlier messages"  # type: ignore[union-attr]
    assert words[:1] + hidden + words[-6:] == words
    assert "Words 13." in hidden
    assert "Words 14." not in hidden
