"""Loyalty: a tier was reached, by what somebody paid in twelve months less what went back to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.consent import Topic
from tracking.orders import SeenOrder

from .entry import FlowEntry, short_cause
from .flow import Entering, Flow, Knob, Leave, Run, Step
from .purchases import net_revenue

YEAR = timedelta(days=365)
TIERS = ("bronze", "silver", "gold")


class LoyaltyTier(Flow):
    """Once a tier, person and year: who falls below it by a return and climbs again isn't congratulated twice."""

    name = "loyalty"
    title = "Loyalty tier reached"
    does = "Congratulates who reached a tier by what they bought in twelve months."
    topic = Topic.OFFERS
    priority = 60
    steps = (
        Step(name="reached", template="flow_loyalty", after=timedelta(days=3), at_best_hour=True,
             good_for=timedelta(days=7)),
    )  # fmt: skip
    knobs = (
        Knob(name="bronze", words="Bronze from", default=25_000, least=1, most=10**9, unit="money"),
        Knob(name="silver", words="Silver from", default=75_000, least=1, most=10**9, unit="money"),
        Knob(name="gold", words="Gold from", default=200_000, least=1, most=10**9, unit="money"),
    )

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        lately = select(SeenOrder.customer_id, SeenOrder.placed_at, SeenOrder.id).where(
            SeenOrder.placed_at > run.since, SeenOrder.placed_at <= run.now
        )
        for customer, at, order in session.execute(lately.order_by(SeenOrder.placed_at, SeenOrder.id)):
            tier = tier_of(net_revenue(session, customer, since=at - YEAR, now=at), run.knobs)
            before = net_revenue(session, customer, since=at - YEAR, now=at - timedelta(microseconds=1))
            if tier and tier != tier_of(before, run.knobs) and not _reached(session, customer, tier, at):
                yield Entering(
                    cause=short_cause(self.name, customer, tier, order), at=at, customer_id=customer,
                    data={"tier": tier},
                )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        if entry.customer_id is None:
            return Leave("nobody's purchases any more")
        paid = net_revenue(session, entry.customer_id, since=run.now - YEAR, now=run.now)
        now = tier_of(paid, run.knobs)
        if not now or TIERS.index(now) < TIERS.index(entry.data["tier"]):
            return Leave("below the tier again")
        if TIERS.index(now) > TIERS.index(entry.data["tier"]):
            return Leave("reached a higher one meanwhile")
        return None

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        return {"tier": entry.data["tier"]}


def tier_of(paid_minor: int, knobs: Mapping[str, int]) -> str:
    """The highest tier that this sum reaches; "" below all of them."""
    return next((tier for tier in reversed(TIERS) if paid_minor >= knobs[tier]), "")


def _reached(session: Session, customer_id: int, tier: str, at: datetime) -> bool:
    query = select(FlowEntry.data).where(
        FlowEntry.flow == LoyaltyTier.name, FlowEntry.customer_id == customer_id, FlowEntry.caused_at > at - YEAR,
        FlowEntry.caused_at < at,
    )  # fmt: skip
    return any(data.get("tier") == tier for data in session.scalars(query))
