"""The split by time and the two figures, on numbers that can be checked by hand."""

from math import log2

import numpy as np
import pytest
from sqlalchemy.orm import Session

from recommender.evaluation import best, score, split_by_time
from recommender.interactions import read_interactions

from .purchases import NOW, customer, order


def test_the_target_is_the_first_day_after_the_cut_of_those_known_before(session: Session) -> None:
    ada, bob = customer(session, "ada"), customer(session, "bob")
    order(session, ada, ["tea"], days_ago=40)
    order(session, ada, ["tea", "cup"], days_ago=9.5)
    order(session, ada, ["pot"], days_ago=5)
    order(session, bob, ["tea"], days_ago=8)

    read = read_interactions(session, NOW)
    split = split_by_time(read, 30)

    names = {
        read.customers[who]: {read.products[product] for product in target} for who, target in split.following.items()
    }
    assert names == {ada: {"tea", "cup"}}
    assert [{read.products[product] for product in target} for target in split.new.values()] == [{"cup"}]
    assert len(split.known.line_product) == 1
    assert split.known.order_age.tolist() == [10.0]


def test_ndcg_and_recall_are_those_of_the_textbook() -> None:
    found = score({1: [7, 8, 9], 2: [4]}, {1: frozenset({8, 9, 10}), 2: frozenset({5})})

    ideal = 1 + 1 / log2(3) + 1 / log2(4)
    assert found.ndcg == pytest.approx((1 / log2(3) + 1 / log2(4)) / ideal / 2)
    assert found.recall == pytest.approx((2 / 3) / 2)
    assert found.customers == 2


def test_nobody_to_ask_scores_nothing() -> None:
    assert score({}, {}) == (0.0, 0.0, 0)


def test_the_best_come_first_and_ties_stay_in_order() -> None:
    assert best(np.array([0.2, 0.9, 0.2, 0.5, 0.2], np.float32), 3) == [1, 3, 0]


def test_what_has_no_score_is_never_chosen() -> None:
    assert best(np.array([0.0, -np.inf, 0.1, -1.0], np.float32), 4) == [2]
    assert best(np.zeros(0, np.float32), 4) == []
