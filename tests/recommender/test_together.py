"""What goes with a product, what completes a cart, and who should hear of something new."""

import numpy as np

from recommender.candidates.arrivals import Audience
from recommender.catalogue import Catalogue, Description
from recommender.protocol.arrivals import area, lift
from recommender.protocol.carts import baskets_after, judged
from recommender.time_cuts import known_before
from recommender.together import Together

from .shops import KINDS, described, shop_of

SHOP = shop_of(60)
TOGETHER = Together(SHOP, described(SHOP))


def test_what_goes_with_a_product_is_of_its_kind() -> None:
    found = TOGETHER.with_product(3, n=5).tolist()

    assert len(found) == 5
    assert {product % KINDS for product in found} == {3}
    assert 3 not in found


def test_a_cart_is_completed_by_what_is_not_in_it() -> None:
    found = TOGETHER.for_cart([4, 10], n=5).tolist()

    assert len(found) == 5
    assert {product % KINDS for product in found} == {4}
    assert not {4, 10} & set(found)


def test_carts_of_nothing_or_of_the_unknown_are_completed_by_nothing() -> None:
    assert TOGETHER.for_cart([], n=5).tolist() == []
    assert TOGETHER.for_cart([999, -1], n=5).tolist() == []
    assert Together(shop_of(0)).for_cart([0], n=5).tolist() == []


def test_a_product_without_sales_goes_with_what_is_described_alike() -> None:
    shop = shop_of(30)
    sold = shop.line_product != 8
    shop = type(shop)(
        customers=shop.customers, products=shop.products, order_customer=shop.order_customer,
        order_age=shop.order_age, order_day=shop.order_day, line_order=shop.line_order[sold],
        line_product=shop.line_product[sold],
    )  # fmt: skip

    found = Together(shop, described(shop)).with_product(8, n=4).tolist()

    assert len(found) == 4
    assert {product % KINDS for product in found} == {8 % KINDS}


def test_the_rest_of_later_baskets_is_foreseen() -> None:
    baskets = baskets_after(SHOP, 20.0, window=20.0, smallest=2)
    found = judged(Together(known_before(SHOP, 20.0)), baskets)

    assert len(baskets) == len(found.cart) > 30
    assert found.product_page.mean() > 0.4
    assert found.cart.mean() > 0.4


def test_those_with_a_taste_for_its_kind_hear_of_a_new_product() -> None:
    catalogue = described(SHOP)
    products = [*SHOP.products, "new"]
    shop = type(SHOP)(
        customers=SHOP.customers, products=products, order_customer=SHOP.order_customer, order_age=SHOP.order_age,
        order_day=SHOP.order_day, line_order=SHOP.line_order, line_product=SHOP.line_product,
    )  # fmt: skip
    entries = {name: Description(text=text) for name, text in zip(SHOP.products, catalogue.text, strict=True)}
    catalogue = Catalogue.of(products, entries | {"new": Description(text="thing of kind ddd, but new")})

    found = Audience(shop, catalogue).best(len(products) - 1, n=8)

    assert {int(customer) % KINDS for customer in found} == {"abcdef".index("d")}


def test_lift_and_area_are_those_of_the_textbook() -> None:
    scores = np.arange(100, 0, -1).astype(np.float32)
    buyers = np.zeros(100, bool)
    buyers[[0, 50]] = True

    assert lift(scores, buyers) == 10.0  # one of two among the first five of a hundred
    assert area(scores, buyers) == ((98 / 98) + (49 / 98)) / 2
