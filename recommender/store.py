"""The history of models: a row each. The row is the pointer: what a row says is published, every worker serves.

The arrays lie in a folder of the row's name (`artefact`). A model is published by a commit, after its folder is whole;
a trainer that is killed before leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record


class State(StrEnum):
    """What became of a model."""

    CANDIDATE = "candidate"  # is being trained, or its trainer was killed a moment ago
    FAILED = "failed"  # its trainer was killed; the next one says so
    PUBLISHED = "published"  # was served from `published_at` on; of these the latest is served now
    REJECTED = "rejected"  # the gate refused it; `gate` says why
    WITHDRAWN = "withdrawn"  # was served, or about to be, when somebody went back to another one

    @property
    def whole(self) -> bool:
        """Whether its training came to an end, so that it could be served."""
        return self not in (State.CANDIDATE, State.FAILED)


class ModelKind(StrEnum):
    """How much was learnt."""

    QUICK = "quick"  # sources and a fixed blend: a shop's first minutes
    FULL = "full"  # with rankings learnt from the shop's own past
    REFRESH = "refresh"  # the rankings of the full one, the purchases of the last minutes


class Model(Record):
    """One model. `interactions` are the lines learnt from, `gate` the figures that decided, `facts` what else is known
    of the training; `base` is the name of the model whose rankings a refresh uses, empty elsewhere."""

    __tablename__ = "ecrm_model"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), index=True, unique=True)
    kind: Mapped[str] = mapped_column(String(10), default=ModelKind.FULL.value)
    state: Mapped[str] = mapped_column(String(10), default=State.CANDIDATE.value)
    base: Mapped[str] = mapped_column(String(60), default="")
    trained_at: Mapped[datetime]
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    customers: Mapped[int] = mapped_column(default=0)
    products: Mapped[int] = mapped_column(default=0)
    interactions: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    gate: Mapped[dict[str, Any]] = mapped_column(default=dict)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class NoSuchModel(LookupError):
    """There is no model to go back to; the message says which there are."""


def published(*of: Any) -> Select[Any]:
    """A query of what was served, the present one first."""
    query = select(*of).where(Model.state == State.PUBLISHED, Model.published_at.is_not(None))
    return query.order_by(Model.published_at.desc(), Model.id.desc())


def present_model(session: Session) -> Model | None:
    """What is served now; None before the first training."""
    found: Model | None = session.scalars(published(Model).limit(1)).first()
    return found


def present_name(session: Session) -> str | None:
    """Its name alone: what every worker asks every few seconds."""
    found: str | None = session.scalar(published(Model.name).limit(1))
    return found


def model_named(session: Session, name: str) -> Model | None:
    """The model of this name, in whatever state."""
    return session.scalars(select(Model).where(Model.name == name)).first()


def models(session: Session, *, limit: int) -> Sequence[Model]:
    """The history, newest first."""
    return session.scalars(select(Model).order_by(Model.trained_at.desc(), Model.id.desc()).limit(limit)).all()


def publish(model: Model, now: datetime) -> None:
    """Serve it from the caller's commit on."""
    model.state, model.published_at = State.PUBLISHED, now


def go_back(session: Session, now: datetime, *, to: str | None = None, kept: Sequence[str]) -> Model:
    """Serve an earlier model from the caller's commit on: `to`, or the one that was served before the present one
    (and before its refreshes). What is left behind is withdrawn: no later step back leads to it by itself.

    Args:
        kept: names of the models whose folders are there.

    Raises:
        NoSuchModel: there is no such model, its folder isn't kept any more, or it is the present one.
    """
    present = present_model(session)
    possible = [one for one in earlier(session) if one.name in kept]
    if to is None and possible:
        target: Model | None = possible[0]
    else:
        target = model_named(session, to) if to else None
    if target is None or target.name not in kept or not State(target.state).whole:
        names = ", ".join(one.name for one in possible) or "none"
        wanted = f"There is no model {to} to go back to" if to else "There is no earlier model to go back to"
        raise NoSuchModel(f"{wanted}; those whose files are still kept: {names}.")
    if present is not None and present.id == target.id:
        raise NoSuchModel(f"{target.name} is the present model already.")
    for one in session.scalars(published(Model)):
        if one.published_at and target.published_at and one.published_at <= target.published_at:
            break
        if one.id != target.id and (present is None or family(one) == family(present)):
            one.state = State.WITHDRAWN
    publish(target, now)
    return target


def earlier(session: Session) -> list[Model]:
    """What was served before the present model and its refreshes, latest first."""
    rows = list(session.scalars(published(Model)))
    return [one for one in rows if family(one) != family(rows[0])]


def family(model: Model) -> str:
    """A full model and its refreshes stand and fall together."""
    return model.base or model.name
