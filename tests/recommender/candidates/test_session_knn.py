"""What comes next in a visit."""

import numpy as np
import pytest

from recommender.candidates.session_fitting import ClickLog, fit
from recommender.candidates.session_knn import FEATURES, WEIGHTS, Settings
from recommender.session_evaluation import OURS, compared
from recommender.session_questions import questions, split_log
from recommender.session_tuning import Choices, learnt_weights, tuned_settings

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
    model = fit(two_aisles(40), products=10)

    assert model.ranked([0, 1], n=1).tolist() == [2]
    assert model.ranked([6], n=1).tolist() == [7]
    assert set(model.ranked([5, 6], n=3).tolist()) <= {5, 6, 7, 8, 9}


def test_the_chances_of_all_candidates_make_one() -> None:
    found = fit(two_aisles(40), products=10).foreseen([0, 1])

    assert found.scores.sum() == pytest.approx(1.0)
    assert (found.scores > 0).all()


def test_recent_visits_outweigh_old_ones() -> None:
    visits = [(0.0, [0, 1])] * 3 + [(100.0, [0, 2])] * 2
    model = fit(log(*visits), products=3, settings=Settings(fade_days=5.0))

    assert model.ranked([0], n=1).tolist() == [2]


def test_who_did_nothing_yet_gets_nothing() -> None:
    assert fit(log((0.0, [0, 1])), products=4).ranked([], n=5).tolist() == []


@pytest.mark.parametrize("visit", [[99], [-1]])
def test_who_did_what_nobody_ever_did_gets_what_is_popular_for_no_reason(visit: list[int]) -> None:
    found = fit(log(*((day, [1, 2 * day % 4]) for day in range(50))), products=4).foreseen(visit)

    assert found.products[found.scores.argmax()] == 1
    assert found.because.tolist() == [-1, -1, -1]


def test_people_who_come_back_to_what_they_saw_are_shown_it_again() -> None:
    draw = np.random.default_rng(8)
    to_and_fro = [(number / 50, [one, other, one, other, one]) for number, (one, other) in enumerate(
        draw.integers(0, 40, (400, 2)).tolist())]  # fmt: skip
    onwards = [(number / 50, draw.permutation(40)[:5].tolist()) for number in range(400)]

    for visits, again in ((to_and_fro, True), (onwards, False)):
        clicks = log(*visits)
        model = fit(clicks, products=40, settings=tuned_settings(clicks, products=40))
        assert (model.ranked([7, 9], n=1).tolist() == [7]) is again


def test_a_long_visit_costs_no_more_than_its_last_steps() -> None:
    model = fit(two_aisles(40), products=10)

    assert (
        model.ranked([*range(10)] * 500 + [0, 1], n=1).tolist() == model.ranked([*range(10)] * 4 + [0, 1], n=1).tolist()
    )


def test_an_empty_log_answers_with_nothing() -> None:
    empty = ClickLog(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))

    assert fit(empty, products=3).ranked([1], n=5).tolist() == []
    assert tuned_settings(empty, products=3) == Settings()


def test_the_later_visits_are_asked_step_by_step() -> None:
    earlier, later = split_log(log((0.0, [0, 1]), (1.0, [1, 2]), (2.0, [0, 1, 2])), share=0.34)

    asked = questions(later, seen=np.unique(earlier.product))

    assert [(one.visit, one.wanted) for one in asked] == [([0], 1), ([0, 1], 2)]


def test_where_order_matters_it_beats_neighbours_that_know_none() -> None:
    found = compared(wandering(1_500), products=60, share=0.2).scores

    ours = found.pop(OURS)
    assert ours.questions > 500
    assert all(ours.mrr > 1.5 * one.mrr for one in found.values())
    assert all(ours.hit_rate > one.hit_rate - 0.01 for one in found.values())  # a fifth of the steps is chance


def test_every_feature_has_a_weight() -> None:
    assert len(FEATURES) == len(WEIGHTS)


def test_without_an_answered_question_the_weights_stay_those_of_most_logs() -> None:
    weights, _worth = learnt_weights(Choices(np.empty((0, len(WEIGHTS))), np.empty(0, int), np.empty(0, int), 3))

    assert weights.tolist() == list(WEIGHTS)


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
