"""Routing of the desk: rules in order, and examples that say where they lead. Anybody who sees the desk's rules may run
and write examples; a rule that would break one isn't saved before somebody says that it is meant so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.segments.segment import segments
from ecrm.installation import installation
from ecrm.service.routing_check import Verdict, check_routing, newly_wrong
from ecrm.service.routing_rules import Conditions, RoutingExample, RoutingRule, rules_in_order
from ecrm.service.teams import agents, teams
from ecrm.wording import gettext as _

from .blueprint import console
from .case_words import channel_words, kind_words
from .queries import LARGEST
from .routing_form import FIELDS, Typed, conditions_of, given_of, typed_conditions, typed_given

Row = TypeVar("Row", RoutingRule, RoutingExample)


@console.get("/cases/routing")
@needs(Permission.DESK)
def desk_routing() -> str:
    """Rules and examples, each example with where it goes now."""
    return _page()


@console.post("/cases/routing")
@needs(Permission.DESK_RULES)
def save_rule() -> Response | tuple[str, int]:
    """Make a rule, change one or take it away."""
    typed, wrong = _typed(), Typed()
    with installation().sessions() as session:  # nothing is committed where an example would break unnoticed
        before = check_routing(session)
        rule = _row(session, RoutingRule, typed.get("rule", ""))
        conditions = conditions_of(session, typed, wrong)
        name, place = " ".join(typed.get("name", "").split())[:100], typed.get("place", "") or "1"
        team = _known(typed.get("team", ""), {one.id for one in teams(session)})
        if not name or not name.isprintable():
            wrong["name"] = _("Give the rule a name.")
        if not (place.isascii() and place.isdigit() and len(place) <= 4):
            wrong["place"] = _("The place in the order must be a whole number.")
        if team is None:
            wrong["team"] = _("Choose the team that gets these cases. Teams are made under “Teams”.")
        skill = " ".join(typed.get("skill", "").split())[:40]
        if not skill.isprintable():
            wrong["skill"] = _("This skill can't be read. Type it anew.")
        if not wrong and team is not None:
            rule = rule or RoutingRule()
            rule.name, rule.place, rule.conditions = name, int(place), conditions.stored
            rule.team_id, rule.skill = team, skill
            rule.archived_at = datetime.now(UTC) if typed.get("archived") == "yes" else None
            session.add(rule)
            _renumber(session, rule)
            broken = newly_wrong(before, check_routing(session))
            if not broken or typed.get("sure") == "yes":
                _audit(session, f"routing rule {name}")
                session.commit()
                flash(_("The rule is saved."))
                return redirect(url_for("console.desk_routing"), 303)
            names = [one.example.name for one in broken]
            session.rollback()
            return _page(typed, broken=names), 409
    return _page(typed, wrong), 422


@console.post("/cases/routing/examples")
@needs(Permission.DESK)
def save_example() -> Response | tuple[str, int]:
    """Make an example, change one or take it away."""
    typed, wrong = _typed(), Typed()
    with installation().sessions.begin() as session:
        example = _row(session, RoutingExample, typed.get("example", ""))
        if example is not None and typed.get("do") == "remove":
            session.delete(example)
            _audit(session, f"routing example {example.name}")
            return redirect(url_for("console.desk_routing", _anchor="examples"), 303)
        name = " ".join(typed.get("name", "").split())[:100]
        taken = select(RoutingExample.id).where(
            func.lower(RoutingExample.name) == name.lower(), RoutingExample.id != (example.id if example else 0)
        )
        if not name or not name.isprintable():
            wrong["name"] = _("Give the example a name.")
        elif session.scalar(taken) is not None:
            wrong["name"] = _("Another example has this name.")
        given = given_of(session, typed, wrong)
        agent = typed.get("agent", "")
        if agent not in {"", *(one.staff_id for one in agents(session))}:
            wrong["agent"] = _("There is no such agent at the desk.")
        wanted = typed.get("team", "")
        at_work = {one.id for one in teams(session)} | ({example.team_id} if example and example.team_id else set())
        team = _known(wanted, at_work)
        if team is None and wanted not in {"", "0"}:
            wrong["team"] = _("This team was put away, or never was. Choose another.")
        if not wrong:
            example = example or RoutingExample(name=name)
            example.name, example.given, example.staff_id = name, given, agent
            example.team_id = team
            session.add(example)
            _audit(session, f"routing example {name}")
    if wrong:
        return _page(typed, wrong), 422
    return redirect(url_for("console.desk_routing", _anchor="examples"), 303)


def _page(typed: Typed | None = None, wrong: Typed | None = None, *, broken: list[str] | None = None) -> str:
    with installation().sessions() as session:
        rules, verdicts = rules_in_order(session), check_routing(session)
        groups, everybody, groups_of_people = teams(session), agents(session), segments(session)
        everywhere = {one.id: one.name for one in teams(session, archived=True)}
    return render_template(
        "ecrm/console/desk_routing.html", verdicts=verdicts, typed=typed or {}, wrong=wrong or {}, broken=broken or [],
        rules=[(one, typed_conditions(Conditions.of(one.conditions))) for one in rules],
        examples=[(one, typed_given(one.example.given), _verdict_words(one, everywhere)) for one in verdicts],
        teams={one.id: one.name for one in groups}, team_names=everywhere,
        agents={one.staff_id: one.name for one in everybody}, segments={one.id: one.name for one in groups_of_people},
        kinds=kind_words(), channels=channel_words(), fields=FIELDS, blank=dict.fromkeys(FIELDS, ""),
        failing=sum(bool(one.wrong) for one in verdicts),
    )  # fmt: skip


def _verdict_words(verdict: Verdict, names: dict[int, str]) -> str:
    team = names.get(verdict.team_id or 0, _("no team"))
    by = _("by “%(rule)s”", rule=verdict.rule) if verdict.rule else _("by no rule")
    wanted = names.get(verdict.example.team_id or 0, _("no team"))
    told = {
        "": _("goes to %(team)s %(by)s", team=team, by=by),
        "team": _("goes to %(team)s %(by)s, should go to %(wanted)s", team=team, by=by, wanted=wanted),
        "agent_unfit": _("goes to %(team)s %(by)s, where this agent lacks the skill or the language", team=team, by=by),
        "agent_elsewhere": _("goes to %(team)s %(by)s, of which this agent isn't", team=team, by=by),
    }  # fmt: skip
    return told[verdict.wrong]


def _renumber(session: Session, moved: RoutingRule) -> None:
    """Places 1, 2, 3 …; the rule that was just saved stands before whatever had its place."""
    session.flush()
    known = [one for one in rules_in_order(session) if one.id != moved.id]
    if moved.archived_at is None:
        known.insert(max(0, min(moved.place, len(known) + 1) - 1), moved)
    for number, rule in enumerate(known, 1):
        rule.place = number
    session.flush()


def _row(session: Session, kind: type[Row], number: str) -> Row | None:
    """The row of this number; None where a new one is made."""
    if not number:
        return None
    known = number.isascii() and number.isdigit() and len(number) <= 19 and int(number) <= LARGEST
    row = session.get(kind, int(number)) if known else None
    if row is None:
        raise NotFound(_("This was taken away meanwhile. Start again from the list."))
    return row


def _known(number: str, known: set[int]) -> int | None:
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 19 and int(number) in known else None


def _typed() -> Typed:
    """The form's fields; several ticks of one name are joined."""
    return Typed({key: ",".join(one.strip() for one in request.form.getlist(key)) for key in request.form})


def _audit(session: Session, what: str) -> None:
    record(session, signed_in_staff(), Action.DESK_CHANGED, subject=what, now=datetime.now(UTC))
