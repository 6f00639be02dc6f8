"""Noticing delays: open shipments get their foretold day, and those that are going to be late a mark, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .foretelling import Experience, last_heard_of, outlook
from .shipment import OPEN, Shipment

FOLLOWED = timedelta(days=60)
"""Since the order: a parcel that nobody ended by then was forgotten, and isn't foretold any more."""


def open_shipments(session: Session, *, now: datetime) -> Sequence[int]:
    """What isn't at its end, of the last `FOLLOWED`."""
    recent = select(Shipment.id).where(Shipment.status.in_(OPEN), Shipment.expected_at > now - FOLLOWED)
    return session.scalars(recent.order_by(Shipment.id)).all()


_UNSEEN = {"synchronize_session": False}
"""Else each of these statements is tried on every parcel in memory: quadratic, with the database locked."""


def notice(
    session: Session, shipments: Sequence[int], learnt: Experience, *, zone: ZoneInfo, now: datetime
) -> list[int]:
    """Look at these shipments; says which are late as of now and weren't before.

    A mark stays: a parcel that comes in time after all was foretold wrongly, and `delayed_at` says so for good.
    """
    heard, late = last_heard_of(session, shipments), []
    query = select(Shipment).where(Shipment.id.in_(shipments), Shipment.status.in_(OPEN)).order_by(Shipment.id)
    for shipment in session.scalars(query):
        found = outlook(shipment, learnt, last_heard=heard.get(shipment.id), zone=zone, now=now)
        if found.expected_on != shipment.expected_on:
            # by statements, so that what a carrier reports meanwhile isn't written over
            foretold = update(Shipment).where(Shipment.id == shipment.id).values(expected_on=found.expected_on)
            session.execute(foretold, execution_options=_UNSEEN)
        if found.why is not None and shipment.delayed_at is None:
            marked: Any = session.execute(
                update(Shipment)
                .where(Shipment.id == shipment.id, Shipment.delayed_at.is_(None), Shipment.status.in_(OPEN))
                .values(delayed_at=now, delayed_why=found.why),
                execution_options=_UNSEEN,
            )
            if marked.rowcount:
                late.append(shipment.id)
    return late
