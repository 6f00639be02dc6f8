"""Relationships at the desk: the matrix, a policy set and refused in words, and who may see persons."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service import cases
from ecrm.service.cases import Channel, Direction, Opened, Said
from ecrm.service.relationship import RelationshipPolicy
from ecrm.service.relationship_counting import count_all
from ecrm.service.relationship_much import Much
from ecrm.service.teams import agent_of
from ecrm.storefront import Staff
from tests.ecrm.console.host import TODAY, DeskStorefront

CELL = "asks_much_buys_little"


def count(sessions: sessionmaker[Session], ada: int) -> None:
    with sessions.begin() as session:
        said = Said(direction=Direction.IN, text="Hello")
        for _number in range(3):
            cases.open_case(
                session, Opened(channel=Channel.FORM, subject="?", customer_id=ada, said=said),
                now=TODAY - timedelta(days=1),
            )  # fmt: skip
        agent_of(session, Staff(staff_id="9", name="Bo", role="support"), now=TODAY)
    count_all(sessions, days=365, much=Much(3, 3, "setting"), now=TODAY)


def test_the_matrix_says_how_many_with_their_money_and_opens_them(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, storefront: DeskStorefront
) -> None:
    assert "Nobody was counted yet" in browser.get("/console/relationships").text
    count(sessions, ada)
    page = browser.get("/console/relationships").text
    assert "asks much, buys little" in page
    assert f"/console/relationships/{CELL}/customers" in page
    assert f"/console/customers/{ada}" in browser.get(f"/console/relationships/{CELL}/customers").text
    assert browser.get("/console/relationships/all/customers").status_code == 404
    storefront.role = "marketer"
    assert 'customers"' not in browser.get("/console/relationships").text.split("<main")[1]
    assert browser.get(f"/console/relationships/{CELL}/customers").status_code == 403
    assert browser.get("/console/relationships/breaches").status_code == 403


def test_a_policy_is_set_and_its_breaches_open(
    browser: FlaskClient, sessions: sessionmaker[Session], ada: int, token: str
) -> None:
    count(sessions, ada)
    form = {
        "csrf_token": token, "days_first": "2", "response": "1", "unit": "hours", "agent": "9",
        "reminder": "  10 %  with\nHELLO ",
    }  # fmt: skip
    assert browser.post(f"/console/relationships/{CELL}", data=form).status_code == 303
    with sessions() as session:
        policy = session.scalars(select(RelationshipPolicy)).one()
    assert (policy.days_first, policy.response_minutes, policy.agent_id, policy.reminder) == (
        2, 60, "9", "10 % with HELLO",
    )  # fmt: skip
    page = browser.get("/console/relationships").text
    assert f"kind=answered_late&amp;cell={CELL}" in page
    assert "answered late" in browser.get(f"/console/relationships/breaches?kind=answered_late&cell={CELL}").text


def test_what_cant_be_set_is_said_and_what_was_typed_stays(browser: FlaskClient, token: str) -> None:
    for field, value, words in (
        ("days_first", "99", "head start go from 0 to 14"), ("response", "soon", "at least a minute"),
        ("agent", "nobody", "Choose an agent who is offered"), ("reminder", "x" * 301, "at most 300 letters"),
    ):  # fmt: skip
        form = {"csrf_token": token, "unit": "hours", "days_first": "1", "reminder": "typed before", field: value}
        answer = browser.post(f"/console/relationships/{CELL}", data=form)
        assert answer.status_code == 422, field
        assert words in answer.text
        if field != "reminder":
            assert "typed before" in answer.text
