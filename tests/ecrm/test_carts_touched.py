"""Carts as the CRM asks for them after it stood still: all of them, however many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask

from shop.accounts.account import Account
from shop.cart.cart import Cart, CartLine
from shop.crm.carts import carts_touched
from shop.database import db

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_every_cart_of_a_long_stretch_is_told_the_oldest_first(app: Flask, shop_data: dict[str, int]) -> None:
    with app.app_context():
        for number in range(7):
            account = Account(
                email=f"c{number}@example.com", email_folded=f"c{number}@example.com", first_name="C", created_at=NOW
            )  # fmt: skip
            db.session.add(account)
            db.session.flush()
            cart = Cart(  # the newest cart was touched first, and three in the same moment
                token=f"t{number}", account_id=account.id, touched_at=NOW + timedelta(minutes=max(6 - number, 2))
            )
            cart.lines.append(CartLine(product_id=shop_data["candle"], quantity=1, seen_minor=1200))
            db.session.add(cart)
        db.session.flush()
        found = carts_touched(db.session(), since=NOW, until=NOW + timedelta(hours=1), at_once=2)
        assert len(found) == len({one.cart_id for one in found}) == 7
        assert [one.touched_at for one in found] == sorted(one.touched_at for one in found)
        assert carts_touched(db.session(), since=NOW + timedelta(minutes=6), until=NOW + timedelta(hours=1)) == []
