"""Figures of flows for the console: who is in them and what became of their e-mails, in a few grouped queries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.flows.entry import EntryState, FlowEntry
from mailer.outbox import Email, State

SHOWN_DAYS = 30


@dataclass
class Figures:
    """Of one flow: people who entered in the last 30 days and how they stand, and e-mails by state."""

    entered: int = 0
    in_control: int = 0
    states: Counter[str] = field(default_factory=Counter)
    emails: Counter[str] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        return self.emails[State.SENT]

    @property
    def waiting(self) -> int:
        return self.emails[State.QUEUED] + self.emails[State.DEFERRED] + self.emails[State.CLAIMED]


def figures_of_flows(session: Session, *, now: datetime) -> Mapping[str, Figures]:
    """By flow, of the last 30 days."""
    since = now - timedelta(days=SHOWN_DAYS)
    found: dict[str, Figures] = defaultdict(Figures)
    entries = (
        select(FlowEntry.flow, FlowEntry.control, FlowEntry.state, func.count())
        .where(FlowEntry.entered_at > since)
        .group_by(FlowEntry.flow, FlowEntry.control, FlowEntry.state)
    )
    for flow, control, state, many in session.execute(entries):
        one = found[flow]
        one.entered += many
        one.in_control += many if control else 0
        one.states[state] += many
    emails = (
        select(Email.source, Email.state, func.count())
        .where(Email.source.like("flow:%"), Email.queued_at > since)
        .group_by(Email.source, Email.state)
    )
    for source, state, many in session.execute(emails):
        found[source.removeprefix("flow:")].emails[state] += many
    return found


@dataclass(frozen=True)
class StepFigures:
    """Of a step's e-mails of the last 30 days: how many are in which state, and the commonest reasons why not sent."""

    states: Mapping[str, int]
    reasons: Sequence[tuple[str, int]]


def figures_of_steps(session: Session, flow: str, *, now: datetime) -> Mapping[int, StepFigures]:
    """By the step's number."""
    query = (
        select(Email.step, Email.state, Email.reason, func.count())
        .where(Email.source == f"flow:{flow}", Email.queued_at > now - timedelta(days=SHOWN_DAYS))
        .group_by(Email.step, Email.state, Email.reason)
    )
    states: dict[int, Counter[str]] = defaultdict(Counter)
    reasons: dict[int, Counter[str]] = defaultdict(Counter)
    for step, state, reason, many in session.execute(query):
        states[step][state] += many
        if reason and state != State.SENT:
            reasons[step][reason.split(" (", 1)[0]] += many
    return {step: StepFigures(states[step], reasons[step].most_common(5)) for step in states}


def exits_of(session: Session, flow: str, *, now: datetime) -> list[tuple[str, int]]:
    """Why people left in the last 30 days, the commonest first."""
    query = (
        select(FlowEntry.reason, func.count())
        .where(
            FlowEntry.flow == flow, FlowEntry.entered_at > now - timedelta(days=SHOWN_DAYS),
            FlowEntry.state == EntryState.EXITED,
        )
        .group_by(FlowEntry.reason)
        .order_by(func.count().desc(), FlowEntry.reason)
        .limit(10)
    )  # fmt: skip
    return [(reason, many) for reason, many in session.execute(query)]


def entries_page(session: Session, flow: str, *, before: int | None, limit: int) -> Sequence[FlowEntry]:
    """The newest entries below a number."""
    query = select(FlowEntry).where(FlowEntry.flow == flow)
    if before is not None:
        query = query.where(FlowEntry.id < before)
    return session.scalars(query.order_by(FlowEntry.id.desc()).limit(limit)).all()
