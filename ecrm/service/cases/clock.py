"""Clock: when a case's answers are due, in the working hours of its team, and how the clock stands and goes on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ecrm.service.hours import ALWAYS, Calendar, calendar_of
from ecrm.service.teams import Team

from .case import NEVER, OWED, Case
from .step import log_step


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


def note_breaches(session: Session, case: Case, *, now: datetime) -> list[str]:
    """Mark the targets that were missed by now, each once in a case's life and with a step; says which.

    Called before an answer or a move counts, and by the job for those that nobody touches.
    """
    if case.state not in OWED:
        return []
    missed = []
    late_response = case.first_responded_at is None and _is_past(case.first_response_due, now)
    if late_response and case.response_breached_at is None:
        case.response_breached_at = case.first_response_due
        missed.append("response")
    if _is_past(case.resolution_due, now) and case.resolution_breached_at is None:
        case.resolution_breached_at = case.resolution_due
        missed.append("resolution")
    for target in missed:
        log_step(session, case, "breached", now=now, target=target)
    return missed


def _is_past(due: datetime | None, now: datetime) -> bool:
    return due is not None and due < now


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
