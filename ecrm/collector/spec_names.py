"""Segment's e-commerce events under the names and properties that the shop's own steps carry.

Source: https://segment.com/docs/connections/spec/ecommerce/v2/ (and the first version's names, which old code sends).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_precision

from ecrm.events import TOLD
from tracking.clickstream.sightings import storable

_SPEC = (
    "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed", "Promotion Clicked",
    "Product Clicked", "Product Viewed", "Product Added", "Product Removed", "Cart Viewed", "Checkout Started",
    "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered", "Order Completed", "Order Updated",
    "Order Refunded", "Order Cancelled", "Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed",
    "Product Added to Wishlist", "Product Removed from Wishlist", "Wishlist Product Added to Cart", "Product Shared",
    "Cart Shared", "Product Reviewed", "Page Viewed", "Screen Viewed", "Page Engaged", "Recommendations Shown",
)  # fmt: skip
_FIRST_VERSION = {
    "viewedproductcategory": "Product List Viewed",
    "viewedproduct": "Product Viewed",
    "addedproduct": "Product Added",
    "removedproduct": "Product Removed",
    "startedcheckout": "Checkout Started",
    "completedorder": "Order Completed",
}
_CASED = re.compile(r"[\W_]+")
_NAMES = {_CASED.sub("", name).lower(): name for name in _SPEC} | _FIRST_VERSION
_TOLD = frozenset(told.name for told in TOLD)
REPORTED = " (reported)"
"""Ends the name of an event that only the shop itself can promise: a client's word for an order moves no money."""

_COUNTED = {"results": 10**9, "first_position": 10**9, "quantity": 10**6, "seconds": 86_400, "scroll": 100}
"""Properties that reports add up, and the most they may be; what isn't a whole number in between is left out."""
_PER_PRODUCT = frozenset({"Product Viewed", "Product Added", "Product Removed", "Product Clicked"})
ORDERS = frozenset(name + REPORTED if name in _TOLD else name for name in {*_SPEC, *_TOLD} if name.startswith("Order "))
"""What a client reports of an order; its subject is the order's number, by which an erasure finds it."""
_PRODUCT_IDS = frozenset({"Product List Viewed", "Products Searched", "Cart Viewed", "Recommendations Shown"})
_SUBJECT = {
    **dict.fromkeys(_PER_PRODUCT, "product_id"),
    **dict.fromkeys(ORDERS, "order_id"),
    "Product List Viewed": "list_id",
    "Products Searched": "query",
    "Checkout Step Completed": "step",
    "Recommendations Shown": "placement",
}
MAX_PRODUCTS = 500
MAX_NAME = 60
"""Characters of an event's name: as many as its column holds."""


@lru_cache(maxsize=4096)
def spec_name(event: str) -> str:
    """The spec's name where case, spaces and underscores are all that differ; else the event's own, as it is stored.

    What the shop itself tells (orders, refunds, parcels, accounts) gets `REPORTED` behind it: compared after the name
    was cleaned and cut, as the told name could else be what is left of it. Empty where nothing is left.
    """
    said = str(storable(event)).strip()[:MAX_NAME].strip()
    name = _NAMES.get(_CASED.sub("", said).lower(), said)
    return name + REPORTED if name in _TOLD else name


def own_properties(name: str, properties: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Subject and properties of an event as the shop's own steps have them; what isn't known here stays as it came."""
    kept = dict(properties)
    if name in _PER_PRODUCT:
        _rename(kept, "product_id", ("productId", "id", "sku"))
    elif name in _PRODUCT_IDS:
        _list_products(kept)
    if name == "Product List Viewed":
        _rename(kept, "list_id", ("listId", "category"))
    elif name == "Checkout Started":
        _in_minor_units(kept)
    if "orderId" in kept:
        kept.setdefault("order_id", kept.pop("orderId"))
    for counted, most in _COUNTED.items():
        if counted in kept and not _is_count(kept[counted], most):
            del kept[counted]
    if name == "Product Added":
        kept.setdefault("quantity", 1)
    wanted = _SUBJECT.get(name)
    return _text(kept.get(wanted)) if wanted else "", kept


def _rename(kept: dict[str, Any], name: str, others: tuple[str, ...]) -> None:
    """One name for what the two versions of the spec, and their camel-cased speakers, call differently."""
    found = next((text for key in (name, *others) if (text := _text(kept.get(key)))), "")
    for other in others:
        if name == "product_id" and other != "sku":
            kept.pop(other, None)
    kept[name] = found[:200]


def _list_products(kept: dict[str, Any]) -> None:
    listed = kept.get("product_ids")
    products = kept.pop("products", None)
    if not isinstance(listed, list) and isinstance(products, list):
        listed = [one.get("product_id", one.get("id")) for one in products if isinstance(one, dict)]
    if isinstance(listed, list):
        kept["product_ids"] = [text[:64] for one in listed[:MAX_PRODUCTS] if (text := _text(one))]
    else:
        kept.pop("product_ids", None)


def _in_minor_units(kept: dict[str, Any]) -> None:
    value, currency = kept.pop("value", None), kept.get("currency")
    if isinstance(value, int | float | str) and not isinstance(value, bool) and isinstance(currency, str):
        try:
            minor = Decimal(str(value)).scaleb(get_currency_precision(currency.upper()))
            if 0 <= minor < 10**12:
                kept["value_minor"] = int(minor.to_integral_value())
        except (ArithmeticError, ValueError):  # no number, or one like 1e999999
            return


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
