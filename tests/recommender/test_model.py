"""The ladder from nothing learnt to trees, and what the lists hold at every rung."""

import math

import numpy as np
import pytest

from recommender.evaluation import LENGTH, as_lists, score, split_by_time
from recommender.model import NEW, NEXT, TASKS, LearntModel, learn_model

from .shops import KINDS, described, shop_of

RUNGS = {0: "fixed", 10: "fixed", 100: "weighted", 1000: "trees"}


@pytest.fixture(scope="module", params=RUNGS)
def trained(request: pytest.FixtureRequest) -> tuple[int, LearntModel]:
    """A shop of so many customers."""
    shop = shop_of(request.param)
    return request.param, learn_model(shop, described(shop))


def test_how_much_is_learnt_depends_on_how_much_there_is_to_learn_from(trained: tuple[int, LearntModel]) -> None:
    customers, model = trained

    assert {ranker.kind for ranker in model.rankers.values()} == {RUNGS[customers]}


def test_everybody_has_lists_without_a_product_twice_and_new_ones_hold_nothing_bought(
    trained: tuple[int, LearntModel],
) -> None:
    customers, model = trained
    everyone = np.arange(customers, dtype=np.int32)
    bought = model.sources.days

    for task in TASKS:
        lists = as_lists(everyone, model.ranked(everyone, task, n=LENGTH).products)
        assert len(lists) == customers
        assert all(len(set(ranked)) == len(ranked) > 0 for ranked in lists.values())
        if task.new:
            assert not any(set(ranked) & set(bought[one].indices.tolist()) for one, ranked in lists.items())


def test_what_is_bought_next_is_foreseen_at_every_rung(trained: tuple[int, LearntModel]) -> None:
    customers, _model = trained
    if customers < 10:
        pytest.skip("nobody to ask")
    split = split_by_time(shop_of(customers), 10.0)
    model = learn_model(split.known)
    everyone = np.arange(customers, dtype=np.int32)

    following = as_lists(everyone, model.ranked(everyone, NEXT, n=LENGTH).products)
    new = as_lists(everyone, model.ranked(everyone, NEW, n=LENGTH).products)

    assert score(following, split.following).ndcg > 0.6  # two staples of three products
    assert score(new, split.new).recall > 0.7 or customers < 100  # one of the few left of their kind
    kinds = [product % KINDS == one % KINDS for one, ranked in new.items() for product in ranked[:2]]
    assert customers < 100 or np.mean(kinds) > 0.8


@pytest.mark.parametrize("price", [math.nan, 0.0, -1.0, math.inf])
def test_a_price_that_is_none_does_no_harm(price: float) -> None:
    shop = shop_of(12)

    model = learn_model(shop, described(shop, price=price))

    assert (model.ranked(np.arange(12, dtype=np.int32), NEW, n=5).products >= 0).all()


def test_a_shop_with_one_product_offers_it_again_and_nothing_new() -> None:
    shop = shop_of(6, products=12)
    only = shop.line_product % 12 == 0
    shop = type(shop)(
        customers=shop.customers, products=["p0"], order_customer=shop.order_customer, order_age=shop.order_age,
        order_day=shop.order_day, line_order=shop.line_order[only], line_product=np.zeros(only.sum(), np.int32),
    )  # fmt: skip

    model = learn_model(shop)
    everyone = np.arange(6, dtype=np.int32)

    assert model.ranked(everyone, NEXT, n=3).products[0].tolist() == [0, -1, -1]
    assert set(model.ranked(everyone, NEW, n=3).products[0].tolist()) == {-1}


def test_the_same_purchases_give_the_same_lists() -> None:
    shop = shop_of(120)
    everyone = np.arange(120, dtype=np.int32)

    one, other = (learn_model(shop).ranked(everyone, NEXT, n=10) for _again in range(2))

    assert (one.products == other.products).all()
    assert (one.scores == other.scores).all()
