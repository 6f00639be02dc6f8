"""What of training is due between two nights: two questions to the database, cheap enough for every few minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder

from .store import Model, ModelKind, State

RESTS = 19
"""Times its own length: at most a twentieth of one core goes into refreshing, however large the shop."""
TRIES_AGAIN = timedelta(hours=20)
"""A full training that failed or was refused waits for the night."""
Due = tuple[ModelKind | None, str]
"""What to train, or why nothing."""


def what_is_due(session: Session, present: Model | None, now: datetime, *, folder: Path, arrivals: bool) -> Due:
    """A shop without a model gets a quick one with its first orders; a quick one is followed by a full one. So does
    a shop whose model this version can't serve; one whose model it can't refresh gets a full one.

    Args:
        folder: where the models are.
        arrivals: whether the shop lists products that the present model doesn't know.
    """
    if present is None:
        ordered = session.scalar(select(SeenOrder.id).where(SeenOrder.placed_at <= now).limit(1))
        return (None, "nobody has ordered yet") if ordered is None else (ModelKind.QUICK, "")
    from .artefact import readable  # brings numpy, which a shop's start needn't wait for

    if not readable(folder, present.name):
        return ModelKind.QUICK, ""
    base = present.base or present.name
    older = why_too_old(folder, present)
    if ("quick" in base or older) and not _tried(session, now):
        return ModelKind.FULL, ""
    because = older or why_not_refresh(session, present, now, arrivals=arrivals)
    return (None, because) if because else (ModelKind.REFRESH, "")


def why_too_old(folder: Path, present: Model) -> str:
    """Why nothing can be refreshed with the rankings that are kept, in words; empty where it can."""
    from .artefact import LAYOUT, layout_of  # brings numpy, which a shop's start needn't wait for

    base = present.base or present.name
    if layout_of(folder, base) == LAYOUT:
        return ""
    if not (folder / base).is_dir():
        return f"the files of {base} are not kept here; a full training is due"
    return (
        f"{base} was learnt by an older version of this software, which ranks by other columns; a full training is due"
    )


def why_not_refresh(session: Session, present: Model, now: datetime, *, arrivals: bool) -> str:
    """Why nothing has to be ranked anew, in words; empty where something has."""
    if present.kind == ModelKind.REFRESH and now - present.trained_at < timedelta(seconds=RESTS * present.seconds):
        return "the last time is too short ago for what it costs"
    newer = select(SeenOrder.id).where(SeenOrder.placed_at > present.trained_at, SeenOrder.placed_at <= now)
    if not arrivals and session.scalar(newer.limit(1)) is None:
        return "nobody ordered since, and nothing is new"
    return ""


def _tried(session: Session, now: datetime) -> bool:
    """Whether one that isn't served was tried lately; a published one says nothing of the next."""
    full = select(Model.id).where(
        Model.kind == ModelKind.FULL, Model.trained_at > now - TRIES_AGAIN, Model.state != State.PUBLISHED
    )
    return session.scalar(full.limit(1)) is not None
