"""Staff's pages of orders: find them, send parcels, see them delivered, give money back, cancel."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ..accounts.account import Account
from ..accounts.permissions import Permission, staff_only
from ..addressing.countries import country_name
from ..checkout.delivery import method_name
from ..checkout.finding import find_order, search_orders
from ..checkout.order import Order, OrderStatus
from ..checkout.payment import payment_name
from ..checkout.refunding import (
    NotCancellable,
    NothingLeft,
    RefundAsked,
    cancel,
    drop_rest,
    refund,
    refundable,
    refunded_minor,
    shipping_left,
)
from ..database import db
from ..fulfilment.carriers import CARRIERS, carrier_name, tracking_link
from ..fulfilment.forms import read_parcel
from ..fulfilment.parcel import Parcel
from ..fulfilment.remaining import pieces_of
from ..fulfilment.serial_numbers import WrongSerials, check_pieces
from ..fulfilment.shipping import NotLeft, NotShippable, NumberTaken, mark_delivered, parcels_of, ship
from ..hooks import can_tell_carriers
from ..wording import gettext as _
from ..wording import money
from .forms import read_refund
from .paging import page_link, whole_argument


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the staff area's blueprint."""
    one = "/orders/<number>"
    arrived = f"{one}/parcels/<int(max=2147483647):parcel_id>/delivered"
    blueprint.add_url_rule("/orders", "orders", orders, methods=["GET"])
    blueprint.add_url_rule(one, "order", order, methods=["GET"])
    blueprint.add_url_rule(f"{one}/ship", "ship", send_parcel, methods=["POST"])
    blueprint.add_url_rule(arrived, "deliver", deliver, methods=["POST"])
    blueprint.add_url_rule(f"{one}/refund", "refund", give_back, methods=["POST"])
    blueprint.add_url_rule(f"{one}/cancel", "cancel", cancel_order, methods=["POST"])
    blueprint.add_url_rule(f"{one}/cancel-rest", "cancel_rest", cancel_rest, methods=["POST"])


@staff_only(Permission.ORDERS_VIEW)
def orders() -> str:
    """Search by number or e-mail, filter by status, page."""
    words, status = request.args.get("q", "")[:254], request.args.get("status", "")
    found = search_orders(db.session(), words=words, status=status, page=whole_argument("page") or 1)
    return render_template(
        "shop/backoffice/orders.html",
        found=found,
        words=words,
        status=status,
        statuses=list(OrderStatus),
        link=page_link,
    )


@staff_only(Permission.ORDERS_VIEW)
def order(number: str) -> str:
    """Everything about an order, with the forms that this member of staff may use."""
    return _page(_order(number))


@staff_only(Permission.ORDERS_SHIP)
def send_parcel(number: str) -> Response | tuple[str, int]:
    """Hand a parcel to a carrier, with all that is left of the order or with the pieces that were chosen."""
    row = _order(number)
    typed = read_parcel(request.form)
    if typed.errors:
        return _page(row, parcel_errors=typed.errors, carrier=typed.carrier), 422
    to_send = [one for one in pieces_of(db.session(), row) if one.left]
    inside = {one.product_id: one.left for one in to_send} if typed.pieces is None else typed.pieces
    numbered = {one.product_id: one.name for one in to_send if one.serial_numbered}
    before, label = parcels_of(db.session(), row), (typed.carrier, typed.number)
    known = any((parcel.carrier, parcel.tracking_number) == label for parcel in before)
    try:
        if not known:  # the same form again is answered with the parcel that it made
            check_pieces(typed.serials, inside, numbered=numbered, unreadable=typed.unreadable)
    except WrongSerials as wrong:
        return _page(row, parcel_errors={"serials": str(wrong)}, carrier=typed.carrier), 422
    try:
        ship(
            db.session(), row, carrier=typed.carrier, tracking_number=typed.number, pieces=typed.pieces,
            serials=typed.serials, now=datetime.now(UTC),
        )  # fmt: skip
        db.session.commit()
    except WrongSerials as wrong:
        db.session.rollback()
        return _page(_order(number), parcel_errors={"serials": str(wrong)}, carrier=typed.carrier), 422
    except NotLeft as refused:
        db.session.rollback()
        problem = _("Choose what is in this parcel: at least one piece, and no more than is left to send.")
        if not refused.left:
            problem = _("Nothing is left to send. To send something on top, leave all pieces empty.")
        return _page(_order(number), parcel_errors={"pieces": problem}), 409
    except NotShippable:
        db.session.rollback()
        flash(_("This order was cancelled: nothing was sent."), "error")
        return _page(_order(number)), 409
    except NumberTaken:
        db.session.rollback()
        errors = {"tracking_number": _("This number belongs to a parcel of another order.")}
        return _page(_order(number), parcel_errors=errors), 409
    words = _("On its way: %(carrier)s %(number)s.", carrier=carrier_name(typed.carrier), number=typed.number)
    flash(words, "success")
    return _back(number)


@staff_only(Permission.ORDERS_SHIP)
def deliver(number: str, parcel_id: int) -> Response:
    """A parcel has arrived; said twice, it has arrived once."""
    row = _order(number)
    parcel = db.session.get(Parcel, parcel_id)
    if parcel is None or parcel.order_id != row.id:
        abort(404)
    if mark_delivered(db.session(), parcel, now=datetime.now(UTC)):
        flash(_("Delivered: %(number)s.", number=parcel.tracking_number), "success")
    db.session.commit()
    return _back(number)


@staff_only(Permission.ORDERS_REFUND)
def give_back(number: str) -> Response | tuple[str, int]:
    """Refund pieces, the delivery charge, or all that is left (`whole=1`)."""
    row = _order(number)
    asked, problem = read_refund(request.form)
    if asked is None:
        return _page(row, refund_error=problem), 422
    if request.form.get("whole") == "1":
        left = {part.product_id: part.left for part in refundable(db.session(), row)}
        asked = RefundAsked(pieces=left, shipping=True, restock=asked.restock, reason=asked.reason)
    try:
        made = refund(db.session(), row, asked, now=datetime.now(UTC))
        db.session.commit()
    except NothingLeft:
        db.session.rollback()
        problem = _("That is more than is left of this order, or nothing at all. Nothing was given back.")
        return _page(_order(number), refund_error=problem), 409
    flash(_("Given back: %(amount)s.", amount=money(made.amount_minor, made.currency)), "success")
    if row.status == OrderStatus.CANCELLED:
        flash(_("The order is cancelled: nothing of it will be sent."), "info")
    return _back(number)


@staff_only(Permission.ORDERS_REFUND)
def cancel_order(number: str) -> Response | tuple[str, int]:
    """Cancel an order that hasn't left: all that is left of its money goes back, its goods go back on sale."""
    row = _order(number)
    try:
        cancel(db.session(), row, reason=_("Cancelled by the shop"), now=datetime.now(UTC))
        db.session.commit()
    except NotCancellable:
        db.session.rollback()
        flash(_("This order has left, or is cancelled already: nothing was changed."), "error")
        return _page(_order(number)), 409
    flash(_("Cancelled: %(number)s.", number=number), "success")
    return _back(number)


@staff_only(Permission.ORDERS_REFUND)
def cancel_rest(number: str) -> Response | tuple[str, int]:
    """What of a partly sent order hasn't left never will: its money goes back, its goods go back on sale."""
    row = _order(number)
    try:
        made = drop_rest(db.session(), row, reason=_("Can't be sent"), now=datetime.now(UTC))
        db.session.commit()
    except NothingLeft:
        db.session.rollback()
        flash(_("Nothing of this order is left to send: nothing was changed."), "error")
        return _page(_order(number)), 409
    flash(
        _("The rest is cancelled. Given back: %(amount)s.", amount=money(made.amount_minor, made.currency)), "success"
    )
    return _back(number)


def _order(number: str) -> Order:
    row = find_order(db.session(), number)
    if row is None:
        abort(404)
    return row


def _back(number: str) -> Response:
    return redirect(url_for("backoffice.order", number=number), 303)


def _page(row: Order, *, parcel_errors: dict[str, str] | None = None, refund_error: str = "", carrier: str = "") -> str:
    session = db.session()
    sending = {one.product_id: one for one in pieces_of(session, row)}
    known = [(one.code, one.name) for one in CARRIERS]
    return render_template(
        "shop/backoffice/order.html",
        order=row,
        account=session.get(Account, row.account_id) if row.account_id else None,
        country=country_name(row.ship_country) if row.ship_country else "",
        delivery_name=method_name(row.delivery_method),
        payment_name=payment_name(row.payment_method),
        parcels=parcels_of(session, row),
        sending=sending,
        to_send=sum(one.left for one in sending.values()),
        parts={part.product_id: part for part in refundable(session, row)},
        refunded_minor=refunded_minor(session, row),
        shipping_left=shipping_left(session, row),
        carriers=[("", _("By the number")), *known] if can_tell_carriers() else known,
        carrier=carrier or request.form.get("carrier", ""),
        carrier_name=carrier_name,
        tracking_link=tracking_link,
        typed=request.form,
        parcel_errors=parcel_errors or {},
        refund_error=refund_error,
    )
