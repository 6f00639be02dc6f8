"""Breaches: where a policy was not kept — told late, answered late, or not answered by the agent who should have.

Everything is worked out from what is written down anyway (cases with their targets, messages, e-mails queued), so a
number is its rows. Counted are the people who lie in the cell now, by the policy that is set now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ecrm.service.cases.case import Case
from ecrm.service.cases.clock import team_calendar
from ecrm.service.cases.message import CaseMessage, Direction
from ecrm.service.hours import ALWAYS, Calendar
from ecrm.service.teams import teams
from mailer.flows.entry import FlowEntry

from .relationship import Relationship, RelationshipPolicy, policies

MOST = 1_000
"""Breaches of a kind that a report tells; it says where there are more."""
ARRIVALS = "arrivals"
AT_ONCE = 1_000
GRACE = timedelta(days=1)
"""The flow looks once a day."""


class Broken(StrEnum):
    """What was not kept."""

    ANSWERED_LATE = "answered_late"
    OTHER_AGENT = "other_agent"
    TOLD_LATE = "told_late"


@dataclass(frozen=True)
class Breach:
    """One time that a policy was not kept. `about`: a case's reference, or a product; `by`: how long it was too late.

    `agent`: who answered instead of `wanted`, both by staff id.
    """

    kind: Broken
    cell: str
    customer_id: int
    at: datetime
    about: str
    by: timedelta | None = None
    agent: str = ""
    wanted: str = ""


def breaches(session: Session, *, since: datetime, until: datetime, now: datetime) -> list[Breach]:
    """All of a stretch (end excluded), the newest first; of each kind the newest `MOST` (`cut` says where it was)."""
    set_ = policies(session)
    found = [
        *_late_answers(session, since, until, now),
        *_other_agents(session, since, until),
        *_late_news(session, set_.values(), since, until),
    ]
    return sorted(found, key=lambda one: (one.at, one.customer_id, one.about), reverse=True)


def cut(found: Iterable[Breach]) -> frozenset[Broken]:
    """The kinds of which there may be more than these."""
    counted = Counter(one.kind for one in found)
    return frozenset(kind for kind, count in counted.items() if count >= MOST)


def _late_answers(session: Session, since: datetime, until: datetime, now: datetime) -> list[Breach]:
    """Cases whose first response came later than the policy's working minutes, or is owed since then."""
    query = (
        select(
            Case.customer_id, Case.reference, Case.team_id, Case.opened_at,
            func.coalesce(Case.first_responded_at, Case.solved_at, Case.closed_at, now).label("answered"),
            Relationship.cell, RelationshipPolicy.response_minutes,
        )
        .join(Relationship, Relationship.customer_id == Case.customer_id)
        .join(RelationshipPolicy, RelationshipPolicy.cell == Relationship.cell)
        .where(
            RelationshipPolicy.response_minutes.is_not(None), Case.opened_at >= since, Case.opened_at < until,
            Case.spam.is_(False), Case.merged_into.is_(None),
        )
        .order_by(Case.opened_at.desc(), Case.id.desc())
    )  # fmt: skip
    calendars = {team.id: team_calendar(team) for team in teams(session, archived=True)}
    late = (_late_answer(row, calendars.get(row.team_id or 0, ALWAYS)) for row in _streamed(session, query))
    return list(islice((one for one in late if one is not None), MOST))


def _late_answer(row: Any, calendar: Calendar) -> Breach | None:
    seconds, answered = row.response_minutes * 60, row.answered
    if answered <= row.opened_at + timedelta(seconds=seconds):  # most are: no calendar gives less time than the clock
        return None
    due = calendar.add(row.opened_at, seconds)
    if answered <= due:
        return None
    return Breach(Broken.ANSWERED_LATE, row.cell, row.customer_id, row.opened_at, row.reference, by=answered - due)


def _other_agents(session: Session, since: datetime, until: datetime) -> list[Breach]:
    """Cases of which no answer came from the preferred agent, though somebody answered."""
    answers = select(CaseMessage.id).where(
        CaseMessage.case_id == Case.id, CaseMessage.direction == Direction.OUT, CaseMessage.automatic.is_(False)
    )
    first = (
        select(CaseMessage.staff_id)
        .where(CaseMessage.case_id == Case.id, CaseMessage.direction == Direction.OUT, CaseMessage.automatic.is_(False))
        .order_by(CaseMessage.at, CaseMessage.id)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(Case, Relationship.cell, RelationshipPolicy.agent_id, first)
        .join(Relationship, Relationship.customer_id == Case.customer_id)
        .join(RelationshipPolicy, RelationshipPolicy.cell == Relationship.cell)
        .where(
            RelationshipPolicy.agent_id != "", Case.opened_at >= since, Case.opened_at < until, Case.spam.is_(False),
            Case.merged_into.is_(None), answers.exists(),
            ~answers.where(CaseMessage.staff_id == RelationshipPolicy.agent_id).exists(),
        )
        .order_by(Case.opened_at.desc(), Case.id.desc())
    )  # fmt: skip
    return [
        Breach(
            Broken.OTHER_AGENT, cell, case.customer_id, case.opened_at, case.reference, agent=agent or "",
            wanted=wanted,
        )
        for case, cell, wanted, agent in session.execute(query.limit(MOST))
    ]  # fmt: skip


def _late_news(session: Session, set_: Iterable[RelationshipPolicy], since: datetime, until: datetime) -> list[Breach]:
    """New products of which somebody in the cell heard later than their days before whoever heard first without any."""
    days = {one.cell: one.days_first for one in set_ if one.days_first}
    if not days:
        return []
    query = (
        select(FlowEntry.customer_id, FlowEntry.data, FlowEntry.entered_at, Relationship.cell)
        .outerjoin(Relationship, Relationship.customer_id == FlowEntry.customer_id)
        .where(FlowEntry.flow == ARRIVALS, FlowEntry.entered_at >= since, FlowEntry.entered_at < until)
        .order_by(FlowEntry.entered_at)
    )
    others: dict[str, datetime] = {}  # when whoever has no days heard first, by product
    early: dict[str, list[tuple[int, str, datetime]]] = defaultdict(list)
    late: list[Breach] = []

    def judge(customer: int, cell: str, product: str, at: datetime) -> None:
        due = others[product] - timedelta(days=days[cell])
        if at > due + GRACE:
            late.append(Breach(Broken.TOLD_LATE, cell, customer, at, product, by=at - due))

    for customer, data, at, cell in _streamed(session, query):
        for product in data.get("products", ()):
            if cell not in days:
                if product not in others:
                    others[product] = at
                    for before in early.pop(product, ()):
                        judge(*before[:2], product, before[2])
            elif product in others:
                judge(customer, cell, product, at)
            else:
                early[product].append((customer, cell, at))
    return sorted(late, key=lambda one: one.at)[-MOST:]


def _streamed(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """Rows as they are needed: of a year's cases or e-mails only so many are in memory at once."""
    with closing(session.execute(query.execution_options(yield_per=AT_ONCE))) as rows:
        yield from rows
