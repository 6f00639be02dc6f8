"""Shipment: a parcel on its way to a customer, and the scans that tell where it is."""

from __future__ import annotations

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
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    CANCELLED = "cancelled"


class Shipment(Record):
    """Expected with the order (`pre_transit`, no number yet); carrier and number come when staff ship it."""

    __tablename__ = "ecrm_shipment"
    __table_args__ = (Index(None, "order_reference"), Index(None, "customer_id"), Index(None, "status", "expected_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    order_reference: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("ecrm_customer.id"))
    carrier: Mapped[str] = mapped_column(String(40), default="")
    tracking_number: Mapped[str] = mapped_column(String(64), default="")
    status: Mapped[str] = mapped_column(String(20))
    promised_on: Mapped[date | None]
    expected_at: Mapped[datetime]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class Scan(Record):
    """One message about a shipment; unique, so that a repeated one is harmless."""

    __tablename__ = "ecrm_scan"
    __table_args__ = (Index(None, "shipment_id", "scanned_at", "status", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shipment_id: Mapped[int] = mapped_column(ForeignKey("ecrm_shipment.id"))
    scanned_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
