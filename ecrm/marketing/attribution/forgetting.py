"""Forgetting: an erased customer's credits keep their money and source, and no longer say by which visit it came."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tracking.clickstream.touchpoints import Touchpoint
from tracking.orders import SeenOrder

from .credits import Credit


def forget_touches(session: Session, customer_id: int) -> int:
    """Cut a customer's credits off the visits' touchpoints, for an erasure; the sums stay. Returns how many credits.

    Touchpoints of codes stay: they say only what the order itself says.
    """
    orders = select(SeenOrder.id).where(SeenOrder.customer_id == customer_id)
    visits = select(Touchpoint.id).where(Touchpoint.kind == "visit")
    statement = update(Credit).where(Credit.order_id.in_(orders), Credit.touchpoint_id.in_(visits))
    cut = session.execute(statement.values(touchpoint_id=None).execution_options(synchronize_session=False))
    return getattr(cut, "rowcount", 0)
