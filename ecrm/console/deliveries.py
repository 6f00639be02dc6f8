"""Deliveries: parcels that are not at their door yet, what is late and why, and where each one was seen last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.wording import today
from tracking.delivery.carriers import tidied
from tracking.delivery.shipment import OPEN, Scan, Shipment, Status

from .blueprint import console
from .delivery_words import status_words, why_words
from .queries import choice_arg, cursor, cursor_arg, text_arg

PAGE = 50


@console.get("/deliveries")
@needs(Permission.DELIVERIES)
def deliveries() -> str:
    """Open parcels, the longest waiting first; those of a status, a carrier, a method; the delayed; those of an order
    or a tracking number."""
    status, order = choice_arg("status", Status), text_arg("order", longest=64).lstrip("#")
    filters = {name: text_arg(name, longest=40) for name in ("carrier", "service", "delayed")}
    after = cursor_arg("after")
    oldest_first = status is None or status in OPEN
    query = select(Shipment).where(*_chosen(status, order, filters))
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
        # those at their end are counted by nobody's wish: all that ever was
        counted = select(Shipment.status, func.count()).where(Shipment.status.in_(OPEN)).group_by(Shipment.status)
        counts = {row[0]: row[1] for row in session.execute(counted)}
        late = select(func.count()).select_from(Shipment).where(Shipment.status.in_(OPEN), _delayed())
        delayed = session.scalar(late) or 0
        known = {name: _open_values(session, column) for name, column in _COLUMNS.items()}
    more = cursor(rows[PAGE - 1].expected_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return render_template(
        "ecrm/console/deliveries.html",
        shipments=rows[:PAGE], seen=seen, more=more, status=status, statuses=list(Status), counts=counts,
        waiting=sum(counts.get(one, 0) for one in OPEN), order=order, today=today(), open_statuses=OPEN,
        filters=filters, kept={name: value or None for name, value in filters.items()}, known=known, delayed=delayed,
        words=status_words(), why=why_words(),
    )  # fmt: skip


_COLUMNS: dict[str, Any] = {"carrier": Shipment.carrier, "service": Shipment.service}


def _chosen(status: Status | None, order: str, filters: dict[str, str]) -> list[ColumnElement[bool]]:
    """An order or a number is looked for among all; the other filters together."""
    if order:
        numbers = {tidied(order), order}
        return [or_(Shipment.order_reference.in_({order, order.upper()}), Shipment.tracking_number.in_(numbers))]
    chosen: list[ColumnElement[bool]] = [Shipment.status.in_((status,) if status else OPEN)]
    chosen += [column == filters[name] for name, column in _COLUMNS.items() if filters[name]]
    return [*chosen, _delayed()] if filters["delayed"] else chosen


def _delayed() -> ColumnElement[bool]:
    return or_(Shipment.delayed_at.is_not(None), Shipment.promised_on < today())


def _open_values(session: Session, column: Any) -> Sequence[str]:
    """What open parcels have there."""
    query = select(column).where(Shipment.status.in_(OPEN), column != "").distinct().order_by(column)
    return session.scalars(query.limit(100)).all()


def _last_scans(session: Session, shipments: Sequence[Shipment]) -> dict[int, Scan]:
    """The newest scan of each parcel that has one."""
    scans = select(Scan).where(Scan.shipment_id.in_([shipment.id for shipment in shipments]))
    return {scan.shipment_id: scan for scan in session.scalars(scans.order_by(Scan.scanned_at, Scan.id))}
