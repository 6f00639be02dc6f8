"""Review request: some days after a parcel arrived; never about what was sent back, nor amid trouble."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.consent import Topic
from tracking.delivery.shipment import Shipment, Status
from tracking.orders import SeenOrderLine, SeenRefund, order_by_reference

from .entry import FlowEntry
from .flow import Entering, Flow, Later, Leave, Run, Step

WAITED_FOR = timedelta(days=60)
"""So long a review waits for a further parcel of the order."""


class ReviewRequest(Flow):
    """Once an order, counted from its last parcel."""

    name = "review"
    title = "Review request"
    does = "Asks what somebody thinks of what they got, a week after it arrived."
    topic = Topic.REVIEWS
    priority = 40
    steps = (
        Step(name="once", template="flow_review", after=timedelta(days=7), at_best_hour=True,
             good_for=timedelta(days=7)),
    )  # fmt: skip

    def entering(self, session: Session, run: Run) -> Iterable[Entering]:
        arrived = select(Shipment.order_reference, Shipment.customer_id, Shipment.delivered_at).where(
            Shipment.delivered_at > run.since, Shipment.delivered_at <= run.now, Shipment.customer_id.is_not(None)
        )
        for order, customer, at in session.execute(arrived.order_by(Shipment.id)):
            if at is not None and not _on_their_way(session, order, run):
                yield Entering(cause=order, at=at, customer_id=customer, order_reference=order, data={"order": order})

    def leaves(self, session: Session, entry: FlowEntry, run: Run) -> Leave | Later | None:
        order = order_by_reference(session, entry.order_reference or "")
        if order is None:
            return Leave("the order isn't known any more")
        back = select(SeenRefund.id).where(SeenRefund.order_id == order.id, SeenRefund.refunded_at <= run.now)
        if session.scalar(back.limit(1)) is not None:
            return Leave("something of it went back")
        return _after_the_last(session, entry, order.reference, run)

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any] | None:
        order = order_by_reference(session, entry.order_reference or "")
        if order is None:
            return None
        lines = select(SeenOrderLine.product).where(SeenOrderLine.order_id == order.id)
        return {"order": order.reference, "products": list(session.scalars(lines.order_by(SeenOrderLine.position)))}


def _after_the_last(session: Session, entry: FlowEntry, order: str, run: Run) -> Leave | Later | None:
    """What was missing may be sent off after the first parcel arrived; then the week is counted from that one."""
    if _on_their_way(session, order, run):
        if run.now > entry.entered_at + WAITED_FOR:
            return Leave("another parcel of it never arrived")
        return Later(run.now, "another parcel of it is on its way")
    last = session.scalar(
        select(func.max(Shipment.delivered_at)).where(
            Shipment.order_reference == order, Shipment.delivered_at <= run.now
        )
    )
    return Later(last, "another parcel arrived") if last is not None and last > entry.caused_at else None


def _on_their_way(session: Session, order: str, run: Run) -> bool:
    """Whether another parcel of the order hasn't arrived."""
    query = select(Shipment.id).where(
        Shipment.order_reference == order, Shipment.status != Status.CANCELLED,
        Shipment.delivered_at.is_(None) | (Shipment.delivered_at > run.now),
    )  # fmt: skip
    return session.scalar(query.limit(1)) is not None
