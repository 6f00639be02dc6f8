"""The checkout's pages: details, review, place. A known buyer goes straight to the review: one confirming click."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask import session as browser
from werkzeug.wrappers import Response

from .. import signals
from ..addressing.countries import countries, country_name
from ..cart import basket, lines
from ..cart.cart import Cart
from ..cart.lines import MOST, Contents, Line
from ..catalog.restrictions import Buyer, Refusal, confirmed_age, present_buyer, remember_country
from ..database import db
from ..profile import shop_profile
from ..wording import gettext as _
from . import answers, guest_pages, order_pages
from .delivery import NoSuchDelivery, method_name
from .details import Details
from .draft import keep_draft
from .forms import read_details
from .order_links import order_proof
from .payment import PaymentRefused, payment_method, payment_methods
from .placing import CouponGone, KeyReused, NotPlaced, Placed, SoldOut, find_placed, place_order
from .reviewing import Review, review

blueprint = Blueprint("checkout", __name__)
order_pages.add_to(blueprint)
guest_pages.add_to(blueprint)
_KEY = "checkout_key"
"""Where the browser's session keeps the idempotency key of the checkout under way."""


def init_app(app: Flask) -> None:
    """Register the checkout and the pages of placed orders."""
    app.register_blueprint(blueprint)


@blueprint.get("/checkout")
def details() -> str | Response:
    """The form; whoever's answers are known is sent on to the review, unless they ask to change them (`?edit=1`)."""
    cart, contents = _cart()
    if cart is None or not contents.buyable:
        return _not_yet(contents)
    editing = request.args.get("edit") == "1"
    if not editing:
        currency = shop_profile().currency
        signals.announce(signals.checkout_started, value_minor=contents.goods_minor, currency=currency)
        if answers.complete_answers(db.session(), cart, shop_profile()) is not None:
            return redirect(url_for("checkout.review"))
    return _form(contents, answers.first_answers(db.session(), cart, shop_profile()), {}, editing=editing)


@blueprint.post("/checkout")
def answer_details() -> str | Response | tuple[str, int]:
    """Check the answers: keep them and go on, or show the form again with what was typed and what is wrong."""
    cart, contents = _cart()
    if cart is None or not contents.buyable:
        return _not_yet(contents)
    found, errors = read_details(request.form, shop_profile())
    if found is None:
        typed = {name: request.form.get(name, "").replace("\x00", "") for name in Details.names()}
        return _form(contents, typed, errors, editing=True), 422
    there = lines.contents(db.session(), cart, buyer=Buyer(age=confirmed_age(), country=found.country))
    if barred := [line for line in there.lines if line.refusal is Refusal.COUNTRY]:
        return _form(contents, found.as_dict(), {"country": _barred(barred, found.country)}, editing=True), 422
    keep_draft(db.session(), cart, found)
    remember_country(found.country)
    db.session.commit()
    signals.announce(signals.checkout_step_done, step="details")
    return redirect(url_for("checkout.review"), 303)


@blueprint.get("/checkout/review", endpoint="review")
def review_page() -> str | Response:
    """Everything at a glance, the total, and one button."""
    cart, contents = _cart()
    if cart is None or not contents.buyable:
        return _not_yet(contents)
    now_reviewed = _review(cart)
    if now_reviewed is None:
        return redirect(url_for("checkout.details"))
    remember_country(now_reviewed.details.country)
    if barred := [line for line in now_reviewed.lines if line.refusal is Refusal.COUNTRY]:
        return _elsewhere(barred, now_reviewed)
    return _review_page(now_reviewed)


@blueprint.post("/checkout/place")
def place() -> str | Response | tuple[str, int]:
    """Place the order once; sent again, it answers with the same order."""
    key, seen = request.form.get("idempotency_key", ""), request.form.get("seen", "")
    if not (16 <= len(key) <= 255 and key.isascii() and key.isprintable() and len(seen) == 64):
        abort(400)
    cart = basket.present_cart(db.session())
    if cart is None:
        return _not_yet(Contents())
    try:
        placed = _place_once(cart, key=key, seen=seen)
    except KeyReused as reused:
        browser.pop(_KEY, None)
        path = url_for("checkout.order_page", number=reused.number, t=order_proof(reused.number))
        return render_template("shop/checkout/conflict.html", number=reused.number, order_path=path), 409
    except SoldOut as short:
        return _cart_page(_shortage(short)), 409
    except PaymentRefused as refusal:
        typed = answers.first_answers(db.session(), cart, shop_profile())
        return _form(_cart()[1], typed, {"payment_method": str(refusal)}, editing=True), 409
    except CouponGone as gone:
        problem = _("%(code)s has just been used up or ended. Nothing was ordered; please check once more.", code=gone)
        return _show_again(cart, problem)
    except NotPlaced:
        return _show_again(cart)
    if browser.get(_KEY) == key:
        browser.pop(_KEY)
    if placed.is_new:
        signals.announce(signals.checkout_step_done, step="review")
    number = placed.order.number
    return redirect(url_for("checkout.thanks", number=number, t=order_proof(number)), 303)


def _place_once(cart: Cart, *, key: str, seen: str) -> Placed:
    """Commit the order, or find the one that this key has placed: before, or in another request just now."""
    buyer, account_id = basket.buyer_of(cart), cart.account_id
    found = find_placed(db.session(), buyer=buyer, key=key, seen=seen)
    if found is not None:
        return found
    now = datetime.now(UTC)
    try:
        reviewed = _review(cart)
        if reviewed is None:
            raise NotPlaced
        placed = place_order(
            db.session(), reviewed, buyer=buyer, account_id=account_id, key=key, seen=seen, now=now
        )  # fmt: skip
        db.session.commit()
    except (NotPlaced, PaymentRefused):
        db.session.rollback()
        found = find_placed(db.session(), buyer=buyer, key=key, seen=seen)
        if found is None:
            raise
        return found
    return placed


def _show_again(cart: Cart, problem: str = "") -> str | Response | tuple[str, int]:
    """Something isn't as the buyer saw it: show how it is now, and let them decide again."""
    contents = _contents(cart)
    if not contents.lines:
        return _cart_page(_("Your cart is empty: nothing was ordered.")), 409
    if any(line.refusal is Refusal.AGE for line in contents.lines):
        return _not_yet(contents)
    short = next((line for line in contents.lines if not line.buyable), None)
    if short is not None:
        return _cart_page(_shortage(SoldOut(short.product.name, short.available))), 409
    reviewed = _review(cart)
    if reviewed is None:
        flash(_("Please give us your details once more: nothing was ordered yet."), "error")
        return redirect(url_for("checkout.details"), 303)
    if barred := [line for line in reviewed.lines if line.refusal is Refusal.COUNTRY]:
        return _elsewhere(barred, reviewed)
    problem = problem or _(
        "Something has changed since you looked: prices, your cart or the delivery. Please check once more."
    )
    return _review_page(reviewed, problem), 409


def _shortage(short: SoldOut) -> str:
    if short.left <= 0:
        return _("%(name)s has just sold out. Nothing was ordered; please take it out of your cart.", name=short.name)
    return _(
        "Of %(name)s only %(left)d are left. Nothing was ordered; please change the quantity.",
        name=short.name, left=short.left,
    )  # fmt: skip


def _cart() -> tuple[Cart | None, Contents]:
    cart = basket.present_cart(db.session())
    return cart, _contents(cart)


def _contents(cart: Cart | None) -> Contents:
    """Without a judgement by country: where it goes is asked here, and judged in the review."""
    return lines.contents(db.session(), cart, buyer=Buyer(age=confirmed_age()))


def _elsewhere(barred: list[Line], reviewed: Review) -> Response:
    """Some of it isn't sent to the country that was chosen: another address, or without it."""
    flash(_barred(barred, reviewed.details.country), "error")
    return redirect(url_for("checkout.details", edit=1), 303)


def _barred(barred: list[Line], country: str) -> str:
    return _(
        "We can't send %(names)s to %(country)s. Please choose another address, or take it out of your cart.",
        names=", ".join(line.product.name for line in barred), country=country_name(country),
    )  # fmt: skip


def _review(cart: Cart) -> Review | None:
    """The review as of now; None where answers are missing or don't hold any more."""
    profile = shop_profile()
    known = answers.complete_answers(db.session(), cart, profile)
    if known is None:
        return None
    try:
        return review(db.session(), cart, known, profile=profile, now=datetime.now(UTC), age=confirmed_age())
    except NoSuchDelivery:
        return None


def _form(contents: Contents, typed: dict[str, str], errors: dict[str, str], *, editing: bool) -> str:
    profile = shop_profile()
    return render_template(
        "shop/checkout/details.html",
        contents=contents,
        typed=typed,
        errors=errors,
        editing=editing,
        guest=basket.signed_in_account_id() is None,
        countries=countries(),
        quotes=answers.arrival_quotes(contents.goods_minor, profile.country, profile),
        method_name=method_name,
        payment_methods=payment_methods(),
        currency=profile.currency,
    )


def _review_page(reviewed: Review, problem: str = "") -> str:
    if _KEY not in browser:
        browser[_KEY] = secrets.token_urlsafe(24)
    return render_template(
        "shop/checkout/review.html",
        review=reviewed,
        problem=problem,
        key=browser[_KEY],
        country=country_name(reviewed.details.country),
        delivery_name=method_name(reviewed.quote.method),
        payment=payment_method(reviewed.details.payment_method),
    )


def _cart_page(problem: str) -> str:
    contents = lines.contents(
        db.session(), basket.present_cart(db.session()), buyer=present_buyer()
    )  # fmt: skip
    return render_template("shop/cart/show.html", contents=contents, most=MOST, problem=problem)


def _not_yet(contents: Contents) -> Response:
    """Back to the cart, which says of each line what stands in the way."""
    if not contents.lines:
        flash(_("Your cart is empty: choose something first."), "info")
    else:
        flash(_("Please look at the marked products: they can't be bought as they are."), "error")
    return redirect(url_for("cart.show"), 303)
