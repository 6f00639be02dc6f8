"""Experiment: a control group for a campaign or a placement; who is in which group is a hash, not a list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record


class Experiment(Record):
    """`subject` is what is tried: `placement:<name>` or `campaign:<code>`. `salt` makes the assignment its own.

    `control_percent` of the units see nothing of it. `unit`: `visitor` or `customer`.
    """

    __tablename__ = "ecrm_experiment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    unit: Mapped[str] = mapped_column(String(10))
    salt: Mapped[str] = mapped_column(String(32), unique=True)
    control_percent: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100), default="")


class Exposure(Record):
    """The moment from which a unit counts: it met the thing that is tried, or would have met it (control)."""

    __tablename__ = "ecrm_exposure"
    __table_args__ = (Index(None, "experiment_id", "unit_id", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("ecrm_experiment.id"))
    unit_id: Mapped[int]
    control: Mapped[bool]
    first_at: Mapped[datetime]
