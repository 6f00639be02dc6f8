"""The desk: puts its arranger in place, looks after cases by the clock, and checks routing at the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup, with_appcontext

from ecrm.installation import Installation, installation

from . import cases
from .arranging import DeskArranger, close_solved, hand_out, mark_breaches
from .relationship import preferred_agent_of, response_minutes_of
from .routing_check import Verdict, check_routing
from .teams import teams
from .undelivered import note_undelivered
from .warranty_letters import remind_silent

ARRANGER = DeskArranger(response_policy=response_minutes_of, preferred_agent=preferred_agent_of)
cases.arrange_with(ARRANGER)


def look_after_cases(crm: Installation) -> str:
    """Mark missed targets and answers that didn't arrive, hand out waiting cases, close what stayed solved, remind
    service points that say nothing."""
    now = datetime.now(UTC)
    after = timedelta(days=int(crm.app.config["ECRM_CASE_REOPEN_DAYS"]))
    with crm.app.app_context():
        missed = mark_breaches(crm.sessions, now=now)
        given = hand_out(crm.sessions, ARRANGER, now=now)
        undelivered = note_undelivered(crm.sessions, now=now)
        closed = close_solved(crm.sessions, now=now, after=after)
        silent = remind_silent(crm, now=now)
    words = f"{missed} cases missed a target, {given} given to an agent, {closed} closed"
    return f"{words}, {undelivered} answers didn't arrive, {silent} silent service points noticed"


def add_to(commands: AppGroup) -> None:
    """Add the command to `flask ecrm`."""
    commands.add_command(routing)


@click.command("routing")
@click.option("--check", is_flag=True, help="Run the examples; ends with an error where one goes elsewhere.")
@with_appcontext
def routing(check: bool) -> None:
    """Say where each example of the desk's routing goes."""
    with installation().sessions() as session:
        verdicts = check_routing(session)
        names = {team.id: team.name for team in teams(session, archived=True)}
    for verdict in verdicts:
        click.echo(_line(verdict, names))
    wrong = sum(bool(verdict.wrong) for verdict in verdicts)
    click.echo(f"{len(verdicts)} examples, {wrong} go elsewhere than they should.")
    if check and wrong:
        raise click.exceptions.Exit(1)


def _line(verdict: Verdict, names: dict[int, str]) -> str:
    def team(team_id: int | None) -> str:
        return names.get(team_id, "no team") if team_id is not None else "no team"

    by = f"rule “{verdict.rule}”" if verdict.rule else "no rule"
    words = f"{'wrong' if verdict.wrong else 'ok   '}  {verdict.example.name}: {by} → {team(verdict.team_id)}"
    if verdict.wrong == "team":
        return f"{words}, expected {team(verdict.example.team_id)}"
    return f"{words}, expected agent {verdict.example.staff_id}" if verdict.wrong else words
