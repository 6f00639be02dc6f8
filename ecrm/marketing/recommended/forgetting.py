"""Forgetting: what a person bought after which click is cut off; the sums stay as they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from tracking.clickstream.sessions import SEVERAL
from tracking.clickstream.sessions import Session as Visit
from tracking.orders import SeenOrder
from tracking.visitors import VisitorClaim

from .tables import RecommendationClick, RecommendationCredit


def forget_clicks_of(session: Session, customer_id: int) -> int:
    """Cut an erased customer's credits off the clicks; returns how many."""
    return _cut(session, SeenOrder.customer_id == customer_id)


def forget_clicks_in_visits(session: Session, customer_id: int) -> int:
    """Delete the clicks of visits in which an erased customer was, or may have been, signed in; returns how many.

    To be called before `erase_person`, which takes from the visits whose they were. A click says which product and
    exactly when, and would go on saying so of a browser that others use. Credits stay, and name no click.
    """
    claimed = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer_id)
    with_others = and_(Visit.customer_id == SEVERAL, Visit.visitor_id.in_(claimed))
    visits = select(Visit.id).where(or_(Visit.customer_id == customer_id, with_others))
    clicks = select(RecommendationClick.id).where(RecommendationClick.session_id.in_(visits))
    credits = update(RecommendationCredit).where(RecommendationCredit.click_id.in_(clicks)).values(click_id=None)
    session.execute(credits.execution_options(synchronize_session=False))
    gone = session.execute(
        delete(RecommendationClick)
        .where(RecommendationClick.session_id.in_(visits))
        .execution_options(synchronize_session=False)
    )
    return getattr(gone, "rowcount", 0)


def forget_clicks_before(session: Session, before: datetime) -> int:
    """The same for orders placed before a moment; commits nothing."""
    return _cut(session, SeenOrder.placed_at < before)


def _cut(session: Session, whose: ColumnElement[bool]) -> int:
    statement = update(RecommendationCredit).where(
        RecommendationCredit.click_id.is_not(None), RecommendationCredit.order_id.in_(select(SeenOrder.id).where(whose))
    )
    cut = session.execute(statement.values(click_id=None).execution_options(synchronize_session=False))
    return getattr(cut, "rowcount", 0)
