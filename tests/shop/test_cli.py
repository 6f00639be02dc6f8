"""`flask shop …`: what a person types, what it says, and its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from shop.accounts.account import Account
from shop.checkout.order import Order
from shop.database import db

ROWS = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536366,85123A,T-LIGHT HOLDER,2,2010-12-02 08:26:00,2.55,17850,United Kingdom
C536379,71053,WHITE METAL LANTERN,-2,2010-12-03 09:41:00,3.39,17850,United Kingdom
"""


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(ROWS)
    return path


def test_import_orders_reports_and_reconciles(app: Flask, sales: Path) -> None:
    result = app.test_cli_runner().invoke(args=["shop", "import-orders", str(sales)])
    assert result.exit_code == 0, result.output
    assert "the sums agree to the cent" in result.output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Order)) == 2
    again = app.test_cli_runner().invoke(args=["shop", "reconcile"])
    assert again.exit_code == 0
    assert "agrees to the cent" in again.output


def test_a_broken_file_ends_with_its_message_and_writes_nothing(app: Flask, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"no workbook")
    result = app.test_cli_runner().invoke(args=["shop", "import-orders", str(broken)])
    assert result.exit_code == 1
    assert "broken.xlsx can't be read" in result.output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Order)) == 0


def test_demo_with_a_file_opens_the_shop_with_people_to_sign_in_as(app: Flask, sales: Path) -> None:
    runner = app.test_cli_runner()
    first = runner.invoke(args=["shop", "demo", "--data", str(sales)])
    assert first.exit_code == 0, first.output
    with app.app_context():
        roles = set(db.session.scalars(select(Account.role).where(Account.role.is_not(None))))
        assert "owner" in roles
    second = runner.invoke(args=["shop", "demo", "--data", str(sales)])
    assert second.exit_code == 0
    assert "nothing was changed" in second.output
    other = runner.invoke(args=["shop", "demo", "--households", "2"])
    assert other.exit_code == 1
    assert "This shop holds other data" in other.output


def test_staff_are_made_with_a_role_and_a_good_password(app: Flask) -> None:
    runner = app.test_cli_runner()
    arguments = ["shop", "create-staff", "olga@example.com", "--role", "owner", "--first-name", "Olga", "--password"]
    assert runner.invoke(args=[*arguments, "short"]).exit_code == 1
    assert runner.invoke(args=[*arguments, "violet-tractor-81-mandolin"]).exit_code == 0
    with app.app_context():
        assert db.session.scalars(select(Account.role)).one() == "owner"


def test_upgrade_can_be_repeated(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["shop", "upgrade"]).exit_code == 0
