"""The link to an order's returns: whoever holds it may ask to send something back. It stands on the order's own page,
which only its owner and its signed link open, and in letters to the customer."""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer


def return_token(order_reference: str) -> str:
    """The order's number, signed."""
    token = _serializer().dumps(order_reference)
    return token if isinstance(token, str) else token.decode()


def order_of_token(token: str) -> str:
    """The order's number; empty for a token that we didn't sign."""
    try:
        order_reference = _serializer().loads(token)
    except (BadSignature, UnicodeError, ValueError):
        return ""
    return order_reference if isinstance(order_reference, str) else ""


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="ecrm.returns")
