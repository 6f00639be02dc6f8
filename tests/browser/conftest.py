"""A real browser on a real server: Debian's Chromium, driven by Playwright, at the whole shop behind waitress.

Where there is no Chromium the walks are skipped with the reason in words. SCREENSHOTS=folder keeps a picture a step.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import waitress.server
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The shop behind waitress on a free port; yields its address."""
    http = waitress.server.create_server(app, host="127.0.0.1", port=0, threads=4)
    base = f"http://127.0.0.1:{http.effective_port}"
    app.config["SHOP_BASE_URL"] = base
    thread = threading.Thread(target=http.run, daemon=True)
    thread.start()
    yield base
    http.close()
    thread.join(timeout=5)


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Callable[..., Page]]:
    """Open a window of a new person: `visit()`, `visit(PHONE)`, `visit(color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def open_window(viewport: dict[str, int] = DESKTOP, **options: Any) -> Page:
        context = browser.new_context(viewport=viewport, base_url=server, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a picture of a step where SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")

    def take(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return take
