"""Pauses: marketing, or one source of it, that stands still until a person lets it go on.

Mailbox providers block senders whose recipients complain: Gmail and Yahoo from 0.3 % on, and they want it below 0.1 %
(their sender guidelines of February 2024). So it is better to stop by oneself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record, insert_once

MARKETING = "marketing"


class Pause(Record):
    """One pause. `what`: `marketing`, or a source (`mailing:7`, `flow:welcome`); `standing` is the same until it was
    released, so that there is one at a time."""

    __tablename__ = "ecrm_mail_pause"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(60))
    standing: Mapped[str | None] = mapped_column(String(60), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str] = mapped_column(String(100), default="")


def pause(session: Session, what: str, *, reason: str, now: datetime) -> bool:
    """Let nothing of it go out; False where it stands still already."""
    values = {"what": what, "standing": what, "reason": reason[:200], "at": now, "released_by": ""}
    return insert_once(session, Pause, values) is not None


def release(session: Session, pause_id: int, *, by: str, now: datetime) -> bool:
    """Let it go on, because a person decided so; False where somebody did before."""
    released: Any = session.execute(
        update(Pause)
        .where(Pause.id == pause_id, Pause.standing.is_not(None))
        .values(standing=None, released_at=now, released_by=by[:100])
    )
    return bool(released.rowcount)


def standing_pauses(session: Session) -> Sequence[Pause]:
    """What stands still now, the newest first."""
    return session.scalars(select(Pause).where(Pause.standing.is_not(None)).order_by(Pause.id.desc())).all()
