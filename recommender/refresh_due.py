"""What of training is due between two nights: two questions to the database, cheap enough for every few minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder

from .store import Model, ModelKind

RESTS = 19
"""Times its own length: at most a twentieth of one core goes into refreshing, however large the shop."""
TRIES_AGAIN = timedelta(hours=20)
"""A full training that failed or was refused waits for the night."""
Due = tuple[ModelKind | None, str]
"""What to train, or why nothing."""


def what_is_due(session: Session, present: Model | None, now: datetime, *, arrivals: bool) -> Due:
    """A shop without a model gets a quick one with its first orders; a quick one is followed by a full one.

    Args:
        arrivals: whether the shop lists products that the present model doesn't know.
    """
    if present is None:
        ordered = session.scalar(select(SeenOrder.id).where(SeenOrder.placed_at <= now).limit(1))
        return (None, "nobody has ordered yet") if ordered is None else (ModelKind.QUICK, "")
    if "quick" in (present.base or present.name) and not _tried(session, now):
        return ModelKind.FULL, ""
    because = why_not_refresh(session, present, now, arrivals=arrivals)
    return (None, because) if because else (ModelKind.REFRESH, "")


def why_not_refresh(session: Session, present: Model, now: datetime, *, arrivals: bool) -> str:
    """Why nothing has to be ranked anew, in words; empty where something has."""
    if present.kind == ModelKind.REFRESH and now - present.trained_at < timedelta(seconds=RESTS * present.seconds):
        return "the last time is too short ago for what it costs"
    newer = select(SeenOrder.id).where(SeenOrder.placed_at > present.trained_at, SeenOrder.placed_at <= now)
    if not arrivals and session.scalar(newer.limit(1)) is None:
        return "nobody ordered since, and nothing is new"
    return ""


def _tried(session: Session, now: datetime) -> bool:
    full = select(Model.id).where(Model.kind == ModelKind.FULL, Model.trained_at > now - TRIES_AGAIN)
    return session.scalar(full.limit(1)) is not None
