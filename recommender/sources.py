"""All cheap candidate sources, fitted on the same purchases, and the pairs (customer, product) they propose.

Repeat purchase and discovery are two tasks with two winners, so there are two sets of pairs: for `next` what the
customer bought and what the sources propose, for `new` only what they never bought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from .candidates import als, content, item_knn, next_basket, user_knn
from .candidates.own_history import days_bought
from .candidates.popularity import recent_popularity
from .candidates.rows import at, best_of_dense, best_of_rows, ranks_within, row_of_entries
from .catalogue import Catalogue
from .interactions import Floats, Interactions, Ints

NAMES = ("als", "lately", "alike", "bm25", "cosine", "follows", "basket", "baskets", "text", "closest", "trend")
EACH = 60
"""Candidates taken from each source."""
OWN = 250
"""Of what a customer bought so many products at most are candidates; those of the most days, then the latest."""


@dataclass(frozen=True)
class Pairs:
    """Candidates of some customers: `row` (sorted) counts within `customers`.

    `score` and `rank` (the place within the row, from 0) have a row a source of `NAMES`; `share` is the score divided
    by the highest in the row.
    """

    customers: Ints
    row: Ints
    product: Ints
    score: Floats
    share: Floats
    rank: Floats

    @property
    def customer(self) -> Ints:
        """The customer of each pair."""
        return self.customers[self.row]


class Sources:
    """Fitted once; asked for some customers at a time."""

    def __init__(self, known: Interactions, catalogue: Catalogue | None = None) -> None:
        self.known = known
        self.days = days_bought(known)
        self.popular: Floats = recent_popularity(known)
        self._factors = als.factorise(known)
        self._lately = user_knn.CustomerNeighbours(known)
        self._alike = user_knn.CustomerNeighbours(known, fade_days=300.0, vote_fade_days=60.0, vote_power=1.0)
        self._bm25 = item_knn.bm25_neighbours(known)
        self._cosine = item_knn.cosine_neighbours(known, fade_days=60.0)
        days = next_basket.day_baskets(known)
        self._follows = next_basket.transitions(days)
        self._in_basket = next_basket.together(days)
        self._latest = next_basket.latest_baskets(days, len(known.customers))
        self._text = content.alike(content.described(catalogue)) if catalogue else csr_matrix(self._bm25.shape)
        self._queries = {fade: item_knn.query(known, fade_days=fade) for fade in (30.0, 60.0, 120.0)}
        self._decayed = item_knn.decayed(known, fade_days=120.0)

    @property
    def in_common(self) -> csr_matrix:
        """products × products: how many of their customers they share (item_knn, BM25)."""
        return self._bm25

    @property
    def product_factors(self) -> Floats:
        """products × factors, for folding in what was done since."""
        return self._factors.products

    def pairs(self, customers: Ints, *, new: bool, each: int = EACH) -> Pairs:
        """The candidates of these customers with what each source says of them."""
        return self._pairs(customers, self._scores(customers), new=new, each=each)

    def both(self, customers: Ints, *, each: int = EACH) -> dict[bool, Pairs]:
        """The candidates for next (False) and for new (True); the scores, most of the work, are computed once."""
        found = self._scores(customers)
        return {new: self._pairs(customers, found, new=new, each=each) for new in (False, True)}

    def _pairs(self, customers: Ints, found: dict[str, csr_matrix], *, new: bool, each: int) -> Pairs:
        own = self.days[customers]
        factors = self._factors.customers[customers]
        everything = factors @ self._factors.products.T
        if new:
            everything[row_of_entries(own), own.indices] = -np.inf
            found = {name: _without(scores, own) for name, scores in found.items()}
        proposals = [best_of_dense(everything, each), *(best_of_rows(scores, each) for scores in found.values())]
        proposals.append(self._popular(len(customers), each))
        row, product = _union(proposals if new else [*proposals, best_of_rows(own, OWN)])
        if new:
            fresh = at(own, row, product) == 0
            row, product = row[fresh], product[fresh]
        of_als = np.einsum("ij,ij->i", factors[row], self._factors.products[product], optimize=True)
        columns = [of_als, *(at(scores, row, product) for scores in found.values()), self.popular[product]]
        score = np.vstack(columns).astype(np.float32)
        rank = np.vstack([ranks_within(row, one) for one in score])
        return Pairs(customers, row, product, score, shares(row, score), rank)

    def _scores(self, customers: Ints) -> dict[str, csr_matrix]:
        short, middle, long = (self._queries[fade][customers] for fade in (30.0, 60.0, 120.0))
        return {
            "lately": self._lately.scores(customers),
            "alike": self._alike.scores(customers),
            "bm25": (long @ self._bm25).tocsr(),
            "cosine": (middle @ self._cosine).tocsr(),
            "follows": (long @ self._follows).tocsr(),
            "basket": (self._latest[customers] @ self._in_basket).tocsr(),
            "baskets": (short @ self._in_basket).tocsr(),
            "text": (middle @ self._text).tocsr(),
            "closest": content.closest(self._decayed[customers], self._text),
        }

    def _popular(self, rows: int, each: int) -> csr_matrix:
        best = np.argsort(-self.popular, kind="stable")[:each]
        best = best[self.popular[best] > 0]
        data = np.tile(self.popular[best], rows)
        return csr_matrix((data, np.tile(best, rows), np.arange(rows + 1) * len(best)), shape=(rows, len(self.popular)))


def _without(scores: csr_matrix, own: csr_matrix) -> csr_matrix:
    row = row_of_entries(scores)
    kept = at(own, row, scores.indices) == 0
    ends = np.append(0, np.cumsum(kept))[scores.indptr]
    return csr_matrix((scores.data[kept], scores.indices[kept], ends), shape=scores.shape)


def _union(proposals: list[csr_matrix]) -> tuple[Ints, Ints]:
    width = np.int64(proposals[0].shape[1])
    keys = np.unique(np.concatenate([row_of_entries(one) * width + one.indices for one in proposals]))
    return (keys // width).astype(np.int32), (keys % width).astype(np.int32)


def shares(row: Ints, score: Floats) -> Floats:
    """Each score divided by the highest of its row."""
    if not len(row):
        return score
    starts = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
    top = np.maximum.reduceat(score, starts, axis=1)
    number = np.cumsum(np.append(False, row[1:] != row[:-1]))
    portion: Floats = (score / np.maximum(top, 1e-9)[:, number]).astype(np.float32)
    return portion
