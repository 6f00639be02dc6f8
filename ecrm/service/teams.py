"""Teams and agents of the support desk: who answers, when they are there, what they can and how much they take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ecrm.storefront import Staff
from tracking.record import BigId, Record, insert_once

MOST_OPEN = 20


class Team(Record):
    """`hours`: by weekday ("0" is Monday) the pairs of minutes of the day, e.g. {"0": [[540, 1020]]}, in `time_zone`.

    `country` and `subdivision` say which public holidays are kept; empty for none. No hours at all: always there.
    """

    __tablename__ = "ecrm_team"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    country: Mapped[str] = mapped_column(String(2), default="")
    subdivision: Mapped[str] = mapped_column(String(6), default="")
    hours: Mapped[dict[str, Any]] = mapped_column(default=dict)
    archived_at: Mapped[datetime | None]


class Agent(Record):
    """A member of staff at the desk: known from the first time that they open the inbox.

    `hours` as a team's; empty for those of the team. Until `away_until` they get no new cases.
    """

    __tablename__ = "ecrm_agent"

    staff_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_team.id"), index=True)
    skills: Mapped[list[str]] = mapped_column(default=list)
    languages: Mapped[list[str]] = mapped_column(default=list)
    most_open: Mapped[int] = mapped_column(default=MOST_OPEN)
    hours: Mapped[dict[str, Any]] = mapped_column(default=dict)
    away_until: Mapped[datetime | None]
    seen_at: Mapped[datetime]


def agent_of(session: Session, staff: Staff, *, now: datetime) -> Agent:
    """This member of staff as an agent; made where the desk sees them for the first time."""
    agent = session.get(Agent, staff.staff_id)
    if agent is None:
        insert_once(
            session,
            Agent,
            {
                "staff_id": staff.staff_id, "name": staff.name[:100], "skills": [], "languages": [],
                "most_open": MOST_OPEN, "hours": {}, "seen_at": now,
            },
        )  # fmt: skip
        agent = session.get_one(Agent, staff.staff_id)
    elif agent.name != staff.name[:100]:
        agent.name = staff.name[:100]
    return agent


def agents(session: Session) -> Sequence[Agent]:
    """All of them, by name."""
    return session.scalars(select(Agent).order_by(Agent.name, Agent.staff_id)).all()


def teams(session: Session, *, archived: bool = False) -> Sequence[Team]:
    """Those at work (or all), by name."""
    query = select(Team).order_by(Team.name)
    return session.scalars(query if archived else query.where(Team.archived_at.is_(None))).all()
