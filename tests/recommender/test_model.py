"""The ladder from nothing learnt to trees, and what the lists hold at every rung."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recommender.deeds import Deeds
from recommender.evaluation import LENGTH, as_lists, score, split_by_time
from recommender.model import NEW, NEXT, TASKS, LearntModel, learn_model
from recommender.signals import Kind

from .shops import KINDS, described, shop_of

ROOT = Path(__file__).resolve().parents[2]
RUNGS = {0: "fixed", 10: "fixed", 100: "weighted", 1000: "trees"}


@pytest.fixture(scope="module", params=RUNGS)
def trained(request: pytest.FixtureRequest) -> tuple[int, LearntModel]:
    """A shop of so many customers, as it was ten days ago: trained once for all tests, it costs seconds."""
    known = split_by_time(shop_of(request.param), 10.0).known
    return request.param, learn_model(known, described(known))


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
    customers, model = trained
    split = split_by_time(shop_of(customers), 10.0)
    everyone = np.arange(customers, dtype=np.int32)

    following = as_lists(everyone, model.ranked(everyone, NEXT, n=LENGTH).products)
    new = as_lists(everyone, model.ranked(everyone, NEW, n=LENGTH).products)

    if customers == 0:
        assert following == new == {}
        return
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


@pytest.mark.parametrize("customers", [120, 300], ids=["weighted", "trees"])
def test_the_same_purchases_give_the_same_lists(customers: int) -> None:
    shop = shop_of(customers)
    everyone = np.arange(customers, dtype=np.int32)

    models = [learn_model(shop) for _again in range(2)]
    one, other = (model.ranked_for_all_tasks(everyone, n=10) for model in models)

    assert models[0].rankers["next"].kind == ("trees" if customers == 300 else "weighted")
    for task in TASKS:
        assert (one[task.name].products == other[task.name].products).all()
        assert (one[task.name].scores == other[task.name].scores).all()


def test_all_tasks_at_once_give_the_lists_of_each(trained: tuple[int, LearntModel]) -> None:
    customers, model = trained
    everyone = np.arange(customers, dtype=np.int32)

    lists = model.ranked_for_all_tasks(everyone, n=8)

    for task in TASKS:
        alone = model.ranked(everyone, task, n=8)
        assert (lists[task.name].products == alone.products).all()
        assert (lists[task.name].scores == alone.scores).all()


@pytest.mark.parametrize("customers", [0, 10, 300])
def test_a_quick_model_learns_nothing_and_serves_everybody(customers: int) -> None:
    split = split_by_time(shop_of(customers), 10.0)
    everyone = np.arange(customers, dtype=np.int32)

    model = learn_model(split.known, described(split.known), quick=True)
    following = as_lists(everyone, model.ranked(everyone, NEXT, n=LENGTH).products)

    assert {ranker.kind for ranker in model.rankers.values()} == {"fixed"}
    assert all(following.values())
    assert not customers or score(following, split.following).ndcg > 0.6


def test_what_is_not_wanted_is_never_in_a_list_and_what_was_looked_at_rises() -> None:
    shop = shop_of(200)
    ada = 3
    bought = learn_model(shop, quick=True).sources.days[ada].indices
    unwanted = int(bought[0])
    looked_at = next(product for product in range(len(shop.products)) if product not in bought)

    deeds = Deeds.of([(ada, unwanted, Kind.NOT_INTERESTED, 400.0), (ada, looked_at, Kind.CART, 0.1)])
    before, after = learn_model(shop), learn_model(shop, deeds=deeds)

    def place(model: LearntModel, product: int) -> int:
        ranked = model.ranked(np.array([ada], np.int32), NEW, n=50).products[0].tolist()
        return ranked.index(product) if product in ranked else len(ranked)

    assert unwanted not in after.ranked(np.array([ada], np.int32), NEXT, n=60).products[0]
    assert unwanted in before.ranked(np.array([ada], np.int32), NEXT, n=60).products[0]
    assert place(after, looked_at) < place(before, looked_at)


WITHOUT_LIGHTGBM = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "lightgbm":
            raise ModuleNotFoundError("No module named 'lightgbm'", name=name)

sys.meta_path.insert(0, Missing())
import numpy as np
from recommender.model import NEXT, learn_model
from tests.recommender.shops import described, shop_of

shop = shop_of(300)
model = learn_model(shop, described(shop))
assert (model.ranked(np.arange(300, dtype=np.int32), NEXT, n=3).products >= 0).all()
print(model.rankers["next"].kind, model.rankers["new"].kind)
"""


def test_a_machine_without_lightgbm_ranks_by_a_fitted_blend_and_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIGHTGBM], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["weighted", "weighted"]
    assert "no gradient boosting on this machine" in done.stderr
