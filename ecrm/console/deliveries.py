"""Deliveries: parcels that are not at their door yet, what is late, and where each one was seen last."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.wording import today
from tracking.delivery.shipment import Scan, Shipment, Status

from .blueprint import console
from .queries import choice_arg, cursor, cursor_arg, text_arg

PAGE = 50
OPEN = (Status.PRE_TRANSIT, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.EXCEPTION)


@console.get("/deliveries")
@needs(Permission.DELIVERIES)
def deliveries() -> str:
    """Open parcels, the longest waiting first; those of one status; or those of one order."""
    status, order = choice_arg("status", Status), text_arg("order", longest=64).lstrip("#")
    after = cursor_arg("after")
    oldest_first = status is None or status in OPEN
    query = select(Shipment).where(Shipment.status.in_((status,) if status else OPEN))
    if order:
        query = select(Shipment).where(Shipment.order_reference.in_({order, order.upper()}))
    if after:
        at, id_ = after
        if oldest_first:
            beyond = or_(Shipment.expected_at > at, and_(Shipment.expected_at == at, Shipment.id > id_))
        else:
            beyond = or_(Shipment.expected_at < at, and_(Shipment.expected_at == at, Shipment.id < id_))
        query = query.where(beyond)
    columns = (Shipment.expected_at, Shipment.id)
    query = query.order_by(*(column if oldest_first else column.desc() for column in columns))
    with installation().sessions() as session:
        rows = session.scalars(query.limit(PAGE + 1)).all()
        seen = _last_scans(session, rows[:PAGE])
        counted = select(Shipment.status, func.count()).group_by(Shipment.status)
        counts = {row[0]: row[1] for row in session.execute(counted)}
    more = cursor(rows[PAGE - 1].expected_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return render_template(
        "ecrm/console/deliveries.html",
        shipments=rows[:PAGE], seen=seen, more=more, status=status, statuses=list(Status), counts=counts,
        waiting=sum(counts.get(one, 0) for one in OPEN), order=order, today=today(), open_statuses=OPEN,
    )  # fmt: skip


def _last_scans(session: Session, shipments: Sequence[Shipment]) -> dict[int, Scan]:
    """The newest scan of each parcel that has one."""
    scans = select(Scan).where(Scan.shipment_id.in_([shipment.id for shipment in shipments]))
    return {scan.shipment_id: scan for scan in session.scalars(scans.order_by(Scan.scanned_at, Scan.id))}
