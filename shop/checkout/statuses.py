"""The words for an order's status, for customers and staff alike."""

from __future__ import annotations

from ..wording import gettext as _
from .order import OrderStatus


def status_name(status: str) -> str:
    """An order's status in the reader's language; the status itself where it is unknown."""
    names: dict[str, str] = {
        OrderStatus.PLACED: _("Placed"),
        OrderStatus.SHIPPED: _("On its way"),
        OrderStatus.DELIVERED: _("Delivered"),
        OrderStatus.CANCELLED: _("Cancelled"),
    }
    return names.get(status, status)
