"""What a visitor did, as one weight a product."""

import numpy as np

from recommender.candidates.popularity import REGION_DAYS, popular_of, popular_within, recent_popularity
from recommender.signals import Kind, Signal, not_wanted, weighed

from .shops import KINDS, shop_of


def test_a_purchase_counts_more_than_a_cart_and_that_more_than_a_look() -> None:
    weights = weighed([Signal(1, Kind.PURCHASE, 0), Signal(2, Kind.CART, 0), Signal(3, Kind.VIEW, 0)])

    assert weights[1] > weights[2] > weights[3] > 0


def test_what_is_old_counts_less_and_a_look_fades_first() -> None:
    fresh, old = (weighed([Signal(1, Kind.VIEW, age), Signal(2, Kind.PURCHASE, age)]) for age in (0.0, 10.0))

    assert fresh[1] > old[1]
    assert old[2] / fresh[2] > old[1] / fresh[1]


def test_a_return_takes_back_the_most_of_its_purchase_and_a_dismissal_all_of_it() -> None:
    bought, returned = Signal(1, Kind.PURCHASE, 5), Signal(1, Kind.RETURN, 1)
    dismissed = Signal(1, Kind.NOT_INTERESTED, 0)

    assert weighed([bought, returned]).get(1, 0.0) < 0.2
    assert weighed([bought, dismissed]) == {}
    assert not_wanted([bought, dismissed]) == {1}


def test_a_moment_that_is_none_counts_nothing() -> None:
    assert weighed([Signal(1, Kind.VIEW, float("nan"))]) == {}


def test_a_region_sells_its_own_best_and_a_small_one_mostly_what_all_buy() -> None:
    shop = shop_of(60)
    regions = ["south" if one % KINDS == 0 else "north" for one in range(59)] + [""]

    found = popular_within(shop, regions)

    assert found.keys() == {"north", "south"}
    assert int(found["south"].argmax()) % KINDS == 0
    small = popular_within(shop, ["" if one % 5 else "island" for one in range(60)], prior=10_000.0)["island"]
    everywhere = recent_popularity(shop, fade_days=30.0)
    assert int(small.argmax()) == int(np.where(small > 0, everywhere, 0).argmax())


def test_popular_in_a_region_is_only_what_several_of_its_customers_bought_lately() -> None:
    shop = shop_of(60)
    regions = ["island" if one in (0, 6, 7) else "hermit" if one == 1 else "" for one in range(60)]

    found = popular_within(shop, regions)

    buyers: dict[int, set[int]] = {}
    for order, product in zip(shop.line_order.tolist(), shop.line_product.tolist(), strict=True):
        if shop.order_age[order] <= REGION_DAYS and regions[shop.order_customer[order]] == "island":
            buyers.setdefault(product, set()).add(int(shop.order_customer[order]))
    assert set(np.flatnonzero(found["island"]).tolist()) == {one for one, who in buyers.items() if len(who) >= 2}
    assert found["island"].any()
    assert not found["hermit"].any()


def test_the_best_of_each_category() -> None:
    popular = np.array([1.0, 5.0, 0.0, 3.0, 2.0], np.float32)

    assert popular_of(popular, ["a", "b", "a", "b", ""], n=1) == {"a": [0], "b": [1]}
