"""Product pictures: their addresses, which carry a short hash of what is drawn, so that browsers may keep them for
long; and the drawing in pixels, for those that show no SVG."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

import resvg_py
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


PIXELS = 480
"""Width and height: twice of what an e-mail shows, for fine screens."""


@lru_cache(maxsize=512)
def in_pixels(drawing: str) -> bytes:
    """An SVG drawing as PNG. A mailing's few products are asked for by thousands of readers: they are kept."""
    return bytes(resvg_py.svg_to_bytes(svg_string=drawing, width=PIXELS))
