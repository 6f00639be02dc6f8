"""The garden shop as a test's host, and the plugin in it; tests of another host have a `host` of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from ecrm.installation import Installation, installation
from tests.ecrm.slots_host import FIREFOX, GardenShop, create_host


@pytest.fixture
def shop() -> GardenShop:
    """What the host sells and who is there; a test sets it as it likes."""
    return GardenShop()


@pytest.fixture
def host(engine: Engine, shop: GardenShop, tmp_path: Path) -> Iterator[Flask]:
    """The garden shop with the plugin on the test's database."""
    host = create_host(engine, shop, ECRM_MODEL_FOLDER=str(tmp_path / "models"))
    yield host
    host.extensions["ecrm_key_ring"].write_down()  # now, and not two seconds later by a thread of its own


@pytest.fixture
def plugin(host: Flask) -> Installation:
    """The plugin in the test's host."""
    return installation(host)


@pytest.fixture
def browser(host: Flask) -> FlaskClient:
    """A visitor's browser at the host."""
    client = host.test_client()
    client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    return client
