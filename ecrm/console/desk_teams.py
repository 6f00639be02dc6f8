"""Teams and agents of the desk: hours, holidays, skills, languages, how much each takes, who is away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service.hours import BadHours, checked_hours
from ecrm.service.teams import MOST_OPEN, Agent, Team, agent_of, agents, teams
from ecrm.service.typed_hours import Unreadable, spans_of, typed_spans
from ecrm.wording import gettext as _
from ecrm.wording import zone
from mailer.calendar import Place, public_holidays

from .blueprint import console
from .queries import LARGEST

MOST_NAMES = 20
Typed = dict[str, str]


@console.get("/cases/teams")
@needs(Permission.DESK)
def desk_teams() -> str:
    """The teams, and who is in them."""
    with installation().sessions.begin() as session:
        if signed_in_staff().role in {"owner", "support"}:
            agent_of(session, signed_in_staff(), now=datetime.now(UTC))
    return _page()


@console.post("/cases/teams")
@needs(Permission.DESK_RULES)
def save_team() -> Response | tuple[str, int]:
    """Make a team or change one."""
    typed = {key: value.strip() for key, value in request.form.items()}
    wrong: Typed = {}
    with installation().sessions.begin() as session:
        team = _team(session, typed.get("team", ""))
        hours = _hours(typed, wrong)
        name, zone_name = " ".join(typed.get("name", "").split())[:100], typed.get("time_zone", "")
        country, subdivision = typed.get("country", "").upper(), typed.get("subdivision", "").upper()
        taken = select(Team.id).where(func.lower(Team.name) == name.lower(), Team.id != (team.id if team else 0))
        if not name or not name.isprintable():
            wrong["name"] = _("Give the team a name.")
        elif session.scalar(taken) is not None:
            wrong["name"] = _("Another team has this name.")
        if zone_name not in available_timezones():
            wrong["time_zone"] = _("This is no time zone. Write it like Europe/Berlin.")
        if country and not _keeps_holidays(country, subdivision):
            wrong["country"] = _(
                "No public holidays are known of this place. Write it like DE and BE, or leave it empty."
            )
        if not wrong:
            team = team or Team(name=name)
            team.name, team.time_zone, team.hours = name, zone_name, hours
            team.country, team.subdivision = country, subdivision
            team.archived_at = datetime.now(UTC) if typed.get("archived") == "yes" else None
            session.add(team)
            _audit(session, f"team {name}")
    if wrong:
        return _page(typed, wrong), 422
    flash(_("The team is saved. Cases that come from now on are counted in these hours."))
    return redirect(url_for("console.desk_teams"), 303)


@console.post("/cases/agents")
@needs(Permission.DESK_RULES)
def save_agent() -> Response | tuple[str, int]:
    """Change what an agent can, takes and works."""
    typed = {key: value.strip() for key, value in request.form.items()}
    wrong: Typed = {}
    with installation().sessions.begin() as session:
        asked = typed.get("agent", "")[:64]
        agent = session.get(Agent, asked) if asked.isprintable() else None
        if agent is None:
            raise NotFound(_("There is no such agent at the desk."))
        team = _team(session, typed.get("in_team", ""))
        if team is not None and team.archived_at is not None and team.id != agent.team_id:
            wrong["in_team"] = _("This team was put away: nobody in it gets cases. Choose another.")
        most, hours = typed.get("most_open", ""), _hours(typed, wrong)
        away = _day(typed.get("away", ""), wrong)
        skills, languages = _list(typed.get("skills", ""), wrong, "skills"), _list(
            typed.get("languages", ""), wrong, "languages"
        )  # fmt: skip
        if not (most.isascii() and most.isdigit() and len(most) <= 4):
            wrong["most_open"] = _("How many cases at most? A whole number, e.g. %(usual)s.", usual=MOST_OPEN)
        if not wrong:
            agent.team_id, agent.skills, agent.languages = team.id if team else None, skills, languages
            agent.most_open, agent.hours = int(most), hours
            agent.away_until = away
            _audit(session, f"agent {agent.staff_id}")
    if wrong:
        return _page(typed, wrong), 422
    flash(_("The agent is saved."))
    return redirect(url_for("console.desk_teams"), 303)


def _page(typed: Typed | None = None, wrong: Typed | None = None) -> str:
    with installation().sessions() as session:
        groups, everybody = teams(session, archived=True), agents(session)
    weekdays = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return render_template(
        "ecrm/console/desk_teams.html", teams=groups, agents=everybody, typed=typed or {}, wrong=wrong or {},
        weekdays=weekdays, spans=_spans, shop_zone=str(zone()), now=datetime.now(UTC),
        names={one.id: one.name for one in groups},
    )  # fmt: skip


def _spans(stored: dict[str, list[list[int]]], day: int) -> str:
    return typed_spans(stored.get(str(day), []))


def _team(session: Session, number: str) -> Team | None:
    if not number or number == "0":
        return None
    known = number.isascii() and number.isdigit() and len(number) <= 19 and int(number) <= LARGEST
    team = session.get(Team, int(number)) if known else None
    if team is None:
        raise NotFound(_("There is no such team."))
    return team


def _hours(typed: Typed, wrong: Typed) -> dict[str, list[list[int]]]:
    found = {}
    for day in range(7):
        try:
            found[day] = spans_of(typed.get(f"day-{day}", "")[:200])
        except Unreadable as bad:
            wrong[f"day-{day}"] = _("“%(typed)s” can't be read. Write it like 9:00-12:30, 14-18.", typed=str(bad))
    try:
        return {} if wrong else checked_hours(found)
    except BadHours as bad:
        wrong[f"day-{bad}"] = _("These hours overlap.")
        return {}


def _keeps_holidays(country: str, subdivision: str) -> bool:
    fits = len(country) == 2 and country.isascii() and country.isalpha() and len(subdivision) <= 6
    return fits and bool(public_holidays(Place(country, subdivision), datetime.now(UTC).year))


def _day(typed: str, wrong: Typed) -> datetime | None:
    """The end of a day of the shop's."""
    if not typed:
        return None
    try:
        last = date.fromisoformat(typed)
        return datetime.combine(last, time(23, 59), ZoneInfo(str(zone()))).astimezone(UTC)
    except (ValueError, OverflowError):
        wrong["away"] = _("“%(value)s” is not a day. Write it like 2026-11-03.", value=typed[:40])
        return None


def _list(typed: str, wrong: Typed, name: str) -> list[str]:
    found = list(dict.fromkeys(" ".join(one.split()) for one in typed.split(",") if one.strip()))
    if len(found) > MOST_NAMES or any(len(one) > 40 or not one.isprintable() for one in found):
        wrong[name] = _("At most %(most)s, divided by commas, of 40 letters each.", most=MOST_NAMES)
    return found


def _audit(session: Session, what: str) -> None:
    record(session, signed_in_staff(), Action.DESK_CHANGED, subject=what, now=datetime.now(UTC))
