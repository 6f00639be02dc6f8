"""A visitor of the shop, members of its staff, and ways to look into its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from shop.accounts.account import Account, Role
from shop.database import engine_options
from tests.shop.visitor import Visitor


@pytest.fixture
def visitor(app: Flask, shop_data: dict[str, int]) -> Visitor:
    """A stranger in a shop with a few products."""
    return Visitor(app)


@pytest.fixture
def staff(app: Flask, shop_data: dict[str, int], tables: Callable[[], Session]) -> Callable[[Role], Visitor]:
    """Signs a new member of staff in, each at a browser of their own."""

    def sign_in(role: Role) -> Visitor:
        session = tables()
        address = f"{role}@example.com"
        account = Account(
            email=address, email_folded=f"staff-{address}", first_name=role.title(), role=role,
            created_at=datetime.now(UTC),
        )  # fmt: skip
        session.add(account)
        session.commit()
        return Visitor(app).sign_in(account.id)

    return sign_in


@pytest.fixture
def tables(database_url: str) -> Iterator[Callable[[], Session]]:
    """The shop's tables as they are now: a new session at each call, beside the app and its contexts."""
    engine = create_engine(database_url, **engine_options(database_url))
    opened: list[Session] = []

    def look() -> Session:
        for session in opened:
            session.close()
        opened.append(Session(engine))
        return opened[-1]

    yield look
    for session in opened:
        session.close()
    engine.dispose()
