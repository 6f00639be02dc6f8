"""Choosing the best of many scores."""

import numpy as np

from recommender.ranking import best


def test_the_best_come_first_and_ties_stay_in_order() -> None:
    assert best(np.array([0.2, 0.9, 0.2, 0.5, 0.2], np.float32), 3) == [1, 3, 0]


def test_what_has_no_score_is_never_chosen() -> None:
    assert best(np.array([0.0, -np.inf, 0.1, -1.0], np.float32), 4) == [2]
    assert best(np.zeros(0, np.float32), 4) == []
