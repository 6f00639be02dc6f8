"""Rehearsing: what flows would have sent in the past days, by the real engine, the real budget and the real data.

Time is played in steps; after each, e-mails that are due are asked of the budget and of their flow as the sender would,
and count as sent. Nothing is written but into the shadow. People's consents are those of today.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from mailer.budget import Budget, Deferred
from mailer.outbox import Email, State
from mailer.writing import Held
from tracking.orders import SeenOrder
from tracking.record import Record

from .engine import FlowReport, knobs_of, run_flows
from .entry import FlowDay, FlowEntry, FlowSetting
from .flow import Flow, Shop
from .really_mailed import ReallyMailed
from .stepping import still_wanted

SHADOWED: tuple[type[Record], ...] = (FlowEntry, FlowSetting, FlowDay, Email)
"""The tables that a rehearsal writes to."""
TICK = timedelta(hours=1)
BOUGHT_WITHIN = timedelta(days=7)
NOBODY = ReallyMailed()
_BATCH = 500


@dataclass(frozen=True)
class WouldBe:
    """An e-mail that would have gone out."""

    flow: str
    step: int
    contact_id: int
    customer_id: int | None
    at: datetime


@dataclass
class Rehearsed:
    """What would have happened from `start` to `end`.

    `collisions`: how often a flow's e-mail had to wait for another's (loser, winner). `deferred`, `dropped` and `left`:
    by flow and reason. `mailed`: by flow, how many of the e-mails in `sent` would have gone to people whom the flow
    really wrote to at that time; what they did says nothing about those nobody wrote to. `bought`: by flow, of the
    others, after how many an order followed within seven days anyway.
    """

    start: datetime
    end: datetime
    zone: str
    sent: list[WouldBe] = field(default_factory=list)
    entered: Counter[str] = field(default_factory=Counter)
    in_control: Counter[str] = field(default_factory=Counter)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    deferred: Counter[tuple[str, str]] = field(default_factory=Counter)
    collisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    mailed: Counter[str] = field(default_factory=Counter)
    bought: Counter[str] = field(default_factory=Counter)
    failed: int = 0

    def by_day(self) -> dict[date, Counter[str]]:
        """Would-be e-mails by day of the shop and flow, days without any among them."""
        zone = ZoneInfo(self.zone)
        first, last = self.start.astimezone(zone).date(), self.end.astimezone(zone).date()
        days = {first + timedelta(days=number): Counter[str]() for number in range((last - first).days + 1)}
        for one in self.sent:
            days[one.at.astimezone(zone).date()][one.flow] += 1
        return days


def rehearse(
    sessions: sessionmaker[Session],
    flows: Sequence[Flow],
    shop: Shop,
    budget: Budget,
    *,
    start: datetime,
    end: datetime,
    settings: Mapping[str, FlowSetting],
    mailed: ReallyMailed = NOBODY,
    only: Collection[int] | None = None,
    tick: timedelta = TICK,
    progress: Callable[[datetime], None] = lambda now: None,
) -> Rehearsed:
    """Play the flows from `start` to `end`.

    Args:
        sessions: of a shadow with the tables `SHADOWED`.
        settings: what the shop set, by flow; one that is switched off is played all the same.
        mailed: whom these flows really wrote to in those days, from the real outbox.
        only: contacts; e-mails to others aren't counted.
    """
    found = Rehearsed(start, end, shop.zone)
    _set_up(sessions, flows, settings, start)
    report, now = FlowReport(), start
    while now < end:
        now = min(now + tick, end)
        report.failed += run_flows(sessions, flows, shop, now=now).failed
        while _deliver(sessions, flows, shop, budget, now, found, only):
            pass
        progress(now)
    found.failed = report.failed
    with sessions() as session:
        _sum_up(session, found, mailed, only)
    return found


def _set_up(
    sessions: sessionmaker[Session], flows: Sequence[Flow], settings: Mapping[str, FlowSetting], start: datetime
) -> None:
    with sessions.begin() as session:
        for flow in flows:
            known = settings.get(flow.name)
            session.add(
                FlowSetting(
                    flow=flow.name, switched_on=True, seen_until=start, changed_at=None, changed_by="",
                    control_percent=known.control_percent if known else flow.control_percent,
                    knobs=dict(known.knobs) if known else {},
                )
            )  # fmt: skip


def _deliver(
    sessions: sessionmaker[Session],
    flows: Sequence[Flow],
    shop: Shop,
    budget: Budget,
    now: datetime,
    found: Rehearsed,
    only: Collection[int] | None,
) -> bool:
    """What the sender would do with a batch; says whether there may be more."""
    by_name = {flow.name: flow for flow in flows}
    with sessions.begin() as session:
        due = select(Email).where(Email.state.in_((State.QUEUED, State.DEFERRED)), Email.due_at <= now)
        emails = session.scalars(due.order_by(Email.priority.desc(), Email.due_at, Email.id).limit(_BATCH)).all()
        knobs = {name: knobs_of(flow, session.get(FlowSetting, name)) for name, flow in by_name.items()}
        against = budget.admit(session, emails, now=now)
        for email in emails:
            flow = email.source.removeprefix("flow:")
            counted = only is None or email.contact_id in only
            answer: Any = against.get(email.id)
            if answer is None:
                answer = still_wanted(session, email, flows=by_name, shop=shop, knobs=knobs[flow], now=now)
            if answer is None:
                _mark(session, email, state=State.SENT, sent_at=now)
                if counted:
                    found.sent.append(WouldBe(flow, email.step, email.contact_id or 0, email.customer_id, now))
            elif isinstance(answer, Deferred | Held):
                _mark(session, email, state=State.DEFERRED, due_at=max(answer.until, now + timedelta(minutes=1)))
                if counted:
                    _note_deferral(found, flow, answer.reason)
            else:
                _mark(session, email, state=State.DROPPED)
                if counted:
                    found.dropped[flow, _kind(answer.reason)] += 1
    return len(emails) == _BATCH


def _mark(session: Session, email: Email, **values: Any) -> None:
    session.execute(
        update(Email).where(Email.id == email.id).values(**values).execution_options(synchronize_session=False)
    )


def _note_deferral(found: Rehearsed, flow: str, reason: str) -> None:
    found.deferred[flow, _kind(reason)] += 1
    words = reason.split(": ", 1)[-1].split(" ", 1)[0]
    if words.startswith(("flow:", "mailing:")):
        found.collisions[flow, words.removeprefix("flow:")] += 1


def _kind(reason: str) -> str:
    """A reason without what is special to one e-mail, so that equal ones can be counted."""
    if reason.startswith("quiet hours"):
        return "quiet hours"
    if reason.startswith("the parcel of order"):
        return "a late parcel"
    if reason.startswith("a return or refund"):
        return "a return or refund"
    if reason.startswith("its time passes"):
        return "its time passed: " + _kind(reason.split("; ", 1)[-1])
    return reason.split(" (", 1)[0]


def _sum_up(session: Session, found: Rehearsed, mailed: ReallyMailed, only: Collection[int] | None) -> None:
    entries = select(FlowEntry.flow, FlowEntry.contact_id, FlowEntry.control, FlowEntry.state, FlowEntry.reason)
    for flow, contact, control, state, reason in session.execute(entries):
        if only is None or contact in only:
            found.entered[flow] += 1
            found.in_control[flow] += bool(control)
            if state == "exited":
                found.left[flow, _kind(reason)] += 1
    customers = {one.customer_id for one in found.sent if one.customer_id is not None}
    orders = _orders(session, sorted(customers), found)
    for one in found.sent:
        placed = orders.get(one.customer_id or 0, [])
        after = bisect_right(placed, one.at)
        bought = after < len(placed) and placed[after] <= one.at + BOUGHT_WITHIN
        # Whoever bought nothing was written to if an order of these days could have come of it: else only buyers
        # would be left out, and the share of the others would be too small.
        since, until = (placed[after],) * 2 if bought else (one.at, one.at + BOUGHT_WITHIN)
        if mailed.between(one.flow, one.contact_id, since=since - BOUGHT_WITHIN, until=until):
            found.mailed[one.flow] += 1
        else:
            found.bought[one.flow] += bought


def _orders(session: Session, customers: Sequence[int], found: Rehearsed) -> dict[int, list[datetime]]:
    orders: dict[int, list[datetime]] = defaultdict(list)
    for start in range(0, len(customers), _BATCH):
        query = select(SeenOrder.customer_id, SeenOrder.placed_at).where(
            SeenOrder.customer_id.in_(customers[start : start + _BATCH]), SeenOrder.placed_at > found.start,
            SeenOrder.placed_at <= found.end + BOUGHT_WITHIN,
        )  # fmt: skip
        for customer, at in session.execute(query.order_by(SeenOrder.placed_at)):
            orders[customer].append(at)
    return orders
