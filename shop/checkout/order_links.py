"""Signed links: whoever holds the link of an order (from its own e-mail) may see that order, without an account.

The signature has no end date on purpose: people open the confirmation of a purchase years later. A new
`SECRET_KEY` ends all links.
"""

from __future__ import annotations

import hashlib

from flask import current_app, url_for
from itsdangerous import Signer


def signed_order_path(number: str) -> str:
    """The order's page with the proof in `?t=`."""
    return url_for("checkout.order_page", number=number, t=order_proof(number))


def order_proof(number: str) -> str:
    """What proves that the holder was given this order's link."""
    return _signer().get_signature(number).decode()


def proves_order(number: str, proof: str) -> bool:
    """Whether `proof` belongs to this order; compared in constant time."""
    return proof.isascii() and _signer().verify_signature(number.encode(), proof)


def _signer() -> Signer:
    return Signer(current_app.secret_key or "", salt="shop.order-link", digest_method=hashlib.sha256)
