"""The staff area's first page; registers the pages of products, coupons and orders beside it."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Flask, render_template

from ..accounts.permissions import Permission, may, staff_only
from ..checkout.statuses import status_name
from ..database import db
from ..profile import shop_profile
from . import coupon_desk, order_desk, product_desk
from .figures import order_figures, stock_figures, waiting_orders
from .inventory import running_low

blueprint = Blueprint("backoffice", __name__, url_prefix="/staff")
product_desk.add_to(blueprint)
coupon_desk.add_to(blueprint)
order_desk.add_to(blueprint)
blueprint.context_processor(lambda: {"may": may, "Permission": Permission, "status_name": status_name})


def init_app(app: Flask) -> None:
    """Register the staff area."""
    app.register_blueprint(blueprint)


@blueprint.get("")
@staff_only()
def home() -> str:
    """What waits, for whom it concerns."""
    session = db.session()
    orders, waiting, stock, low = None, [], None, []
    if may(Permission.ORDERS_VIEW):
        orders = order_figures(session, time_zone=shop_profile().time_zone, now=datetime.now(UTC))
        waiting = waiting_orders(session, limit=10)
    if may(Permission.PRODUCTS):
        stock, low = stock_figures(session), running_low(session, limit=10)
    return render_template("shop/backoffice/home.html", orders=orders, waiting=waiting, stock=stock, low=low)
