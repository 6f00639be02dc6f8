"""What carriers say of parcels becomes `Parcel Scanned` in the ledger; the reactions to it move the parcel and write.

A scan's key is made of the parcel, the status and the moment, whoever says it: a history that is told again with each
message, a webhook that comes twice and an answer that says the same are one event.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from ecrm import ledger
from ecrm.events import ParcelScanned
from ecrm.installation import Installation
from ecrm.reactions import reaction_names, run_reactions
from tracking.delivery.aggregators.heard import Heard, Message
from tracking.delivery.messages import (
    MessageState,
    about_it,
    forget_before,
    let_go,
    note_message,
    parcel_of,
    scans_of,
    waiting_for_known,
)
from tracking.delivery.progress import ENDS
from tracking.delivery.shipment import Shipment, Status

log = logging.getLogger("ecrm.carriers")
AT_ONCE = 100


def take_message(crm: Installation, message: Message, *, source: str, event_id: str, now: datetime) -> str:
    """Take a message in; committed when this returns.

    Returns:
        In a word what became of it: `taken`, `waiting` (no parcel has this number yet), `repeated`, or `empty` (it says
        nothing of a parcel).
    """
    told: list[int] = []
    with crm.sessions.begin() as session:
        says = bool(message.number and message.scans)
        shipment = parcel_of(session, message.number, message.carrier, message.scans) if says else None
        state = MessageState.TAKEN if shipment else MessageState.WAITING if says else MessageState.EMPTY
        if not note_message(session, message, source=source, event_id=event_id, state=state, now=now):
            return "repeated"
        if shipment is not None:
            told = tell_scans(session, shipment, message.scans, now=now)
    react(crm, told)
    return state.value


def take_waiting(crm: Installation, *, now: datetime) -> int:
    """Tell parcels that are known by now what was said of them before; says of how many messages."""
    told: list[int] = []
    found = 0
    with crm.sessions.begin() as session:
        rows = waiting_for_known(session, most=AT_ONCE, now=now)
        for row in rows:
            shipment = parcel_of(session, row.tracking_number, row.carrier, scans_of(row))
            if shipment is not None:
                told += tell_scans(session, shipment, scans_of(row), now=now)
                let_go(row)
                found += 1
        forget_before(session, now)
    react(crm, told)
    return found


def tell_scans(session: Session, shipment: Shipment, scans: Sequence[Heard], *, now: datetime) -> list[int]:
    """Write those that are news into the ledger, in the present transaction; the events' ids, for `react`."""
    told = []
    for scan in _in_turn(about_it(shipment, scans, now=now)):
        event = ParcelScanned(
            at=min(scan.at, now), shipment_id=shipment.reference, order_id=shipment.order_reference,
            scan_id=scan_id(shipment.reference, scan), status=scan.status.value, place=scan.place, note=scan.note,
            heard_at=now,
        )  # fmt: skip
        if (event_id := ledger.write(session, event, reactions=reaction_names(event))) is not None:
            told.append(event_id)
    return told


def _in_turn(scans: Sequence[Heard]) -> list[Heard]:
    """As their reactions are to run: the first end first, as `settled` counts them (what came back to the sender is
    "delivered" there, too); then the newest first, so that nobody is written that a parcel comes which is there."""
    rank = {status: number for number, status in enumerate(Status)}
    ends = sorted((one for one in scans if one.status in ENDS), key=lambda one: (one.at, rank[one.status]))
    return ends + sorted((one for one in scans if one.status not in ENDS), key=lambda one: one.at, reverse=True)


def scan_id(reference: str, scan: Heard) -> str:
    """The same for the same status of a parcel at the same moment."""
    said = f"{reference}\n{scan.status}\n{scan.at.astimezone(UTC).isoformat()}"
    return hashlib.sha256(said.encode()).hexdigest()[:40]


def react(crm: Installation, event_ids: Sequence[int]) -> None:
    """A broad `except` stands here on purpose: what was said is committed. What it causes
    is owed then, and done by the job `react`."""
    if not event_ids or not crm.app.config["ECRM_REACT_INLINE"]:
        return
    try:
        run_reactions(crm, event_ids)
    except Exception:
        log.exception("reactions to events %s are left to the job", list(event_ids))
