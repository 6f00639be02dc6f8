"""Orders by e-mail: what somebody ordered whose address is known, in one indexed statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from tracking.customers import CustomerEmail
from tracking.email_address import fold
from tracking.kept import Kept
from tracking.orders import SeenOrder

# Plain columns, kept: the same through the ORM takes several times as long.
_ORDER, _EMAIL = SeenOrder.__table__.c, CustomerEmail.__table__.c
_NEWEST = Kept(
    select(_ORDER.id, _ORDER.reference, _ORDER.placed_at, _ORDER.currency, _ORDER.total_minor, _ORDER.refunded_minor)
    .join_from(CustomerEmail.__table__, SeenOrder.__table__, _ORDER.customer_id == _EMAIL.customer_id)
    .where(_EMAIL.folded == bindparam("folded"))
    .order_by(_ORDER.placed_at.desc())
    .limit(bindparam("most"))
)


def orders_by_email(session: Session, email: str, *, limit: int = 10) -> Sequence[Any]:
    """The newest orders of whose address this is: id, reference, placed_at, currency, total_minor, refunded_minor."""
    return _NEWEST.rows(session.connection(), folded=fold(email), most=limit)
