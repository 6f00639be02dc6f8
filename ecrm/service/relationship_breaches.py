"""Breaches: where a policy was not kept — told late, answered late, or not answered by the agent who should have.

Everything is worked out from what is written down anyway (cases with their targets, messages, e-mails queued), so a
number is its rows. Counted are the people who lie in the cell now, by the policy that is set now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.service.cases.case import Case
from ecrm.service.cases.clock import calendar_for
from ecrm.service.cases.message import CaseMessage, Direction
from mailer.flows.entry import FlowEntry

from .relationship import Relationship, RelationshipPolicy, policies

MOST = 1_000
"""Rows of a kind that a report reads; it says where there are more."""
ARRIVALS = "arrivals"


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
    """All of a stretch (end excluded), the newest first; of each kind at most `MOST`."""
    set_ = policies(session)
    found = [
        *_late_answers(session, since, until, now),
        *_other_agents(session, since, until),
        *_late_news(session, set_.values(), since, until),
    ]
    return sorted(found, key=lambda one: (one.at, one.customer_id, one.about), reverse=True)


def _late_answers(session: Session, since: datetime, until: datetime, now: datetime) -> list[Breach]:
    """Cases whose first response came later than the policy's working minutes, or is owed since then."""
    query = (
        select(Case, Relationship.cell, RelationshipPolicy.response_minutes)
        .join(Relationship, Relationship.customer_id == Case.customer_id)
        .join(RelationshipPolicy, RelationshipPolicy.cell == Relationship.cell)
        .where(
            RelationshipPolicy.response_minutes.is_not(None), Case.opened_at >= since, Case.opened_at < until,
            Case.spam.is_(False), Case.merged_into.is_(None),
        )
        .order_by(Case.opened_at.desc(), Case.id.desc())
    )  # fmt: skip
    found = []
    for case, cell, minutes in session.execute(query.limit(MOST)):
        if minutes is None or case.customer_id is None:
            continue
        due = calendar_for(session, case).add(case.opened_at, minutes * 60)
        answered = case.first_responded_at or (case.solved_at or case.closed_at or now)
        if answered > due:
            found.append(
                Breach(Broken.ANSWERED_LATE, cell, case.customer_id, case.opened_at, case.reference, by=answered - due)
            )
    return found


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
    others: dict[str, datetime] = {}
    favoured: list[tuple[int, str, str, datetime]] = []
    for customer, data, at, cell in session.execute(query):
        for product in data.get("products", ()):
            if cell in days:
                favoured.append((customer, cell, product, at))
            else:
                others.setdefault(product, at)
    grace = timedelta(days=1)  # the flow looks once a day
    late = [
        Breach(Broken.TOLD_LATE, cell, customer, at, product, by=at - (others[product] - timedelta(days=days[cell])))
        for customer, cell, product, at in favoured
        if product in others and at > others[product] - timedelta(days=days[cell]) + grace
    ]
    return late[-MOST:]
