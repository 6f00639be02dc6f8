"""Stepping: takes the steps of entries that are due, and says just before sending whether an e-mail is still wanted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from mailer.addressing import BadHeader, Mailbox, as_name
from mailer.best_hour import local_counts
from mailer.calendar import NOWHERE, at_local, local_day, zone_of
from mailer.contacts import Contact
from mailer.outbox import Email, State
from mailer.unwritten import queue_unwritten
from mailer.writing import Dropped, Held
from tracking.customers import Customer

from .entry import EntryState, FlowEntry
from .flow import Flow, Later, Leave, Run, Shop, Step, delay
from .recipients import wanting

log = logging.getLogger("mailer.flows")

BATCH = 200
WAITING = (State.QUEUED, State.DEFERRED, State.CLAIMED)
ASK_AGAIN = timedelta(hours=1)
"""When a step is looked at again that waits for the e-mail before it, or that failed."""


@dataclass
class StepReport:
    """What steps did. `withheld`: of people in a control group. `left`: ended before their last step."""

    queued: int = 0
    withheld: int = 0
    left: int = 0
    failed: int = 0

    def add(self, other: StepReport) -> None:
        """Count these, too."""
        for field in fields(other):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def _never() -> bool:
    return False


def take_steps(
    sessions: sessionmaker[Session],
    on: Mapping[Flow, Mapping[str, int]],
    shop: Shop,
    *,
    now: datetime,
    stopping: Callable[[], bool] = _never,
) -> StepReport:
    """Take every step that is due in the flows that are on (with their settings).

    Args:
        stopping: asked before each entry; when it says yes, what was worked out is kept and the rest waits for the
            next run.
    """
    report = StepReport()
    by_name = {flow.name: flow for flow in on}
    runs = {flow.name: Run(now=now, since=now, shop=shop, knobs=knobs) for flow, knobs in on.items()}
    while not stopping() and (due := _due(sessions, list(by_name), now)):
        try:
            with sessions.begin() as session:
                done = _take(session, due, by_name, runs, stopping)
            report.add(done)
        except Exception:  # one broken entry must not hold up all others: each is tried by itself
            log.exception("a batch of steps failed; its entries are tried one by one")
            _one_by_one(sessions, due, by_name, runs, report, stopping)
    return report


def _due(sessions: sessionmaker[Session], flows: Sequence[str], now: datetime) -> Sequence[int]:
    query = select(FlowEntry.id).where(
        FlowEntry.state == EntryState.ACTIVE, FlowEntry.due_at <= now, FlowEntry.flow.in_(flows)
    )
    with sessions() as session:
        return session.scalars(query.order_by(FlowEntry.due_at, FlowEntry.id).limit(BATCH)).all()


def _one_by_one(
    sessions: sessionmaker[Session],
    due: Sequence[int],
    flows: Mapping[str, Flow],
    runs: Mapping[str, Run],
    report: StepReport,
    stopping: Callable[[], bool],
) -> None:
    for entry_id in due:
        if stopping():
            return
        try:
            with sessions.begin() as session:
                done = _take(session, [entry_id], flows, runs, _never)
            report.add(done)
        except Exception as error:
            log.exception("a step of entry %s failed", entry_id)
            report.failed += 1
            now = next(iter(runs.values())).now
            with sessions.begin() as session:
                reason = f"failed, tried again later: {type(error).__name__}"
                session.execute(
                    update(FlowEntry)
                    .where(FlowEntry.id == entry_id, FlowEntry.state == EntryState.ACTIVE, FlowEntry.due_at <= now)
                    .values(due_at=now + ASK_AGAIN, reason=reason)
                )


@dataclass(frozen=True)
class _Mail:
    """The e-mail of a step; `to` is None where the address can't be written to."""

    to: Mailbox | None
    content: dict[str, Any]
    due_at: datetime


@dataclass(frozen=True)
class _Planned:
    """What becomes of an entry; worked out before anything is written."""

    entry: FlowEntry
    values: dict[str, Any]
    mail: _Mail | None = None


def _take(
    session: Session,
    ids: Sequence[int],
    flows: Mapping[str, Flow],
    runs: Mapping[str, Run],
    stopping: Callable[[], bool],
) -> StepReport:
    """Plan all, then write all: SQLite has one writer, and checkouts mustn't wait until flows have thought."""
    query = select(FlowEntry).where(FlowEntry.id.in_(ids)).order_by(FlowEntry.due_at, FlowEntry.id)
    entries = session.scalars(query.execution_options(populate_existing=True)).all()
    people = _People.of(session, entries)
    planned: list[_Planned] = []
    for entry in entries:
        if planned and stopping():
            break
        planned.append(_plan(session, entry, flows[entry.flow], runs[entry.flow], people))
    report = StepReport()
    for one in planned:
        flow, run = flows[one.entry.flow], runs[one.entry.flow]
        _carry_out(session, one, flow, run=run, report=report)
    return report


def _plan(session: Session, entry: FlowEntry, flow: Flow, run: Run, people: _People) -> _Planned:
    """Reads only."""
    if entry.step >= len(flow.steps):  # the flow was shortened meanwhile
        return _Planned(entry, {"state": EntryState.DONE, "ended_at": run.now})
    if (entry.contact_id, entry.topic) not in people.may:
        return _leave(entry, "not wanted any more", run)
    step = flow.steps[entry.step]
    match flow.leaves(session, entry, run):
        case Leave(reason):
            return _leave(entry, reason, run)
        case Later(at, reason) if at + delay(step, run.knobs) > run.now:
            return _Planned(entry, {"caused_at": at, "due_at": at + delay(step, run.knobs), "reason": reason[:200]})
    if entry.id in people.waiting:
        reason = "the e-mail before this one hasn't gone out yet"
        return _Planned(entry, {"due_at": run.now + ASK_AGAIN, "reason": reason})
    if run.now > entry.due_at + step.good_for:
        return _Planned(entry, {**_after(entry, flow, run), "reason": f"{step.name}: its time had passed"})
    due_at, deadline = when(session, entry, step, run)
    if due_at >= deadline:
        return _Planned(entry, {**_after(entry, flow, run), "reason": f"{step.name}: its day had passed"})
    content = flow.content(session, entry, step, run)
    if content is None:
        return _leave(entry, "nothing to say (any more)", run)
    content = content | {"deadline": deadline.isoformat(), "any_day": step.any_day}
    return _Planned(entry, {**_after(entry, flow, run), "reason": ""}, _Mail(people.mailbox(entry), content, due_at))


def _carry_out(session: Session, planned: _Planned, flow: Flow, *, run: Run, report: StepReport) -> None:
    """Writes only."""
    entry, mail = planned.entry, planned.mail
    step = entry.step
    moved = _move(session, entry, **planned.values)
    if planned.values.get("state") == EntryState.EXITED:
        report.left += moved
    if not moved or mail is None:
        return
    if entry.control:
        report.withheld += 1
    elif mail.to is None:
        _end(session, entry, "the address can't be written to", run.now)
    else:
        report.queued += _queue(session, entry, flow, flow.steps[step], mail.to, mail, run)


def _after(entry: FlowEntry, flow: Flow, run: Run) -> dict[str, Any]:
    """What an entry becomes when its step is taken."""
    following = entry.step + 1
    if following >= len(flow.steps):
        return {"step": following, "state": EntryState.DONE, "ended_at": run.now}
    return {"step": following, "due_at": entry.caused_at + delay(flow.steps[following], run.knobs)}


def _leave(entry: FlowEntry, reason: str, run: Run) -> _Planned:
    return _Planned(entry, {"state": EntryState.EXITED, "reason": reason[:200], "ended_at": run.now})


def _move(session: Session, entry: FlowEntry, **values: Any) -> int:
    """Only from where the entry was read: another worker may have been faster. Says whether it moved (1 or 0)."""
    moved: Any = session.execute(
        update(FlowEntry)
        .where(
            FlowEntry.id == entry.id, FlowEntry.state == EntryState.ACTIVE, FlowEntry.step == entry.step,
            FlowEntry.due_at == entry.due_at,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return int(moved.rowcount)


@dataclass(frozen=True)
class _People:
    """What a batch of entries needs to know of its people, read in a few statements."""

    contacts: Mapping[int, Contact]
    customers: Mapping[int, Customer]
    may: set[tuple[int, str]]
    waiting: set[int]

    @classmethod
    def of(cls, session: Session, entries: Sequence[FlowEntry]) -> _People:
        contact_ids = {entry.contact_id for entry in entries}
        customer_ids = {entry.customer_id for entry in entries if entry.customer_id is not None}
        waiting = select(Email.entry_id).where(
            Email.entry_id.in_([entry.id for entry in entries]), Email.state.in_(WAITING)
        )
        return cls(
            {one.id: one for one in session.scalars(select(Contact).where(Contact.id.in_(contact_ids)))},
            {one.id: one for one in session.scalars(select(Customer).where(Customer.id.in_(customer_ids)))},
            wanting(session, ((entry.contact_id, entry.topic) for entry in entries)),
            {entry_id for entry_id in session.scalars(waiting) if entry_id is not None},
        )

    def mailbox(self, entry: FlowEntry) -> Mailbox | None:
        """To whom its e-mails go; None where the address can't be written to."""
        contact, customer = self.contacts[entry.contact_id], self.customers.get(entry.customer_id or 0)
        try:
            return Mailbox(as_name(f"{customer.first_name} {customer.last_name}" if customer else ""), contact.address)
        except BadHeader:
            return None


def _queue(session: Session, entry: FlowEntry, flow: Flow, step: Step, to: Mailbox, mail: _Mail, run: Run) -> int:
    """Put the step's e-mail into the outbox, to be written when it is sent; says how many (1 or 0)."""
    queued = queue_unwritten(
        session,
        dedup_key=f"flow:{flow.name}:{entry.id}:{entry.step}",
        template=step.template,
        sender=run.shop.sender,
        to=to,
        contact_id=entry.contact_id,
        customer_id=entry.customer_id,
        order_reference=entry.order_reference,
        topic=entry.topic,
        source=flow.source,
        entry_id=entry.id,
        step=entry.step,
        priority=flow.priority,
        content=mail.content,
        due_at=mail.due_at,
        now=run.now,
    )
    return queued is not None


def _end(session: Session, entry: FlowEntry, reason: str, now: datetime) -> None:
    session.execute(
        update(FlowEntry)
        .where(FlowEntry.id == entry.id)
        .values(state=EntryState.EXITED, reason=reason[:200], ended_at=now)
        .execution_options(synchronize_session=False)
    )


def when(session: Session, entry: FlowEntry, step: Step, run: Run) -> tuple[datetime, datetime]:
    """When a step's e-mail is due by the person's own clock, and until when it is worth sending; both UTC."""
    places = run.shop.places(session, [entry.customer_id]) if entry.customer_id is not None else {}
    place = places.get(entry.customer_id or 0, NOWHERE)
    zone = zone_of(place, otherwise=run.shop.zone)
    if step.at_best_hour:
        deeds = run.shop.deeds(session, entry.customer_id, now=run.now) if entry.customer_id is not None else ()
        due = run.shop.hours.best(
            run.now, counts=local_counts(deeds, zone), place=place, zone=zone, quiet=run.shop.quiet,
            any_day=step.any_day, on_day=step.on_day,
        )  # fmt: skip
    else:
        due = run.shop.quiet.next_allowed(run.now, place, zone, any_day=step.any_day)
    if step.on_day:
        return due, at_local(local_day(entry.due_at, zone) + timedelta(days=1), 0, zone)
    return due, due + step.good_for


def still_wanted(
    session: Session, email: Email, *, flows: Mapping[str, Flow], shop: Shop, knobs: Mapping[str, int], now: datetime
) -> Held | Dropped | None:
    """Asked just before a flow's e-mail is written: whether its reason is gone, or younger than was thought.

    Consent isn't asked here: the hand-over does. `knobs` are those of the e-mail's flow (`engine.knobs_of`).
    """
    entry = session.get(FlowEntry, email.entry_id) if email.entry_id is not None else None
    if entry is None:
        return Dropped("the flow's entry is gone")
    flow = flows.get(entry.flow)
    if flow is None or email.step >= len(flow.steps):
        return Dropped("the flow is no more")
    if entry.state == EntryState.EXITED:
        return Dropped(entry.reason)
    match flow.leaves(session, entry, Run(now=now, since=now, shop=shop, knobs=knobs)):
        case Leave(reason):
            return Dropped(reason)
        case Later(at, reason) if at + delay(flow.steps[email.step], knobs) > now:
            return Held(at + delay(flow.steps[email.step], knobs), reason)
        case _:
            return None
