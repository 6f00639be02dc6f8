"""Deeds on the lines of a cart, and what they say today."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from shop.cart import lines
from shop.cart.cart import Cart
from shop.cart.lines import MOST, NotForSale
from shop.catalog.product import Category, Department, Product

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def shelf(session: Session) -> dict[str, Product]:
    """Tea in plenty, the last cup, and a plate that isn't sold any more."""
    category = Category(name="Tea", slug="tea", department=Department(name="Grocery", slug="grocery"))
    made = {
        name: Product(
            sku=name, slug=name, name=name.title(), category=category, price_minor=price, stock=stock, listed=listed,
            added_at=NOW,
        )
        for name, price, stock, listed in (("tea", 500, 200, True), ("cup", 900, 1, True), ("plate", 700, 9, False))
    }  # fmt: skip
    session.add_all(made.values())
    session.flush()
    return made


@pytest.fixture
def cart(session: Session) -> Cart:
    """An empty cart of a stranger."""
    cart = Cart(token="t" * 32, touched_at=NOW)
    session.add(cart)
    session.flush()
    return cart


def test_adding_twice_makes_one_line_with_the_sum(session: Session, cart: Cart, shelf: dict[str, Product]) -> None:
    lines.add(session, cart, shelf["tea"].id, quantity=2)
    change = lines.add(session, cart, shelf["tea"].id, quantity=3)
    assert (change.before, change.after, change.short) == (2, 5, False)
    [line] = lines.contents(session, cart).lines
    assert (line.quantity, line.total_minor) == (5, 2500)


def test_no_more_than_the_stock_and_than_99_go_into_a_cart(
    session: Session, cart: Cart, shelf: dict[str, Product]
) -> None:
    assert lines.add(session, cart, shelf["cup"].id, quantity=3).after == 1
    assert lines.add(session, cart, shelf["tea"].id, quantity=99).after == 99
    more = lines.add(session, cart, shelf["tea"].id, quantity=5)
    assert (more.after, more.short) == (MOST, True)


def test_an_unlisted_or_unknown_product_is_not_for_sale(
    session: Session, cart: Cart, shelf: dict[str, Product]
) -> None:
    for product_id in (shelf["plate"].id, 987_654):
        with pytest.raises(NotForSale):
            lines.add(session, cart, product_id, quantity=1)


def test_a_price_that_changed_since_is_shown_and_the_new_one_counts(
    session: Session, cart: Cart, shelf: dict[str, Product]
) -> None:
    lines.add(session, cart, shelf["tea"].id, quantity=2)
    shelf["tea"].price_minor = 650
    session.flush()
    [line] = lines.contents(session, cart).lines
    assert (line.seen_minor, line.total_minor) == (500, 1300)
    lines.change(session, cart, shelf["tea"].id, quantity=3)
    assert lines.contents(session, cart).lines[0].seen_minor is None


def test_a_line_beyond_the_stock_keeps_the_cart_from_the_checkout(
    session: Session, cart: Cart, shelf: dict[str, Product]
) -> None:
    lines.add(session, cart, shelf["tea"].id, quantity=5)
    shelf["tea"].stock = 4
    session.flush()
    assert not lines.contents(session, cart).buyable
    assert lines.change(session, cart, shelf["tea"].id, quantity=9).after == 4
    assert lines.contents(session, cart).buyable


def test_zero_pieces_remove_the_line(session: Session, cart: Cart, shelf: dict[str, Product]) -> None:
    lines.add(session, cart, shelf["tea"].id, quantity=5)
    assert lines.change(session, cart, shelf["tea"].id, quantity=0).after == 0
    assert lines.contents(session, cart).lines == ()
    with pytest.raises(NotForSale):
        lines.change(session, cart, shelf["tea"].id, quantity=2)


def test_saving_and_moving_back_loses_no_piece(session: Session, cart: Cart, shelf: dict[str, Product]) -> None:
    lines.add(session, cart, shelf["tea"].id, quantity=5)
    lines.save_for_later(session, cart, shelf["tea"].id)
    lines.add(session, cart, shelf["tea"].id, quantity=97)
    moved = lines.move_to_cart(session, cart, shelf["tea"].id)
    found = lines.contents(session, cart)
    assert moved.short
    assert (found.lines[0].quantity, found.saved[0].quantity) == (99, 3)


def test_a_sold_out_line_stays_saved_when_it_is_moved_back(
    session: Session, cart: Cart, shelf: dict[str, Product]
) -> None:
    lines.add(session, cart, shelf["cup"].id, quantity=1)
    lines.save_for_later(session, cart, shelf["cup"].id)
    shelf["cup"].stock = 0
    session.flush()
    assert lines.move_to_cart(session, cart, shelf["cup"].id).short
    found = lines.contents(session, cart)
    assert (found.lines, [line.quantity for line in found.saved]) == ((), [1])
