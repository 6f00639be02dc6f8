"""Writing what the sources have in common: shelves, the shop's profile, and the sums that its database then holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.orm import Session

from ..catalog.product import Category, Department, Product
from ..checkout.order import Order, Refund
from ..profile import ShopProfile
from .naming import slug_of
from .report import ImportReport

Progress = Callable[[str, int, int], None]
"""Called with the stage in words, what is done and the whole of it."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """No progress to show."""


def is_empty(session: Session) -> bool:
    """Whether the shop has neither products nor orders."""
    return session.scalar(select(Product.id).limit(1)) is None and session.scalar(select(Order.id).limit(1)) is None


def table_of(model: type[object]) -> Table:
    """The table of a model, for raw inserts."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def ensure_shelves(
    session: Session, places: Iterable[tuple[str, str]], *, position: Callable[[str], int]
) -> dict[tuple[str, str], int]:
    """Department and category rows for these (department, category) names, made where they are missing.

    Returns:
        The category's id for each pair.
    """
    departments = {row.name: row for row in session.scalars(select(Department))}
    categories = {(row.department.name, row.name): row for row in session.scalars(select(Category))}
    slugs = {(row.department_id, row.slug) for row in categories.values()}
    for department, category in sorted(set(places)):
        if department not in departments:
            slug = _free(slug_of(department), {row.slug for row in departments.values()})
            departments[department] = Department(name=department, slug=slug, position=position(department))
            session.add(departments[department])
            session.flush()
        if (department, category) not in categories:
            owner = departments[department]
            slug = _free(slug_of(category), {taken for owner_id, taken in slugs if owner_id == owner.id})
            slugs.add((owner.id, slug))
            categories[department, category] = Category(department=owner, name=category, slug=slug)
            session.add(categories[department, category])
    session.flush()
    return {pair: row.id for pair, row in categories.items()}


def _free(slug: str, taken: set[str]) -> str:
    found, number = slug, 2
    while found in taken:
        found, number = f"{slug}-{number}", number + 1
    return found


def count_listed(session: Session) -> None:
    """Bring every category's count of listed products up to date."""
    counts = dict(
        session.execute(
            select(Product.category_id, func.count()).where(Product.listed).group_by(Product.category_id)
        ).all()
    )
    for category in session.scalars(select(Category)):
        category.products_listed = counts.get(category.id, 0)
    session.flush()


def save_profile(session: Session, profile: ShopProfile) -> None:
    """Give the shop its name, unless it has one."""
    if session.get(ShopProfile, 1) is None:
        session.add(profile)
        session.flush()


def count_what_is_there(connection: Connection, report: ImportReport, numbers: set[str], refunds: set[str]) -> None:
    """Sum, by the shop's own database, the orders and refunds with these numbers; `report` gets both."""
    orders, given_back = table_of(Order), table_of(Refund)
    query = select(orders.c.number, orders.c.total_minor).where(orders.c.source == report.source)
    report.orders_minor = sum(total for number, total in connection.execute(query) if number in numbers)
    back = select(given_back.c.number, given_back.c.amount_minor).where(given_back.c.source == report.source)
    report.refunds_minor = sum(amount for number, amount in connection.execute(back) if number in refunds)
