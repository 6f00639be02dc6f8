"""Clock: when a case's answers are due, in the working hours of its team, and how the clock stands and goes on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ecrm.service.hours import ALWAYS, Calendar, calendar_of
from ecrm.service.teams import Team

from .case import NEVER, OWED, Case


def calendar_for(session: Session, case: Case) -> Calendar:
    """The working hours that a case is counted in: its team's, and all hours while it has none."""
    team = session.get(Team, case.team_id) if case.team_id is not None else None
    return team_calendar(team) if team is not None else ALWAYS


def team_calendar(team: Team) -> Calendar:
    """A team's working hours."""
    return calendar_of(
        hours=team.hours, time_zone=team.time_zone, country=team.country, subdivision=team.subdivision
    )  # fmt: skip


def stand(case: Case, *, now: datetime) -> None:
    """The clock stands from now on; where it stands already, since then."""
    case.waiting_since = case.waiting_since or now


def go_on(session: Session, case: Case, *, now: datetime) -> None:
    """The clock goes on; the working time that it stood is no time of the shop's."""
    if case.waiting_since is not None:
        case.paused_seconds += calendar_for(session, case).between(case.waiting_since, now)
        case.waiting_since = None


def reckon(session: Session, case: Case) -> None:
    """Work out anew what is due when; after each change of state, targets, team or answers."""
    calendar = calendar_for(session, case)
    case.first_response_due = case.resolution_due = None
    if case.response_minutes is not None:
        case.first_response_due = calendar.add(case.opened_at, case.response_minutes * 60)
    if case.resolution_minutes is not None:
        case.resolution_due = calendar.add(case.opened_at, case.resolution_minutes * 60 + case.paused_seconds)
    owed = [
        due
        for due in (None if case.first_responded_at else case.first_response_due, case.resolution_due)
        if due is not None
    ]
    case.next_due = min(owed) if owed and case.state in OWED else NEVER
