"""What machines that watch are told."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from shop.database import db


def test_a_shop_in_order_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json == {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "disk": "ok"}}


def test_tables_of_another_version_make_it_not_ready(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE shop_version SET version_num = 'ffff'"))

    ready = client.get("/readyz")

    assert ready.status_code == 503
    assert ready.json is not None
    assert ready.json["checks"] == {"database": "ok", "migrations": "failed", "disk": "ok"}


def test_a_missing_folder_makes_it_not_ready_but_it_stays_alive(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    app.config["SHOP_VAR"] = str(tmp_path / "unplugged")

    ready = client.get("/readyz")

    assert ready.status_code == 503
    assert ready.json is not None
    assert ready.json["checks"]["disk"] == "failed"
    assert str(tmp_path) not in ready.text
    assert client.get("/healthz").status_code == 200


def test_neither_sets_a_cookie(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert "Set-Cookie" not in client.get(path).headers
