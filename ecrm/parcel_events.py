"""What a shop tells of parcels: sent, seen on the way, arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from .told import ParcelLine, Told


@dataclass(frozen=True, kw_only=True)
class OrderShipped(Told):
    """A parcel of an order was given to a carrier.

    `lines`: what is in it; without any, all that is left of the order. What the parcels of an order leave over stays
    expected and is shown so. Of pieces with serial numbers, the lines carry those.
    """

    name: ClassVar[str] = "Order Shipped"
    shipment_id: str
    order_id: str
    carrier: str
    tracking_number: str
    lines: tuple[ParcelLine, ...] = ()

    @property
    def key(self) -> str:
        return f"order-shipped:{self.shipment_id}"


SCANNED = (
    "pre_transit", "in_transit", "out_for_delivery", "available_for_pickup", "delivered", "exception",
    "return_to_sender", "cancelled",
)  # fmt: skip
"""What a carrier says of a parcel: announced but not seen yet, moving, in the van, at a shop or locker, at its door, in
trouble, on its way back to the sender, label cancelled."""


@dataclass(frozen=True, kw_only=True)
class ParcelScanned(Told):
    """A carrier said where a parcel is. `scan_id`: unique per message; one that was told is harmless.

    `status`: one of `SCANNED`. Late and repeated messages are kept and move nothing; that a parcel is out for delivery,
    or waits to be picked up, is mailed once. `heard_at`: when it was heard of, where that wasn't at once; nobody is
    mailed what is no news any more.
    """

    name: ClassVar[str] = "Parcel Scanned"
    shipment_id: str
    order_id: str
    scan_id: str
    status: str
    place: str = ""
    note: str = ""
    heard_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.status not in SCANNED:
            raise ValueError(f"the status of a scan is {', '.join(SCANNED)}, not {self.status!r}")

    @property
    def key(self) -> str:
        return f"parcel-scanned:{self.scan_id}"


@dataclass(frozen=True, kw_only=True)
class OrderDelivered(Told):
    """A parcel reached its door, as staff or a carrier say."""

    name: ClassVar[str] = "Order Delivered"
    shipment_id: str
    order_id: str

    @property
    def key(self) -> str:
        return f"order-delivered:{self.shipment_id}"
