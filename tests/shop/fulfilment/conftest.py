"""Members of staff, each at a browser of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from shop.accounts.account import Account, Role
from tests.shop.visitor import Visitor


@pytest.fixture
def staff(app: Flask, shop_data: dict[str, int], tables: Callable[[], Session]) -> Callable[[Role], Visitor]:
    """Signs a new member of staff in."""

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
