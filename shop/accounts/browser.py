"""The browser's side of signing in: Flask-Login on server-side sign-ins, and what goes into and out of the session.

The signed session cookie holds a sign-in's random token; `current_user` is a `SignedIn` with the account.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask, Response, current_app, flash, request, session
from flask_login import LoginManager, current_user, login_user

from .. import signals
from ..catalog.restrictions import remember_country
from ..database import db
from ..hooks import hooks
from . import devices, sign_in
from .account import Account, SignIn
from .address_book import default_country

_NO_PERSON = ("static", "catalog.artwork", "catalog.artwork_png", "health.alive", "health.ready")
"""Endpoints that are the same for everybody and must stay cacheable: the session isn't looked at."""


class SignedIn:
    """Who is signed in, as Flask-Login wants it."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, row: SignIn, token: str) -> None:
        self.sign_in = row
        self._token = token

    @property
    def account(self) -> Account:
        """The account, as it is now."""
        return self.sign_in.account

    def get_id(self) -> str:
        """What Flask-Login puts into the session: the token, never the account's id."""
        return self._token


class _Logins(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Without the "remember me" cookie: the sign-in row is what remembers, and looking for that cookie after each
    response would make every picture depend on the session."""

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


def init_app(app: Flask) -> None:
    """Make `current_user` known to the app and note once a minute that its owner is still here."""
    logins = _Logins()
    logins.session_protection = None  # tied to the server's row, not to the address that a phone changes hourly
    logins.init_app(app)
    logins.user_loader(_load)
    app.permanent_session_lifetime = sign_in.CUSTOMER_IDLE + timedelta(days=1)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False  # else a cookie would be set on pictures, too
    app.before_request(_note_presence)


def sign_in_here(account: Account, *, now: datetime) -> SignIn:
    """Sign an account in in this browser, with a new session; flushed, the caller commits.

    What `hooks.before_sign_in` takes along, such as the stranger's cart, is kept; everything else that the session
    held is dropped, so that a session planted before is worth nothing afterwards.
    """
    if current_user.is_authenticated:
        sign_in.end(db.session(), current_user.sign_in, now=now)
    messages = [take_along(account.id) for take_along in hooks().before_sign_in]
    row, token = sign_in.begin(db.session(), account, now=now)
    session.clear()
    session.permanent = not account.role  # the cookie of staff ends with the browser
    login_user(SignedIn(row, token))
    remember_country(default_country(db.session(), account))
    if account.password_hash is not None:  # the demo's buttons prove nothing
        devices.remember_device(account.email_folded)
    for message in filter(None, messages):
        flash(message, "info")
    signals.announce(signals.signed_in, account=account, sign_in=row)
    return row


def sign_out_here(*, now: datetime, everywhere: bool = False) -> None:
    """End this browser's sign-in (or all of the account) and forget all that its session held; the caller commits."""
    if current_user.is_authenticated:
        account = current_user.account
        sign_in.end(db.session(), current_user.sign_in, now=now)
        if everywhere:
            sign_in.end_all(db.session(), account, now=now)
        # While the account is still known, so that whoever listens knows whose steps end here.
        signals.announce(signals.signed_out, account=account)
    session.clear()
    current_app.login_manager._update_request_context_with_user()  # type: ignore[attr-defined]


def _load(token: str) -> SignedIn | None:
    row = sign_in.find(db.session(), token, now=datetime.now(UTC))
    return None if row is None else SignedIn(row, token)


def _note_presence() -> None:
    """First thing in a request, while nothing else is pending: later, a commit here would be part of other work."""
    if request.endpoint in _NO_PERSON or "_user_id" not in session:
        return
    if not current_user.is_authenticated:
        session.pop("_user_id")
        return
    if sign_in.touch(db.session(), current_user.sign_in, now=datetime.now(UTC)):
        db.session.commit()
        session.modified = session.permanent  # its age is counted from when it was last written
