"""Browsers that a password let in before: a signed cookie makes their guesses count apart from those of strangers.

Otherwise a stranger who keeps guessing would keep an account's owner out for good. After OWASP, "Slow Down Online
Guessing Attacks with Device Cookies". The cookie says nothing of the person: it holds a random number and hashes of the
addresses that it stands for. It is strictly needed for security, opens nothing by itself, and outlives signing out.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

LASTS = timedelta(days=365)
MOST_ACCOUNTS = 5
"""Of a family's browser; the one that signed in longest ago is forgotten first."""


def device_of(email_folded: str) -> str:
    """What this browser's guesses for an account are counted under; "" where it never signed in to it."""
    number, known = _read()
    return number if _hash(email_folded) in known else ""


def remember_device(email_folded: str) -> None:
    """Send the cookie with the present response: a password, or a link by e-mail, let this browser in.

    The number is a new one each time, so that a copied cookie isn't the owner's for ever.
    """
    known = [_hash(email_folded), *(one for one in _read()[1] if one != _hash(email_folded))][:MOST_ACCOUNTS]
    value = _serializer().dumps([secrets.token_urlsafe(12), known])

    @after_this_request
    def _send(response: Response) -> Response:
        response.set_cookie(
            _name(),
            value,
            max_age=LASTS,
            path="/",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _read() -> tuple[str, list[str]]:
    try:
        number, known = _serializer().loads(request.cookies.get(_name(), ""), max_age=int(LASTS.total_seconds()))
    except (BadData, TypeError, ValueError):
        return "", []
    return str(number), [str(one) for one in known]


def _name() -> str:
    return "__Host-shop-device" if current_app.config["SESSION_COOKIE_SECURE"] else "shop-device"


def _hash(email_folded: str) -> str:
    return hashlib.sha256(email_folded.encode()).hexdigest()[:32]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="shop-device")
