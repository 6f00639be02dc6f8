"""Case facts: what the desk's reports need of each case — how long it took, what was kept, what was thought of it.

Counted are cases by the shop's day on which they were opened; spam and cases merged into others are none. Times are
working time of the case's team, with the hours in which the shop waited for the customer left out of the time to a
solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ecrm.service.cases.case import Case
from ecrm.service.cases.clock import team_calendar
from ecrm.service.hours import ALWAYS
from ecrm.service.teams import teams
from ecrm.service.working_time import WorkingTime

_COLUMNS = (
    Case.id, Case.customer_id, Case.channel, Case.kind, Case.priority, Case.team_id, Case.owner, Case.product,
    Case.state, Case.opened_at, Case.first_response_due, Case.first_responded_at, Case.resolution_due, Case.solved_at,
    Case.closed_at, Case.waiting_since, Case.paused_seconds, Case.reopened, Case.satisfaction,
    Case.satisfaction_asked_at,
)  # fmt: skip


class CaseFacts(NamedTuple):
    """One case. Times in working seconds; `…_kept` is None where no target was set or it is still open.

    `satisfaction`: 1 to 5, None where nobody answered; `asked` whether the question was sent.
    """

    id: int
    channel: str
    kind: str
    priority: int
    team_id: int | None
    owner: str
    product: str
    opened_at: datetime
    response: int | None
    response_kept: bool | None
    resolution: int | None
    resolution_kept: bool | None
    reopened: bool
    asked: bool
    satisfaction: int | None

    @property
    def answered(self) -> bool:
        return self.response is not None

    @property
    def solved(self) -> bool:
        return self.resolution is not None

    @property
    def happy(self) -> bool:
        """4 or 5 of 5, which is what CSAT counts as satisfied."""
        return self.satisfaction is not None and self.satisfaction >= 4


def facts_of(session: Session, *, since: datetime, until: datetime, now: datetime) -> Sequence[CaseFacts]:
    """Cases opened in a stretch (end excluded), the oldest first."""
    calendars = {team.id: WorkingTime(team_calendar(team), since=since) for team in teams(session, archived=True)}
    always = WorkingTime(ALWAYS, since=since)
    query = select(*_COLUMNS).where(
        Case.opened_at >= since, Case.opened_at < until, Case.spam.is_(False), Case.merged_into.is_(None)
    )
    return [
        _facts(row, calendars.get(row.team_id or 0, always), now)
        for row in session.execute(query.order_by(Case.opened_at, Case.id))
    ]


def _facts(row: Row[*tuple[object, ...]], calendar: WorkingTime, now: datetime) -> CaseFacts:
    solved_at = row.solved_at if row.state in {"solved", "closed"} else None
    response = calendar.between(row.opened_at, row.first_responded_at) if row.first_responded_at else None
    return CaseFacts(
        id=row.id, channel=row.channel, kind=row.kind, priority=row.priority, team_id=row.team_id, owner=row.owner,
        product=row.product, opened_at=row.opened_at, response=response,
        response_kept=_kept(row.first_responded_at, row.first_response_due, now, open_=solved_at is None),
        resolution=_working_to(row, solved_at, calendar) if solved_at else None,
        resolution_kept=_kept(solved_at, row.resolution_due, now, open_=row.waiting_since is None),
        reopened=row.reopened > 0, asked=row.satisfaction_asked_at is not None, satisfaction=row.satisfaction,
    )  # fmt: skip


def _working_to(row: Row[*tuple[object, ...]], solved_at: datetime, calendar: WorkingTime) -> int:
    """Working seconds to the solution, without those in which we waited for the customer."""
    waited = int(row.paused_seconds)
    if row.waiting_since is not None and row.waiting_since < solved_at:
        waited += calendar.between(row.waiting_since, solved_at)
    return max(0, calendar.between(row.opened_at, solved_at) - waited)


def _kept(done: datetime | None, due: datetime | None, now: datetime, *, open_: bool) -> bool | None:
    """Whether a target was kept; missed, too, where it passed while the shop owed the deed."""
    if due is None:
        return None
    if done is not None:
        return done <= due
    return False if open_ and due < now else None
