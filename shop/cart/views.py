"""The cart's pages: show, add, change, remove, save for later. Registers `cart_count` for every page's header."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from .. import signals
from ..addressing.countries import country_name
from ..catalog.restrictions import Buyer, confirm_age, confirmed_age, present_buyer, present_country
from ..coupons.refusals import refusal_in_words
from ..database import db
from ..hooks import hooks
from ..next_path import safe_path
from ..wording import gettext as _
from ..wording import ngettext
from . import basket, coupon_entry, lines, merging
from .cart import Cart
from .lines import MOST, Change, NotForSale, NotForThisBuyer

MOST_DIGITS = 9
"""Longer numbers are nobody's product id and don't fit the column."""

blueprint = Blueprint("cart", __name__, url_prefix="/cart")
coupon_entry.add_to(blueprint)


def init_app(app: Flask) -> None:
    """Register the pages, what templates ask of a cart, and bring a stranger's cart along when they sign in."""
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"cart_count": basket.cart_count, "refusal_in_words": refusal_in_words})
    hooks(app).before_sign_in.append(_take_along)


@blueprint.get("")
def show() -> str:
    """The cart page."""
    cart = basket.present_cart(db.session())
    contents = lines.contents(db.session(), cart, buyer=present_buyer())
    signals.announce(signals.cart_shown, product_ids=[line.product.id for line in contents.lines])
    return render_template("shop/cart/show.html", contents=contents, most=MOST, goes_to=country_name(present_country()))


@blueprint.post("/add")
def add() -> Response:
    """Put a product in; the form gives its id and pieces, never a price.

    It may give `next`, a path of this shop: a quick "Add" in a list leads back to where the shopper was.
    """
    back = safe_path(request.form.get("next"), otherwise="")
    product_id, quantity = _whole("product_id"), _whole("quantity", default=1)
    if not 1 <= quantity <= MOST:
        flash(_("Choose between 1 and %(most)d pieces.", most=MOST), "not-added" if back else "error")
        return redirect(back, 303) if back else _to_cart()
    cart = basket.cart_to_fill(db.session())
    try:
        change = lines.add(db.session(), cart, product_id, quantity=quantity, buyer=Buyer(age=confirmed_age()))
    except NotForSale:
        db.session.rollback()
        abort(404)
    except NotForThisBuyer as refused:
        flash(_("Please tell us first that you are old enough for %(name)s.", name=refused.product.name), "info")
        page = url_for("catalog.product", product_id=product_id, slug=refused.product.slug)
        db.session.rollback()
        return redirect(f"{page}#age", 303)
    db.session.commit()
    added = change.after - change.before
    if added > 0:
        signals.announce(signals.cart_added, product=change.product, quantity=added)
    message = _shortage(change) if change.short else _content(change)
    if back:
        words = Markup('{} <a href="{}">{}</a>').format(message, url_for("cart.show"), _("Go to cart"))
        flash(words, "not-added" if change.short else "added")
        return redirect(back, 303)
    flash(message, "error" if change.short else "success")
    return _to_cart()


@blueprint.post("/age")
def old_enough() -> Response:
    """The visitor says that they have reached an age; asked once a visit, of who wants what isn't sold to everybody."""
    confirm_age(_whole("age"))
    return redirect(safe_path(request.form.get("next"), otherwise=url_for("cart.show")), 303)


@blueprint.post("/change")
def change() -> Response:
    """Set the pieces of a line; 0 removes it."""
    quantity = _whole("quantity")
    if not 0 <= quantity <= MOST:
        flash(_("Choose between 1 and %(most)d pieces.", most=MOST), "error")
        return _to_cart()
    done = _deed(lambda cart, product_id: lines.change(db.session(), cart, product_id, quantity=quantity))
    if done is None:
        return _to_cart()
    if done.after > done.before:
        signals.announce(signals.cart_added, product=done.product, quantity=done.after - done.before)
    elif done.after < done.before:
        signals.announce(signals.cart_removed, product=done.product, quantity=done.before - done.after)
    if done.short:
        flash(_shortage(done), "error")
    elif not done.after:
        flash(_("%(name)s is no longer in your cart.", name=done.product.name), "success")
    return _to_cart()


@blueprint.post("/remove")
def remove() -> Response:
    """Take a line out, of the cart or of what was saved for later (`saved=1`)."""
    saved = request.form.get("saved") == "1"
    done = _deed(lambda cart, product_id: lines.remove(db.session(), cart, product_id, saved=saved))
    if done is not None:
        if not saved:
            signals.announce(signals.cart_removed, product=done.product, quantity=done.before)
        flash(_("Removed: %(name)s.", name=done.product.name), "success")
    return _to_cart()


@blueprint.post("/save-for-later")
def save_for_later() -> Response:
    """Set a line aside: kept, but not bought."""
    done = _deed(lambda cart, product_id: lines.save_for_later(db.session(), cart, product_id))
    if done is not None:
        signals.announce(signals.cart_removed, product=done.product, quantity=done.before)
        flash(_("Saved for later: %(name)s.", name=done.product.name), "success")
    return _to_cart()


@blueprint.post("/move-to-cart")
def move_to_cart() -> Response:
    """Bring a saved line back into the cart."""
    done = _deed(lambda cart, product_id: lines.move_to_cart(db.session(), cart, product_id))
    if done is not None:
        if done.after > done.before:
            signals.announce(signals.cart_added, product=done.product, quantity=done.after - done.before)
        if done.short:
            flash(_shortage(done), "error")
        else:
            flash(_("Back in your cart: %(name)s.", name=done.product.name), "success")
    return _to_cart()


def _deed(do: Callable[[Cart, int], Change]) -> Change | None:
    """Do something to the visitor's own cart and commit; None (and a message) where the line isn't there any more."""
    product_id = _whole("product_id")
    cart = basket.present_cart(db.session())
    try:
        if cart is None:
            raise NotForSale(product_id)
        done = do(cart, product_id)
    except NotForSale:
        db.session.rollback()
        flash(_("That product isn't in your cart any more, or isn't sold any more. Nothing was changed."), "error")
        return None
    db.session.commit()
    return done


def _take_along(account_id: int) -> str:
    """The stranger's cart becomes the account's; the message says what happened to what lay there before."""
    merged = merging.merge(db.session(), account_id, basket.stranger_token())
    if merged.set_aside:
        return _(
            "Your cart is as you left it a moment ago. From your last visit we saved for later: %(names)s.",
            names=", ".join(merged.set_aside),
        )
    if not merged.came_back:
        return ""
    return ngettext(
        "Your cart still holds what you left in it: %(num)d product.",
        "Your cart still holds what you left in it: %(num)d products.",
        merged.came_back,
    )


def _content(change: Change) -> str:
    return _("In your cart: %(quantity)d × %(name)s.", quantity=change.after, name=change.product.name)


def _shortage(change: Change) -> str:
    name = change.product.name
    if change.product.stock <= 0:
        return _("%(name)s is sold out at the moment.", name=name)
    if change.after >= MOST:
        return _("One order takes at most %(most)d × %(name)s.", most=MOST, name=name)
    return _(
        "Only %(stock)d × %(name)s left: your cart has %(after)d.",
        stock=change.product.stock, name=name, after=change.after,
    )  # fmt: skip


def _whole(name: str, *, default: int | None = None) -> int:
    """A whole number of the form; anything else is no request of ours."""
    text = request.form.get(name, "" if default is None else str(default)).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        abort(400, description=_("“%(field)s” must be a whole number.", field=name))
    return int(text)


def _to_cart() -> Response:
    return redirect(url_for("cart.show"), 303)
