"""All cheap candidate sources, fitted on the same purchases, and the pairs (customer, product) they propose.

Repeat purchase and discovery are two tasks with two winners, so there are two sets of pairs: for `next` what the
customer bought and what the sources propose, for `new` only what they never bought.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from .candidates import als, content, item_knn, next_basket, user_knn
from .candidates.own_history import days_bought
from .candidates.popularity import recent_popularity
from .candidates.rows import at, best_of_dense, best_of_rows, ranks_within, row_of_entries, rows_to_one
from .catalogue import Catalogue
from .deeds import NOTHING, Deeds
from .interactions import Floats, Interactions, Ints

NAMES = (
    "als", "lately", "alike", "bm25", "cosine", "follows", "basket", "baskets", "text", "closest", "looked", "trend",
)  # fmt: skip
QUICK = ("als", "lately", "text", "looked", "trend")
"""Those that the weights of a ranker that learnt nothing speak of (`ladder.PRIOR_NEXT`, `ladder.PRIOR_NEW`)."""
EACH = 30
"""Candidates taken from each source; twice as many cost twice the time and rank no better (tuning cut)."""
LIVE = 20_000
"""Products that the factorisation may propose; the others of a bigger catalogue come from the other sources."""
ASKED_WITH = 150
"""So many of a customer's products, the weightiest, are asked for their neighbours."""
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


Scorer = Callable[[Ints], csr_matrix]
"""Answers for some customers: a row each."""


class Queries:
    """What a customer asks item neighbours with: purchases that fade, and what was looked at or taken back since."""

    def __init__(self, known: Interactions, looked: csr_matrix) -> None:
        self._known, self._looked = known, looked
        self._by_fade: dict[float, csr_matrix] = {}

    def of(self, neighbours: csr_matrix, *, fade_days: float) -> Scorer:
        """A source that adds up the neighbours of what each customer bought."""
        if fade_days not in self._by_fade:
            weights = item_knn.decayed(self._known, fade_days=fade_days)
            if self._looked.nnz:
                weights = (weights + self._looked).tocsr().maximum(0)
            self._by_fade[fade_days] = rows_to_one(best_of_rows(weights.tocsr(), ASKED_WITH))
        query = self._by_fade[fade_days]
        return lambda customers: (query[customers] @ neighbours).tocsr()


class Sources:
    """Fitted once; asked for some customers at a time.

    `names` says which sources are asked; the others say 0 of everything, so that rankers know one layout only.
    `factors` (imported ones, in the order of `known`) are taken instead of fitting our own.
    `in_common` (products × products) tells how many of their customers products share (item_knn, BM25).
    """

    def __init__(
        self,
        known: Interactions,
        catalogue: Catalogue | None = None,
        *,
        deeds: Deeds = NOTHING,
        names: Sequence[str] = NAMES,
        factors: als.Factors | None = None,
    ) -> None:
        self.known = known
        self.names = tuple(name for name in NAMES if name in names)
        self.days = days_bought(known)
        self.popular: Floats = recent_popularity(known)
        self.factors = factors or als.factorise(known)
        self.looked = deeds.weighed(*self.days.shape)
        self.not_wanted = deeds.not_wanted(*self.days.shape)
        self._live = _most_sold(known, self.popular)
        self._live_place = np.full(len(self.popular), -1, np.int32)
        self._live_place[self._live] = np.arange(len(self._live), dtype=np.int32)
        self._live_factors: Floats = np.ascontiguousarray(self.factors.products[self._live])
        self._asked = Queries(known, self.looked)
        self.in_common = csr_matrix((len(known.products),) * 2, dtype=np.float32)
        sold = np.bincount(known.line_product, minlength=len(known.products)) > 0
        self._scorers = self._fitted(catalogue.offered(sold) if catalogue else None)

    def _fitted(self, catalogue: Catalogue | None) -> dict[str, Scorer]:
        """What answers with customers × products, by name; a source that isn't asked for costs nothing."""
        known, asked = self.known, self._asked
        wanted = set(self.names)
        found: dict[str, Scorer] = {}
        if "lately" in wanted:
            found["lately"] = user_knn.CustomerNeighbours(known).scores
        if "alike" in wanted:
            alike = user_knn.CustomerNeighbours(known, fade_days=300.0, vote_fade_days=60.0, vote_power=1.0)
            found["alike"] = alike.scores
        if "bm25" in wanted:
            self.in_common = item_knn.bm25_neighbours(known)
            found["bm25"] = asked.of(self.in_common, fade_days=120.0)
        if "cosine" in wanted:
            found["cosine"] = asked.of(item_knn.cosine_neighbours(known, fade_days=60.0), fade_days=60.0)
        if wanted & {"follows", "basket", "baskets"}:
            days = next_basket.day_baskets(known)
            in_basket = next_basket.together(days)
            latest = next_basket.latest_baskets(days, len(known.customers))
            found["follows"] = asked.of(next_basket.transitions(days), fade_days=120.0)
            found["basket"] = lambda customers: (latest[customers] @ in_basket).tocsr()
            found["baskets"] = asked.of(in_basket, fade_days=30.0)
        if wanted & {"text", "closest"}:
            text = content.alike(content.described(catalogue)) if catalogue else csr_matrix((len(known.products),) * 2)
            bought = item_knn.decayed(known, fade_days=120.0)
            found["text"] = asked.of(text, fade_days=60.0)
            found["closest"] = lambda customers: content.closest(bought[customers], text)
        if "looked" in wanted:
            found["looked"] = lambda customers: self.looked[customers]
        return {name: found[name] for name in self.names if name in found}

    @property
    def product_factors(self) -> Floats:
        """products × factors, for folding in what was done since."""
        return self.factors.products

    def pairs(self, customers: Ints, *, new: bool, each: int = EACH) -> Pairs:
        """The candidates of these customers with what each source says of them."""
        return self._pairs(customers, self._scores(customers), new=new, each=each)

    def both(self, customers: Ints, *, each: int = EACH) -> dict[bool, Pairs]:
        """The candidates for next (False) and for new (True); the scores, most of the work, are computed once."""
        found = self._scores(customers)
        return {new: self._pairs(customers, found, new=new, each=each) for new in (False, True)}

    def _pairs(self, customers: Ints, found: dict[str, csr_matrix], *, new: bool, each: int) -> Pairs:
        own = self.days[customers]
        barred = self.not_wanted[customers]
        if new:
            barred = (barred + own).tocsr()
        without = barred if barred.nnz else None
        liked = evened(self.factors.customers[customers] @ self._live_factors.T)
        proposals = [self._by_factors(liked.copy(), each, without=without)]
        proposals += [best_of_rows(scores, each, without=without) for scores in found.values()]
        proposals.append(self._popular(len(customers), each))
        row, product = _union(proposals if new else [*proposals, best_of_rows(own, OWN)])
        if without is not None:
            allowed = at(without, row, product) == 0
            row, product = row[allowed], product[allowed]
        of_als = self._by_pair(customers, liked, row, product)
        told = {"als": of_als, "trend": self.popular[product]}
        told |= {name: at(scores, row, product) for name, scores in found.items()}
        score, rank = np.zeros((len(NAMES), len(row)), np.float32), np.zeros((len(NAMES), len(row)), np.float32)
        for place, name in enumerate(NAMES):
            if name in told:
                score[place] = told[name]
                rank[place] = ranks_within(row, score[place])
        return Pairs(customers, row, product, score, shares(row, score), rank)

    def _scores(self, customers: Ints) -> dict[str, csr_matrix]:
        return {name: scorer(customers) for name, scorer in self._scorers.items()}

    def _by_factors(self, liked: Floats, each: int, *, without: csr_matrix | None) -> csr_matrix:
        """The best of the live products by the factorisation; the rest of a big catalogue isn't even multiplied."""
        if without is not None:
            row, column = row_of_entries(without), self._live_place[without.indices]
            liked[row[column >= 0], column[column >= 0]] = -np.inf
        best = best_of_dense(liked, each)
        return csr_matrix((best.data, self._live[best.indices], best.indptr), shape=(len(liked), len(self.popular)))

    def _by_pair(self, customers: Ints, liked: Floats, row: Ints, product: Ints) -> Floats:
        place = self._live_place[product]
        found: Floats = liked[row, place]
        rest = np.flatnonzero(place < 0)
        if len(rest):
            mine = self.factors.customers[customers[row[rest]]]
            found[rest] = evened(np.einsum("ij,ij->i", mine, self.factors.products[product[rest]], optimize=True))
        return found

    def _popular(self, rows: int, each: int) -> csr_matrix:
        best = np.argsort(-self.popular, kind="stable")[:each]
        best = best[self.popular[best] > 0]
        data = np.tile(self.popular[best], rows)
        return csr_matrix((data, np.tile(best, rows), np.arange(rows + 1) * len(best)), shape=(rows, len(self.popular)))


def evened(sums: Floats) -> Floats:
    """In place, to four significant digits (the upper 13 bits of the mantissa, ties up).

    BLAS adds in another order for another shape of block, so that the last bits differ between a customer ranked alone
    and among others. Products that are liked just as much would then change places; so they are equal.
    """
    bits = sums.view(np.int32)
    bits += 1 << 9
    bits &= ~((1 << 10) - 1)
    return sums


def _most_sold(known: Interactions, popular: Floats) -> Ints:
    """The `LIVE` products sold most of late, and of the rest those sold most; by number."""
    sold = np.bincount(known.line_product, minlength=len(known.products))
    most = np.lexsort((-sold, -popular))[:LIVE]
    return np.sort(most).astype(np.int32)


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
