"""The pages of a placed order: thanks, the order, cancelling. For its owner, or for whoever holds its signed link."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ..addressing.countries import country_name
from ..cart.basket import signed_in_account_id
from ..database import db
from ..fulfilment.carriers import carrier_name, tracking_link
from ..fulfilment.shipping import parcels_of
from ..limits import guessing_orders
from ..wording import gettext as _
from .delivery import method_name
from .finding import find_order, find_order_of
from .order import Order, OrderStatus
from .order_links import proves_order
from .payment import payment_name
from .refunding import NotCancellable, cancel
from .statuses import status_name


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the checkout's blueprint."""
    blueprint.add_url_rule("/orders/<number>", "order_page", order_page, methods=["GET"])
    blueprint.add_url_rule("/orders/<number>/thanks", "thanks", thanks, methods=["GET"])
    blueprint.add_url_rule("/orders/<number>/cancel", "cancel", cancel_order, methods=["POST"])


@guessing_orders
def order_page(number: str) -> str:
    """Lines, money, address, and where the parcels are."""
    order = _visible_order(number, request.args.get("t", ""))
    return render_template(
        "shop/checkout/order.html",
        order=order,
        proof=_proof(),
        status_name=status_name,
        country=country_name(order.ship_country) if order.ship_country else "",
        delivery_name=method_name(order.delivery_method),
        payment_name=payment_name(order.payment_method),
        parcels=parcels_of(db.session(), order),
        carrier_name=carrier_name,
        tracking_link=tracking_link,
        cancellable=order.status == OrderStatus.PLACED and order.source == "shop",
    )


@guessing_orders
def thanks(number: str) -> str:
    """Right after the order: its number, where the confirmation goes, when it arrives."""
    order = _visible_order(number, request.args.get("t", ""))
    return render_template(
        "shop/checkout/thanks.html",
        order=order,
        proof=_proof(),
        guest=signed_in_account_id() is None,
        delivery_name=method_name(order.delivery_method),
    )


@guessing_orders
def cancel_order(number: str) -> Response:
    """Cancel an order that has not left yet; asked twice, it stays cancelled and the money goes back once."""
    proof = request.form.get("t", "")
    order = _visible_order(number, proof)
    if order.source != "shop":
        abort(404)
    try:
        cancel(db.session(), order, reason=_("Cancelled by the customer"), now=datetime.now(UTC))
        db.session.commit()
        flash(_("Your order %(number)s is cancelled.", number=number), "success")
    except NotCancellable:
        db.session.rollback()
        if db.session.get_one(Order, order.id).status == OrderStatus.CANCELLED:
            flash(_("Your order %(number)s is cancelled.", number=number), "success")
        else:
            flash(_("This order is on its way already and can't be cancelled any more."), "error")
    return redirect(url_for("checkout.order_page", number=number, t=proof or None), 303)


def _visible_order(number: str, proof: str) -> Order:
    """The order, if it is the visitor's to see. Whether another's exists is told to nobody: the same 404, in the same
    time, since without a proof no order of others is looked for."""
    account_id = signed_in_account_id()
    if proves_order(number, proof):
        order = find_order(db.session(), number)
    else:
        order = find_order_of(db.session(), account_id, number) if account_id is not None else None
    if order is None:
        abort(404)
    return order


def _proof() -> str:
    """The link's proof, carried on to the next page; an owner who came without one needs none."""
    return request.args.get("t", "")
