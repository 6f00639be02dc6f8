"""Brings the account pages into the app."""

from __future__ import annotations

from flask import Flask

from . import address_pages, browser, entry, pages, reset_pages
from .blueprint import blueprint

MODULES = (entry, reset_pages, pages, address_pages)
"""Importing them puts their pages on the blueprint."""


def init_app(app: Flask) -> None:
    """Sign-ins, the account pages, and in a demo the buttons that make one somebody."""
    browser.init_app(app)
    app.register_blueprint(blueprint)
    if app.config["SHOP_ENV"] == "demo":
        app.add_url_rule("/sign-in/demo", "accounts.demo_sign_in", entry.demo_sign_in, methods=["POST"])
