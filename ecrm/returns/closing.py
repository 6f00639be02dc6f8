"""The reaction to a refund that settles a return: it is paid back."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ecrm.events import OrderRefunded, Told
from tracking.clickstream.event import Event
from tracking.delivery.returns import settle


def close_return(session: Session, row: Event, told: Told) -> None:
    """The money of a return went back; a refund that names none, or one that we don't know, closes nothing."""
    assert isinstance(told, OrderRefunded)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    if told.return_id:
        settle(session, told.return_id, refund_reference=told.refund_id, now=told.at)
