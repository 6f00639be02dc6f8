"""For machines that watch: `/healthz` says that the process answers, `/readyz` whether it can do its work."""

from __future__ import annotations

import logging
import shutil

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from .database import db
from .hooks import all_tables_current
from .migrating import is_current

log = logging.getLogger("shop.health")
blueprint = Blueprint("health", __name__)

LEAST_FREE_BYTES = 100 * 1024 * 1024
"""SQLite's log and the e-mail folder need room; with less, orders would soon fail half-way."""

_STATUS = {"content": {"application/json": {"schema": {"type": "object", "required": ["status"]}}}}
OPENAPI = {
    "health.alive": {
        "summary": "Does the process answer?",
        "responses": {"200": {"description": "It does.", **_STATUS}},
    },
    "health.ready": {
        "summary": "Are database, tables and disk in order?",
        "responses": {"200": {"description": "Yes.", **_STATUS}, "503": {"description": "See checks.", **_STATUS}},
    },
}
"""For whoever describes this app's JSON endpoints: endpoint → OpenAPI operation."""


def init_app(app: Flask) -> None:
    """Add the two pages."""
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """200 as long as the process answers; asks nothing of anybody, so a slow database doesn't get it restarted."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when the database answers, its tables are those of this version, and the disk has room; else 503.

    Says which check failed, but no more than that: this page is public.
    """
    checks = {**_database_checks(), "disk": _has_room()}
    good = all(checks.values())
    words = {name: "ok" if passed else "failed" for name, passed in checks.items()}
    return (
        jsonify(status="ok" if good else "not ready", checks=words),
        200 if good else 503,
        {"Cache-Control": "no-store"},
    )


def _database_checks() -> dict[str, bool]:
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            return {"database": True, "migrations": tables_are_current(connection)}
    except SQLAlchemyError:
        log.exception("the database doesn't answer")
        return {"database": False, "migrations": False}


def tables_are_current(connection: Connection) -> bool:
    """Whether the shop, and whoever is plugged into it, find the tables that this version needs."""
    return is_current(connection) and all_tables_current(connection)


def _has_room() -> bool:
    try:
        return shutil.disk_usage(current_app.config["SHOP_VAR"]).free >= LEAST_FREE_BYTES
    except OSError:
        log.exception("the folder of SHOP_VAR can't be read")
        return False
