"""Session neighbours, the fitting: from a log of clicks to the arrays that `session_knn` answers from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ..arrays import Ints
from .rows import best_of_rows
from .session_knn import SessionNeighbours, Settings

RULE_STEPS = 8
"""A rule joins two steps of a visit that lie at most so far apart."""
RULES = 200
"""Kept a product."""


class ClickLog(NamedTuple):
    """Steps of visits, in any order: the visit, the product (from 0) and the moment in seconds of each."""

    session: NDArray[np.int64]
    product: Ints
    at: NDArray[np.float64]

    def in_order(self) -> ClickLog:
        """By visit, then by time; steps of the same moment stay in the order given."""
        order = np.lexsort((self.at, self.session))
        return ClickLog(self.session[order], self.product[order], self.at[order])

    def bounds(self) -> NDArray[np.int64]:
        """Where each visit of a log in order begins, and the end of the last."""
        return np.flatnonzero(np.concatenate([[True], self.session[1:] != self.session[:-1], [True]]))[
            : None if len(self.session) else 1
        ]


def fit(log: ClickLog, *, products: int, settings: Settings | None = None) -> SessionNeighbours:
    """Neighbours that know every visit of the log."""
    settings = settings or Settings()
    return SessionNeighbours(fitted_arrays(log, products=products, recent=settings.recent), settings=settings)


def fitted_arrays(log: ClickLog, *, products: int, recent: int) -> dict[str, NDArray[Any]]:
    """All that answering needs, by name; `products` is how many there are."""
    log = log.in_order()
    bounds = log.bounds()
    product, ends_at = log.product.astype(np.int32), log.at[bounds[1:] - 1]
    visits = _by_product(product, bounds, ends_at, products=products, recent=recent)
    rules = sequential_rules(log, products)
    seen = np.bincount(product, minlength=products)
    return {
        "bounds": bounds.astype(np.int64),
        "ends_at": ends_at.astype(np.float64),
        "product": product,
        "visits": visits.indices.astype(np.int32),
        "visits_at": visits.indptr.astype(np.int64),
        "rules": rules.indices.astype(np.int32),
        "rules_weight": rules.data.astype(np.float32),
        "rules_at": rules.indptr.astype(np.int64),
        "rarity": np.log1p(max(len(ends_at), 1) / np.maximum(seen, 1)).astype(np.float32),
    }


def sequential_rules(log: ClickLog, products: int) -> csr_matrix:
    """products × products: after the row came the column, 1 / the steps between; `log` in order."""
    rows, columns, weights = [], [], []
    for apart in range(1, RULE_STEPS + 1):
        together = log.session[apart:] == log.session[:-apart]
        rows.append(log.product[:-apart][together])
        columns.append(log.product[apart:][together])
        weights.append(np.full(int(together.sum()), 1.0 / apart, np.float32))
    rules = csr_matrix(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(products, products)
    )
    return best_of_rows(rules, RULES)


def _by_product(
    product: Ints, bounds: NDArray[np.int64], ends_at: NDArray[np.float64], *, products: int, recent: int
) -> csr_matrix:
    """products × visits: the latest of each product, as many as are compared."""
    visits = len(ends_at)
    visit = np.repeat(np.arange(visits), np.diff(bounds))
    newness = np.empty(visits, np.float32)
    newness[np.argsort(ends_at, kind="stable")] = np.arange(1, visits + 1)
    seen = csr_matrix((np.ones(len(visit), np.float32), (product, visit)), shape=(products, visits))
    seen.sum_duplicates()
    seen.data = newness[seen.indices]
    return best_of_rows(seen, recent)
