"""Time to buy again: when what somebody buys regularly may be used up, by their own rhythm and everybody's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.calendar import NOWHERE, zone_of
from mailer.consent import Topic

from .entry import FlowEntry, short_cause
from .flow import Entering, Flow, Knob, Leave, Run, Step
from .purchases import products_bought

if TYPE_CHECKING:
    from recommender.replenishing import Due

MOST = 6


class Replenishment(Flow):
    """Asked each local day; products that are due within a few days make one e-mail. Buying them ends it."""

    name = "replenishment"
    title = "Time to buy again"
    does = "Reminds of what somebody buys regularly when it may be used up; buying it before ends it."
    topic = Topic.REMINDERS
    priority = 45
    daily = True
    steps = (Step(name="due", template="flow_replenish", at_best_hour=True, good_for=timedelta(days=3)),)
    knobs = (
        Knob(name="times", words="Bought on at least so many days", default=4, least=2, most=50),
        Knob(name="ahead", words="Due within", default=3, least=1, most=14, unit="days"),
        Knob(name="shortest", words="Only what lasts at least", default=5, least=1, most=90, unit="days"),
        Knob(name="pause", words="At most every", default=7, least=1, most=90, unit="days"),
    )

    def __init__(self) -> None:
        self._kept: tuple[int, datetime, list[Due]] | None = None

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        of_customer: dict[int, list[Due]] = defaultdict(list)
        for due in self._due(session, run):
            if due.times >= run.knobs["times"] and due.gap >= run.knobs["shortest"]:
                of_customer[due.customer].append(due)
        lately = self._lately(session, run)
        places = run.shop.places(session, list(of_customer))
        for customer, dues in sorted(of_customer.items()):
            if zone_of(places.get(customer, NOWHERE), otherwise=run.shop.zone).key != run.zone or customer in lately:
                continue
            best = dues[:MOST]
            yield Entering(
                cause=short_cause(self.name, customer, run.day), at=run.now, customer_id=customer,
                data={
                    "products": [one.product for one in best],
                    "every": {one.product: round(one.gap) for one in best},
                },
            )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        return None if self._left(session, entry, run) else Leave("bought it again")

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        products = self._left(session, entry, run)
        why = {one: ("habit", str(entry.data["every"][one])) for one in products}
        return {"products": products, "reasons": run.shop.goods.said(why)} if products else None

    def _left(self, session: Session, entry: FlowEntry, run: Run) -> list[str]:
        products: list[str] = entry.data["products"]
        has = products_bought(session, entry.customer_id, products, since=entry.caused_at, now=run.now)
        return [one for one in products if one not in has]

    def _due(self, session: Session, run: Run) -> list[Due]:
        """The surest first; worked out once a run for all zones, from what had been bought by then."""
        # numpy costs a tenth of a second and much memory: loaded where the flow runs, not where a shop opens
        from recommender.interactions import read_interactions
        from recommender.replenishing import due_soon

        key = id(session.get_bind())
        if self._kept is None or self._kept[:2] != (key, run.now):
            bought = read_interactions(session, run.now, zone=ZoneInfo(run.shop.zone))
            shelves = run.shop.goods.categories(bought.products)
            found = due_soon(bought, shelves, within=float(run.knobs["ahead"]), least_times=run.knobs["times"])
            self._kept = key, run.now, found
        return self._kept[2]

    def _lately(self, session: Session, run: Run) -> set[int | None]:
        """Who was reminded a short while ago."""
        since = run.now - timedelta(days=run.knobs["pause"])
        query = select(FlowEntry.customer_id).where(
            FlowEntry.flow == self.name, FlowEntry.entered_at > since, FlowEntry.entered_at < run.now
        )
        return set(session.scalars(query))
