"""Session neighbours, the fitting: from a log of clicks to the arrays that `session_knn` answers from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from ..arrays import Floats, Ints
from .item_knn import off_diagonal
from .rows import best_of_rows, unit_rows
from .session_knn import SessionNeighbours, Settings

RULE_STEPS = 8
"""A rule joins two steps of a visit that lie at most so far apart."""
RULE_FADE_DAYS = 60.0
KEPT = 100
"""Rules and products alike, a product."""
LATELY = (0.02, 0.1, 1.0)
"""Popular now, of late, ever: in the last such shares of the clicks. Not days: a log may be of any length."""
LEADERS = 60
"""Of each of these so many are always candidates."""
PAIRED = 60
"""Of a longer visit only the last so many products are paired for the cosine: a visit costs their number squared."""
ROWS = 2_000
"""Products compared at once; bounds the memory."""
DAY = 86_400.0


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
    log = by_end(log)
    bounds = log.bounds()
    product, ends_at = log.product.astype(np.int32), log.at[bounds[1:] - 1]
    visits, places, visits_at = _latest_visits(product, bounds, products=products, recent=recent)
    rules, cosine = sequential_rules(log, products), visits_in_common(log, products)
    seen = np.bincount(product, minlength=products)
    popular = _popular(log, products)
    best = np.unique(np.argsort(-popular, axis=1, kind="stable")[:, :LEADERS])
    arrays: dict[str, NDArray[Any]] = {
        "bounds": bounds.astype(np.int64),
        "ends_at": ends_at.astype(np.float64),
        "product": product,
        "visits": visits,
        "visits_place": places,
        "visits_at": visits_at,
        "rarity": np.log1p(max(len(ends_at), 1) / np.maximum(seen, 1)).astype(np.float32),
        "popular": popular,
        "best": best[popular[:, best].any(axis=0)].astype(np.int32),
    }
    return arrays | _rows("rules", rules) | _rows("cosine", cosine)


def by_end(log: ClickLog) -> ClickLog:
    """Visits numbered from 0 by the moment of their last step, each with its steps in order."""
    log = log.in_order()
    bounds = log.bounds()
    sizes = np.diff(bounds)
    order = np.argsort(log.at[bounds[1:] - 1], kind="stable")
    ends = np.cumsum(sizes[order])
    places = np.repeat(bounds[:-1][order] - (ends - sizes[order]), sizes[order]) + np.arange(len(log.product))
    return ClickLog(np.repeat(np.arange(len(sizes)), sizes[order]), log.product[places], log.at[places])


def sequential_rules(log: ClickLog, products: int) -> csr_matrix:
    """products × products: after the row came the column, 1 / the steps between, lately more; `log` in order."""
    rows, columns, weights = [], [], []
    faded = np.exp(-(log.at.max(initial=0.0) - log.at) / DAY / RULE_FADE_DAYS)
    for apart in range(1, RULE_STEPS + 1):
        together = log.session[apart:] == log.session[:-apart]
        rows.append(log.product[:-apart][together])
        columns.append(log.product[apart:][together])
        weights.append((faded[apart:][together] / apart).astype(np.float32))
    rules = csr_matrix(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(products, products)
    )
    return best_of_rows(rules, KEPT)


def visits_in_common(log: ClickLog, products: int) -> csr_matrix:
    """products × products: the cosine of the visits that looked at each (Sarwar et al. 2001), without the diagonal."""
    left = np.append(log.session[1:] != log.session[:-1], np.ones(min(len(log.session), 1), bool))
    end = np.flatnonzero(left)[np.searchsorted(np.flatnonzero(left), np.arange(len(log.session)))]
    inside = end - np.arange(len(log.session)) < PAIRED
    looks = csr_matrix(
        (np.ones(int(inside.sum()), np.float32), (log.product[inside], log.session[inside])),
        shape=(products, int(log.session.max(initial=-1)) + 1),
    )
    looks.data = np.minimum(looks.data, 3.0)  # duplicates are summed; somebody going to and fro proves little more
    unit = unit_rows(looks)
    visits = unit.T.tocsr()
    parts = [best_of_rows((unit[at : at + ROWS] @ visits).tocsr(), KEPT + 1) for at in range(0, products, ROWS)]
    return off_diagonal(vstack(parts, format="csr")) if parts else csr_matrix((0, 0), dtype=np.float32)


def _latest_visits(
    product: Ints, bounds: NDArray[np.int64], *, products: int, recent: int
) -> tuple[Ints, NDArray[np.uint16], NDArray[np.int64]]:
    """Of each product its latest visits, its last place in each, and the bounds of its entries."""
    sizes = np.diff(bounds)
    visit = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(product)) - np.repeat(bounds[:-1], sizes)
    order = np.argsort(product, kind="stable")  # then by visit and place, as the log is
    product, visit, place = product[order], visit[order], place[order]
    last = np.append((product[1:] != product[:-1]) | (visit[1:] != visit[:-1]), np.ones(min(len(product), 1), bool))
    product, visit, place = product[last], visit[last], place[last]
    ends = np.cumsum(np.bincount(product, minlength=products))
    kept = ends[product] - np.arange(len(product)) <= recent
    at = np.append(0, np.cumsum(np.bincount(product[kept], minlength=products)))
    return visit[kept].astype(np.int32), np.minimum(place[kept], 0xFFFF).astype(np.uint16), at.astype(np.int64)


def _popular(log: ClickLog, products: int) -> Floats:
    """A row each of `LATELY`: the products' shares of the clicks."""
    by_time = log.product[np.argsort(log.at, kind="stable")]
    clicks = len(by_time)
    counts = [np.bincount(by_time[clicks - max(int(share * clicks), 1) :], minlength=products) for share in LATELY]
    shares: Floats = (np.array(counts) / np.maximum(np.sum(counts, axis=1), 1)[:, None]).astype(np.float32)
    return shares


def _rows(name: str, matrix: csr_matrix) -> dict[str, NDArray[Any]]:
    return {
        name: matrix.indices.astype(np.int32),
        f"{name}_weight": matrix.data.astype(np.float32),
        f"{name}_at": matrix.indptr.astype(np.int64),
    }
