"""Macros: answers that agents give every day, with what they do to the case. Placeholders are those of `KNOWN`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.placeholders import Problem, filled, pieces_of
from tracking.record import BigId, Record

from .cases import Changes, Kind, Priority, State

UNSURE = frozenset({
    "first_name", "last_name", "order", "order_url", "product", "carrier", "tracking_number", "parcel_url",
    "promised_day",
})  # fmt: skip
"""Not known of every case: they need words for the others, behind a bar."""
KNOWN = UNSURE | {"shop_name", "agent_name", "case"}
LONGEST = 10_000


class Macro(Record):
    """`text` may be empty: then it only acts. What isn't to change is None or empty; `team_id` 0 can't be wanted."""

    __tablename__ = "ecrm_macro"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="")
    priority: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(10), default="")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_team.id"))
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(100))
    archived_at: Mapped[datetime | None]

    @property
    def changes(self) -> Changes:
        """What it does to a case."""
        return Changes(
            state=State(self.state) if self.state else None,
            priority=Priority(self.priority) if self.priority else None,
            kind=Kind(self.kind) if self.kind else None,
            team_id=self.team_id,
        )


def macros(session: Session) -> Sequence[Macro]:
    """Those in use, by name."""
    return session.scalars(select(Macro).where(Macro.archived_at.is_(None)).order_by(Macro.name)).all()


def problems_in(text: str) -> list[Problem]:
    """What is wrong with a macro's text, each with its line."""
    problems: list[Problem] = []
    pieces_of(text, problems, known=KNOWN, unsure=UNSURE)
    return problems


def filled_in(text: str, values: dict[str, str]) -> str:
    """The text for one case; `values` by placeholder, empty where nothing is known."""
    return filled(pieces_of(text, [], known=KNOWN, unsure=UNSURE), values)
