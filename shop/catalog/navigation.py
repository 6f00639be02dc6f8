"""Finding one's way: the departments of the header, the categories of a department, and breadcrumbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g, url_for
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, joinedload

from ..database import db
from ..wording import gettext as _
from .product import Category, Department, Product


def departments() -> Sequence[Row[Any]]:
    """Departments that have something to sell: id, name, slug, products. Asked by every page, read once a request."""
    if "departments" not in g:
        g.departments = db.session.execute(_DEPARTMENTS).all()
    found: Sequence[Row[Any]] = g.departments
    return found


def department_by_slug(session: Session, slug: str) -> Department | None:
    """A department by the name in its address."""
    return session.scalars(select(Department).where(Department.slug == slug)).one_or_none()


def category_by_slugs(session: Session, department: str, category: str) -> Category | None:
    """A category by the names in its address, with its department."""
    query = select(Category).join(Category.department).options(joinedload(Category.department))
    return session.scalars(query.where(Department.slug == department, Category.slug == category)).one_or_none()


def categories_of(session: Session, department_id: int) -> Sequence[Row[Any]]:
    """The categories with something to sell, biggest first: id, name, slug, products_listed, and `face`: the id of
    the product whose picture stands for the shelf."""
    wanted = _SHELVES.where(Category.department_id == department_id)
    found: Sequence[Any] = session.execute(wanted.order_by(Category.products_listed.desc(), Category.name)).all()
    return found


def floor(session: Session) -> list[tuple[Row[Any], int | None]]:
    """The departments, each with the id of its best seller, whose picture stands for it."""
    best: dict[int, tuple[int, int]] = {}
    for shelf in session.execute(_SHELVES.add_columns(Category.department_id, _face(Product.sold).label("sold"))):
        if shelf.face is not None:
            best[shelf.department_id] = max(best.get(shelf.department_id, (-1, 0)), (shelf.sold, shelf.face))
    return [(row, best[row.id][1] if row.id in best else None) for row in departments()]


def sibling_categories(session: Session, category: Category) -> Sequence[Row[Any]]:
    """All categories of the same department by name, for the side of a category page."""
    query = select(Category.name, Category.slug, Category.products_listed)
    wanted = query.where(Category.department_id == category.department_id, Category.products_listed > 0)
    found: Sequence[Any] = session.execute(wanted.order_by(Category.name)).all()
    return found


Step = tuple[str, str | None]
"""A breadcrumb: its text and its address; the present page has none."""


def path_to(category: Category, *, product_name: str | None = None) -> list[Step]:
    """Home → department → category (→ product)."""
    department = category.department
    steps: list[Step] = [
        (_("Home"), url_for("pages.home")),
        (department.name, url_for("catalog.department", department=department.slug)),
    ]
    if product_name is None:
        return [*steps, (category.name, None)]
    shelf = url_for("catalog.category", department=department.slug, category=category.slug)
    return [*steps, (category.name, shelf), (product_name, None)]


_DEPARTMENTS = (
    select(Department.id, Department.name, Department.slug, func.sum(Category.products_listed).label("products"))
    .join(Category, Category.department_id == Department.id)
    .group_by(Department.id, Department.name, Department.slug, Department.position)
    .having(func.sum(Category.products_listed) > 0)
    .order_by(Department.position, Department.name)
)


def _face(column: Any) -> Any:
    """Of a category's best seller: one step in the index (category_id, listed, sold)."""
    face = select(column).where(Product.category_id == Category.id, Product.listed).order_by(Product.sold.desc())
    return face.limit(1).correlate(Category).scalar_subquery()


_SHELVES = select(
    Category.id, Category.name, Category.slug, Category.products_listed, _face(Product.id).label("face")
).where(Category.products_listed > 0)
