"""CSRF protection of the plugin's own forms, whether or not the host protects its own.

The tokens are Flask-WTF's: in a host with `CSRFProtect` both checks accept the same one.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, abort, current_app, request
from flask_wtf.csrf import ValidationError, generate_csrf, validate_csrf

from .wording import gettext as _

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def protect(blueprint: Blueprint, *, except_for: frozenset[str] = frozenset()) -> None:
    """Refuse every writing request of a blueprint that carries no valid form field `csrf_token`.

    Args:
        except_for: endpoints (`blueprint.view`) that change nothing a forger could want.
    """

    def check() -> None:
        wanted = current_app.config.get("WTF_CSRF_ENABLED", True)
        if wanted and request.method not in _SAFE and request.endpoint not in except_for:
            _check_token()

    blueprint.before_request(check)
    blueprint.context_processor(lambda: {"csrf_token": csrf_token})


def csrf_token() -> str:
    """The token for a form of this browser's session."""
    token: str = generate_csrf()
    return token


def exempt(app: Flask, view: Any) -> None:
    """Keep the host's `CSRFProtect` off a view that machines call; it must have been set up before the plugin."""
    if (protection := app.extensions.get("csrf")) is not None:
        protection.exempt(view)


def _check_token() -> None:
    try:
        validate_csrf(request.form.get(current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")))
    except ValidationError:
        abort(400, _("This form is out of date. Please go back, reload the page and send it again."))
