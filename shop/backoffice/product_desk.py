"""Staff's pages of products: look for them, change one."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_currency_precision
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from ..accounts.permissions import Permission, staff_only
from ..catalog.product import Department, Product
from ..catalog.restrictions import AGES
from ..database import db
from ..profile import shop_profile
from ..wording import gettext as _
from .forms import read_product
from .inventory import FILTERS, StockGone, change_product, search_products
from .paging import page_link, whole_argument


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the staff area's blueprint."""
    one = "/products/<int(max=2147483647):product_id>"
    blueprint.add_url_rule("/products", "products", products, methods=["GET"])
    blueprint.add_url_rule(one, "product", product, methods=["GET"])
    blueprint.add_url_rule(one, "change_product", change, methods=["POST"])


@staff_only(Permission.PRODUCTS)
def products() -> str:
    """Search, filter, page."""
    words = request.args.get("q", "")[:200]
    state = request.args.get("state", "")
    department_id = whole_argument("department")
    found = search_products(
        db.session(), words=words, state=state, department_id=department_id, page=whole_argument("page") or 1
    )
    return render_template(
        "shop/backoffice/products.html",
        found=found,
        words=words,
        state=state if state in FILTERS else "",
        department_id=department_id,
        departments_by_name=db.session.scalars(select(Department).order_by(Department.name)).all(),
        link=page_link,
    )


@staff_only(Permission.PRODUCTS)
def product(product_id: int) -> str:
    """One product with its form."""
    return _page(_product(product_id), {}, {})


@staff_only(Permission.PRODUCTS)
def change(product_id: int) -> Response | tuple[str, int]:
    """Save the form; what can't be saved is shown again with what was typed."""
    row = _product(product_id)
    answers, errors = read_product(request.form, shop_profile().currency)
    if answers is None:
        return _page(row, request.form.to_dict(), errors), 422
    try:
        change_product(db.session(), row, answers)
    except StockGone:
        db.session.rollback()
        row = _product(product_id)
        problem = _("Meanwhile pieces were sold: only %(stock)d are left. Please count again.", stock=row.stock)
        typed = {**request.form.to_dict(), "stock_seen": str(row.stock), "stock": str(row.stock)}
        return _page(row, typed, {"stock": problem}), 409
    db.session.commit()
    flash(_("Saved: %(name)s.", name=row.name), "success")
    return redirect(url_for("backoffice.product", product_id=product_id), 303)


def _product(product_id: int) -> Product:
    row = db.session.get(Product, product_id)
    if row is None:
        abort(404)
    return row


def _page(row: Product, typed: dict[str, str], errors: dict[str, str]) -> str:
    currency = shop_profile().currency
    shown = {
        "name": row.name,
        "brand": row.brand,
        "size": row.size,
        "description": row.description,
        "price": _plain(row.price_minor, currency),
        "was": "" if row.was_minor is None else _plain(row.was_minor, currency),
        "cost": "" if row.cost_minor is None else _plain(row.cost_minor, currency),
        "stock": str(row.stock),
        "stock_seen": str(row.stock),
        "age_limit": "" if row.age_limit is None else str(row.age_limit),
        "barred_in": row.barred_in or "",
        "listed": "1" if row.listed else "",
        "serial_numbered": "1" if row.serial_numbered else "",
    }
    if typed:
        shown |= {name: typed.get(name, "").replace("\x00", "") for name in shown}
    return render_template(
        "shop/backoffice/product.html", product=row, typed=shown, errors=errors, currency=currency,
        ages=[("", _("everybody")), *((str(age), str(age)) for age in AGES)],
    )  # fmt: skip


def _plain(minor: int, currency: str) -> str:
    """A price as it is typed: digits and a point."""
    return str(Decimal(minor).scaleb(-get_currency_precision(currency)))
