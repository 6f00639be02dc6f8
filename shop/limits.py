"""How often one address may ask: generous for reading, tight for writing, tightest where a password is hashed.

Counts are kept in the memory of the process. What must hold across processes (guessing one account's password)
is kept in the database: see `accounts.throttle`.
"""

from __future__ import annotations

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

READING = "3000 per minute"
SEARCHING = "60 per minute"
WRITING = "240 per minute"
TRYING_CODES = "20 per minute; 200 per hour"
SIGNING_IN = "20 per minute; 200 per hour"
REGISTERING = "10 per minute; 60 per hour"
RESETTING = "5 per minute; 30 per hour"
UNLIMITED = frozenset({"catalog.artwork", "catalog.artwork_png", "health.alive", "health.ready"})
"""Cached or needed by machines; pictures come in dozens a page."""

limiter = Limiter(
    get_remote_address,
    application_limits=[READING],
    default_limits=[WRITING],
    default_limits_exempt_when=lambda: request.method in {"GET", "HEAD", "OPTIONS"},
    storage_uri="memory://",
    strategy="fixed-window",
    headers_enabled=True,
)


def init_app(app: Flask) -> None:
    """Count requests by address, unless `SHOP_RATE_LIMITS` is off."""
    app.config["RATELIMIT_ENABLED"] = app.config["SHOP_RATE_LIMITS"]
    limiter.enabled = app.config["SHOP_RATE_LIMITS"]
    limiter.init_app(app)


@limiter.request_filter
def _unlimited() -> bool:
    """Machine clients, too: hundreds share an address. The collector itself counts whoever shows no secret key."""
    return request.endpoint in UNLIMITED or request.blueprint == "collector"
