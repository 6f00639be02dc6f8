"""What the shop asks of whoever is plugged into it: questions with an answer of "nothing" when nobody is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, current_app


@dataclass(frozen=True, kw_only=True)
class CheckoutDefaults:
    """A known buyer's last answers in the checkout. All of them complete = the order is one confirming click."""

    email: str
    name: str
    line1: str
    city: str
    postcode: str
    country: str
    line2: str = ""
    region: str = ""
    phone: str = ""
    delivery_method: str = ""
    payment_method: str = ""


@dataclass
class Hooks:
    """One list a question; the first answer that isn't None counts."""

    checkout_defaults: list[Callable[[], CheckoutDefaults | None]] = field(default_factory=list)


def hooks(app: Flask | None = None) -> Hooks:
    """The hooks of this app."""
    found: Hooks = (app or current_app).extensions.setdefault("shop_hooks", Hooks())
    return found


def remembered_checkout() -> CheckoutDefaults | None:
    """What somebody plugged in remembers of this buyer's last checkout."""
    return next((answer for ask in hooks().checkout_defaults if (answer := ask()) is not None), None)
