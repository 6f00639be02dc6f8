"""`python -m shop.serve`: the shop behind waitress, which buffers slow clients. One process, several threads."""

from __future__ import annotations

import argparse
import logging

import waitress

from .app import create_app

THREADS = 8


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Open the shop.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("apscheduler", "waitress"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    app = create_app()
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
