"""ImportRun: one row for each import that was carried out, so that a second one with other parameters is noticed."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..database import Base
from .report import ImportReport


class ImportRun(Base):
    """`new_minor`: orders less refunds that this run added, minor units; `report` is the ImportReport as JSON.

    `announced_at` is empty until whoever is plugged into the shop was told of what came, so that a crash in between
    is made good by the next run.
    """

    __tablename__ = "import_run"
    __table_args__ = (Index(None, "source", "fingerprint", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str] = mapped_column(String(64))
    parameters: Mapped[str] = mapped_column(Text)
    finished_at: Mapped[datetime]
    announced_at: Mapped[datetime | None]
    new_minor: Mapped[int] = mapped_column(BigInteger)
    report: Mapped[str] = mapped_column(Text)


def all_announced(session: Session) -> bool:
    """Whether every import was announced."""
    return session.scalar(select(ImportRun.id).where(ImportRun.announced_at.is_(None)).limit(1)) is None


def note_announced(session: Session, *, now: datetime) -> None:
    """Everything that was imported is known to whoever is plugged in."""
    session.execute(update(ImportRun).where(ImportRun.announced_at.is_(None)).values(announced_at=now))


def fingerprint(parameters: dict[str, Any]) -> str:
    """The same parameters give the same 64 characters."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


def earlier_run(session: Session, source: str, parameters: dict[str, Any]) -> ImportRun | None:
    """The run that was carried out with just these parameters."""
    return session.scalar(
        select(ImportRun).where(ImportRun.source == source, ImportRun.fingerprint == fingerprint(parameters))
    )


def record_run(session: Session, report: ImportReport, parameters: dict[str, Any], *, now: datetime) -> None:
    """Keep the run in the transaction of its rows; a repeated one is there already and adds nothing."""
    there = earlier_run(session, report.source, parameters)
    if there is not None:
        return
    session.add(
        ImportRun(
            source=report.source,
            fingerprint=fingerprint(parameters),
            parameters=json.dumps(parameters, sort_keys=True),
            finished_at=now,
            new_minor=report.new_minor,
            report=json.dumps(report.facts()),
        )
    )
