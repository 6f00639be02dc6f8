"""What comes next in a visit."""

import numpy as np
import pytest

from recommender.candidates.session_fitting import ClickLog, fit
from recommender.candidates.session_knn import Settings
from recommender.session_evaluation import compared, questions, split_log, tuned_settings

DAY = 86_400.0


def log(*visits: tuple[float, list[int]]) -> ClickLog:
    """Visits as (day, products), a step a minute."""
    steps = [
        (number, product, day * DAY + 60 * place)
        for number, (day, products) in enumerate(visits)
        for place, product in enumerate(products)
    ]
    session, product, at = zip(*steps, strict=True)
    return ClickLog(np.array(session), np.array(product, np.int32), np.array(at, float))


def two_aisles(visits: int) -> ClickLog:
    """Half of the visits walk 0, 1, 2, 3, 4, the other half 5, 6, 7, 8, 9."""
    return log(*((number / 10, [5 * (number % 2) + step for step in range(5)]) for number in range(visits)))


def test_what_followed_in_visits_alike_comes_next() -> None:
    model = fit(two_aisles(40), products=10, settings=Settings(again=0.0))

    assert model.ranked([0, 1], n=1).tolist() == [2]
    assert model.ranked([6], n=1).tolist() == [7]
    assert set(model.ranked([5, 6], n=9).tolist()) <= {7, 8, 9}


def test_recent_visits_outweigh_old_ones() -> None:
    visits = [(0.0, [0, 1])] * 3 + [(100.0, [0, 2])] * 2
    model = fit(log(*visits), products=3, settings=Settings(fade_days=5.0, rules=0.0, again=0.0))

    assert model.ranked([0], n=1).tolist() == [2]


@pytest.mark.parametrize("visit", [[], [99], [-1], [3]])
def test_a_visit_that_says_nothing_gets_nothing(visit: list[int]) -> None:
    model = fit(log((0.0, [0, 1])), products=4)

    assert model.ranked(visit, n=5).tolist() == []


def test_an_empty_log_answers_with_nothing() -> None:
    empty = ClickLog(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))

    assert fit(empty, products=3).ranked([1], n=5).tolist() == []
    assert tuned_settings(empty, products=3) == Settings()


def test_the_later_visits_are_asked_step_by_step() -> None:
    earlier, later = split_log(log((0.0, [0, 1]), (1.0, [1, 2]), (2.0, [0, 1, 2])), share=0.34)

    asked = questions(later, seen=np.unique(earlier.product))

    assert [(one.visit, one.wanted) for one in asked] == [([0], 1), ([0, 1], 2)]


def test_where_order_matters_it_beats_neighbours_that_know_none() -> None:
    found = compared(wandering(1_500), products=60, share=0.2)

    ours = found.pop("session neighbours")
    assert ours.questions > 500
    assert all(ours.mrr > 2 * one.mrr for one in found.values())
    assert all(ours.hit_rate > one.hit_rate - 0.01 for one in found.values())  # a fifth of the steps is chance


def wandering(visits: int) -> ClickLog:
    """Visits of six steps along a ring of sixty products, mostly onwards, sometimes elsewhere."""
    draw = np.random.default_rng(3)
    walks = []
    for number in range(visits):
        here, walk = int(draw.integers(60)), []
        for _step in range(6):
            walk.append(here)
            here = (here + int(draw.integers(1, 4))) % 60 if draw.random() < 0.8 else int(draw.integers(60))
        walks.append((number / 50, walk))
    return log(*walks)
