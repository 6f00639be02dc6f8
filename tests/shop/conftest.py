"""A visitor of the shop, and ways to look into its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from shop.database import db
from tests.shop.visitor import Visitor


@pytest.fixture
def visitor(app: Flask, shop_data: dict[str, int]) -> Visitor:
    """A stranger in a shop with a few products."""
    return Visitor(app)


@pytest.fixture
def tables(app: Flask) -> Iterator[Callable[[], Session]]:
    """A session of the shop, fresh at each call."""

    def look() -> Session:
        db.session.rollback()
        db.session.expire_all()
        return db.session()

    with app.app_context():
        yield look
