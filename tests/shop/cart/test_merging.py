"""Two carts become one: what was just chosen is the cart, what lay there before is saved, no piece is lost."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.accounts.account import Account
from shop.cart import lines
from shop.cart.cart import Cart, CartLine
from shop.cart.merging import merge
from shop.catalog.product import Category, Department, Product

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def products(session: Session) -> list[Product]:
    category = Category(name="Tea", slug="tea", department=Department(name="Grocery", slug="grocery"))
    made = [
        Product(sku=f"p{n}", slug="p", name=f"Tea {n}", category=category, price_minor=100, stock=50, added_at=NOW)
        for n in range(4)
    ]
    session.add_all(made)
    session.flush()
    return made


@pytest.fixture
def ada(session: Session) -> Account:
    account = Account(email="ada@example.com", email_folded="ada@example.com", first_name="Ada", created_at=NOW)
    session.add(account)
    session.flush()
    return account


def a_cart(session: Session, token: str, account: Account | None = None) -> Cart:
    cart = Cart(token=token, account_id=account.id if account else None, touched_at=NOW)
    session.add(cart)
    session.flush()
    return cart


def pieces(session: Session, cart: Cart) -> dict[tuple[int, bool], int]:
    rows = session.execute(
        select(CartLine.product_id, CartLine.saved, CartLine.quantity).where(CartLine.cart_id == cart.id)
    )
    return {(product_id, saved): quantity for product_id, saved, quantity in rows}


def test_without_an_own_cart_the_strangers_cart_becomes_the_accounts(
    session: Session, ada: Account, products: list[Product]
) -> None:
    cart = a_cart(session, "stranger")
    lines.add(session, cart, products[0].id, quantity=2)
    merge(session, ada.id, "stranger")
    assert session.scalars(select(Cart).where(Cart.account_id == ada.id)).one().id == cart.id


def test_what_lay_there_before_is_saved_and_named(session: Session, ada: Account, products: list[Product]) -> None:
    own, stranger = a_cart(session, "own", ada), a_cart(session, "stranger")
    lines.add(session, own, products[0].id, quantity=3)
    lines.add(session, own, products[1].id, quantity=5)
    lines.add(session, stranger, products[1].id, quantity=2)
    lines.add(session, stranger, products[2].id, quantity=1)
    merged = merge(session, ada.id, "stranger")
    assert set(merged.set_aside) == {"Tea 0", "Tea 1"}
    assert pieces(session, own) == {
        (products[1].id, False): 2,
        (products[2].id, False): 1,
        (products[0].id, True): 3,
        (products[1].id, True): 3,
    }
    assert session.scalars(select(Cart)).all() == [own]


def test_an_empty_strangers_cart_leaves_the_accounts_cart_alone(
    session: Session, ada: Account, products: list[Product]
) -> None:
    own = a_cart(session, "own", ada)
    lines.add(session, own, products[0].id, quantity=3)
    a_cart(session, "stranger")
    for token in ("stranger", None, "unknown"):
        merged = merge(session, ada.id, token)
        assert (merged.set_aside, merged.came_back) == ((), 1)
    assert pieces(session, own) == {(products[0].id, False): 3}


def test_another_accounts_cart_is_never_taken_by_its_token(
    session: Session, ada: Account, products: list[Product]
) -> None:
    bob = Account(email="bob@example.com", email_folded="bob@example.com", first_name="Bob", created_at=NOW)
    session.add(bob)
    session.flush()
    bobs = a_cart(session, "bobs", bob)
    lines.add(session, bobs, products[0].id, quantity=3)
    merge(session, ada.id, "bobs")
    assert bobs.account_id == bob.id
    assert session.scalars(select(Cart).where(Cart.account_id == ada.id)).all() == []


def test_in_a_hundred_merges_no_piece_is_added_or_lost(session: Session, ada: Account, products: list[Product]) -> None:
    chance = random.Random(7)
    own = a_cart(session, "own", ada)
    for turn in range(100):
        session.query(CartLine).delete()
        stranger = a_cart(session, f"stranger-{turn}")
        for cart in (own, stranger):
            for product in products:
                for saved in (False, True):
                    if chance.random() < 0.5:
                        session.add(CartLine(cart=cart, product=product, quantity=chance.randint(1, 24), saved=saved))
        session.flush()
        before, chosen = pieces(session, own), pieces(session, stranger)
        merge(session, ada.id, stranger.token)
        after = pieces(session, own)
        for product in products:
            saved = before.get((product.id, True), 0) + chosen.get((product.id, True), 0)
            wanted = max(before.get((product.id, False), 0), chosen.get((product.id, False), 0))  # the same wish twice
            kept = sum(quantity for (product_id, _), quantity in after.items() if product_id == product.id)
            assert kept == saved + wanted
        to_buy = {key: quantity for key, quantity in chosen.items() if not key[1]}
        if to_buy:
            assert {key: quantity for key, quantity in after.items() if not key[1]} == to_buy
