"""What a shop could install instead: popularity, implicit's defaults, and counting a customer's own purchases."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from ..candidates.als import SEED
from ..candidates.own_history import days_bought, own_frequency
from ..candidates.popularity import recent_popularity
from ..candidates.rows import row_of_entries
from ..evaluation import Lists, lists_of_scores
from ..interactions import Floats, Interactions, Ints

AT_ONCE = 200
"""Customers whose dense scores are held at once."""
Method = Callable[[Interactions, Ints], Iterator[Floats]]


def lists_by(method: Method, known: Interactions, customers: Ints, *, new: bool) -> Lists:
    """The method's lists; with `new`, without what the customer had bought."""
    own = days_bought(known)
    lists: dict[int, list[int]] = {}
    for some, scores in zip(parts(customers), method(known, customers), strict=True):
        if new:
            bought = own[some]
            scores[row_of_entries(bought), bought.indices] = -np.inf
        lists |= {one: list(ranked) for one, ranked in lists_of_scores(some, scores).items()}
    return lists


def popularity(known: Interactions, customers: Ints) -> Iterator[Floats]:
    """The same for everybody."""
    popular = recent_popularity(known)
    return (np.tile(popular, (len(some), 1)) for some in parts(customers))


def default_als(known: Interactions, customers: Ints) -> Iterator[Floats]:
    """implicit's AlternatingLeastSquares as it comes: days of purchase in, recommendations out."""
    from implicit.cpu.als import AlternatingLeastSquares  # heavy; only comparisons need it

    with threadpool_limits(limits=1, user_api="blas"):
        model = AlternatingLeastSquares(random_state=SEED)
        model.fit(days_bought(known), show_progress=False)
    # shifted above 0: a list holds positive scores only, and these may be negative
    return (_shifted(model.user_factors[some] @ model.item_factors.T) for some in parts(customers))


def default_bm25(known: Interactions, customers: Ints) -> Iterator[Floats]:
    """implicit's BM25Recommender as it comes."""
    from implicit.nearest_neighbours import BM25Recommender  # heavy; only comparisons need it

    bought = days_bought(known)
    model = BM25Recommender()
    with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="blas"):
        warnings.simplefilter("ignore")  # it passes itself the format that it warns of
        model.fit(bought, show_progress=False)
    similar = csr_matrix(model.similarity)
    return ((bought[some] @ similar).toarray().astype(np.float32) for some in parts(customers))


def own_recent_frequency(known: Interactions, customers: Ints) -> Iterator[Floats]:
    """What they bought most of late, then what sells: no learning at all."""
    own, popular = own_frequency(known), recent_popularity(known)
    filler = (popular / max(float(popular.max(initial=0.0)), 1e-9) / 1000).astype(np.float32)
    return (own[some].toarray() + filler for some in parts(customers))


def parts(customers: Ints) -> Iterator[Ints]:
    """The customers, some at a time."""
    return (customers[start : start + AT_ONCE] for start in range(0, len(customers), AT_ONCE))


def _shifted(scores: Floats) -> Floats:
    shifted: Floats = scores - scores.min(axis=1, keepdims=True) + 1e-6
    return shifted


METHODS: dict[str, Method] = {
    "popularity of the last days": popularity,
    "implicit ALS, default": default_als,
    "implicit BM25, default": default_bm25,
    "own recent frequency": own_recent_frequency,
}
