"""What isn't sold to everybody: by age, and by the country that it would go to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from shop.cart.cart import CartLine
from shop.catalog.product import Product
from shop.checkout.order import Order
from tests.shop.visitor import ADDRESS, Visitor

Look = Callable[[], Session]


def limit(tables: Look, product_id: int, **restriction: object) -> None:
    session = tables()
    session.execute(update(Product).where(Product.id == product_id).values(**restriction))
    session.commit()


def orders(tables: Look) -> int:
    return tables().scalar(select(func.count()).select_from(Order)) or 0


def test_who_has_not_said_their_age_can_not_add_what_asks_for_one(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    limit(tables, shop_data["filter"], age_limit=18)
    page = visitor.add(shop_data["filter"])
    assert "tell us first that you are old enough for Filter Coffee" in page.words
    assert tables().scalar(select(func.count()).select_from(CartLine)) == 0
    assert not page.soup.select("form.buy")

    page = visitor.submit(page, "/cart/age")

    assert page.path.endswith("/filter-coffee")
    assert page.soup.select("form.buy")
    assert visitor.order(shop_data["filter"])


def test_a_lower_age_or_an_invented_one_opens_nothing(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    limit(tables, shop_data["filter"], age_limit=21)
    for age in ("18", "99"):
        visitor.send("/cart/age", age=age)
        assert "tell us first" in visitor.add(shop_data["filter"]).words
    assert visitor.send("/cart/age", age="old").status == 400


def test_a_limit_set_after_it_was_put_in_the_cart_holds_in_the_checkout(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    visitor.add(shop_data["filter"])
    review = visitor.review()
    limit(tables, shop_data["filter"], age_limit=18)

    refused = visitor.submit(review, "/checkout/place")

    assert orders(tables) == 0
    assert "We sell this from the age of 18" in refused.words
    visitor.submit(refused, "/cart/age")
    assert "Thank you" in visitor.submit(visitor.see("/checkout/review"), "/checkout/place").words


def test_what_is_not_sent_to_a_country_is_refused_there_with_the_way_out(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    limit(tables, shop_data["filter"], barred_in="CH US")
    visitor.add(shop_data["filter"])

    refused = visitor.submit(visitor.see("/checkout"), "/checkout", **(ADDRESS | {"country": "CH", "postcode": "8001"}))

    assert refused.status == 422
    assert "We can't send Filter Coffee to Switzerland." in refused.words
    review = visitor.submit(refused, "/checkout", **ADDRESS)
    assert review.path == "/checkout/review"

    limit(tables, shop_data["filter"], barred_in="DE")
    refused = visitor.submit(review, "/checkout/place")
    assert orders(tables) == 0
    assert "We can't send Filter Coffee to Germany." in refused.words
    assert "We can't send this to Germany." in visitor.see("/cart").words
    assert not visitor.see(f"/p/{shop_data['filter']}").soup.select("form.buy")


def test_a_stranger_is_told_the_country_that_is_taken_for_theirs_and_of_no_address(
    visitor: Visitor, shop_data: dict[str, int], tables: Look
) -> None:
    limit(tables, shop_data["filter"], barred_in="DE")
    words = visitor.see(f"/p/{shop_data['filter']}").words
    assert "We can't send this to Germany." in words
    assert "your address" not in words


@pytest.mark.parametrize("barred", [None, "", "US"])
def test_elsewhere_it_is_sold_as_ever(
    visitor: Visitor, shop_data: dict[str, int], tables: Look, barred: str | None
) -> None:
    limit(tables, shop_data["filter"], barred_in=barred)
    assert visitor.order(shop_data["filter"])
