"""Basket neighbours on orders where the right answer is obvious."""

import numpy as np
from scipy.sparse import csr_matrix
from sqlalchemy.orm import Session

from recommender.candidates.basket_knn import neighbours, nudged, ranked
from recommender.interactions import Interactions, read_interactions

from ..purchases import NOW, customer, order


def _found(read: Interactions) -> dict[str, list[tuple[str, int]]]:
    return {
        read.products[product]: [
            (read.products[other], count) for other, count in zip(others.tolist(), orders.tolist(), strict=True)
        ]
        for product, others, orders in ranked(neighbours(read), 10)
    }


def test_what_lies_in_the_same_orders_is_neighbour_with_the_number_of_orders(session: Session) -> None:
    ada = customer(session, "ada")
    for days_ago in (1, 2, 3):
        order(session, ada, ["bread", "butter"], days_ago=days_ago)
    for days_ago in (4, 5):
        order(session, ada, ["bread", "jam"], days_ago=days_ago)

    found = _found(read_interactions(session, NOW))

    assert found["bread"] == [("butter", 3), ("jam", 2)]
    assert found["butter"] == [("bread", 3)]


def test_a_pair_in_a_single_order_is_chance(session: Session) -> None:
    ada = customer(session, "ada")
    order(session, ada, ["bread", "soap"], days_ago=1)
    order(session, ada, ["bread"], days_ago=2)

    assert _found(read_interactions(session, NOW)) == {}


def test_two_lines_of_one_product_make_no_pair(session: Session) -> None:
    ada = customer(session, "ada")
    for days_ago in (1, 2):
        order(session, ada, ["bread", "bread"], days_ago=days_ago)

    assert _found(read_interactions(session, NOW)) == {}


def test_what_lies_in_every_cart_goes_with_nothing(session: Session) -> None:
    ada = customer(session, "ada")
    for days_ago in range(1, 6):
        order(session, ada, ["bag", "tea", "lemon"], days_ago=days_ago)
    for days_ago in range(1, 40):
        order(session, ada, ["bag", f"other-{days_ago}"], days_ago=days_ago)

    assert _found(read_interactions(session, NOW))["tea"] == [("lemon", 5), ("bag", 5)]


def test_a_pair_counts_more_in_a_small_order_than_in_a_huge_one(session: Session) -> None:
    ada = customer(session, "ada")
    crowd = [f"thing-{number}" for number in range(60)]
    for days_ago in (1, 2):
        order(session, ada, ["tea", "lemon"], days_ago=days_ago)
        order(session, ada, ["tea", "nail", *crowd], days_ago=days_ago)

    read = read_interactions(session, NOW)
    score = neighbours(read).score
    tea, lemon, nail = (read.products.index(name) for name in ("tea", "lemon", "nail"))

    assert score[tea, lemon] > 3 * score[tea, nail] > 0


def test_only_the_best_are_kept(session: Session) -> None:
    ada = customer(session, "ada")
    for days_ago in range(1, 4):
        order(session, ada, ["tea", *[f"thing-{number}" for number in range(30)]], days_ago=days_ago)

    score = neighbours(read_interactions(session, NOW), keep=5).score

    assert np.diff(score.indptr).max() == 5


def test_of_two_companions_the_one_described_alike_comes_first_and_no_other_joins(session: Session) -> None:
    ada = customer(session, "ada")
    for days_ago in (1, 2, 3):
        order(session, ada, ["bread", "butter"], days_ago=days_ago)
        order(session, ada, ["bread", "roll"], days_ago=days_ago)
        order(session, ada, ["baguette"], days_ago=days_ago)
    read = read_interactions(session, NOW)
    bread, butter, roll, baguette = (read.products.index(name) for name in ("bread", "butter", "roll", "baguette"))
    found = neighbours(read)
    alike = csr_matrix(([0.9, 0.9], ([bread, bread], [roll, baguette])), shape=found.score.shape, dtype=np.float32)

    nearer = nudged(found, alike)

    assert nearer.score[bread, roll] > nearer.score[bread, butter] == found.score[bread, butter]
    assert nearer.score[bread, baguette] == 0
    assert (nearer.orders != found.orders).nnz == 0
