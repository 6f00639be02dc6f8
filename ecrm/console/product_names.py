"""Names for the product numbers that events and roll-ups carry, asked of the shop once a page."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from ecrm.installation import installation
from ecrm.marketing.products import names_as_sold, products_of
from ecrm.wording import gettext as _
from tracking.clickstream.event import Event

_ABOUT_A_PRODUCT = frozenset({"Product Viewed", "Product Clicked", "Product Added", "Product Removed"})


def product_names(events: Iterable[Event], also: Iterable[str] = ()) -> dict[str, str]:
    """The names of the products that these events are about, and of these others; one that left the shop keeps its
    number only."""
    return _in_shop({*also, *(event.subject for event in events if event.name in _ABOUT_A_PRODUCT)})


def key_names(key_ids: Iterable[int]) -> dict[int, str]:
    """The names of products by their numbers in the roll-up; those that left the shop are called as they were sold.

    In a database session of its own: a spreadsheet asks while it is being sent.
    """
    with installation().sessions() as session:
        numbers = products_of(session, key_ids)
        known = _in_shop(set(numbers.values()))
        known |= names_as_sold(session, [number for number in numbers.values() if number not in known])
    return {key_id: known.get(number) or nameless(number) for key_id, number in numbers.items()}


def sold_name(session: Session, number: str) -> str:
    """The name of a product that isn't in the shop any more."""
    return names_as_sold(session, [number]).get(number) or nameless(number)


def nameless(number: str) -> str:
    """A product of which nothing but its number is known."""
    return _("Product %(number)s", number=number)


def _in_shop(numbers: set[str]) -> dict[str, str]:
    cards = installation().storefront.products(sorted(numbers)) if numbers else []
    return {card.product_id: card.name for card in cards}
