"""Rules: the conditions of a segment as a tree, checked on the way in, turned into SQL on the way out.

    {"all": [rule, …]} | {"any": [rule, …]} | {"none": [rule, …]} | {"is": "<kind>", …fields of the kind…}

"none" holds where none of its rules does. A rule tells of contacts, and of the customers who own them; an address
without a customer has no orders and no visits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, true

from ecrm.wording import gettext as _

from .fields import BadValue
from .kinds import KINDS, Kind
from .scope import Scope

GROUPS = ("all", "any", "none")
DEEPEST, MOST_RULES = 4, 40
EVERYBODY: dict[str, Any] = {"all": []}


@dataclass(frozen=True)
class Problem:
    """Something that has to be put right. `place`: the path of the rule (`0.1`), or the name of a form's field."""

    place: str
    words: str


class BadRules(Exception):
    """Rules that can't be kept; `problems` names each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{one.place}: {one.words}" if one.place else one.words for one in problems))
        self.problems = problems


def checked(rules: Any) -> dict[str, Any]:
    """The rules as they are kept: known kinds, known fields, values of the right type.

    Raises:
        BadRules: naming each rule that isn't.
    """
    problems: list[Problem] = []
    count = [0]
    known = _checked(rules, "", 0, problems, count)
    if count[0] > MOST_RULES:
        problems.append(Problem("", _("A segment has at most %(most)s conditions.", most=MOST_RULES)))
    if problems:
        raise BadRules(problems)
    if group_of(known) is None:
        known = {"all": [known]}
    return known


def group_of(rule: Mapping[str, Any]) -> str | None:
    """Which kind of group a rule is; None for a single condition."""
    return next((name for name in GROUPS if name in rule), None)


def condition(rules: Mapping[str, Any], scope: Scope) -> ColumnElement[bool]:
    """Checked rules as a condition on `mailer.contacts.Contact`; never NULL."""
    group = group_of(rules)
    if group is None:
        kind = KINDS[rules["is"]]
        return kind.matching(rules, scope)
    parts = [condition(rule, scope) for rule in rules[group]]
    if group == "all":
        return and_(true(), *parts)
    either = or_(*parts) if parts else not_(true())
    if group == "none":
        return not_(either)
    return either if parts else true()


def words(rule: Mapping[str, Any], scope: Scope) -> str:
    """A single condition for a reader."""
    return KINDS[rule["is"]].words(rule, scope)


def _checked(rule: Any, place: str, depth: int, problems: list[Problem], count: list[int]) -> dict[str, Any]:
    if not isinstance(rule, Mapping):
        problems.append(Problem(place, _("This is no condition.")))
        return {}
    group = group_of(rule)
    if group is None:
        count[0] += 1
        return _checked_condition(rule, place, problems)
    inside = rule[group]
    if depth >= DEEPEST:
        problems.append(Problem(place, _("Groups lie at most %(most)s deep.", most=DEEPEST)))
        return {group: []}
    if not isinstance(inside, list | tuple) or len(inside) > MOST_RULES:
        problems.append(Problem(place, _("This is no list of conditions.")))
        return {group: []}
    if depth and not inside:
        problems.append(Problem(place, _("This group is empty: add a condition, or remove it.")))
    prefix = f"{place}." if place else ""
    return {group: [_checked(one, f"{prefix}{at}", depth + 1, problems, count) for at, one in enumerate(inside)]}


def _checked_condition(rule: Mapping[str, Any], place: str, problems: list[Problem]) -> dict[str, Any]:
    name = rule.get("is")
    kind: Kind | None = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        problems.append(Problem(place, _("There is no such condition.")))
        return {}
    known: dict[str, Any] = {"is": kind.name}
    for field in kind.fields:
        try:
            value = field.read(rule.get(field.name))
        except BadValue as bad:
            problems.append(Problem(place, f"{field.label()}: {bad}"))
        else:
            if value is not None:
                known[field.name] = value
    return known
