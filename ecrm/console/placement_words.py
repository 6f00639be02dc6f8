"""Placements and strategies of recommendations in words."""

from __future__ import annotations

from ecrm.wording import gettext as _
from recommender.asking import Placement, Strategy

from .segments import unknown


def placement_words() -> dict[str, str]:
    """Every placement in words, as staff call it."""
    return {
        Placement.HOME: _("Home page: for you"),
        Placement.AGAIN: _("Buy it again"),
        Placement.NEW: _("New for you"),
        Placement.RECENT: _("Recently viewed"),
        Placement.PRODUCT: _("Product page: often bought together"),
        Placement.SIMILAR: _("Product page: similar"),
        Placement.ALSO_BOUGHT: _("Product page: viewed this, bought that"),
        Placement.CART: _("Cart"),
        Placement.CHECKOUT: _("Checkout"),
        Placement.SEARCH: _("Search results"),
        Placement.NOTHING_FOUND: _("Search without a result"),
        Placement.CATEGORY: _("Category page"),
        Placement.ACCOUNT: _("Account"),
        Placement.ORDER: _("After an order"),
        Placement.EMAIL: _("E-mails"),
        Placement.SUPPORT: _("Support desk"),
    }


def placement_name(placement: str) -> str:
    """A placement in words; one that this version doesn't know by its own name."""
    return placement_words().get(placement, placement)


def strategy_name(strategy: str) -> str:
    """A strategy in words."""
    words = {
        str(Strategy.LEARNT): _("learnt from all behaviour"),
        str(Strategy.SESSION): _("this visit alone"),
        str(Strategy.POPULAR): _("popular, the same for everybody"),
    }
    return words.get(strategy, strategy or unknown())
