"""Steps: the append-only log of a case. Every change writes one in the transaction of the change.

Routing, drafts and reports read it, so `what` and `detail` keep to plain words and ids: what a person wrote stands in
messages. An erasure empties the detail of whatever isn't in `FIGURES`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.storefront import Staff
from tracking.record import BigId, Record

from .case import Case

FIGURES = frozenset({"opened", "state", "priority", "kind", "team", "owner", "routed", "breached", "merged", "spam"})
"""Steps that hold nothing of a person: reports count from them after an erasure, too."""


class CaseStep(Record):
    """One thing that was done. `staff_id` is empty where the system did it."""

    __tablename__ = "ecrm_case_step"
    __table_args__ = (Index(None, "case_id", "id"), Index(None, "what", "at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("ecrm_case.id"))
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(String(64), default="")
    staff_name: Mapped[str] = mapped_column(String(100), default="")
    what: Mapped[str] = mapped_column(String(30))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


def log_step(
    session: Session, case: Case, what: str, *, now: datetime, by: Staff | None = None, **detail: Any
) -> CaseStep:
    """Write down what was done to a case, in the caller's transaction; `detail` is what JSON holds."""
    step = CaseStep(
        case_id=case.id, at=now, what=what, detail=detail,
        staff_id=by.staff_id if by else "", staff_name=by.name[:100] if by else "",
    )  # fmt: skip
    session.add(step)
    return step


def steps_of(session: Session, case_id: int) -> list[CaseStep]:
    """All of them, the oldest first."""
    return list(session.scalars(select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.id)))
