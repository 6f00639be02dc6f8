"""What those who looked at a product bought in the end."""

import numpy as np

from recommender.candidates.session_fitting import ClickLog
from recommender.candidates.viewed_bought import DAY, ranked, viewed_bought

POT, CUP, TEA, SPOON = range(4)


def log(*steps: tuple[int, int, float]) -> ClickLog:
    """Steps of (person, product, day)."""
    return ClickLog(
        np.array([step[0] for step in steps], np.int64),
        np.array([step[1] for step in steps], np.int32),
        np.array([step[2] * DAY for step in steps], np.float64),
    )


def test_people_are_counted_who_looked_before_they_bought() -> None:
    looks = log((1, POT, 1), (1, POT, 2), (2, POT, 1), (3, POT, 1), (3, CUP, 1), (4, TEA, 9))
    bought = log((1, CUP, 3), (1, CUP, 4), (2, CUP, 1.5), (3, CUP, 1.1), (3, SPOON, 2), (4, CUP, 1))

    counts = viewed_bought(looks, bought, products=4)

    products, people = ranked(counts, POT, n=5)
    assert products.tolist() == [CUP]  # one person's spoon is chance
    assert people.tolist() == [3]  # each once, though one of them looked twice and bought twice
    assert counts[TEA].nnz == 0  # looked after buying
    assert counts[CUP, CUP] == 0


def test_a_purchase_long_after_the_look_and_unknown_products_do_not_count() -> None:
    looks = log((1, POT, 0), (2, POT, 0), (1, 77, 1), (2, -1, 1))
    bought = log((1, CUP, 30), (2, CUP, 30), (1, TEA, 2), (2, 99, 2))

    assert viewed_bought(looks, bought, products=4).nnz == 0


def test_without_looks_or_without_purchases_nothing_is_known() -> None:
    assert viewed_bought(log(), log((1, CUP, 1)), products=4).nnz == 0
    assert viewed_bought(log((1, CUP, 1)), log(), products=0).shape == (0, 0)
