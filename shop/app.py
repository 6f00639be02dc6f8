"""The shop's app factory; reads from top to bottom as the list of what a shop consists of."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from . import cli, config, errors, health, pages, security, wording
from .accounts import views as accounts
from .backoffice import views as backoffice
from .cart import views as cart
from .catalog import views as catalog
from .checkout import views as checkout
from .crm import install_crm
from .database import db, engine_options

ROOT = Path(__file__).resolve().parent.parent


class Shop(Flask):
    """Flask that doesn't ask of each hook and view whether it is a coroutine: none is, and with a dozen hooks the
    question takes a tenth of a short request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """A shop, configured by the environment and by `overrides` (tests).

    Raises:
        BadConfiguration: when a setting is missing or can't be read; the message says what to do.
    """
    app = Shop("shop", root_path=str(ROOT / "shop"), template_folder=str(ROOT / "templates"))
    app.config.update(config.load(os.environ, overrides))
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(app.config["SQLALCHEMY_DATABASE_URI"])
    if app.config["SHOP_PROXIES"]:
        hops = app.config["SHOP_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    db.init_app(app)
    wording.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    for part in (pages, accounts, catalog, cart, checkout, backoffice, health):
        part.init_app(app)
    cli.init_app(app)
    install_crm(app)
    return app
