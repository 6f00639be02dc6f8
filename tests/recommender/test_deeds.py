"""Looks, carts, returns and refusals of known customers as arrays."""

import numpy as np
import pytest

from recommender.deeds import NOTHING, Deeds
from recommender.signals import Kind, Signal, weighed

MANY = [
    (0, 2, Kind.VIEW, 1.0), (0, 2, Kind.CART, 2.0), (0, 1, Kind.RETURN, 3.0), (1, 0, Kind.NOT_INTERESTED, 90.0),
]  # fmt: skip


def test_a_deed_weighs_the_same_in_training_as_while_serving() -> None:
    matrix = Deeds.of(MANY).weighed(2, 3).toarray()

    serving = weighed(Signal(product, kind, age) for customer, product, kind, age in MANY if customer == 0)
    assert matrix[0, 2] == pytest.approx(serving[2])


def test_what_went_back_counts_against_and_a_refusal_silences() -> None:
    deeds = Deeds.of(MANY)

    assert deeds.weighed(2, 3)[0, 1] < 0
    assert deeds.weighed(2, 3)[1].nnz == 0
    assert deeds.not_wanted(2, 3).toarray().tolist() == [[0, 0, 0], [1, 0, 0]]


def test_a_cut_knows_only_what_was_done_before_it_and_its_ages_begin_there() -> None:
    before = Deeds.of(MANY).known_before(2.5)

    assert before.age.tolist() == [0.5, 87.5]
    assert before.customer.tolist() == [0, 1]


def test_deeds_of_nobody_known_or_without_an_age_are_passed_over() -> None:
    strange = Deeds.of(
        [(9, 0, Kind.VIEW, 1.0), (0, 9, Kind.VIEW, 1.0), (-1, 0, Kind.CART, 1.0), (0, 0, Kind.VIEW, np.nan)]
    )

    assert strange.weighed(2, 3).nnz == 0
    assert NOTHING.weighed(0, 0).shape == (0, 0)
