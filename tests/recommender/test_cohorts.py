"""A large shop, learnt and ranked some of its customers at a time."""

from pathlib import Path

import numpy as np

from recommender import artefact
from recommender.artefact_writing import write
from recommender.candidates import als
from recommender.cohorts import CohortModel, cohort_of, fitted_anew, learn, members_of
from recommender.deeds import Deeds
from recommender.gate import asked_since
from recommender.interactions import Interactions
from recommender.model import NEW, NEXT, TASKS, LearntModel
from recommender.signals import Kind
from recommender.together import Together
from recommender.training import of_candidate

from .shops import KINDS, shop_of


def of_own_kind(model: LearntModel, shop: Interactions) -> float:
    """The share of the first five that are of the customer's taste."""
    everybody = np.arange(len(shop.customers), dtype=np.int32)
    lists = model.ranked(everybody, NEXT, n=5).products
    return float((lists % KINDS == (everybody % KINDS)[:, None]).mean())


def test_every_customer_is_in_one_cohort_and_all_are_about_as_large() -> None:
    shop = shop_of(300)

    members = [members_of(shop, cohort, 3) for cohort in range(3)]

    assert sorted(np.concatenate(members).tolist()) == list(range(300))
    assert all(60 < len(some) < 140 for some in members)
    of = cohort_of(np.arange(100_000, dtype=np.int32), 10)
    assert np.bincount(of).min() > 9_000


def test_cohorts_show_everybody_what_one_model_would() -> None:
    shop = shop_of(120)

    parted = learn(shop, cohort=40)

    assert isinstance(parted, CohortModel)
    assert not isinstance(learn(shop), CohortModel)
    assert of_own_kind(parted, shop) > 0.9
    assert sorted(np.concatenate(list(parted.batches(7))).tolist()) == list(range(120))


def test_any_order_of_customers_gets_the_same_lists() -> None:
    shop = shop_of(90)
    model = learn(shop, cohort=30)
    everybody = np.arange(90, dtype=np.int32)

    for task in TASKS:
        forwards = model.ranked(everybody, task, n=6).products
        backwards = model.ranked(everybody[::-1].copy(), task, n=6).products
        assert (forwards == backwards[::-1]).all()


def test_what_was_bought_and_what_is_not_wanted_stays_out() -> None:
    shop = shop_of(90)
    unwanted = Deeds.of([(customer, customer % 60, Kind.NOT_INTERESTED, 1.0) for customer in range(90)])
    old = Interactions(
        shop.customers, shop.products, shop.order_customer, shop.order_age + np.where(
            shop.order_customer % 2, 500, 0).astype(np.float32), shop.order_day, shop.line_order, shop.line_product,
    )  # fmt: skip

    model = learn(old, deeds=unwanted, cohort=30)

    bought = {(a, b) for a, b in zip(shop.line_customer.tolist(), shop.line_product.tolist(), strict=True)}
    for task in TASKS:
        lists = model.ranked(np.arange(90, dtype=np.int32), task, n=8).products
        shown = [(row, product) for row, some in enumerate(lists.tolist()) for product in some if product >= 0]
        assert not any(product == row % 60 for row, product in shown)
        assert {row for row, _product in shown} == set(range(90))  # those who are quiet for a year too
        if task is NEW:
            assert not bought & set(shown)


def test_an_artefact_of_cohorts_is_like_any_other(tmp_path: Path) -> None:
    shop = shop_of(90)
    factors = als.factorise(shop)
    model = fitted_anew(learn(shop, cohort=30).rankers, shop, factors=factors, cohort=30)

    write(model, Together(shop), folder=tmp_path, name="cohorts", about={})

    loaded = artefact.load(tmp_path, "cohorts")
    lists = np.asarray(loaded.lists[NEXT.name].products)
    assert lists.shape[0] == 90
    assert (lists[:, 0] >= 0).all()
    assert (lists[:, 0] % KINDS == np.arange(90) % KINDS).mean() > 0.9


class Counting(CohortModel):
    """Notes which cohort was fitted."""

    def _of_cohort(self, cohort: int) -> LearntModel:
        if cohort not in self.fitted:
            fits.append(cohort)
        return super()._of_cohort(cohort)


fits: list[int] = []


def test_the_gate_asks_a_cohort_for_both_tasks_at_once() -> None:
    asked = asked_since(shop_of(300), age=7.0)
    model = learn(asked.known, cohort=100)
    fits.clear()

    lists = of_candidate(Counting(**vars(model)), asked)

    assert sorted(fits) == [1, 2]  # the first one is fitted by learning
    assert lists["next"].keys() == asked.next.keys()
    assert asked.new.keys() <= lists["new"].keys()


def test_the_gate_judges_what_would_be_stored(tmp_path: Path) -> None:
    asked = asked_since(shop_of(120), age=7.0)
    model = learn(asked.known)
    write(model, Together(asked.known), folder=tmp_path, name="stored", about={})

    judged, stored = of_candidate(model, asked), artefact.load(tmp_path, "stored")

    for customer in asked.customers("next").tolist():
        for task in TASKS:
            expected = stored.of_customer(asked.known.customers[customer], task.name, n=20)
            assert judged[task.name][customer] == expected.tolist()
