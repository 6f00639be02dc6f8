"""Staff's pages of coupons: what runs and what it brought, a new one, ending one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ..accounts.permissions import Permission, staff_only
from ..coupons.coupon import Coupon
from ..database import db
from ..profile import shop_profile
from ..wording import gettext as _
from ..wording import zone
from .coupon_book import (
    STATES,
    CodeTaken,
    NoSuchProducts,
    make_coupon,
    product_counts,
    search_coupons,
    state_of,
    stop_coupon,
    uses_of,
)
from .coupon_form import read_coupon
from .paging import page_link, whole_argument

FIELDS = (
    "code", "label", "kind", "percent", "amount", "minimum", "first_day", "last_day", "uses", "products",
)  # fmt: skip


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the staff area's blueprint."""
    blueprint.add_url_rule("/coupons", "coupons", coupons, methods=["GET"])
    blueprint.add_url_rule("/coupons/new", "new_coupon", new_coupon, methods=["GET"])
    blueprint.add_url_rule("/coupons/new", "create_coupon", create_coupon, methods=["POST"])
    blueprint.add_url_rule(
        "/coupons/<int(max=2147483647):coupon_id>/stop", "stop_coupon", end_coupon, methods=["POST"]
    )  # fmt: skip


@staff_only(Permission.PRODUCTS)
def coupons() -> str:
    """Search by code, filter by state, page; beside each what it brought."""
    words, state = request.args.get("q", "")[:60], request.args.get("state", "")
    session, now = db.session(), datetime.now(UTC)
    found = search_coupons(session, words=words, state=state, now=now, page=whole_argument("page") or 1)
    ids = [coupon.id for coupon in found.rows]
    return render_template(
        "shop/backoffice/coupons.html",
        found=found,
        words=words,
        state=state if state in STATES else "",
        states={coupon.id: state_of(coupon, now) for coupon in found.rows},
        uses=uses_of(session, ids),
        products=product_counts(session, ids),
        link=page_link,
    )


@staff_only(Permission.PRODUCTS)
def new_coupon() -> str:
    """The empty form; it begins today."""
    today = datetime.now(UTC).astimezone(zone()).date()
    return _form({"kind": "percent", "first_day": today.isoformat()}, {})


@staff_only(Permission.PRODUCTS)
def create_coupon() -> Response | tuple[str, int]:
    """Make it; what can't be made is shown again with what was typed."""
    profile = shop_profile()
    answers, errors = read_coupon(request.form, profile.currency)
    typed = request.form.to_dict()
    if answers is None:
        return _form(typed, errors), 422
    try:
        make_coupon(db.session(), answers, time_zone=profile.time_zone, now=datetime.now(UTC))
    except CodeTaken:
        db.session.rollback()
        problem = _("There is a coupon %(code)s already: codes are used once only.", code=answers.code)
        return _form(typed, {"code": problem}), 409
    except NoSuchProducts as unknown:
        db.session.rollback()
        names = ", ".join(unknown.skus[:5]) + (" …" if len(unknown.skus) > 5 else "")
        return _form(typed, {"products": _("This shop has no article number %(names)s.", names=names)}), 422
    db.session.commit()
    flash(_("The coupon %(code)s can be used.", code=answers.code), "success")
    return redirect(url_for("backoffice.coupons"), 303)


@staff_only(Permission.PRODUCTS)
def end_coupon(coupon_id: int) -> Response:
    """End it for good; said twice, it has ended once."""
    coupon = db.session.get(Coupon, coupon_id)
    if coupon is None:
        abort(404)
    code = coupon.code
    if stop_coupon(db.session(), coupon_id, now=datetime.now(UTC)):
        flash(_("The coupon %(code)s has ended. Orders that used it stay as they are.", code=code), "success")
    else:
        flash(_("The coupon %(code)s had ended before.", code=code), "info")
    db.session.commit()
    return redirect(url_for("backoffice.coupons"), 303)


def _form(typed: dict[str, str], errors: dict[str, str]) -> str:
    shown = {name: typed.get(name, "").replace("\x00", "") for name in FIELDS}
    return render_template(
        "shop/backoffice/new_coupon.html", typed=shown, errors=errors, currency=shop_profile().currency
    )  # fmt: skip
