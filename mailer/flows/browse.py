"""Browse abandonment: somebody looked at things closely and left without a cart; once a week and person at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.consent import Topic
from tracking.clickstream.sessions import SEVERAL
from tracking.clickstream.sessions import Session as Visit
from tracking.identity import taken_back
from tracking.visitors import Grade

from .entry import FlowEntry, short_cause
from .flow import Entering, Flow, Knob, Leave, Run, Step
from .purchases import ordered_since

PAUSE = timedelta(days=7)
MOST_SHOWN = 4
_SETTLED = timedelta(minutes=30)  # a visit ends when nothing followed for so long


class BrowseAbandonment(Flow):
    """Of visits that agreed throughout to be joined to their customer, and of no other."""

    name = "browse"
    title = "Browse abandonment"
    does = "Shows once more what somebody looked at closely and left without putting it into the cart."
    topic = Topic.REMINDERS
    priority = 45
    steps = (
        Step(name="once", template="flow_browse", after=timedelta(hours=4), at_best_hour=True,
             good_for=timedelta(days=2)),
    )  # fmt: skip
    knobs = (Knob(name="looks", words="Product pages looked at, at least", default=3, least=1, most=50),)

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        visits = session.scalars(
            select(Visit)
            .where(
                Visit.last_at > run.since - _SETTLED, Visit.last_at <= run.now - _SETTLED,
                Visit.started_at > run.since - timedelta(days=1), Visit.stage == 1,
                Visit.product_views >= run.knobs["looks"], Visit.grade >= int(Grade.PERSONAL),
                Visit.customer_id.is_not(None), Visit.customer_id != SEVERAL,
                ~taken_back(Visit.visitor_id, Visit.customer_id),
            )
            .order_by(Visit.last_at, Visit.id)
        ).all()  # fmt: skip
        lately = _lately(session, {visit.customer_id or 0 for visit in visits}, run.now)
        steps = run.shop.log(session).steps(visits, first=200)
        for visit in visits:
            if visit.customer_id in lately:
                continue
            looks = Counter(one.subject for one in steps.get(visit.id, ()) if one.name == "Product Viewed")
            if looks:
                lately.add(visit.customer_id or 0)
                yield Entering(
                    cause=short_cause(self.name, visit.id), at=visit.last_at, customer_id=visit.customer_id,
                    data={"products": [product for product, _many in looks.most_common(MOST_SHOWN)]},
                )  # fmt: skip

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | None:
        if entry.customer_id is None:
            return Leave("nobody's visit any more")
        if ordered_since(session, entry.customer_id, entry.caused_at, now=run.now):
            return Leave("ordered")
        if _put_into_cart(session, entry.customer_id, entry.caused_at, run.now):
            return Leave("has a cart now")
        return None

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        return {"products": entry.data["products"]}


def _lately(session: Session, customers: set[int], now: datetime) -> set[int]:
    query = select(FlowEntry.customer_id).where(
        FlowEntry.flow == BrowseAbandonment.name, FlowEntry.customer_id.in_(customers),
        FlowEntry.caused_at > now - PAUSE,
    )  # fmt: skip
    return {customer for customer in session.scalars(query) if customer is not None}


def _put_into_cart(session: Session, customer_id: int, since: datetime, now: datetime) -> bool:
    query = select(func.count()).where(
        Visit.customer_id == customer_id, Visit.last_at > since, Visit.started_at <= now, Visit.cart_adds > 0,
        Visit.grade >= int(Grade.PERSONAL),
    )  # fmt: skip
    return bool(session.scalar(query))
