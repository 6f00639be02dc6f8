"""Rehearsal: which e-mails flows would have sent in the past days, with the shop's settings or with others on trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from mailer.caps import Caps
from mailer.flows.entry import FlowSetting
from mailer.flows.flow import Flow
from mailer.flows.really_mailed import really_mailed
from mailer.flows.registry import FLOWS, by_name
from mailer.flows.rehearsing import BOUGHT_WITHIN, SHADOWED, TICK, Rehearsed, rehearse
from mailer.flows.shadow import shadow

from .customers.segments.members import members
from .flow_shop import budget_of, flow_shop
from .installation import Installation

MOST_DAYS = 120
EVERYTHING = "all"


class NotRehearsable(ValueError):
    """What was asked for can't be rehearsed; the message says why and what can."""


def rehearse_flows(
    crm: Installation,
    what: str,
    *,
    days: int,
    now: datetime,
    caps: str | None = None,
    segment_id: int | None = None,
    tick: timedelta = TICK,
    progress: Callable[[datetime], None] = lambda now: None,
) -> Rehearsed:
    """Play one flow, or `all`, over the last days; nothing is written. Call it in an app context.

    Args:
        caps: other caps than those in force, e.g. `1/day, 2/7days`.
        segment_id: only what would have gone to today's members of this segment.

    Raises:
        NotRehearsable: for an unknown flow, segment or cap, or too many days.
        NoShadow: for a database in memory.
    """
    flows = _flows(what)
    if not 1 <= days <= MOST_DAYS:
        raise NotRehearsable(f"days must be from 1 to {MOST_DAYS}, not {days}")
    budget = budget_of(crm)
    if caps is not None:
        try:
            budget = replace(budget, caps=Caps.parse(caps))
        except ValueError as error:
            raise NotRehearsable(str(error)) from None
    start = now - timedelta(days=days)
    with crm.sessions() as session:
        settings = {one.flow: one for one in session.scalars(select(FlowSetting))}
        only: set[int] | None = None
        if segment_id is not None:
            try:
                window = timedelta(days=crm.app.config["ECRM_IDENTITY_DAYS"])
                only = set(members(session, segment_id, now=now, window=window))
            except LookupError:
                raise NotRehearsable(f"there is no segment {segment_id}") from None
        names = [flow.name for flow in flows]
        mailed = really_mailed(session, names, start=start, end=now, before=BOUGHT_WITHIN)
        engine = session.get_bind().engine
    shop = replace(flow_shop(crm, now=now), tells_carts=False)
    with shadow(engine, SHADOWED) as sessions:
        return rehearse(
            sessions, flows, shop, budget, start=start, end=now, settings=settings, mailed=mailed, only=only, tick=tick,
            progress=progress,
        )  # fmt: skip


def _flows(what: str) -> tuple[Flow, ...]:
    if what == EVERYTHING:
        return FLOWS
    flow = by_name().get(what)
    if flow is None:
        raise NotRehearsable(f"no flow is called {what!r}; there are {', '.join(by_name())}, and {EVERYTHING!r}")
    return (flow,)
