"""The rehearsals that staff asked for in the console: worked off by the job `rehearse`, kept with their results."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.flows.rehearsing import Rehearsed
from mailer.flows.shadow import NoShadow
from tracking.record import BigId, Record

from .installation import Installation
from .rehearsal import NotRehearsable, rehearse_flows

log = logging.getLogger("ecrm.rehearsals")

KEPT = 30
"""Older results are thrown away: they say what a past setting would have done in a past month."""
GIVEN_UP_AFTER = timedelta(hours=1)
_TICK = timedelta(hours=2)


class Asked(StrEnum):
    """Where a rehearsal stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Rehearsal(Record):
    """One rehearsal. `what`: a flow's name or `all`; `caps` empty: those in force; `result` as `as_json` writes it."""

    __tablename__ = "ecrm_rehearsal"
    __table_args__ = (Index(None, "state", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(40))
    days: Mapped[int]
    caps: Mapped[str] = mapped_column(String(100), default="")
    segment_id: Mapped[int | None] = mapped_column(BigId)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(100), default="")
    state: Mapped[str] = mapped_column(String(20), default=Asked.WAITING)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(String(300), default="")
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)


def ask(session: Session, *, what: str, days: int, caps: str, segment_id: int | None, by: str, now: datetime) -> int:
    """Put a rehearsal on the list; the job begins it within seconds."""
    asked = Rehearsal(
        what=what, days=days, caps=caps, segment_id=segment_id, asked_at=now, asked_by=by[:100], state=Asked.WAITING
    )
    session.add(asked)
    session.flush()
    return asked.id


def latest(session: Session) -> list[Rehearsal]:
    """The rehearsals that are kept, newest first."""
    return list(session.scalars(select(Rehearsal).order_by(Rehearsal.id.desc()).limit(KEPT)))


def run_asked(crm: Installation) -> str:
    """The job `rehearse`: play what was asked for, one after another."""
    done = 0
    while (asked := _claim(crm, datetime.now(UTC))) is not None:
        _play(crm, asked)
        done += 1
    if done:
        _tidy(crm)
    return f"{done} rehearsals"


def as_json(found: Rehearsed) -> dict[str, Any]:
    """What is shown of a rehearsal."""

    def pairs(counted: Counter[tuple[str, str]]) -> list[list[Any]]:
        return [[flow, why, many] for (flow, why), many in counted.most_common()]

    sent = Counter(one.flow for one in found.sent)
    return {
        "days": [[day.isoformat(), dict(flows)] for day, flows in found.by_day().items()],
        "flows": [
            [flow, found.entered[flow], found.in_control[flow], sent[flow], found.bought[flow], found.mailed[flow]]
            for flow in sorted(found.entered)
        ],
        "deferred": pairs(found.deferred),
        "collisions": pairs(found.collisions),
        "dropped": pairs(found.dropped),
        "left": pairs(found.left),
        "failed": found.failed,
    }


def _claim(crm: Installation, now: datetime) -> Rehearsal | None:
    """The oldest that waits, or whose worker died; taken by a conditional UPDATE."""
    free = or_(
        Rehearsal.state == Asked.WAITING,
        (Rehearsal.state == Asked.RUNNING) & (Rehearsal.started_at < now - GIVEN_UP_AFTER),
    )
    with crm.sessions() as session:
        found = session.scalar(select(Rehearsal.id).where(free).order_by(Rehearsal.id).limit(1))
    if found is None:
        return None
    with crm.sessions.begin() as session:
        taken: Any = session.execute(
            update(Rehearsal).where(Rehearsal.id == found, free).values(state=Asked.RUNNING, started_at=now)
        )
        return session.get(Rehearsal, found) if taken.rowcount == 1 else None


def _play(crm: Installation, asked: Rehearsal) -> None:
    """A broad `except` stands here on purpose: whoever waits for the result is told that there is none."""
    values: dict[str, Any]
    try:
        found = rehearse_flows(
            crm, asked.what, days=asked.days, caps=asked.caps or None, segment_id=asked.segment_id,
            now=asked.asked_at, tick=_TICK,
        )  # fmt: skip
        values = {"state": Asked.DONE, "result": as_json(found), "problem": ""}
    except (NotRehearsable, NoShadow) as error:
        values = {"state": Asked.FAILED, "problem": str(error)[:300]}
    except Exception as error:
        log.exception("rehearsal %s failed", asked.id)
        values = {"state": Asked.FAILED, "problem": f"{type(error).__name__}: the log says more"}
    with crm.sessions.begin() as session:
        session.execute(
            update(Rehearsal).where(Rehearsal.id == asked.id).values(finished_at=datetime.now(UTC), **values)
        )


def _tidy(crm: Installation) -> None:
    with crm.sessions.begin() as session:
        kept = select(Rehearsal.id).order_by(Rehearsal.id.desc()).limit(1).offset(KEPT)
        if (beyond := session.scalar(kept)) is not None:
            session.execute(delete(Rehearsal).where(Rehearsal.id <= beyond))
