"""The pages at the door: register, sign in, sign out; in a demo, sign in as one of its people.

Registering with an address that has an account is answered beside the form without saying that it has one; somebody
who tries can still tell, which only a confirmation by e-mail would prevent, and the shop itself sends none. What
limits the harm: ten tries a minute and sixty an hour from one address, and the same work before every answer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import signals
from ..database import db
from ..email_address import fold
from ..hooks import can_send_letters
from ..limits import REGISTERING, SIGNING_IN, limiter
from ..next_path import safe_path
from ..profile import shop_profile
from ..wording import gettext as _
from . import browser, demo_people, devices, forms, passwords, registration, throttle, traits
from .account import Account
from .blueprint import blueprint


@blueprint.get("/register")
def register() -> ResponseReturnValue:
    """The empty form."""
    if current_user.is_authenticated:
        return redirect(url_for("accounts.home"), 303)
    return _registration_page({}, {})


@blueprint.post("/register")
@limiter.limit(REGISTERING)
def register_now() -> ResponseReturnValue:
    """Open an account and sign in."""
    profile = shop_profile()
    values, errors = forms.read(forms.RegistrationForm(country=profile.country), request.form)
    if "password" not in errors:  # said together with the rest, so that nobody corrects the form twice
        about = (*(request.form.get(key, "") for key in ("email", "first_name", "last_name")), profile.name)
        weak = passwords.weakness(request.form.get("password", ""), about=about)
        errors |= {"password": weak} if weak else {}
    if errors:
        return _registration_page(request.form, errors), 422
    now = datetime.now(UTC)
    password_hash = passwords.hash_password(values["password"])
    account = registration.open_account(
        db.session(), values, email=values["email"], password_hash=password_hash, now=now
    )
    if account is None:
        taken = _("We can't open an account with this address. If you have one, please sign in.")
        return _registration_page(request.form, {"email": taken}), 422
    signals.announce(signals.account_opened, account=account)
    browser.sign_in_here(account, now=now)
    db.session.commit()
    flash(_("Welcome, %(name)s! Your account is open.", name=account.first_name), "success")
    return redirect(_next(account), 303)


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The form; whoever is signed in goes on at once."""
    if current_user.is_authenticated:
        return redirect(_next(current_user.account), 303)
    return _sign_in_page("")


@blueprint.post("/sign-in")
@limiter.limit(SIGNING_IN)
def sign_in_now() -> ResponseReturnValue:
    """Check a password. Every wrong answer reads the same and costs the same, whether the account exists or not."""
    now = datetime.now(UTC)
    email = fold(request.form.get("email", ""))[:254].replace("\x00", "")
    password = request.form.get("password", "")
    device = devices.device_of(email)
    pause = throttle.claim_attempt(db.session(), email, now=now, apart=device)
    db.session.commit()  # before the slow hash: rivals must see the claim, and the database must not wait
    if pause is not None:
        return _sign_in_page(throttle.please_wait(pause)), 429, {"Retry-After": throttle.retry_after(pause)}
    account = registration.account_of(db.session(), email)
    if not passwords.is_right(password, account.password_hash if account else None) or account is None:
        return _sign_in_page(_("E-mail address and password don't fit together.")), 401
    throttle.forgive(db.session(), email, apart=device)
    throttle.forget_old_attempts(db.session(), now=now)
    if account.password_hash and passwords.is_outdated(account.password_hash):
        account.password_hash = passwords.hash_password(password)
    browser.sign_in_here(account, now=now)
    db.session.commit()
    return redirect(_next(account), 303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this browser's sign-in, or with the field `everywhere` all of the account; fine for strangers, too."""
    everywhere = request.form.get("everywhere") == "yes"
    browser.sign_out_here(now=datetime.now(UTC), everywhere=everywhere)
    db.session.commit()
    flash(_("You are signed out on all devices.") if everywhere else _("You are signed out."), "success")
    return redirect(url_for("pages.home"), 303)


def demo_sign_in() -> ResponseReturnValue:
    """One click and be somebody; exists in demo mode only (see `views.init_app`)."""
    number = request.form.get("account_id", "")
    known = number.isascii() and number.isdigit() and len(number) < 10
    account = demo_people.demo_person(db.session(), int(number)) if known else None
    if account is None:
        abort(404)
    browser.sign_in_here(account, now=datetime.now(UTC))
    db.session.commit()
    flash(_("You are now %(name)s.", name=f"{account.first_name} {account.last_name}".strip()), "success")
    return redirect(_next(account, home="pages.home"), 303)


def _registration_page(typed: Any, errors: dict[str, str]) -> str:
    return render_template(
        "shop/accounts/register.html",
        typed=typed,
        errors=errors,
        households=traits.households(),
        shortest=passwords.SHORTEST,
        next=_wanted(),
    )


def _sign_in_page(problem: str) -> str:
    demo = current_app.config["SHOP_ENV"] == "demo"
    return render_template(
        "shop/accounts/sign_in.html",
        problem=problem,
        email=request.form.get("email", "")[:254],
        next=_wanted(),
        can_reset=can_send_letters(),
        staff=demo_people.demo_staff(db.session()) if demo else [],
        households=demo_people.demo_households(db.session()) if demo else [],
    )


def _wanted() -> str:
    """The page to go to afterwards, carried along in the forms; empty where there is none that is safe."""
    return safe_path(request.values.get("next"), otherwise="")


def _next(account: Account, *, home: str = "accounts.home") -> str:
    """Where somebody goes after signing in: where they wanted to, staff to their work, customers home."""
    return _wanted() or url_for("backoffice.home" if account.role else home)
