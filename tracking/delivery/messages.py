"""Messages of aggregators: each is taken once, and what is said of a parcel that nobody knows yet waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..record import BigId, Record, insert_once
from .aggregators.heard import TOLERANCE, Heard, Message
from .progress import ENDS
from .shipment import Shipment, Status

KEPT = timedelta(days=90)
WAITS = timedelta(days=30)
"""A parcel is entered when it is packed; what nobody knows after a month is nobody's."""
FARTHEST_ZONE = timedelta(hours=14)
"""So far ahead of UTC a place's clock may be."""
RECYCLED = timedelta(days=30)
"""Carriers use numbers again (EasyPost's Trackers page): what was said long before the order is of another."""


class MessageState(StrEnum):
    """`waiting`: of a number that no parcel has yet."""

    TAKEN = "taken"
    WAITING = "waiting"
    EMPTY = "empty"


class CarrierMessage(Record):
    """A message, so that it counts once. Only one that waits keeps what it says; nothing of a person is ever kept."""

    __tablename__ = "ecrm_carrier_message"
    __table_args__ = (
        Index(None, "source", "event_id", unique=True),
        Index(None, "state", "tracking_number"),
        Index(None, "taken_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(100))
    taken_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    tracking_number: Mapped[str] = mapped_column(String(64), default="")
    carrier: Mapped[str] = mapped_column(String(40), default="")
    scans: Mapped[list[str]] = mapped_column(default=list)


def note_message(
    session: Session, message: Message, *, source: str, event_id: str, state: MessageState, now: datetime
) -> bool:
    """Write down that it came; False where it came before."""
    waits = state is MessageState.WAITING
    values: dict[str, Any] = {
        "source": source, "event_id": event_id[:100], "taken_at": now, "state": state,
        "tracking_number": message.number if waits else "", "carrier": message.carrier if waits else "",
        "scans": [_as_text(scan) for scan in message.scans] if waits else [],
    }  # fmt: skip
    return insert_once(session, CarrierMessage, values) is not None


def parcel_of(session: Session, number: str, carrier: str, scans: Sequence[Heard]) -> Shipment | None:
    """The parcel that a number means: of several, one of that carrier, and the one that was sent last. One that had
    ended long before anything of this was seen isn't it: its number was given to another."""
    known = session.scalars(
        select(Shipment)
        .where(Shipment.tracking_number == number)
        .order_by(Shipment.shipped_at.desc(), Shipment.id.desc())
        .limit(20)
    )
    seen_at = min((scan.at for scan in scans), default=None)
    found = [one for one in known if seen_at is None or not _had_ended(one, seen_at - RECYCLED)]
    said = _letters(carrier)
    return next((one for one in found if said and _letters(one.carrier) == said), found[0] if found else None)


def _had_ended(shipment: Shipment, by: datetime) -> bool:
    return shipment.status in ENDS and (shipment.delivered_at or shipment.shipped_at or shipment.expected_at) < by


def about_it(shipment: Shipment, scans: Sequence[Heard], *, now: datetime) -> list[Heard]:
    """Those that can be about this parcel: not of an earlier one with its number, not of days to come."""
    first = shipment.expected_at - RECYCLED
    return [scan for scan in scans if first <= scan.at <= now + (TOLERANCE if scan.zoned else FARTHEST_ZONE)]


def waiting_for_known(session: Session, *, most: int, now: datetime) -> Sequence[CarrierMessage]:
    """Messages that waited for a parcel which is known now, in the order in which they came. Old parcels at their end
    are left out, so that messages that wait for a recycled number's next one don't stand in front of the others."""
    young = Shipment.status.not_in(ENDS) | (Shipment.expected_at > now - 2 * RECYCLED)
    query = (
        select(CarrierMessage)
        .join(Shipment, Shipment.tracking_number == CarrierMessage.tracking_number)
        .where(CarrierMessage.state == MessageState.WAITING, young)
        .order_by(CarrierMessage.id)
        .limit(most)
    )
    return session.scalars(query).unique().all()


def scans_of(row: CarrierMessage) -> tuple[Heard, ...]:
    """What a message that waited says."""
    return tuple(_from_text(text) for text in row.scans)


def let_go(row: CarrierMessage) -> None:
    """It was told of its parcel."""
    row.state, row.tracking_number, row.carrier, row.scans = MessageState.TAKEN, "", "", []


def forget_before(session: Session, now: datetime) -> None:
    """Messages that nobody repeats any more, and those that waited in vain."""
    old = CarrierMessage.taken_at < now - KEPT
    vain = (CarrierMessage.state == MessageState.WAITING) & (CarrierMessage.taken_at < now - WAITS)
    session.execute(delete(CarrierMessage).where(old | vain))


def _letters(carrier: str) -> str:
    return "".join(one for one in carrier.casefold() if one.isalnum())


def _as_text(scan: Heard) -> str:
    zone = () if scan.zoned else ("no zone",)
    return "\t".join((scan.status, scan.at.astimezone(UTC).isoformat(), scan.place, scan.note, *zone))


def _from_text(text: str) -> Heard:
    status, at, place, note, *zone = text.split("\t")
    return Heard(Status(status), datetime.fromisoformat(at), place, note, zoned=not zone)
