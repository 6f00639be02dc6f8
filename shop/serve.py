"""`python -m shop.serve`: the shop behind waitress, which buffers slow clients. One process, several threads."""

from __future__ import annotations

import argparse
import logging
import sys

import waitress
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from .app import create_app
from .config import BadConfiguration
from .database import db
from .health import tables_are_current

THREADS = 8
SWITCH_SECONDS = 0.001
"""A fifth of Python's own: who counts steps in the background holds up whoever answers for no longer than this."""


def open_shop() -> Flask:
    """The shop, fit to serve. What is wrong otherwise is said on stderr, and the process ends with 1."""
    try:
        app = create_app()
        with app.app_context():
            with db.engine.connect() as connection:
                current = tables_are_current(connection)
            db.engine.dispose()  # the threads that serve open connections of their own
    except BadConfiguration as problem:
        sys.exit(str(problem))
    except SQLAlchemyError as problem:
        sys.exit(f"The database can't be opened: {getattr(problem, 'orig', None) or problem}")
    if not current:
        sys.exit("The database lacks the tables of this version: run `make demo` or `flask shop upgrade` first.")
    return app


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Open the shop.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("alembic", "apscheduler", "waitress"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    sys.setswitchinterval(SWITCH_SECONDS)
    app = open_shop()
    address = f"http://{arguments.host}:{arguments.port}"
    print(f"The shop is open at {address} (staff: /staff and /console). Stop with Ctrl-C.", flush=True)
    waitress.serve(
        app,
        host=arguments.host,
        port=arguments.port,
        threads=THREADS,
        max_request_body_size=app.config["SHOP_MAX_BODY"] * 64,
        max_request_header_size=32 * 1024,
        channel_timeout=30,
        ident="",
    )


if __name__ == "__main__":
    main()
