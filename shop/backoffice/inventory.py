"""Products as staff keep them: found, listed and changed. Stock is booked by difference, never overwritten."""

from __future__ import annotations

from slugify import slugify
from sqlalchemy import ColumnElement, false, select, update
from sqlalchemy.orm import Session, joinedload

from .. import signals
from ..catalog.product import LOWERED, SCARCE, Category, Product
from ..catalog.search import id_of_sku, matching, on_sale
from ..paging import Page, read_page
from ..writes import rows_changed
from .forms import ProductAnswers

FILTERS = ("listed", "low", "sold_out", "reduced", "unlisted")


class StockGone(Exception):
    """More pieces were booked out than there are by now."""


def search_products(session: Session, *, words: str, state: str, department_id: int | None, page: int) -> Page[Product]:
    """Products by words (or by their SKU), state and department, best sold first. A page too far is the last one."""
    ids = select(Product.id).where(*_conditions(session, words, state, department_id))
    rows = select(Product).options(joinedload(Product.category))
    return read_page(session, ids.order_by(Product.sold.desc(), Product.id), rows, key=Product.id, page=page)


def change_product(session: Session, product: Product, answers: ProductAnswers) -> None:
    """Write what was answered, and announce what shoppers may wait for.

    The slug follows the name; the category's count follows `listed`.

    Raises:
        StockGone: the stock would fall below zero; nothing may be committed.
    """
    was_listed = product.listed
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
    listed_now, before_minor = answers.listed and answers.listed != was_listed, product.price_minor
    if answers.name != product.name:
        product.slug = slugify(answers.name, max_length=120) or product.slug
    product.name, product.brand, product.size = answers.name, answers.brand, answers.size
    product.description = answers.description
    product.price_minor, product.was_minor = answers.price_minor, answers.was_minor
    product.cost_minor = answers.cost_minor
    product.age_limit, product.barred_in = answers.age_limit, answers.barred_in
    product.serial_numbered = answers.serial_numbered
    session.flush()
    if listed_now:
        signals.announce(signals.product_listed, product=product)
    if answers.stock_change > 0:
        signals.announce(signals.product_restocked, product=product)
    if product.price_minor != before_minor:
        signals.announce(signals.price_changed, product=product, before_minor=before_minor)


def running_low(session: Session, *, limit: int) -> list[Product]:
    """Listed products with little or no stock, best sold first."""
    ids = select(Product.id).where(Product.listed, SCARCE).order_by(Product.sold.desc(), Product.id).limit(limit)
    query = select(Product).where(Product.id.in_(session.scalars(ids).all())).options(joinedload(Product.category))
    return list(session.scalars(query.order_by(Product.sold.desc(), Product.id)))


def _conditions(session: Session, words: str, state: str, department_id: int | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    words = "".join(letter for letter in words if letter.isprintable()).strip()
    if words:
        known = id_of_sku(session, words)
        searched = matching(session, words) if known is None else Product.id == known
        found.append(false() if searched is None else searched)
    listed = on_sale()
    states: dict[str, list[ColumnElement[bool]]] = {
        "listed": [listed == 1],
        "unlisted": [listed == 0],
        "low": [listed == 1, SCARCE, Product.stock > 0],
        "sold_out": [listed == 1, SCARCE, Product.stock == 0],
        "reduced": [listed == 1, LOWERED],
    }
    found += states.get(state, [])
    if department_id is not None:
        found.append(Product.category_id.in_(select(Category.id).where(Category.department_id == department_id)))
    return found


def _count(session: Session, category_id: int, step: int) -> None:
    category = update(Category).where(Category.id == category_id)
    rows_changed(session, category.values(products_listed=Category.products_listed + step))
