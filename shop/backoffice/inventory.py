"""Products as staff keep them: found, listed and changed. Stock is booked by difference, never overwritten."""

from __future__ import annotations

from dataclasses import dataclass

from slugify import slugify
from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session, joinedload

from ..catalog.product import Category, Product
from ..catalog.search import matching
from ..writes import rows_changed
from .forms import ProductAnswers

PAGE = 50
LOW = 5
"""From this stock down a product is shown as running low."""

FILTERS = ("listed", "low", "sold_out", "reduced", "unlisted")


class StockGone(Exception):
    """More pieces were booked out than there are by now."""


@dataclass(frozen=True)
class Page:
    """One page of products: its rows, its number from 1, how many pages and rows there are."""

    rows: list[Product]
    number: int
    pages: int
    total: int


def search_products(session: Session, *, words: str, state: str, department_id: int | None, page: int) -> Page:
    """Products by words (or by their SKU), state and department, best sold first. A page too far is the last one."""
    conditions = _conditions(session, words, state, department_id)
    total = session.scalar(select(func.count()).select_from(Product).where(*conditions)) or 0
    pages = max(-(-total // PAGE), 1)
    number = min(max(page, 1), pages)
    query = select(Product).where(*conditions).options(joinedload(Product.category))
    rows = session.scalars(query.order_by(Product.sold.desc(), Product.id).limit(PAGE).offset((number - 1) * PAGE))
    return Page(list(rows), number, pages, total)


def change_product(session: Session, product: Product, answers: ProductAnswers) -> None:
    """Write what was answered. The slug follows the name; the category's count follows `listed`.

    Raises:
        StockGone: the stock would fall below zero; nothing may be committed.
    """
    if answers.stock_change:
        enough = (Product.id == product.id) & (Product.stock + answers.stock_change >= 0)
        booked = update(Product).where(enough).values(stock=Product.stock + answers.stock_change)
        if rows_changed(session, booked) != 1:
            raise StockGone(product.sku)
    if answers.listed != product.listed:
        switched = update(Product).where(Product.id == product.id, Product.listed.is_(not answers.listed))
        if rows_changed(session, switched.values(listed=answers.listed)) == 1:
            _count(session, product.category_id, 1 if answers.listed else -1)
    session.refresh(product)
    if answers.name != product.name:
        product.slug = slugify(answers.name, max_length=120) or product.slug
    product.name, product.brand, product.size = answers.name, answers.brand, answers.size
    product.description = answers.description
    product.price_minor, product.was_minor = answers.price_minor, answers.was_minor
    session.flush()


def running_low(session: Session, *, limit: int) -> list[Product]:
    """Listed products with little or no stock, best sold first."""
    query = select(Product).where(Product.listed, Product.stock <= LOW).options(joinedload(Product.category))
    return list(session.scalars(query.order_by(Product.sold.desc()).limit(limit)))


def _conditions(session: Session, words: str, state: str, department_id: int | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    words = "".join(letter for letter in words if letter.isprintable()).strip()
    if words:
        by_sku = Product.sku == words
        exact = session.scalar(select(Product.id).where(by_sku)) is not None
        searched = None if exact else matching(session, words)
        found.append(by_sku if searched is None else searched)
    # Written so that no index on `listed` is used: beside a full-text match it would lead the way (see `matching`).
    listed = case((Product.listed, 1), else_=0)
    states: dict[str, list[ColumnElement[bool]]] = {
        "listed": [listed == 1],
        "unlisted": [listed == 0],
        "low": [listed == 1, Product.stock.between(1, LOW)],
        "sold_out": [listed == 1, Product.stock == 0],
        "reduced": [listed == 1, Product.was_minor > Product.price_minor],
    }
    found += states.get(state, [])
    if department_id is not None:
        found.append(Product.category_id.in_(select(Category.id).where(Category.department_id == department_id)))
    return found


def _count(session: Session, category_id: int, step: int) -> None:
    category = update(Category).where(Category.id == category_id)
    rows_changed(session, category.values(products_listed=Category.products_listed + step))
