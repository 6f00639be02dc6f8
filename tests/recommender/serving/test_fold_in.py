"""What a few deeds say of products, without training anew."""

import numpy as np
import pytest

from recommender.agreed import ALS_REGULARIZATION, ALS_WEIGHT
from recommender.candidates.als import factorise
from recommender.serving.fold_in import inverse_of, scores, taste
from recommender.signals import Kind, Signal, weighed

from ..shops import KINDS, shop_of


def test_one_click_of_a_stranger_is_folded_in() -> None:
    factors = factorise(shop_of(120)).products

    found = scores(factors, inverse_of(factors), weighed([Signal(7, Kind.VIEW, 0.0)]), of=np.arange(60, dtype=np.int32))

    best = np.argsort(-found, kind="stable")[:5]
    assert {int(product) % KINDS for product in best} == {7 % KINDS}


def test_it_solves_the_equation_of_the_training() -> None:
    factors = np.random.default_rng(1).normal(size=(30, 8)).astype(np.float32)
    weights = {3: 0.5, 9: 2.0, 11: 0.1}

    found = taste(factors, inverse_of(factors), weights)

    rows = factors[list(weights)]
    confidence = 1 + ALS_WEIGHT * np.array(list(weights.values()))
    left = factors.T @ factors + ALS_REGULARIZATION * np.eye(8) + rows.T @ (rows * (confidence - 1)[:, None])
    assert found == pytest.approx(np.linalg.solve(left, rows.T @ confidence), rel=1e-3, abs=1e-5)


def test_nothing_known_folds_in_to_nothing() -> None:
    factors = np.ones((4, 3), np.float32)

    for weights in ({}, {99: 1.0, -1: 1.0, 2: -3.0}):
        assert taste(factors, inverse_of(factors), weights).tolist() == [0, 0, 0]
