"""Relationship in words."""

from __future__ import annotations

from ecrm.wording import gettext as _
from ecrm.wording import ngettext

from .relationship import Policy
from .relationship_much import Cell


def cell_words(cell: Cell) -> str:
    """A cell for a reader."""
    return {
        Cell.ASKS_MUCH_BUYS_MUCH: _("asks much, buys much"), Cell.ASKS_LITTLE_BUYS_MUCH: _("asks little, buys much"),
        Cell.ASKS_MUCH_BUYS_LITTLE: _("asks much, buys little"),
        Cell.ASKS_LITTLE_BUYS_LITTLE: _("asks little, buys little"),
    }[cell]  # fmt: skip


def why_words(policy: Policy) -> str:
    """Why somebody lies in their cell."""
    contacts = ngettext("%(num)s contact", "%(num)s contacts", policy.contacts)
    orders = ngettext("%(num)s order", "%(num)s orders", policy.orders)
    return _("%(contacts)s and %(orders)s in %(days)s days", contacts=contacts, orders=orders, days=policy.days)
