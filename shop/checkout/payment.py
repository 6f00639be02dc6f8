"""The payment port: what a way of paying must answer, and the two that every shop has, on delivery and by invoice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..money import minor_units
from ..wording import gettext as _
from .order import Order

COURIER_LIMIT = 1_000
"""Major units of the currency that a courier takes in cash."""
GUEST_INVOICE_LIMIT = 500
"""Major units that a buyer without an account may owe."""


@dataclass(frozen=True)
class Authorised:
    """The payment is promised; `reference` is the provider's own for it."""

    reference: str


class PaymentRefused(Exception):
    """The payment isn't possible; the message is for the buyer and says what to do."""


class PaymentMethod(Protocol):
    """A way of paying. `code` is stored with the order and never changes."""

    code: str

    @property
    def name(self) -> str:
        """In the reader's language."""

    @property
    def explanation(self) -> str:
        """One sentence for the buyer: when and how the money is due."""

    def authorize(self, order: Order) -> Authorised:
        """Called once, inside the order's transaction: be quick, and idempotent by `order.number`.

        A provider across the network is asked before the order is placed; here its answer is only looked up.

        Raises:
            PaymentRefused: with words for the buyer; the order is then not placed.
        """


class OnDelivery:
    """The buyer pays the courier, or at the pick-up point."""

    code = "on_delivery"

    @property
    def name(self) -> str:
        return _("Pay on delivery")

    @property
    def explanation(self) -> str:
        return _("Cash or card, when the parcel is handed over.")

    def authorize(self, order: Order) -> Authorised:
        if order.total_minor > minor_units(COURIER_LIMIT * 100, order.currency):
            raise PaymentRefused(_("Couriers can't collect this much. Please choose “Invoice”, or split the order."))
        return Authorised(f"on-delivery:{order.number}")


class Invoice:
    """The buyer pays within 14 days."""

    code = "invoice"

    @property
    def name(self) -> str:
        return _("Invoice")

    @property
    def explanation(self) -> str:
        return _("Comes with the parcel; due within 14 days.")

    def authorize(self, order: Order) -> Authorised:
        if order.account_id is None and order.total_minor > minor_units(GUEST_INVOICE_LIMIT * 100, order.currency):
            raise PaymentRefused(
                _("This is too much for an invoice without an account. Please sign in, or choose “Pay on delivery”.")
            )
        return Authorised(f"invoice:{order.number}")


METHODS: tuple[PaymentMethod, ...] = (OnDelivery(), Invoice())


def payment_methods() -> tuple[PaymentMethod, ...]:
    """The ways of paying that this shop offers."""
    return METHODS


def payment_method(code: str) -> PaymentMethod | None:
    """The way of paying of that code."""
    return next((method for method in METHODS if method.code == code), None)


def payment_name(code: str) -> str:
    """In words; an imported order may carry one that isn't offered any more."""
    method = payment_method(code)
    return method.name if method else code
