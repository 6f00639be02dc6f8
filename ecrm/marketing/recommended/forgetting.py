"""Forgetting: what a person bought after which click is cut off; the sums stay as they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder

from .tables import RecommendationCredit


def forget_clicks_of(session: Session, customer_id: int) -> int:
    """Cut an erased customer's credits off the clicks; returns how many."""
    return _cut(session, SeenOrder.customer_id == customer_id)


def forget_clicks_before(session: Session, before: datetime) -> int:
    """The same for orders placed before a moment; commits nothing."""
    return _cut(session, SeenOrder.placed_at < before)


def _cut(session: Session, whose: ColumnElement[bool]) -> int:
    statement = update(RecommendationCredit).where(
        RecommendationCredit.click_id.is_not(None), RecommendationCredit.order_id.in_(select(SeenOrder.id).where(whose))
    )
    cut = session.execute(statement.values(click_id=None).execution_options(synchronize_session=False))
    return getattr(cut, "rowcount", 0)
