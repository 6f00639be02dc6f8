"""Fills a database with products for the catalogue's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from shop.catalog.product import Category, Department, Product

START = datetime(2026, 1, 1, tzinfo=UTC)


def make_shelf(session: Session, name: str = "Tea", *, department: str = "Grocery") -> Category:
    """A category in a department of its own."""
    slug = name.lower().replace(" ", "-")
    category = Category(
        name=name,
        slug=slug,
        department=Department(name=department, slug=f"{department.lower()}-{slug}"),
        products_listed=1,
    )
    session.add(category)
    session.flush()
    return category


def make_product(session: Session, category: Category, name: str, **more: Any) -> Product:
    """A product on a shelf; what isn't told is plain."""
    count = session.query(Product).count()
    facts: dict[str, Any] = {
        "sku": f"S{count}", "slug": name.lower().replace(" ", "-"), "price_minor": 300, "was_minor": None, "stock": 5,
        "added_at": START + timedelta(days=count), "category_id": category.id,
    }  # fmt: skip
    product = Product(name=name, **(facts | more))
    session.add(product)
    session.flush()
    return product
