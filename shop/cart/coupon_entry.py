"""Entering a coupon's code in the cart or on the checkout's review, and taking it off again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from ..coupons.coupon import read_code
from ..coupons.discount import Refusal
from ..coupons.refusals import refusal_in_words
from ..database import db
from ..limits import TRYING_CODES, limiter
from ..next_path import safe_path
from ..profile import shop_profile
from ..wording import gettext as _
from ..wording import money
from . import basket, lines

PASSING = frozenset({Refusal.NOT_YET, Refusal.BELOW_MINIMUM, Refusal.FITS_NOTHING, Refusal.TAKES_NOTHING})
"""Reasons that another cart or another day would remove: the code stays with the cart and is shown with its reason."""


def add_to(blueprint: Blueprint) -> None:
    """Put these deeds on the cart's blueprint."""
    limited = limiter.limit(TRYING_CODES)(use_coupon)
    blueprint.add_url_rule("/coupon", "use_coupon", limited, methods=["POST"])
    blueprint.add_url_rule("/coupon/remove", "drop_coupon", drop_coupon, methods=["POST"])


def use_coupon() -> Response:
    """Keep the code with the cart where it is, or may become, worth something; say what it does."""
    typed = request.form.get("code", "")
    code, cart = read_code(typed), basket.present_cart(db.session())
    if cart is None or not lines.contents(db.session(), cart).lines:
        flash(_("Your cart is empty: choose something first, then enter the coupon."), "info")
        return _back()
    if code is None:
        flash(_("A coupon's code has 3 to 40 letters, digits and hyphens, e.g. SPRING-10."), "error")
        return _back()
    before = cart.coupon_code
    lines.enter_coupon(db.session(), cart, code)
    applied = lines.contents(db.session(), cart).coupon
    currency = shop_profile().currency
    if applied is None or (applied.refusal and applied.refusal not in PASSING):
        lines.enter_coupon(db.session(), cart, before)
    db.session.commit()
    if applied is None or applied.refusal:
        flash(refusal_in_words(applied, currency) if applied else _("Please try again."), "error")
    else:
        saved = money(applied.discount_minor, currency)
        flash(_("%(code)s takes %(saved)s off.", code=code, saved=saved), "success")
    return _back()


def drop_coupon() -> Response:
    """Take the code off; said twice, it is off."""
    cart = basket.present_cart(db.session())
    if cart is not None and cart.coupon_code is not None:
        lines.enter_coupon(db.session(), cart, None)
        db.session.commit()
        flash(_("The coupon is no longer used."), "success")
    return _back()


def _back() -> Response:
    return redirect(safe_path(request.form.get("next"), otherwise=url_for("cart.show")), 303)
