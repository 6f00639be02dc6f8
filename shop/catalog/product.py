"""Department → Category → Product."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, false, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Base


class Department(Base):
    """A part of the shop, e.g. Grocery."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    position: Mapped[int] = mapped_column(default=0)

    categories: Mapped[list[Category]] = relationship(back_populates="department", order_by="Category.name")


class Category(Base):
    """A shelf of a department, e.g. Cookies & Cones. `products_listed` counts what can be bought there."""

    __tablename__ = "category"
    __table_args__ = (Index(None, "department_id", "slug", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    name: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str] = mapped_column(String(80))
    products_listed: Mapped[int] = mapped_column(default=0)

    department: Mapped[Department] = relationship(back_populates="categories")


# In SQL's own words, as a partial index serves only a question that is worded like it.
_LOWERED = "was_minor > price_minor"
_SCARCE = "stock <= 5"


class Product(Base):
    """Something to buy. Prices in minor units of the shop's currency; stock is changed by conditional UPDATE only.

    `was_minor` is the price before a reduction, `cost_minor` what a piece costs the shop (None: not known); `sold`
    counts pieces sold (sorting by popularity); `search_text` is what full-text search reads, kept by module `search`.
    `age_limit`: sold to nobody younger; `barred_in`: countries (two letters, a space between) that it isn't sent to.
    `serial_numbered`: each piece has a number of its own, which packers scan.
    """

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
        Index(None, "category_id", "listed", "sold"),
        Index(None, "listed", "sold"),
        Index(None, "listed", "added_at"),
        Index("ix_product_lowered", "listed", "sold", sqlite_where=text(_LOWERED), postgresql_where=text(_LOWERED)),
        Index(
            "ix_product_scarce", "listed", "stock", "sold", sqlite_where=text(_SCARCE), postgresql_where=text(_SCARCE)
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(40), unique=True)
    slug: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(160))
    brand: Mapped[str] = mapped_column(String(80), default="")
    size: Mapped[str] = mapped_column(String(40), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    price_minor: Mapped[int]
    was_minor: Mapped[int | None]
    cost_minor: Mapped[int | None]
    stock: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)
    listed: Mapped[bool] = mapped_column(default=True)
    added_at: Mapped[datetime]
    search_text: Mapped[str] = mapped_column(Text, default="")
    age_limit: Mapped[int | None]
    barred_in: Mapped[str | None] = mapped_column(String(200))
    serial_numbered: Mapped[bool] = mapped_column(default=False, server_default=false())

    category: Mapped[Category] = relationship()


LOWERED = Product.was_minor > Product.price_minor
"""The condition of a lowered price."""

SCARCE = Product.stock <= literal_column("5")
"""The condition of little or no stock."""
