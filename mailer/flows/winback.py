"""Win-back: somebody stayed away for longer than they usually do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.calendar import NOWHERE, zone_of
from mailer.consent import Topic
from tracking.orders import SeenOrder

from .entry import FlowEntry, short_cause
from .flow import Entering, Flow, Knob, Leave, Run, Step
from .purchases import ordered_since

LOOK_BACK = timedelta(days=3)
"""Who crossed the threshold in these days: so a day on which nothing ran is made up for, and switching the flow on
doesn't write to everybody who ever left."""


class WinBack(Flow):
    """Once an absence. The threshold is a person's own: a multiple of the mean time between orders, within limits.

    Who ordered once has no habit yet; the limit for them is `single`.
    """

    name = "winback"
    title = "Win-back"
    does = "Writes to who stayed away for longer than they usually do, and once more two weeks later."
    topic = Topic.OFFERS
    priority = 30
    daily = True
    steps = (
        Step(name="first", template="flow_winback", at_best_hour=True, good_for=timedelta(days=7)),
        Step(name="second", template="flow_winback", after=timedelta(days=14), at_best_hour=True,
             good_for=timedelta(days=7)),
    )  # fmt: skip
    knobs = (
        Knob(
            name="times",
            words="Times their usual interval, in percent",
            default=200,
            least=110,
            most=1000,
            unit="percent",
        ),
        Knob(name="least", words="At the earliest after", default=60, least=7, most=1000, unit="days"),
        Knob(name="most", words="At the latest after", default=365, least=30, most=2000, unit="days"),
        Knob(name="single", words="After a single order", default=120, least=7, most=1000, unit="days"),
    )

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        latest = run.now - timedelta(days=min(run.knobs["least"], run.knobs["single"]))
        earliest = run.now - timedelta(days=max(run.knobs["most"], run.knobs["single"])) - LOOK_BACK
        habits = (
            select(
                SeenOrder.customer_id, func.min(SeenOrder.placed_at), func.max(SeenOrder.placed_at), func.count(),
                func.max(SeenOrder.id),
            )
            .where(SeenOrder.placed_at <= run.now)
            .group_by(SeenOrder.customer_id)
            .having(func.max(SeenOrder.placed_at).between(earliest, latest))
            .order_by(SeenOrder.customer_id)
        )  # fmt: skip
        away = []
        for customer, first, last, orders, order in session.execute(habits):
            crossed = last + _threshold(first, last, orders, run)
            if run.now - LOOK_BACK < crossed <= run.now:
                away.append((customer, order, last))
        places = run.shop.places(session, [customer for customer, _order, _last in away])
        for customer, order, last in away:
            if zone_of(places.get(customer, NOWHERE), otherwise=run.shop.zone).key == run.zone:
                yield Entering(
                    cause=short_cause(self.name, customer, order), at=run.now, customer_id=customer,
                    data={"last_order_at": last.isoformat()},
                )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        if entry.customer_id is None:
            return Leave("nobody's orders any more")
        last = datetime.fromisoformat(entry.data["last_order_at"])  # one that was heard of late is older than the entry
        if ordered_since(session, entry.customer_id, last, now=run.now):
            return Leave("ordered again")
        return None

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        return {"attempt": step.name, "last_order_at": entry.data["last_order_at"]}


def _threshold(first: datetime, last: datetime, orders: int, run: Run) -> timedelta:
    if orders < 2:
        return timedelta(days=run.knobs["single"])
    usual = (last - first) / (orders - 1)
    wanted = usual * run.knobs["times"] / 100
    return min(max(wanted, timedelta(days=run.knobs["least"])), timedelta(days=run.knobs["most"]))
