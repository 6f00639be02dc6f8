"""Addresses of product pictures: they carry a short hash of what is drawn, so that browsers may keep them for long."""

from __future__ import annotations

import zlib
from typing import Any

from flask import url_for

from .artwork import VERSION


def picture_url(product: Any) -> str:
    """The picture's address, of a `Product` or a row of `listing`: another one as soon as the drawing is another."""
    return url_for("catalog.artwork", product_id=product.id, v=picture_version(product))


def picture_version(product: Any) -> str:
    """Changes with the drawings and with the product's name, brand, size and category.

    The category by its number: lists don't read its name, and no page of the shop renames one.
    """
    told = "/".join((VERSION, product.name, product.brand, product.size, str(product.category_id)))
    return f"{zlib.crc32(told.encode()):08x}"
