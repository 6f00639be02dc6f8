"""The account's own pages: overview, orders, profile, password. Everything is asked for by the signed-in account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import func, select

from .. import signals
from ..addressing.countries import country_name
from ..checkout.order import Order
from ..checkout.statuses import status_name
from ..database import db
from ..hooks import can_send_letters
from ..limits import SIGNING_IN, limiter
from ..profile import shop_profile
from ..wording import gettext as _
from . import address_book, forms, passwords, registration, sign_in, throttle, traits
from .account import Account
from .blueprint import blueprint
from .permissions import signed_in_only

ORDERS_A_PAGE = 20
_CHANGING = "changing the password"
"""What guesses of the present password are counted under; no device's number has blanks."""


@blueprint.get("/account")
@signed_in_only
def home() -> ResponseReturnValue:
    """Latest orders, addresses, profile, and where one is signed in."""
    account = _account()
    return render_template(
        "shop/accounts/home.html",
        account=account,
        orders=_orders(account, page=1)[:3],
        order_count=_order_count(account),
        addresses=address_book.addresses_of(db.session(), account)[:2],
        sign_ins=sign_in.open_sign_ins(db.session(), account, now=datetime.now(UTC)),
        works_here=account.role is not None,
        status_name=status_name,
        country_name=country_name,
        household=dict(traits.households(account.household)).get(account.household, ""),
    )


@blueprint.get("/account/orders")
@signed_in_only
def orders() -> ResponseReturnValue:
    """All orders, newest first, by pages."""
    account = _account()
    count = _order_count(account)
    pages = max(1, -(-count // ORDERS_A_PAGE))
    text = request.args.get("page", "1")
    page = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    if not 1 <= page <= pages:
        abort(404)
    return render_template(
        "shop/accounts/orders.html",
        orders=_orders(account, page=page),
        count=count,
        status_name=status_name,
        page=page,
        pages=pages,
        link=lambda number: url_for("accounts.orders", page=number),
    )


@blueprint.get("/account/profile")
@signed_in_only
def profile() -> ResponseReturnValue:
    """The form with what is known."""
    account = _account()
    return _profile_page({key: getattr(account, key) for key in registration.CHANGEABLE}, {})


@blueprint.post("/account/profile")
@signed_in_only
def change_profile() -> ResponseReturnValue:
    """Write what was changed and announce it."""
    account = _account()
    form = forms.ProfileForm(country=shop_profile().country, household=account.household)
    values, errors = forms.read(form, request.form)
    if errors:
        return _profile_page(request.form, errors), 422
    if registration.change_profile(db.session(), account, values):
        signals.announce(signals.account_changed, account=account)
    db.session.commit()
    flash(_("Your profile is saved."), "success")
    return redirect(url_for("accounts.home"), 303)


@blueprint.get("/account/password")
@signed_in_only
def password() -> ResponseReturnValue:
    """The form for a new password."""
    return _password_page({})


@blueprint.post("/account/password")
@limiter.limit(SIGNING_IN)
@signed_in_only
def change_password() -> ResponseReturnValue:
    """Set a new password with the present one; every other device is signed out."""
    account, now = _account(), datetime.now(UTC)
    values, errors = forms.read(forms.NewPasswordForm(), request.form)
    if not errors:
        # Apart from the door's count: no stranger can keep the owner from changing it, and who found an open browser
        # can't guess on from several places.
        pause = throttle.claim_attempt(db.session(), account.email_folded, now=now, apart=_CHANGING)
        db.session.commit()  # before the slow hash, as at the door
        if pause is not None:
            words = {"present": throttle.please_wait(pause)}
            return _password_page(words), 429, {"Retry-After": throttle.retry_after(pause)}
        errors = _wrong_or_weak(account, values)
    if errors:
        db.session.commit()  # the present one may have been right, which is forgiven
        return _password_page(errors), 422
    account.password_hash = passwords.hash_password(values["password"])
    sign_in.end_others(db.session(), current_user.sign_in, now=now)
    db.session.commit()
    flash(_("Your password is changed. Other devices are signed out."), "success")
    return redirect(url_for("accounts.home"), 303)


def _wrong_or_weak(account: Account, values: dict[str, Any]) -> dict[str, str]:
    if not passwords.is_right(values["present"], account.password_hash):
        return {"present": _("This isn't your present password.")}
    throttle.forgive(db.session(), account.email_folded, apart=_CHANGING)
    about = (account.email, account.first_name, account.last_name, shop_profile().name)
    weak = passwords.weakness(values["password"], about=about)
    return {"password": weak} if weak else {}


def _account() -> Account:
    account: Account = current_user.account
    return account


def _orders(account: Account, *, page: int) -> list[Order]:
    query = select(Order).where(Order.account_id == account.id).order_by(Order.placed_at.desc(), Order.id.desc())
    return list(db.session.scalars(query.limit(ORDERS_A_PAGE).offset((page - 1) * ORDERS_A_PAGE)))


def _order_count(account: Account) -> int:
    return db.session.scalar(select(func.count()).select_from(Order).where(Order.account_id == account.id)) or 0


def _profile_page(typed: Any, errors: dict[str, str]) -> str:
    account = _account()
    choices = traits.households(account.household)
    return render_template(
        "shop/accounts/profile.html", account=account, typed=typed, errors=errors, households=choices
    )


def _password_page(errors: dict[str, str]) -> str:
    return render_template(
        "shop/accounts/password.html", errors=errors, shortest=passwords.SHORTEST, can_reset=can_send_letters()
    )
