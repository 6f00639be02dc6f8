"""Who used which browser: append-only claims, and the question asked of them.

Nothing is merged: a claim says that a customer was seen in a browser, and who a browser belongs to is worked out
when it is asked. So a shared device never makes one person of two, and a wrong claim can be taken back.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from .record import insert_once
from .visitors import VisitorClaim


def claim(session: Session, visitor_id: int, customer_id: int, at: datetime, how: str) -> bool:
    """Note that this customer used this browser; `how` says what proved it, e.g. `signed in`.

    Returns:
        True for the first claim of this pair, False where it was known.
    """
    values = {"visitor_id": visitor_id, "customer_id": customer_id, "claimed_at": at, "how": how[:40]}
    return insert_once(session, VisitorClaim, values) is not None


def visitors_of(session: Session, customer_id: int) -> list[int]:
    """The browsers in which this customer, and nobody else, was seen; oldest claim first."""
    other = aliased(VisitorClaim)
    claims_of_browser = (
        select(func.count()).select_from(other).where(other.visitor_id == VisitorClaim.visitor_id).scalar_subquery()
    )
    query = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer_id, claims_of_browser == 1)
    return list(session.scalars(query.order_by(VisitorClaim.id)))
