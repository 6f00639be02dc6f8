"""Fixtures of the console's tests: a desk, its browser, and Ada."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from .host import DeskStorefront, fill, make_host


@pytest.fixture
def storefront() -> DeskStorefront:
    """Change `role` to sit down at the desk as somebody else."""
    return DeskStorefront()


@pytest.fixture
def desk(engine: Engine, storefront: DeskStorefront, tmp_path: Path) -> Flask:
    """A host with the console."""
    return make_host(engine, storefront, tmp_path)


@pytest.fixture
def browser(desk: Flask) -> FlaskClient:
    """A browser at the desk."""
    return desk.test_client()


@pytest.fixture
def ada(sessions: sessionmaker[Session]) -> int:
    """Ada's number, after her history was written."""
    with sessions.begin() as session:
        return fill(session)


@pytest.fixture
def token(browser: FlaskClient) -> str:
    """The CSRF token of this browser's session."""
    page = BeautifulSoup(browser.get("/console/", follow_redirects=True).text, "html.parser")
    field = page.find("input", {"name": "csrf_token"})
    assert field is not None
    return str(field["value"])
