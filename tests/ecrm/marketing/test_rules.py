"""Rules for recommendations: what can be one, when it holds, and how soon every process knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.marketing.rules import MOST, NotARule, end_rule, ended_rules, make_rule, rules_in_force, rules_not_ended
from recommender.asking import Placement, Rule

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make(session: Session, **given: Any) -> int:
    asked: dict[str, Any] = {
        "what": "boost", "of": "brand", "value": "Alba", "weight": 2.0, "placement": None, "starts_at": NOW,
        "until": None, "by": "Sam", "now": NOW,
    }  # fmt: skip
    return make_rule(session, **asked | given).id


def test_a_rule_holds_from_its_first_moment_until_its_last_or_until_it_is_ended(session: Session) -> None:
    day = timedelta(days=1)
    always = make(session)
    for_a_day = make(session, starts_at=NOW + day, until=NOW + 2 * day, placement="home")

    assert [rule.id for rule in rules_in_force(session, NOW)] == [always]
    assert [rule.id for rule in rules_in_force(session, NOW + day)] == [always, for_a_day]
    assert [rule.id for rule in rules_in_force(session, NOW + 2 * day)] == [always]
    assert [rule.id for rule in rules_not_ended(session, NOW)] == [always, for_a_day]

    assert end_rule(session, always, now=NOW + day) is not None
    assert end_rule(session, always, now=NOW + day) is None
    assert end_rule(session, 999, now=NOW) is None
    assert [rule.id for rule in ended_rules(session, NOW + 3 * day, limit=9)] == [for_a_day, always]


def test_a_rule_is_told_as_the_recommender_takes_it(session: Session) -> None:
    number = make(session, what="pin", of="product", value=" 77 ", weight=3.0, placement="home")

    assert rules_in_force(session, NOW) == [
        Rule(id=number, what="pin", of="product", value="77", weight=3.0, placement=Placement.HOME)
    ]


@pytest.mark.parametrize(
    ("wrong", "given"),
    [
        ("what", {"what": "shout"}),
        ("of", {"of": "colour"}),
        ("of", {"what": "pin", "of": "brand"}),
        ("value", {"value": "  "}),
        ("value", {"value": "x" * 101}),
        ("value", {"value": "a\x00b"}),
        ("weight", {"weight": 1.0}),
        ("weight", {"weight": float("nan")}),
        ("weight", {"weight": float("inf")}),
        ("weight", {"what": "pin", "of": "product", "weight": 1.5}),
        ("weight", {"what": "pin", "of": "product", "weight": 0}),
        ("weight", {"what": "pin", "of": "product", "weight": float("inf")}),
        ("placement", {"placement": "attic"}),
        ("until", {"until": NOW}),
        ("until", {"starts_at": NOW + timedelta(days=2), "until": NOW + timedelta(days=1)}),
    ],
)
def test_what_cant_be_a_rule_is_refused_by_the_name_of_its_field(
    session: Session, wrong: str, given: dict[str, Any]
) -> None:
    with pytest.raises(NotARule) as refused:
        make(session, **given)
    assert refused.value.field == wrong


def test_there_are_not_more_than_every_page_can_weigh(session: Session) -> None:
    for _number in range(MOST):
        make(session, what="exclude", weight=0)
    with pytest.raises(NotARule, match="most"):
        make(session)


def test_a_process_knows_of_its_own_changes_at_once(plugin: Installation) -> None:
    assert plugin.rules.in_force() == ()
    with plugin.sessions.begin() as session:
        number = make(session, starts_at=datetime.now(UTC) - timedelta(minutes=1))
    assert plugin.rules.in_force() == ()

    plugin.rules.forget()

    assert [rule.id for rule in plugin.rules.in_force()] == [number]
