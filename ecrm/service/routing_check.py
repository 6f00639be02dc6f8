"""Checking routing: every example is asked of the rules as they stand, and says where it would go.

Working hours, absence and load are left out on purpose: an example holds at any hour, or it is no test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from .routing import first_rule, unfit
from .routing_rules import RoutingExample, matter_of, rules_in_order
from .teams import agents, teams


@dataclass(frozen=True)
class Verdict:
    """An example and what became of it. `wrong`: "" where it holds, else `team`, `agent_unfit` or `agent_elsewhere`."""

    example: RoutingExample
    rule: str
    team_id: int | None
    agents: tuple[str, ...]
    wrong: str = ""


def check_routing(session: Session) -> list[Verdict]:
    """All examples, by name, against the rules and agents of this moment."""
    everybody, known = agents(session), teams(session)
    rules = [one for one in rules_in_order(session) if one.team_id in {team.id for team in known}]
    only = known[0].id if len(known) == 1 else None
    verdicts = []
    for example in session.scalars(select(RoutingExample).order_by(RoutingExample.name)):
        matter = matter_of(example.given)
        rule = first_rule(rules, matter)
        team_id, skill = (rule.team_id, rule.skill) if rule else (only, "")
        fit = tuple(
            one.staff_id
            for one in everybody
            if one.team_id == team_id and team_id is not None and not unfit(one, language=matter.language, skill=skill)
        )
        placed = {one.staff_id: one.team_id for one in everybody}
        wrong = _wrong(example, team_id, fit, placed_in=placed.get(example.staff_id))
        verdicts.append(Verdict(example, rule.name if rule else "", team_id, fit, wrong))
    return verdicts


def newly_wrong(before: Sequence[Verdict], after: Sequence[Verdict]) -> list[Verdict]:
    """Those that held before a change and don't hold after it."""
    held = {one.example.id for one in before if not one.wrong}
    return [one for one in after if one.wrong and one.example.id in held]


def _wrong(example: RoutingExample, team_id: int | None, fit: Sequence[str], *, placed_in: int | None) -> str:
    if team_id != example.team_id:
        return "team"
    if example.staff_id and example.staff_id not in fit:
        return "agent_unfit" if placed_in == team_id else "agent_elsewhere"
    return ""
