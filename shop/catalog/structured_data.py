"""What search engines read of a page: schema.org Product and BreadcrumbList, as JSON-LD."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from flask import url_for

from .navigation import Step
from .pictures import picture_url
from .product import Product


def product_data(product: Product, *, currency: str, base_url: str) -> dict[str, Any]:
    """schema.org/Product with one Offer; the price is a decimal text in whole units, as the vocabulary asks."""
    price = Decimal(product.price_minor).scaleb(-get_currency_precision(currency))
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "category": product.category.name,
        "image": base_url + picture_url(product),
        "offers": {
            "@type": "Offer",
            "url": base_url + url_for("catalog.product", product_id=product.id, slug=product.slug),
            "price": str(price),
            "priceCurrency": currency,
            "availability": "https://schema.org/" + ("InStock" if product.stock > 0 else "OutOfStock"),
        },
    }
    if product.brand:
        data["brand"] = {"@type": "Brand", "name": product.brand}
    if product.description:
        data["description"] = product.description
    return data


def breadcrumb_data(steps: list[Step], *, base_url: str) -> dict[str, Any]:
    """schema.org/BreadcrumbList of the way to this page; its last step has no address."""
    return {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, **({"item": base_url + url} if url else {})}
            for position, (name, url) in enumerate(steps, start=1)
        ],
    }
