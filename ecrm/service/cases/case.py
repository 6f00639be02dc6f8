"""Case: one matter between a person and the shop, from the first message to the last."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from secrets import choice

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracking.record import BigId, Record

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""`next_due` of a case in which the shop owes nothing: sorts last, on both databases alike."""
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # RFC 4648 6: no 0, 1, 8 or 9 to mistake for a letter


class Channel(StrEnum):
    """By which way it began."""

    FORM = "form"
    EMAIL = "email"
    PHONE = "phone"
    STAFF = "staff"
    REVIEW = "review"


class Kind(StrEnum):
    """What it is about."""

    QUESTION = "question"
    COMPLAINT = "complaint"
    PRAISE = "praise"
    RETURN = "return"
    WARRANTY = "warranty"
    DELIVERY = "delivery"
    DATA = "data"
    OTHER = "other"


class State(StrEnum):
    """NEW: nobody answered yet. OPEN: our turn. WAITING: the customer's turn. SOLVED: may come back. CLOSED: over."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"
    CLOSED = "closed"


UNSOLVED = (State.NEW, State.OPEN, State.WAITING)
OWED = (State.NEW, State.OPEN)
"""States in which the shop's clock runs."""


class Priority(IntEnum):
    """The higher, the sooner."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


class Case(Record):
    """`owner` is a staff id ("" for nobody). `version` grows with every change: who saw an older one is told.

    Targets are working minutes of the team; `first_response_due` and `resolution_due` are the moments that came of
    them, and `next_due` the nearer one that is still owed (`NEVER` while the shop owes nothing). The clock stands
    from `waiting_since` on; `paused_seconds` are the working seconds it has stood so far.
    """

    __tablename__ = "ecrm_case"
    __table_args__ = (
        Index(None, "customer_id", "last_message_at"),
        Index(None, "from_folded", "last_message_at"),
        Index(None, "state", "next_due", "id"),
        Index(None, "owner", "state", "next_due"),
        Index(None, "team_id", "state", "next_due"),
        Index(None, "state", "last_message_at", "id"),
        Index(None, "opened_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    version: Mapped[int] = mapped_column(default=1)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    from_address: Mapped[str] = mapped_column(String(254), default="")
    from_folded: Mapped[str] = mapped_column(String(254), default="")
    from_name: Mapped[str] = mapped_column(String(200), default="")
    channel: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(300))
    language: Mapped[str] = mapped_column(String(8), default="")
    state: Mapped[str] = mapped_column(String(10), default=State.NEW)
    priority: Mapped[int] = mapped_column(default=Priority.NORMAL)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_team.id"))
    owner: Mapped[str] = mapped_column(String(64), default="")
    order_reference: Mapped[str] = mapped_column(String(64), default="", index=True)
    product: Mapped[str] = mapped_column(String(64), default="", index=True)
    opened_at: Mapped[datetime]
    last_message_at: Mapped[datetime]
    response_minutes: Mapped[int | None]
    resolution_minutes: Mapped[int | None]
    first_response_due: Mapped[datetime | None]
    first_responded_at: Mapped[datetime | None]
    resolution_due: Mapped[datetime | None]
    next_due: Mapped[datetime] = mapped_column(default=NEVER)
    waiting_since: Mapped[datetime | None]
    paused_seconds: Mapped[int] = mapped_column(default=0)
    response_breached_at: Mapped[datetime | None]
    resolution_breached_at: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(default=0)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("ecrm_case.id"), index=True)
    spam: Mapped[bool] = mapped_column(default=False)
    satisfaction: Mapped[int | None]
    satisfaction_words: Mapped[str] = mapped_column(Text, default="")
    satisfaction_asked_at: Mapped[datetime | None]
    satisfied_at: Mapped[datetime | None] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]

    @property
    def subject_mark(self) -> str:
        """What stands in the subject of its e-mails."""
        return f"[{self.reference}]"

    @property
    def paused_since(self) -> datetime | None:
        """Since when the clock stands, where it does."""
        if self.state == State.WAITING:
            return self.waiting_since
        return self.solved_at if self.state in {State.SOLVED, State.CLOSED} else None


def new_reference() -> str:
    """`C-` and 40 random bits: no number to count cases by, and no secret either (whoever gets mail of it reads it)."""
    return "C-" + "".join(choice(_BASE32) for _place in range(8))
