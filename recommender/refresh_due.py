"""Whether a refresh has anything to do: two questions to the database, so that it can be asked every few minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder

from .store import Model, ModelKind

RESTS = 19
"""Times its own length: at most a twentieth of one core goes into refreshing, however large the shop."""


def why_not(session: Session, present: Model | None, now: datetime, *, arrivals: bool) -> str:
    """Why nothing has to be done, in words; empty where something has.

    Args:
        arrivals: whether the shop lists products that the present model doesn't know.
    """
    if present is None:
        return "no model was trained yet"
    if present.kind == ModelKind.REFRESH and now - present.trained_at < timedelta(seconds=RESTS * present.seconds):
        return "the last time is too short ago for what it costs"
    newer = select(SeenOrder.id).where(SeenOrder.placed_at > present.trained_at, SeenOrder.placed_at <= now)
    if not arrivals and session.scalar(newer.limit(1)) is None:
        return "nobody ordered since, and nothing is new"
    return ""
