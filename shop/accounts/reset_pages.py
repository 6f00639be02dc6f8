"""The pages of a forgotten password: ask for a link, open it, set a new password.

They exist only where somebody plugged in sends letters. Asking is answered alike whether or not there is an account.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..database import db
from ..hooks import can_send_letters
from ..limits import RESETTING, SIGNING_IN, limiter
from ..profile import shop_profile
from ..wording import gettext as _
from . import browser, forms, password_reset, passwords
from .account import Account
from .blueprint import blueprint
from .password_reset import LinkRefused

P = ParamSpec("P")

_STATUS = {"broken": 400, "expired": 410, "used": 410}


def _with_letters(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Without a way to send the link there is no such page."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        return view(*args, **kwargs) if can_send_letters() else abort(404)

    return guarded


@blueprint.get("/forgot-password")
@_with_letters
def forgot_password() -> ResponseReturnValue:
    """The form; with `sent`, what happens next, in words that fit every address."""
    return _asking_page({}, {}, sent="sent" in request.args)


@blueprint.post("/forgot-password")
@limiter.limit(RESETTING)
@_with_letters
def send_reset_link() -> ResponseReturnValue:
    """Write to the account of this address, if there is one."""
    values, errors = forms.read(forms.ForgottenForm(), request.form)
    if errors:
        return _asking_page(request.form, errors), 422
    if password_reset.ask_for_link(db.session(), email=values["email"], now=datetime.now(UTC)):
        db.session.commit()
    else:
        db.session.rollback()
    return redirect(url_for("accounts.forgot_password", sent="yes"), 303)


@blueprint.get("/reset-password/<token>")
@_with_letters
def reset_password(token: str) -> ResponseReturnValue:
    """The form for the new password."""
    try:
        return _form_page(password_reset.open_link(db.session(), token), token, {})
    except LinkRefused as refused:
        return _refusal(refused)


@blueprint.post("/reset-password/<token>")
@limiter.limit(SIGNING_IN)
@_with_letters
def set_new_password(token: str) -> ResponseReturnValue:
    """Set it; all devices are signed out, and this one in anew."""
    now = datetime.now(UTC)
    try:
        account = password_reset.open_link(db.session(), token)
        values, errors = forms.read(forms.FirstPasswordForm(), request.form)
        if not errors:
            about = (account.email, account.first_name, account.last_name, shop_profile().name)
            weak = passwords.weakness(values["password"], about=about)
            errors = {"password": weak} if weak else {}
        if errors:
            return _form_page(account, token, errors, status=422)
        password_reset.set_password(db.session(), account, values["password"], now=now)
    except LinkRefused as refused:
        db.session.rollback()
        return _refusal(refused)
    browser.sign_in_here(account, now=now)
    db.session.commit()
    flash(_("Your new password is set, and you are signed in. All other devices are signed out."), "success")
    return redirect(url_for("backoffice.home" if account.role else "accounts.home"), 303)


def _asking_page(typed: object, errors: dict[str, str], *, sent: bool = False) -> str:
    return render_template("shop/accounts/forgot_password.html", typed=typed, errors=errors, sent=sent)


def _form_page(account: Account, token: str, errors: dict[str, str], *, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "shop/accounts/reset_password.html",
        account=account,
        token=token,
        errors=errors,
        shortest=passwords.SHORTEST,
        reason="",
    )
    return _kept_to_itself(page, status)


def _refusal(refused: LinkRefused) -> ResponseReturnValue:
    page = render_template("shop/accounts/reset_password.html", reason=refused.reason)
    return _kept_to_itself(page, _STATUS[refused.reason])


def _kept_to_itself(page: str, status: int) -> ResponseReturnValue:
    """The link must not travel on: no request names it as where it came from, and no cache keeps the page."""
    answer = make_response(page, status)
    answer.headers["Referrer-Policy"] = "strict-origin"  # the origin alone, which CSRF over TLS asks for
    answer.headers["Cache-Control"] = "no-store"
    return answer
