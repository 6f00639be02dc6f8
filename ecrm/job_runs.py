"""JobRun: proof of what ran when; its unique key is what lets only one of many workers run a slot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record, insert_once


class JobRun(Record):
    """outcome: running | done | failed. A run that its worker didn't survive stays `running`."""

    __tablename__ = "ecrm_job_run"
    __table_args__ = (Index(None, "job", "slot", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    job: Mapped[str] = mapped_column(String(40))
    slot: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(String(500), default="")


def claim_slot(session: Session, *, job: str, slot: str, now: datetime) -> int | None:
    """Take a slot of a job; None where somebody else has it."""
    return insert_once(
        session, JobRun, {"job": job, "slot": slot, "started_at": now, "outcome": "running", "detail": ""}
    )


def finish_run(session: Session, run_id: int, *, outcome: str, detail: str, now: datetime) -> None:
    """Write down how a run ended."""
    session.execute(
        update(JobRun).where(JobRun.id == run_id).values(outcome=outcome, detail=detail[:500], finished_at=now)
    )
