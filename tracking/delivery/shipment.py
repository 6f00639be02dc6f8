"""Shipment: a parcel on its way to a customer, what is in it, and the scans that tell where it is."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..record import BigId, Record


class Status(StrEnum):
    """States of the field, as carriers and aggregators name them."""

    PRE_TRANSIT = "pre_transit"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURN_TO_SENDER = "return_to_sender"
    CANCELLED = "cancelled"


OPEN = (
    Status.PRE_TRANSIT, Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.EXCEPTION,
)  # fmt: skip
"""Of these the customer still waits for something."""


def new_token() -> str:
    """What a public link names a shipment by: 128 bits of the system's randomness (ASVS 7.2.3)."""
    return secrets.token_urlsafe(16)


class Shipment(Record):
    """Expected with the order (`pre_transit`, no number yet); carrier and number come when staff ship it.

    `token`: names it in public links. `country`, `service`: where it goes (two letters) and by which delivery method.
    `expected_on`: the day foretold from the shop's own parcels, where that isn't the promised one. `delayed_at`,
    `delayed_why`: since when it is known to be late, and by which sign (`tracking.delivery.foretelling.Why`); a parcel
    that arrives keeps them.
    """

    __tablename__ = "ecrm_shipment"
    __table_args__ = (
        Index(None, "order_reference"),
        Index(None, "customer_id", "expected_at"),
        Index(None, "status", "expected_at"),
        Index(None, "token", unique=True),
        Index(None, "tracking_number"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    order_reference: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    token: Mapped[str] = mapped_column(String(64), default=new_token)
    carrier: Mapped[str] = mapped_column(String(40), default="")
    tracking_number: Mapped[str] = mapped_column(String(64), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    service: Mapped[str] = mapped_column(String(40), default="")
    status: Mapped[str] = mapped_column(String(20))
    promised_on: Mapped[date | None]
    expected_on: Mapped[date | None]
    expected_at: Mapped[datetime]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    delayed_at: Mapped[datetime | None]
    delayed_why: Mapped[str] = mapped_column(String(20), default="")


AS_SENT = (Shipment.shipped_at.is_(None), Shipment.shipped_at, Shipment.expected_at, Shipment.id)
"""Parcels are counted in the order in which they left; what isn't sent yet comes last."""


class ShipmentLine(Record):
    """So many pieces of a product lie in a shipment. `product` is the shop's product id as text."""

    __tablename__ = "ecrm_shipment_line"

    shipment_id: Mapped[int] = mapped_column(ForeignKey("ecrm_shipment.id"), primary_key=True)
    product: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]


class Scan(Record):
    """One message about a shipment; unique, so that a repeated one is harmless.

    `customer_id` is the shipment's, which never changes, so that a customer's newest are read over one index.
    """

    __tablename__ = "ecrm_scan"
    __table_args__ = (
        Index(None, "shipment_id", "scanned_at", "status", unique=True),
        Index(None, "customer_id", "scanned_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shipment_id: Mapped[int] = mapped_column(ForeignKey("ecrm_shipment.id"))
    customer_id: Mapped[int | None] = mapped_column(BigId)
    scanned_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
