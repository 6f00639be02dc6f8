"""Fixtures of the collector's tests: a host with the API, two write keys, and clients that send with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from ecrm.collector.write_keys import BROWSER, SERVER, create
from ecrm.installation import Installation
from tests.ecrm.visited_host import VisitedStorefront, create_host
from tracking.clickstream.digest import digest_next
from tracking.clickstream.event import Event

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Send = Callable[..., TestResponse]


@pytest.fixture
def settings() -> dict[str, Any]:
    """Overrides of the host's configuration; a test module may override this fixture."""
    return {}


@pytest.fixture
def host(engine: Engine, settings: dict[str, Any]) -> Iterator[Flask]:
    app = Flask("collecting")
    app.config.update(settings)
    host = create_host(engine, VisitedStorefront(), app=app)
    yield host
    host.extensions["ecrm_key_ring"].write_down()


@pytest.fixture
def keys(plugin: Installation) -> dict[str, str]:
    """A key of each kind."""
    with plugin.sessions.begin() as session:
        return {
            kind: create(session, name=f"our {kind}", kind=kind, by="olga", now=NOW)[1] for kind in (SERVER, BROWSER)
        }


@pytest.fixture
def client(host: Flask) -> FlaskClient:
    return host.test_client()


@pytest.fixture
def send(client: FlaskClient, keys: dict[str, str]) -> Send:
    """Send JSON as a server does: `send("track", {...})`; `kind="browser"` shows the public key."""

    def post(path: str, body: Any, *, kind: str = SERVER, **options: Any) -> TestResponse:
        what = {"data": body} if isinstance(body, bytes | str) else {"json": body}
        return client.post(f"/v1/{path}", auth=(keys[kind], ""), **what, **options)

    return post


@pytest.fixture
def events(plugin: Installation) -> Callable[[], Sequence[Event]]:
    """Digest what was accepted, and read all events."""

    def read() -> Sequence[Event]:
        while (digested := digest_next(plugin.sessions, "Europe/Berlin")).anything:
            assert digested.set_aside == 0, "the collector took what can't be stored"
        assert plugin.writer.flush()
        with plugin.sessions() as session:
            return session.scalars(select(Event).order_by(Event.id)).all()

    return read
