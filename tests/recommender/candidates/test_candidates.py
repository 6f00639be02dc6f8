"""Popularity, own history and ALS."""

import numpy as np
from sqlalchemy.orm import Session

from recommender.candidates.als import factorise
from recommender.candidates.own_history import days_bought, own_frequency
from recommender.candidates.popularity import recent_popularity
from recommender.interactions import read_interactions

from ..purchases import NOW, checkerboard, customer, order


def test_what_sells_now_is_more_popular_than_what_sold_last_year(session: Session) -> None:
    for number in range(3):
        order(session, customer(session, f"then-{number}"), ["sunscreen"], days_ago=150)
    order(session, customer(session, "now"), ["scarf"], days_ago=1)

    read = read_interactions(session, NOW)
    popular = recent_popularity(read)

    assert popular[read.products.index("scarf")] > popular[read.products.index("sunscreen")]


def test_a_recent_day_counts_more_than_an_old_one_and_each_day_once(session: Session) -> None:
    ada = customer(session, "ada")
    order(session, ada, ["tea", "tea"], days_ago=1)
    order(session, ada, ["cup"], days_ago=200)
    order(session, ada, ["pot"], days_ago=1)
    order(session, ada, ["pot"], days_ago=2)

    read = read_interactions(session, NOW)
    row, days = own_frequency(read).toarray()[0], days_bought(read).toarray()[0]
    tea, cup, pot = (read.products.index(name) for name in ("tea", "cup", "pot"))

    assert row[pot] > row[tea] > row[cup] > 0
    assert days[[tea, cup, pot]].tolist() == [1, 1, 2]


def test_als_finds_what_is_left_out_of_each_half_of_the_board(session: Session) -> None:
    ids = checkerboard(session)

    read = read_interactions(session, NOW)
    factors = factorise(read, factors=4, regularization=0.1)
    scores = factors.customers @ factors.products.T
    scores[read.by_customer(np.ones(len(read.purchase_days[0]), np.float32)).toarray() > 0] = -np.inf

    best = {read.customers[row]: read.products[int(product)] for row, product in enumerate(scores.argmax(axis=1))}
    assert [best[one] for one in ids["tea"][:4]] == ["tea", "cup", "pot", "spoon"]
    assert [best[one] for one in ids["tool"][:4]] == ["saw", "nail", "plank", "glue"]


def test_als_gives_the_same_factors_again(session: Session) -> None:
    checkerboard(session)
    read = read_interactions(session, NOW)

    assert np.array_equal(factorise(read).products, factorise(read).products)
