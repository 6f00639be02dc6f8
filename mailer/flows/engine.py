"""The engine of all flows: lets people in, checks whether they leave, and queues the e-mails of steps that are due.

Any number of workers may run it at once, and any of them may die at any statement: an entry is unique by its cause, a
step is taken by a conditional UPDATE, and the e-mail is queued in the same transaction under a key of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from mailer.calendar import local_day
from tracking.record import insert_once

from .entry import EntryState, FlowDay, FlowEntry, FlowSetting, begin_day, in_control, known_knobs
from .flow import Entering, Flow, Run, Shop, all_knobs, delay
from .recipients import recipients
from .stepping import StepReport, take_steps

log = logging.getLogger("mailer.flows")

FIRST_LOOK = timedelta(hours=1)
"""How far a flow that never ran looks back: switching it on writes to nobody about what is long past."""
LONGEST_LOOK = timedelta(days=3)
"""How far one looks back that stood still."""
OVERLAP = timedelta(minutes=15)
"""What happened is stored a little later than it happened, so the last stretch is looked at again."""
INSERTED_AT_ONCE = 500


@dataclass
class FlowReport:
    """What one run did: people who entered (and of them those in a control group), steps, exits."""

    entered: int = 0
    in_control: int = 0
    without_consent: int = 0
    queued: int = 0
    withheld: int = 0
    left: int = 0
    failed: int = 0

    def __str__(self) -> str:
        words = (
            f"{self.entered} entered ({self.in_control} in control groups), {self.queued} e-mails queued, "
            f"{self.left} left"
        )
        return f"{words}, {self.failed} FAILED" if self.failed else words

    def add(self, steps: StepReport) -> None:
        """Take over what steps did."""
        for field in fields(steps):
            setattr(self, field.name, getattr(self, field.name) + getattr(steps, field.name))


def run_flows(
    sessions: sessionmaker[Session],
    flows: Sequence[Flow],
    shop: Shop,
    *,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
) -> FlowReport:
    """Let people in and take the steps that are due as of `now`; what is switched off stands still.

    `stopping` is asked between flows and steps; when it says yes, the rest waits for the next run.

    A broad `except` stands here on purpose: a flow that fails must not hold up the others. It is logged and counted,
    and what it missed is looked at again.
    """
    report = FlowReport()
    on: dict[Flow, dict[str, int]] = {}
    for flow in flows:
        with sessions.begin() as session:
            setting = setting_of(session, flow)
        if not setting.switched_on:
            continue
        if stopping():
            break
        on[flow] = knobs_of(flow, setting)
        try:
            _let_in(sessions, flow, setting, shop, now, report)
        except Exception:
            log.exception("flow %s could not let anybody in", flow.name)
            report.failed += 1
    report.add(take_steps(sessions, on, shop, now=now, stopping=stopping))
    return report


def setting_of(session: Session, flow: Flow) -> FlowSetting:
    """The flow's settings; made as the file says where nobody set any."""
    found = session.get(FlowSetting, flow.name)
    if found is None:
        values = {
            "flow": flow.name, "switched_on": flow.starts_on, "control_percent": flow.control_percent, "knobs": {},
            "control_since": None, "seen_until": None, "changed_at": None, "changed_by": "",
        }  # fmt: skip
        insert_once(session, FlowSetting, values)
        found = session.get_one(FlowSetting, flow.name)
    return found


def knobs_of(flow: Flow, setting: FlowSetting | None) -> dict[str, int]:
    """The numbers in force for a flow."""
    return known_knobs(setting, {knob.name: knob.default for knob in all_knobs(flow)})


def _let_in(
    sessions: sessionmaker[Session],
    flow: Flow,
    setting: FlowSetting,
    shop: Shop,
    now: datetime,
    report: FlowReport,
) -> None:
    since = now - FIRST_LOOK if setting.seen_until is None else setting.seen_until - OVERLAP
    run = Run(now=now, since=max(since, now - LONGEST_LOOK), shop=shop, knobs=knobs_of(flow, setting))
    if flow.daily:
        for zone in _zones(sessions, shop):
            _let_in_by_day(sessions, flow, setting, run, zone, report)
    else:
        with sessions() as session:
            _enter(sessions, flow, setting, flow.entering(session, run), run, report)
    seen = FlowSetting.seen_until.is_(None) | (FlowSetting.seen_until < now)
    with sessions.begin() as session:
        session.execute(update(FlowSetting).where(FlowSetting.flow == flow.name, seen).values(seen_until=now))


def _zones(sessions: sessionmaker[Session], shop: Shop) -> Sequence[str]:
    with sessions() as session:
        return shop.zones(session)


def _let_in_by_day(
    sessions: sessionmaker[Session], flow: Flow, setting: FlowSetting, base: Run, zone: str, report: FlowReport
) -> None:
    """Ask a daily flow for the local day of a zone, unless somebody has; the day is taken once all have entered."""
    day = local_day(base.now, ZoneInfo(zone))
    run = Run(now=base.now, since=base.since, shop=base.shop, knobs=base.knobs, zone=zone, day=day)
    with sessions() as session:
        if session.get(FlowDay, (flow.name, zone, day)) is not None:
            return
        _enter(sessions, flow, setting, flow.entering(session, run), run, report)
    with sessions.begin() as session:
        begin_day(session, flow=flow.name, zone=zone, day=day, now=base.now)


def _enter(
    sessions: sessionmaker[Session],
    flow: Flow,
    setting: FlowSetting,
    found: Iterable[Entering],
    run: Run,
    report: FlowReport,
) -> None:
    coming = iter(found)
    while some := list(islice(coming, INSERTED_AT_ONCE)):
        with sessions.begin() as session:
            known = _known(session, flow, some)
            fresh = [one for one in some if one.cause not in known]
            may = recipients(session, fresh, topic=flow.topic)
            report.without_consent += len(fresh) - len(may)
            for one in may:
                control = in_control(flow.name, one.contact_id, percent=setting.control_percent)
                values = {
                    "flow": flow.name, "cause": one.entering.cause, "contact_id": one.contact_id,
                    "customer_id": one.customer_id, "order_reference": one.entering.order_reference,
                    "topic": one.entering.topic or flow.topic, "control": control, "data": dict(one.entering.data),
                    "caused_at": one.entering.at, "entered_at": run.now, "step": 0,
                    "due_at": one.entering.at + delay(flow.steps[0], run.knobs), "state": EntryState.ACTIVE,
                    "reason": "",
                }  # fmt: skip
                if insert_once(session, FlowEntry, values) is not None:
                    report.entered += 1
                    report.in_control += control


def _known(session: Session, flow: Flow, some: Sequence[Entering]) -> set[str]:
    """Most of what a flow finds it found before; the unique key is what decides."""
    causes = [one.cause for one in some]
    query = select(FlowEntry.cause).where(FlowEntry.flow == flow.name, FlowEntry.cause.in_(causes))
    return set(session.scalars(query))
