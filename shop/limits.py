"""How often one address may ask: generous for reading, tight for writing, tightest where a password is hashed.

Counts are kept in the memory of the process. What must hold across processes (guessing one account's password)
is kept in the database: see `accounts.throttle`.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

READING = "3000 per minute"
SEARCHING = "60 per minute"
WRITING = "240 per minute"
TRYING_CODES = "20 per minute; 200 per hour"
SIGNING_IN = "20 per minute; 200 per hour"
REGISTERING = "10 per minute; 60 per hour"
RESETTING = "5 per minute; 30 per hour"
FINDING_ORDERS = "30 per minute"
"""Asking for an order's link, and opening links that open nothing: each is a guess at somebody's order."""
UNLIMITED = frozenset(
    {"catalog.artwork", "catalog.artwork_png", "health.alive", "health.ready", "ecrm.carrier_webhook"}
)
"""Cached or needed by machines; pictures come in dozens a page, signed calls of carriers in bursts."""


def client_network() -> str:
    """Who asks: an IPv4 address, or the /64 of an IPv6 one, which is what one connection to the internet gets."""
    address = get_remote_address()
    try:
        number = ip_address(address)
    except ValueError:
        return address
    if not isinstance(number, IPv6Address):
        return address
    mapped = number.ipv4_mapped
    return str(mapped) if mapped else str(IPv6Address(int(number) >> 64 << 64))


limiter = Limiter(
    client_network,
    application_limits=[READING],
    default_limits=[WRITING],
    default_limits_exempt_when=lambda: request.method in {"GET", "HEAD", "OPTIONS"},
    storage_uri="memory://",
    strategy="fixed-window",
    headers_enabled=True,
)


def _opened_nothing(response: Response) -> bool:
    return response.status_code == 404


guessing_orders = limiter.shared_limit(
    FINDING_ORDERS, scope="order-links", deduct_when=_opened_nothing, override_defaults=False
)
"""Of pages that a signed link opens: those count that opened nothing. Whoever has guessed too often sees no order, with
the right link neither, and learns nothing from that."""


def init_app(app: Flask) -> None:
    """Count requests by address, unless `SHOP_RATE_LIMITS` is off."""
    app.config["RATELIMIT_ENABLED"] = app.config["SHOP_RATE_LIMITS"]
    limiter.enabled = app.config["SHOP_RATE_LIMITS"]
    limiter.init_app(app)


@limiter.request_filter
def _unlimited() -> bool:
    """Machine clients, too: hundreds share an address. The collector itself counts whoever shows no secret key."""
    return request.endpoint in UNLIMITED or request.blueprint == "collector"
