"""Reactions: an order is credited when it is remembered, a refund takes its part back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.events import OrderCompleted, OrderRefunded, Told
from ecrm.ledger import NotYet
from tracking.clickstream.event import Event
from tracking.orders import SeenRefund, order_by_reference

from .booking import book_order, book_refund


def attribute_order(session: Session, row: Event, told: Told) -> None:
    """Credit the order to what brought it, in the transaction that says it is done."""
    assert isinstance(told, OrderCompleted)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    order = order_by_reference(session, told.order_id)
    if order is None:
        raise NotYet(f"order {told.order_id} isn't remembered yet")
    book_order(session, order.id)


def attribute_refund(session: Session, row: Event, told: Told) -> None:
    """Take the refund back from where its order was credited."""
    assert isinstance(told, OrderRefunded)  # noqa: S101 (the table in reactions.py says so; mypy can't know)
    refund_id = session.scalar(select(SeenRefund.id).where(SeenRefund.reference == told.refund_id))
    if refund_id is None:
        raise NotYet(f"refund {told.refund_id} isn't remembered yet")
    book_refund(session, refund_id)
