"""The shop on a real port, with write keys, for clients that none of us wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from ecrm.collector.write_keys import KINDS, create
from ecrm.installation import installation
from tests.conftest import NOW
from tracking.clickstream.event import Event

NPM_SECONDS = 180
Collected = Callable[[int], Sequence[Event]]


@pytest.fixture
def settings() -> dict[str, Any]:
    """Another site's page may send, too."""
    return {"ECRM_COLLECTOR_ORIGINS": ("http://localhost:1",)}


@pytest.fixture
def base(app: Flask, shop_data: dict[str, int]) -> Iterator[str]:
    """The shop on a port of its own; yields its address."""
    assert shop_data
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()


@pytest.fixture
def keys(app: Flask) -> dict[str, str]:
    """A write key of each kind."""
    with installation(app).sessions.begin() as session:
        return {kind: create(session, name=kind, kind=kind, by="", now=NOW)[1] for kind in KINDS}


@pytest.fixture
def collected(app: Flask) -> Collected:
    """The events that clients sent, once so many have become events or 20 seconds have passed."""
    crm = installation(app)

    def read(at_least: int) -> Sequence[Event]:
        deadline = time.monotonic() + 20
        while True:
            crm.writer.flush()
            with crm.sessions() as session:
                query = select(Event).where(Event.message_id.is_not(None)).order_by(Event.id)
                found = session.scalars(query).all()
            if len(found) >= at_least or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    return read


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDKs of npm, or a skip that says what is missing.

    CLIENTS_FOLDER keeps them between runs. No scripts of packages are run.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("no node and npm on this machine")
    if os.environ.get("CLIENTS") != "1" and not os.environ.get("CLIENTS_FOLDER"):
        pytest.skip("npm packages are only fetched by `make clients` (CLIENTS=1)")
    folder = Path(os.environ.get("CLIENTS_FOLDER") or tmp_path_factory.mktemp("clients"))
    wanted = [name for name in PACKAGES if not (folder / "node_modules" / name).is_dir()]
    if wanted:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"name": "clients", "private": True}))
        command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", *wanted]
        try:
            done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.skip(f"the npm registry doesn't answer within {NPM_SECONDS} s")
        if done.returncode:
            pytest.skip(f"the SDKs can't be installed from npm: {done.stderr.strip()[-300:]}")
    return folder


PACKAGES = (
    "@segment/analytics-node", "@rudderstack/rudder-sdk-node", "@segment/analytics-next", "@rudderstack/analytics-js",
)  # fmt: skip
