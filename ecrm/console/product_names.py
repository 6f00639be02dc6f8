"""Names for the product numbers that events carry, asked of the shop once a page."""

from __future__ import annotations

from collections.abc import Iterable

from ecrm.installation import installation
from tracking.clickstream.event import Event

_ABOUT_A_PRODUCT = frozenset({"Product Viewed", "Product Added", "Product Removed"})


def product_names(events: Iterable[Event]) -> dict[str, str]:
    """The names of the products that these events are about; one that left the shop keeps its number only."""
    numbers = sorted({event.subject for event in events if event.name in _ABOUT_A_PRODUCT})
    return {card.product_id: card.name for card in installation().storefront.products(numbers)} if numbers else {}
