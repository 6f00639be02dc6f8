"""Routing: the first rule that holds, then whoever is there, can it and has the fewest cases; and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from ecrm.customers.product_labels import ProductLabel
from ecrm.installation import Installation
from ecrm.service import cases
from ecrm.service.arranging import DeskArranger, hand_out
from ecrm.service.cases import Case, Direction, Opened, Said
from ecrm.service.desk import ARRANGER
from ecrm.service.routing import assign
from ecrm.service.routing_check import check_routing, newly_wrong
from ecrm.service.routing_rules import Conditions, Matter, RoutingExample, RoutingRule, matter_of
from ecrm.service.teams import Agent, Team
from tracking.customers import find_or_create_guest
from tracking.orders import SeenOrder, SeenOrderLine

NOON = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)  # a Wednesday, noon in Berlin
OFFICE = {str(day): [[540, 1020]] for day in range(5)}


class Desk:
    """Two teams: returns (Ann, who speaks French, and Bea) and shop (Cem)."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.returns, self.shop = (
            Team(name=name, time_zone="Europe/Berlin", hours=OFFICE) for name in ("Returns", "Shop")
        )
        session.add_all([self.returns, self.shop])
        session.flush()
        self.ann = self.agent("ann", self.returns, languages=["fr"], skills=["Warranty"])
        self.bea = self.agent("bea", self.returns)
        self.cem = self.agent("cem", self.shop)

    def agent(self, name: str, team: Team, **more: object) -> Agent:
        agent = Agent(staff_id=name, name=name.title(), team_id=team.id, seen_at=NOON, most_open=2, **more)  # type: ignore[arg-type]
        self.session.add(agent)
        self.session.flush()
        return agent

    def rule(self, name: str, team: Team, *, skill: str = "", **conditions: object) -> RoutingRule:
        stored = Conditions(**conditions).stored  # type: ignore[arg-type]
        rule = RoutingRule(place=1, name=name, conditions=stored, team_id=team.id, skill=skill)
        self.session.add(rule)
        self.session.flush()
        return rule

    def case(self, text: str = "Hello", *, now: datetime = NOON, **more: object) -> Case:
        fields: dict[str, object] = {
            "channel": cases.Channel.EMAIL, "subject": "Hi", "from_address": "ada@example.com",
            "said": Said(direction=Direction.IN, text=text), **more,
        }  # fmt: skip
        return cases.open_case(self.session, Opened(**fields), now=now)  # type: ignore[arg-type]


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"words": ("money back",)}, True),
        ({"words": ("MONEY",)}, True),
        ({"words": ("mon",)}, False),
        ({"words": ("mon*",)}, True),
        ({"words": ("back money",)}, False),
        ({"words": ("kettle", "groesse", "größe")}, True),
        ({"words": ("",)}, False),
        ({"kinds": ("complaint",)}, False),
        ({"kinds": ("complaint", "question"), "channels": ("email",)}, True),
        ({"languages": ("de",), "countries": ("AT",)}, True),
        ({"categories": ("TEA",)}, True),
        ({"segment_id": 4}, False),
        ({"least_minor": 5000, "most_minor": 5000}, True),
        ({"least_minor": 5001}, False),
        ({"most_minor": 4999}, False),
        ({}, True),
    ],
)
def test_conditions_hold_or_dont(conditions: dict[str, object], holds: bool) -> None:
    matter = Matter(
        subject="Größe", text="I want my money  back!", language="de", country="AT", category=("Tea",),
        order_minor=5000, segments=(3,),
    )  # fmt: skip
    asked = Conditions(**conditions)  # type: ignore[arg-type]
    assert asked.failing(matter) is not holds
    assert Conditions.of(asked.stored) == asked
    assert Conditions(most_minor=10).failing(Matter()) == "most_minor"  # without an order there is no value


def test_the_first_rule_decides_and_the_step_says_why(desk: Desk) -> None:
    desk.rule("Broken", desk.returns, words=("broken",), skill="warranty")
    desk.rule("All mail", desk.shop, channels=("email",))
    case = desk.case("It arrived broken")
    assert (case.team_id, case.owner) == (desk.returns.id, "ann")
    (step,) = [one for one in cases.steps_of(desk.session, case.id) if one.what == "routed"]
    assert step.detail["rule"] == "Broken"
    assert step.detail["because"] == [
        {"agent": "ann", "why": "free", "open": 0}, {"agent": "bea", "why": "skill", "open": 0},
    ]  # fmt: skip
    assert desk.case("Something else").owner == "cem"


def test_whoever_has_fewest_gets_it_up_to_their_most_and_then_nobody(desk: Desk) -> None:
    desk.rule("All", desk.returns)
    owners = [desk.case().owner for _number in range(5)]
    assert sorted(owners[:4]) == ["ann", "ann", "bea", "bea"]
    assert owners[4] == ""


def test_language_absence_and_hours_are_heeded(desk: Desk) -> None:
    desk.rule("All", desk.returns)
    assert desk.case(language="fr-CA").owner == "ann"  # Bea says nothing of languages: any
    assert desk.case(language="de").owner == "bea"
    desk.bea.away_until = NOON + timedelta(hours=1)
    case = desk.case(language="de")
    assert case.owner == ""
    because = cases.steps_of(desk.session, case.id)[-1].detail["because"]
    assert [one["why"] for one in because] == ["language", "away"]
    night = desk.case(language="fr", now=NOON + timedelta(hours=12))
    assert (night.team_id, night.owner) == (desk.returns.id, "")
    desk.ann.hours = {"2": [[0, 1440]], "3": [[0, 1440]]}
    assert desk.case(language="fr", now=NOON + timedelta(hours=12)).owner == "ann"


def test_the_preferred_agent_goes_first_if_they_can(desk: Desk) -> None:
    find_or_create_guest(desk.session, email="ada@example.com", at=NOON)
    desk.rule("All", desk.returns)
    cases.arrange_with(DeskArranger(preferred_agent=lambda *_: "bea"))
    try:
        assert [desk.case().owner for _number in range(3)] == ["bea", "bea", "ann"]
    finally:
        cases.arrange_with(ARRANGER)


def test_facts_of_order_country_and_category_are_those_of_the_case(desk: Desk) -> None:
    ada = find_or_create_guest(desk.session, email="ada@example.com", at=NOON)
    ada.country = "AT"
    order = SeenOrder(
        reference="A-1", customer_id=ada.id, placed_at=NOON, currency="EUR", goods_minor=9000, shipping_minor=0,
        discount_minor=0, total_minor=9000, refunded_minor=0,
    )  # fmt: skip
    desk.session.add_all([order, ProductLabel(product="1", brand="", category="Kettles")])
    desk.session.flush()
    desk.session.add(
        SeenOrderLine(order_id=order.id, position=1, product="1", name="Kettle", quantity=1, net_minor=9000)
    )
    desk.rule("Dear kettles", desk.returns, countries=("AT",), categories=("kettles",), least_minor=9000)
    desk.rule("Others", desk.shop)
    assert desk.case(order_reference="A-1").team_id == desk.returns.id
    assert desk.case(product="1").team_id == desk.shop.id  # no order, no value


def test_without_a_rule_the_only_team_gets_it_and_with_two_a_person_decides(desk: Desk) -> None:
    assert desk.case().team_id is None
    desk.shop.archived_at = NOON
    assert desk.case().team_id == desk.returns.id
    assert desk.case(owner="cem").team_id is None  # whoever opened it said whose it is


def test_waiting_cases_are_handed_out_as_soon_as_somebody_has_room(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        desk = Desk(session)
        desk.rule("Broken", desk.returns, words=("broken",), skill="warranty")
        desk.rule("All", desk.returns)
        night = NOON - timedelta(hours=8)
        numbers = [desk.case(text, now=night).id for text in ("broken", "hello", "broken", "broken", "hi")]
    assert hand_out(sessions, ARRANGER, now=night) == 0
    with sessions() as session:
        versions = [session.get_one(Case, one).version for one in numbers]
    assert hand_out(sessions, ARRANGER, now=night) == 0
    with sessions() as session:
        assert [session.get_one(Case, one).version for one in numbers] == versions  # nobody is told of a change
    assert hand_out(sessions, ARRANGER, now=NOON) == 4
    with sessions() as session:
        assert [session.get_one(Case, one).owner for one in numbers] == ["ann", "bea", "ann", "", "bea"]


def test_examples_say_where_they_go_and_which_change_breaks_them(desk: Desk) -> None:
    broken = desk.rule("Broken", desk.returns, words=("broken",), skill="warranty")
    desk.session.add_all([
        RoutingExample(name="A broken cup", given={"text": "A broken cup"}, team_id=desk.returns.id, staff_id="ann"),
        RoutingExample(name="B for Bea", given={"text": "broken"}, team_id=desk.returns.id, staff_id="bea"),
        RoutingExample(name="C a question", given={"text": "hello"}, team_id=desk.shop.id),
    ])  # fmt: skip
    desk.session.flush()
    before = check_routing(desk.session)
    assert [one.wrong for one in before] == ["", "agent_unfit", "team"]
    broken.skill = "french polishing"
    assert [one.example.name for one in newly_wrong(before, check_routing(desk.session))] == ["A broken cup"]
    assert matter_of({"text": "x", "category": ["Tea"], "unknown": 1}) == Matter(text="x", category=("Tea",))


def test_the_command_fails_where_an_example_goes_elsewhere(plugin: Installation, host: Flask) -> None:
    with plugin.sessions.begin() as session:
        desk = Desk(session)
        desk.rule("All", desk.shop)
        session.add(RoutingExample(name="Hello", given={"text": "hello"}, team_id=desk.shop.id))
    runner = host.test_cli_runner()
    assert runner.invoke(args=["ecrm", "routing", "--check"]).exit_code == 0
    with plugin.sessions.begin() as session:
        session.add(RoutingExample(name="Lost", given={"text": "hello"}, team_id=None))
    done = runner.invoke(args=["ecrm", "routing", "--check"])
    assert done.exit_code == 1
    assert "wrong  Lost: rule “All” → Shop, expected no team" in done.output
    assert "2 examples, 1 go elsewhere" in done.output
    assert "0 cases missed a target" in runner.invoke(args=["ecrm", "run", "desk"]).output


def test_a_team_that_was_put_away_gets_nothing_and_the_next_rule_decides(desk: Desk) -> None:
    desk.rule("first", desk.returns)
    next_one = desk.rule("second", desk.shop)
    next_one.place = 2
    assert desk.case().team_id == desk.returns.id
    desk.returns.archived_at = NOON
    assert (desk.case().team_id, desk.case().owner) == (desk.shop.id, "cem")
    assert assign(desk.session, desk.case(), team_id=desk.returns.id, now=NOON) == ("", ())
