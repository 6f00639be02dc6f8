"""Entries: who is in which flow and how far; the settings of each flow; and which local days daily flows have done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.contacts import Contact as Contact  # entries point at it
from tracking.customers import Customer as Customer
from tracking.record import BigId, Record, insert_once


class EntryState(StrEnum):
    """DONE: all steps were taken. EXITED: `reason` says why it ended before."""

    ACTIVE = "active"
    DONE = "done"
    EXITED = "exited"


class FlowEntry(Record):
    """A person in a flow, once for each cause (unique with the flow).

    `step` is the next one to be taken, at `due_at`; steps count from `caused_at`. `control`: nothing is sent, all else
    happens. `topic`: of this entry's e-mails.
    """

    __tablename__ = "ecrm_flow_entry"
    __table_args__ = (
        Index(None, "flow", "cause", unique=True),
        Index(None, "state", "due_at"),
        Index(None, "flow", "entered_at"),
        Index(None, "contact_id"),
        Index(None, "customer_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    flow: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(120))
    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    order_reference: Mapped[str | None] = mapped_column(String(64))
    topic: Mapped[str] = mapped_column(String(20))
    control: Mapped[bool] = mapped_column(default=False)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    caused_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    step: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20), default=EntryState.ACTIVE)
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")


class FlowSetting(Record):
    """What the shop set for a flow, and up to when it was looked at. No row: as the flow's file says.

    `knobs`: the numbers that differ from the file's. `control_since`: the last change of `control_percent`, before
    which the lot left out others than since; none: it never changed.
    """

    __tablename__ = "ecrm_flow_setting"

    flow: Mapped[str] = mapped_column(String(40), primary_key=True)
    switched_on: Mapped[bool]
    control_percent: Mapped[int]
    control_since: Mapped[datetime | None]
    knobs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seen_until: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    changed_by: Mapped[str] = mapped_column(String(100), default="")


class FlowDay(Record):
    """A local day on which a daily flow was asked, a time zone each: unique, so that it is asked once."""

    __tablename__ = "ecrm_flow_day"

    flow: Mapped[str] = mapped_column(String(40), primary_key=True)
    zone: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime]


def in_control(flow: str, contact_id: int, *, percent: int) -> bool:
    """Whether a person is in a flow's control group: by a hash, so always the same, whoever asks and however often."""
    drawn = int.from_bytes(sha256(f"control:{flow}:{contact_id}".encode()).digest()[:8], "big")
    return drawn < percent * 2**64 // 100


def begin_day(session: Session, *, flow: str, zone: str, day: date, now: datetime) -> bool:
    """Take a local day of a daily flow; False where it was taken before."""
    values = {"flow": flow, "zone": zone, "day": day, "begun_at": now}
    return insert_once(session, FlowDay, values) is not None


def entries_of(session: Session, *, contact_id: int | None = None, customer_id: int | None = None) -> list[FlowEntry]:
    """The flows that a person entered, newest first."""
    ours = FlowEntry.contact_id == contact_id if contact_id is not None else FlowEntry.customer_id == customer_id
    return list(
        session.scalars(select(FlowEntry).where(ours).order_by(FlowEntry.entered_at.desc(), FlowEntry.id.desc()))
    )


def short_cause(flow: str, *parts: object) -> str:
    """A cause of these parts; hashed where it would be too long for its column."""
    words = ":".join(str(part) for part in parts)
    return words if len(words) <= 120 else sha256(f"{flow}:{words}".encode()).hexdigest()


def known_knobs(setting: FlowSetting | None, defaults: Mapping[str, int]) -> dict[str, int]:
    """The numbers in force: the file's, with those that the shop set."""
    kept = setting.knobs if setting is not None else {}
    return {name: int(kept.get(name, default)) for name, default in defaults.items()}


def forget(session: Session, contact_id: int) -> None:
    """Take out what a contact's entries say of the person; the rows stay counted, and what runs ends."""
    session.execute(
        update(FlowEntry)
        .where(FlowEntry.contact_id == contact_id, FlowEntry.state == EntryState.ACTIVE)
        .values(state=EntryState.EXITED, reason="erased")
    )
    session.execute(
        update(FlowEntry)
        .where(FlowEntry.contact_id == contact_id)
        .values(data={}, customer_id=None, order_reference=None)
    )
