"""A team that was put away gets no case, whatever a form, a macro or an example says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.service import cases
from ecrm.service.cases import Case, Changes, Opened, TeamPutAway
from ecrm.service.macros import Macro
from ecrm.service.routing_rules import RoutingExample
from ecrm.service.teams import Agent, Team

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def away(sessions: sessionmaker[Session]) -> int:
    """The id of a team that was put away."""
    with sessions.begin() as session:
        team = Team(name="Night shift", archived_at=NOW)
        session.add_all([Team(name="Desk"), team])
        session.flush()
        return team.id


@pytest.fixture
def case(sessions: sessionmaker[Session], away: int, ada: int) -> Case:
    """A case of nobody's team."""
    with sessions.begin() as session:
        opened = Opened(channel=cases.Channel.EMAIL, subject="Parcel", from_address="ada@example.com")
        return cases.open_case(session, opened, now=NOW)


@pytest.fixture
def macro(sessions: sessionmaker[Session], away: int) -> int:
    """A macro from when the team was there."""
    with sessions.begin() as session:
        made = Macro(name="To the night shift", text="Soon", team_id=away, changed_at=NOW, changed_by="Mia")
        session.add(made)
        session.flush()
        return made.id


def team_of(sessions: sessionmaker[Session], case: Case) -> int | None:
    with sessions() as session:
        return session.get_one(Case, case.id).team_id


def test_no_caller_puts_a_case_there(sessions: sessionmaker[Session], case: Case, away: int) -> None:
    for number in (away, 4_000_000):
        with pytest.raises(TeamPutAway), sessions.begin() as session:
            cases.change(session, session.get_one(Case, case.id), Changes(team_id=number), now=NOW)


def test_a_forged_form_of_a_case_is_refused(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], case: Case, away: int
) -> None:
    before = team_of(sessions, case)
    form = {"csrf_token": token, "team": str(away)}
    answer = browser.post(f"/console/cases/{case.reference}/change", data=form)
    assert answer.status_code == 422
    assert "no such team any more" in answer.text
    assert team_of(sessions, case) == before


@pytest.mark.parametrize("deed", ["team", "macro"])
def test_a_deed_for_many_is_refused(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], case: Case, away: int, macro: int, deed: str
) -> None:
    before = team_of(sessions, case)
    number = {"team": away, "macro": macro}[deed]
    answer = browser.post(
        "/console/cases", data={"csrf_token": token, "case": str(case.id), "deed": f"{deed}:{number}"}
    )
    assert answer.status_code == 422
    assert {"team": "Choose what becomes", "macro": "was put away"}[deed] in answer.text
    assert team_of(sessions, case) == before


def test_a_macro_that_names_it_sends_nothing_and_loses_no_word(
    browser: FlaskClient, token: str, case: Case, macro: int
) -> None:
    form = {"csrf_token": token, "do": "send", "text": "We look for it.", "then": "waiting", "macro": str(macro)}
    answer = browser.post(f"/console/cases/{case.reference}/reply", data=form)
    assert answer.status_code == 422
    assert "Night shift" in answer.text
    assert "We look for it." in answer.text


def test_no_macro_example_or_agent_is_given_to_it(
    browser: FlaskClient, token: str, sessions: sessionmaker[Session], away: int
) -> None:
    browser.get("/console/cases")
    with sessions() as session:
        agent = session.scalars(select(Agent)).one()
    forms = {
        "macros": {"name": "Night", "text": "x", "team": str(away)},
        "routing/examples": {"name": "Lost", "kind": "delivery", "team": str(away)},
        "agents": {"agent": agent.staff_id, "in_team": str(away), "most_open": "5"},
    }
    for path, form in forms.items():
        answer = browser.post(f"/console/cases/{path}", data=form | {"csrf_token": token})
        assert answer.status_code == 422, (path, answer.status_code)
    with sessions() as session:
        assert session.scalars(select(Macro)).all() == []
        assert session.scalars(select(RoutingExample)).all() == []
        assert session.get_one(Agent, agent.staff_id).team_id is None
