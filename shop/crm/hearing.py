"""What the shop does when the CRM learnt something: a parcel that a carrier reports as delivered is delivered here."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from ..database import db
from ..fulfilment.parcel import Parcel
from ..fulfilment.shipping import mark_delivered

_MOST_DIGITS = 9


def parcel_moved(_app: Flask, *, shipment_id: str, order_id: str, status: str, at: datetime) -> None:
    """Staff's own word of it comes back here too, and finds it done."""
    if status != "delivered" or not (
        shipment_id.isascii() and shipment_id.isdigit() and len(shipment_id) <= _MOST_DIGITS
    ):
        return
    parcel = db.session.get(Parcel, int(shipment_id))
    if parcel is None or parcel.delivered_at is not None or parcel.order.number != order_id:
        return
    try:
        mark_delivered(db.session(), parcel, now=at)
        db.session.commit()
    except BaseException:
        db.session.rollback()  # whoever announces it goes on; it is announced again within the hour
        raise
