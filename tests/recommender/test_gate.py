"""The gate compares what two models would have shown to the same people, and refuses only what is surely worse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.evaluation import Lists
from recommender.gate import ENOUGH, MOST, Asked, Verdict, asked_since, judge, whole

from .shops import shop_of


def lists(asked: Asked, hit: float) -> dict[str, Lists]:
    """Lists that name all that was bought to a share of the customers, and nothing to the others."""
    draw = np.random.default_rng(3)
    return {
        task: {one: sorted(wanted) if draw.random() < hit else [] for one, wanted in asked.targets(task).items()}
        for task in ("next", "new")
    }


def test_those_are_asked_about_who_came_back_since_the_model_was_trained() -> None:
    asked = asked_since(shop_of(300), age=3.0)

    assert asked.days == 3.0
    assert asked.known.order_age.min() > 0
    assert len(asked.next) < 300
    assert asked.enough == (len(asked.next) >= ENOUGH)


def test_of_an_old_model_the_last_week_is_judged_and_of_many_customers_some() -> None:
    asked = asked_since(shop_of(2_500, products=30), age=400.0)

    assert asked.days == 7.0
    assert len(asked.next) <= MOST


def test_a_better_and_an_equal_candidate_pass_and_a_worse_one_is_refused() -> None:
    asked = asked_since(shop_of(400), age=7.0)

    better = judge(asked, lists(asked, 0.9), lists(asked, 0.5), against="a")
    equal = judge(asked, lists(asked, 0.5), lists(asked, 0.5), against="a")
    worse = judge(asked, lists(asked, 0.3), lists(asked, 0.8), against="a")

    assert (better.verdict, equal.verdict, worse.verdict) == (Verdict.PASSED, Verdict.PASSED, Verdict.WORSE)
    assert worse.tasks["next"].difference.high < 0
    assert worse.as_json()["tasks"]["next"]["customers"] == len(asked.next)
    assert [one.verdict.refuses for one in (better, worse)] == [False, True]


def test_too_few_customers_tell_nothing() -> None:
    asked = asked_since(shop_of(400), age=7.0)
    few = replace_targets(asked, 10)

    assert judge(few, lists(few, 0.0), lists(few, 1.0), against="a").verdict is Verdict.TOO_LITTLE


def test_half_a_history_isnt_whole() -> None:
    known = {"known_customers": 100, "known_products": 100}
    assert whole(customers=50, products=50, **known)
    assert not whole(customers=49, products=100, **known)
    assert not whole(customers=100, products=49, **known)


def replace_targets(asked: Asked, n: int) -> Asked:
    return asked._replace(next=dict(list(asked.next.items())[:n]), new={})


def test_a_history_that_ends_with_the_model_asks_about_nobody() -> None:
    older = shop_of(100)
    asked = asked_since(replace(older, order_age=older.order_age + 10), age=1.0)

    assert not asked.enough
