"""What told events are made of: their base, and the person, the address, the lines that they carry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from .serial_numbers import fold_serial


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who did it. `customer_id` is the shop's account id; a guest has none and is known by e-mail only.

    `email_proved` says that the account's owner showed to read this mailbox, e.g. by a link that was mailed there.
    Without, the account doesn't get what a guest left under the same address.
    """

    email: str
    customer_id: str | None = None
    email_proved: bool = False
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    country: str = ""
    traits: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a parcel goes."""

    name: str
    line1: str
    city: str
    postcode: str
    country: str
    line2: str = ""
    region: str = ""
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """One line of an order; `net_minor` is what the customer pays for the whole line, after discounts.

    `cost_minor`: what the goods of the whole line cost the shop; None where it doesn't know. In a refund, `net_minor`
    is what goes back for the line.
    """

    product_id: str
    name: str
    quantity: int
    net_minor: int
    cost_minor: int | None = None


@dataclass(frozen=True, kw_only=True)
class ParcelLine:
    """So many pieces of a product in a parcel, or never to be in one.

    `serial_numbers`: of those pieces that have one, as they stand on them; each is kept with its buyer and the end of
    its warranty.
    """

    product_id: str
    name: str
    quantity: int
    serial_numbers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        folded = {fold_serial(number) for number in self.serial_numbers}
        if not len(self.serial_numbers) == len(folded) <= max(self.quantity, 0):
            raise ValueError(f"product {self.product_id}: a serial number a piece, each another one")


@dataclass(frozen=True, kw_only=True)
class Told(ABC):
    """Base of the events that are committed with the shop's own transaction."""

    name: ClassVar[str]
    at: datetime

    @property
    @abstractmethod
    def key(self) -> str:
        """Made of stable ids; the same key told twice is one event."""

    @property
    def order(self) -> str | None:
        """The order that this event is about, where there is one."""
        return getattr(self, "order_id", None)
