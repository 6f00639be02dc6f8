"""Admission: whoever shows no secret key is counted before anything of their request is read or looked up.

A secret key counts where no browser sends it. To find out costs a query, so guesses at one are counted, too; a key
that this process has known is asked for again without that, or whoever shares a server's address could shut it out.
"""

from __future__ import annotations

from flask import Blueprint, Flask, Request, current_app, request

from .key_ring import KeyRing
from .pace import Pace
from .senders import UnknownKey, shown_key
from .write_keys import SERVER

_SECRET = f"{SERVER}_"
"""How secret keys begin (`write_keys.create`)."""


def init_app(app: Flask) -> None:
    """Start counting with nothing."""
    limit = app.config["ECRM_COLLECTOR_PACE"]
    app.extensions["ecrm_pace"], app.extensions["ecrm_guesses"] = Pace(limit), Pace(limit)


def init_blueprint(blueprint: Blueprint) -> None:
    """Admit requests to every view of a blueprint, settings and `reset` among them."""
    blueprint.before_request(_admit)


def _admit() -> None:
    """Preflights cost nothing and aren't counted: the request that follows is.

    Raises:
        TooMany: above `ECRM_COLLECTOR_PACE`.
        SQLAlchemyError: when the database can't be asked for a key.
    """
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # of the proxy
    if asked.method == "OPTIONS" or _of_a_server(asked):
        return
    pace: Pace = current_app.extensions["ecrm_pace"]
    pace.count(asked.remote_addr or "")


def _of_a_server(asked: Request) -> bool:
    """Whether it shows a known secret key, and comes from no browser."""
    if "HTTP_ORIGIN" in asked.environ or "HTTP_SEC_FETCH_SITE" in asked.environ:
        return False
    try:
        key = shown_key(asked)
    except UnknownKey:
        return False
    if not key.startswith(_SECRET):
        return False
    ring: KeyRing = current_app.extensions["ecrm_key_ring"]
    if not ring.has_known(key):
        guesses: Pace = current_app.extensions["ecrm_guesses"]
        guesses.count(asked.remote_addr or "")
    known = ring.key(key)
    return known is not None and known.kind == SERVER
