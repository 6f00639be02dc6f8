"""How the desk is set up: teams, agents, routing with its examples, targets and macros; nothing typed is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from ecrm.access.audit import AuditEntry
from ecrm.service.cases import Priority
from ecrm.service.macros import Macro, filled_in, problems_in
from ecrm.service.routing_rules import Conditions, RoutingExample, RoutingRule
from ecrm.service.targets import all_targets
from ecrm.service.teams import Agent, Team
from ecrm.service.typed_hours import Unreadable, minutes_of, spans_of, typed_minutes, typed_spans

from .host import DeskStorefront
from .test_cases import soup, words

NOW = datetime.now(UTC)


@pytest.fixture
def team(sessions: sessionmaker[Session]) -> int:
    """A team of one agent, Ann."""
    with sessions.begin() as session:
        team = Team(name="Returns")
        session.add(team)
        session.flush()
        session.add(Agent(staff_id="ann", name="Ann", team_id=team.id, seen_at=NOW))
        return team.id


def test_a_team_has_hours_and_holidays_and_a_typing_mistake_costs_nothing(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str
) -> None:
    form = {
        "csrf_token": token, "team": "", "name": " Returns ", "time_zone": "Europe/Berlin", "country": "de",
        "subdivision": "be", "day-0": "9:00-12:30, 14-18", "day-5": "",
    }  # fmt: skip
    for wrong in ({"day-0": "nine to five"}, {"day-0": "9-12, 11-13"}, {"time_zone": "Berlin"}, {"country": "XX"},
                  {"name": ""}):  # fmt: skip
        page = soup(browser.post("/console/cases/teams", data=form | wrong), 422)
        (field, value) = next(iter(wrong.items()))
        kept = page.find("input", {"name": field, "value": value})
        assert kept is not None, field
    assert browser.post("/console/cases/teams", data=form).status_code == 303
    with sessions() as session:
        (made,) = session.scalars(select(Team)).all()
        assert (made.name, made.country, made.subdivision) == ("Returns", "DE", "BE")
        assert made.hours == {"0": [[540, 750], [840, 1080]]}
        assert session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "desk_changed")).all() == [
            "team Returns"
        ]
    twice = soup(browser.post("/console/cases/teams", data=form | {"name": "returns"}), 422)
    assert "Another team has this name" in words(twice)


def test_an_agents_skills_and_absence_are_set(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str, team: int
) -> None:
    form = {
        "csrf_token": token, "agent": "ann", "in_team": str(team), "skills": "warranty,  french  polishing,",
        "languages": "en, de", "most_open": "7", "away": "2030-01-05",
    }  # fmt: skip
    for wrong in ({"most_open": "many"}, {"away": "soon"}, {"skills": "x" * 41}):
        assert browser.post("/console/cases/agents", data=form | wrong).status_code == 422
    assert browser.post("/console/cases/agents", data=form | {"agent": "nobody"}).status_code == 404
    assert browser.post("/console/cases/agents", data=form).status_code == 303
    with sessions() as session:
        ann = session.get_one(Agent, "ann")
        assert (ann.skills, ann.languages, ann.most_open) == (["warranty", "french polishing"], ["en", "de"], 7)
        assert ann.away_until is not None
        assert ann.away_until > datetime(2030, 1, 5, 20, tzinfo=UTC)


def test_a_rule_that_breaks_an_example_is_saved_only_where_somebody_says_so(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str, team: int
) -> None:
    with sessions.begin() as session:
        session.add(Team(name="Shop"))
    rule = {
        "csrf_token": token, "rule": "", "name": "Refunds", "place": "1", "words": "money back, refund*",
        "team": str(team), "least": "49.90", "kinds": ["question", "complaint"],
    }  # fmt: skip
    assert browser.post("/console/cases/routing", data=rule).status_code == 303
    example = {
        "csrf_token": token, "name": "A dear refund", "text": "refunding please", "value": "50", "team": str(team),
        "agent": "ann",
    }  # fmt: skip
    assert browser.post("/console/cases/routing/examples", data=example).status_code == 303
    assert "all go where they should" in words(soup(browser.get("/console/cases/routing")))
    with sessions() as session:
        made = session.scalars(select(RoutingRule)).one()
        number = str(made.id)
        assert Conditions.of(made.conditions) == Conditions(
            words=("money back", "refund*"), least_minor=4990, kinds=("question", "complaint")
        )
    changed = rule | {"rule": number, "least": "60"}
    page = soup(browser.post("/console/cases/routing", data=changed), 409)
    assert "A dear refund" in words(page)
    assert page.find("input", {"name": "least", "value": "60"}) is not None
    with sessions() as session:
        assert session.scalars(select(RoutingRule)).one().conditions["least_minor"] == 4990
    assert browser.post("/console/cases/routing", data=changed | {"sure": "yes"}).status_code == 303
    assert "1 goes elsewhere" in words(soup(browser.get("/console/cases/routing")))
    for wrong in ({"team": "99"}, {"least": "much"}, {"languages": "german"}, {"name": ""}, {"kinds": ["x"]}):
        assert browser.post("/console/cases/routing", data=rule | wrong).status_code == 422


def test_rules_keep_an_order_without_gaps(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str, team: int
) -> None:
    def save(name: str, place: str, rule: str = "", **more: str) -> None:
        form = {"csrf_token": token, "rule": rule, "name": name, "place": place, "team": str(team), **more}
        assert browser.post("/console/cases/routing", data=form).status_code == 303

    def order() -> list[tuple[int, str]]:
        with sessions() as session:
            query = select(RoutingRule).where(RoutingRule.archived_at.is_(None)).order_by(RoutingRule.place)
            return [(one.place, one.name) for one in session.scalars(query)]

    for name, place in (("a", "1"), ("b", "2"), ("c", "1")):
        save(name, place)
    assert order() == [(1, "c"), (2, "a"), (3, "b")]
    with sessions() as session:
        number = str(session.scalars(select(RoutingRule.id).where(RoutingRule.name == "c")).one())
    save("c", "3", number)
    assert order() == [(1, "a"), (2, "b"), (3, "c")]
    save("c", "3", number, archived="yes")
    assert order() == [(1, "a"), (2, "b")]


def test_a_marketer_runs_and_writes_examples_and_changes_no_rule(
    browser: FlaskClient, storefront: DeskStorefront, sessions: sessionmaker[Session], token: str, team: int
) -> None:
    storefront.role = "marketer"
    example = {"csrf_token": token, "name": "Hello", "text": "hello", "team": str(team), "agent": ""}
    assert browser.post("/console/cases/routing/examples", data=example).status_code == 303
    page = browser.get("/console/cases/routing")
    assert "all go where they should" in words(soup(page))
    assert browser.post("/console/cases/routing", data={"csrf_token": token, "name": "x"}).status_code == 403
    with sessions() as session:
        number = session.scalars(select(RoutingExample.id)).one()
    gone = {"csrf_token": token, "example": str(number), "do": "remove"}
    assert browser.post("/console/cases/routing/examples", data=gone).status_code == 303
    assert browser.get("/console/cases").status_code == 403


def test_targets_are_typed_as_people_say_them(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str
) -> None:
    form = {"csrf_token": token, "segment": "", "response-4": "30 min", "resolution-4": "1 d", "response-2": "4"}
    page = soup(browser.post("/console/cases/targets", data=form | {"response-4": "soon"}), 422)
    assert page.find("input", {"name": "response-4", "value": "soon"}) is not None
    assert browser.post("/console/cases/targets", data=form).status_code == 303
    with sessions() as session:
        known = all_targets(session)[None]
    assert (known[Priority.URGENT], known[Priority.NORMAL]) == ((30, 480), (240, None))
    assert "30 min" in browser.get("/console/cases/targets").text
    assert browser.post("/console/cases/targets", data=form | {"segment": "9"}).status_code == 404


def test_an_unknown_placeholder_is_named_with_its_line(
    browser: FlaskClient, sessions: sessionmaker[Session], token: str
) -> None:
    text = "Dear {{ first_name | you }},\n{{ ordr }} is late"
    form = {"csrf_token": token, "macro": "", "name": "Sorry", "text": text}
    page = soup(browser.post("/console/cases/macros", data=form), 422)
    assert "Line 2: {{ ordr }} is not known; did you mean {{ order }}?" in words(page)
    assert "{{ ordr }} is late" in page.find_all("textarea")[-1].get_text()
    good = form | {"text": "Dear {{ first_name | you }}, {{ order | your order }} is late", "state": "waiting"}
    assert browser.post("/console/cases/macros", data=good).status_code == 303
    assert browser.post("/console/cases/macros", data=good).status_code == 422  # the name is taken
    with sessions() as session:
        macro = session.scalars(select(Macro)).one()
    assert (macro.state, macro.changes.priority) == ("waiting", None)
    empty = form | {"name": "Nothing", "text": ""}
    assert "needs words, or something to do" in words(soup(browser.post("/console/cases/macros", data=empty), 422))


def test_placeholders_without_words_for_the_others_are_refused_and_values_are_read_by_nobody() -> None:
    assert [(one.line, one.code) for one in problems_in("a\n{{ order }} {% raw %}")] == [
        (2, "no_fallback"), (2, "stray_mark"),
    ]  # fmt: skip
    assert problems_in("{{ agent_name }} {{ case }} {{ shop_name }}") == []
    assert filled_in("{{ first_name | you }}!", {"first_name": "{{ case }}"}) == "{{ case }}!"


@pytest.mark.parametrize(
    ("typed", "spans"),
    [("9-17", [(540, 1020)]), ("9:00 – 12.30; 14-24", [(540, 750), (840, 1440)]), ("", [])],
)
def test_hours_are_read_as_people_write_them(typed: str, spans: list[tuple[int, int]]) -> None:
    assert spans_of(typed) == spans
    assert spans_of(typed_spans([list(one) for one in spans])) == spans


@pytest.mark.parametrize("typed", ["9", "25-26", "9:61-10", "17-9", "x", "9-17 Uhr"])
def test_hours_that_say_nothing_are_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        spans_of(typed)


@pytest.mark.parametrize(("typed", "minutes"), [("30 min", 30), ("4", 240), ("4H", 240), ("2 d", 960), ("", None)])
def test_targets_are_read_as_people_write_them(typed: str, minutes: int | None) -> None:
    assert minutes_of(typed) == minutes
    assert minutes_of(typed_minutes(minutes)) == minutes


@pytest.mark.parametrize("typed", ["0", "-1", "1 year", "91 d", "1.5 h", "9" * 6])
def test_targets_that_say_nothing_are_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        minutes_of(typed)


def test_what_cannot_be_read_is_refused_in_words(browser: FlaskClient, token: str, team: int) -> None:
    form = {"csrf_token": token}
    assert browser.post("/console/cases/agents", data=form | {"agent": "ann\0"}).status_code == 404
    rule = {"rule": "", "name": "Repairs", "place": "1", "team": str(team), "skill": "french\0polishing"}
    page = soup(browser.post("/console/cases/routing", data=form | rule), 422)
    assert "This skill can't be read" in words(page)
    for field in ("order", "product"):
        asked = {"subject": "A letter", field: "A\x001001"}
        page = soup(browser.post("/console/cases/new", data=form | asked), 422)
        assert "This number can't be read" in words(page)
    page = soup(browser.post("/console/cases/targets", data=form | {"segment": "", "place": "first"}), 422)
    assert "Not saved yet" in words(page)
