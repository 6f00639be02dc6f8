"""What of a learnt model serving needs, as arrays on disk (`artefact_files`). Only a training imports this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats, Ints
from .artefact import Hearers
from .artefact_files import begun, put_arrays, put_facts, streamed
from .candidates.basket_knn import Neighbours
from .candidates.basket_knn import ranked as ranked_neighbours
from .candidates.own_history import own_frequency
from .candidates.popularity import popular_of, popular_within
from .candidates.rows import at, best_of_rows, row_of_entries
from .candidates.session_knn import SessionNeighbours
from .catalogue import Catalogue
from .explaining import Explainer
from .interactions import Interactions
from .model import NEW, NEXT, TASKS, LearntModel
from .together import Together

LENGTHS = {NEXT.name: 60, NEW.name: 40}
"""Longer than what is shown, as some of it is sold out, in the cart or on the page already."""
TOGETHER = 24
SIMILAR = 60
POPULAR = 200
POPULAR_OF = 60
"""A category's and a region's."""
CUSTOMERS_AT_ONCE = 5_000
"""Ranked and written before the next ones; bounds the memory."""
Arrays = dict[str, NDArray[Any]]


def write(
    model: LearntModel,
    together: Together,
    *,
    folder: Path,
    name: str,
    about: Mapping[str, Any],
    catalogue: Catalogue | None = None,
    regions: Sequence[str] = (),
    session: SessionNeighbours | None = None,
    also_bought: Neighbours | None = None,
    hearers: Hearers | None = None,
) -> Path:
    """Write all that serving needs; nobody serves it yet.

    Args:
        name: the folder's; of letters, digits, `-` and `.`, and sorted by time.
        about: what the caller wants to find again in `Artefact.about`.
        regions: of each customer the country in two letters, empty where unknown; or nothing at all.
        session: what comes next in a visit, where there is a log of clicks.
        also_bought: what visitors who viewed a product bought (products × products: score and visits).
        hearers: who should hear of the newest products.

    Raises:
        FileExistsError: there is a model of this name.
    """
    known = model.sources.known
    words: dict[str, list[str]] = {"categories": [], "brands": [], "regions": sorted(set(regions) - {""})}
    with begun(folder, name) as place:
        _put_lists(place, model, Explainer(model.sources, together, catalogue))
        for arrays in (
            {"customers": np.array(known.customers, np.int64)},
            _own(known),
            _pairs(together, also_bought),
            _completing(together),
            _described(len(known.products), catalogue, words),
            _popular(model, catalogue, words, regions),
            _factors(model),
            _hearers(hearers),
        ):
            put_arrays(place, arrays)
        put_facts(place, products=known.products, words=words, about=about, session=session)
    return folder / name


def _put_lists(place: Path, model: LearntModel, explainer: Explainer) -> None:
    customers = len(model.sources.known.customers)
    with ExitStack() as open_:
        files = {}
        for task in TASKS:
            kinds = {task.name: np.int32, f"{task.name}_why": np.uint8, f"{task.name}_source": np.int32}
            files[task] = open_.enter_context(streamed(place, kinds, shape=(customers, LENGTHS[task.name])))
        for some in model.batches(CUSTOMERS_AT_ONCE):
            ranked = model.ranked_for_all_tasks(some, n=max(LENGTHS.values()))
            for task in TASKS:
                lists = explainer.explained(some, ranked[task.name].products[:, : LENGTHS[task.name]])
                for file, array in zip(files[task].values(), lists, strict=True):
                    file[some] = array


def _own(known: Interactions) -> Arrays:
    """Each customer's products, the highest of frequency and recency first."""
    frequency = own_frequency(known)
    width = np.int64(max(len(known.products), 1))
    key = known.line_customer.astype(np.int64) * width + known.line_product
    keys, place = np.unique(key, return_inverse=True)
    last = np.zeros(len(keys), np.int32)
    np.maximum.at(last, place, known.order_day[known.line_order])
    customer, product, _age = known.purchase_days
    days = np.bincount(np.searchsorted(keys, customer.astype(np.int64) * width + product), minlength=len(keys))
    row, column = (keys // width).astype(np.int32), (keys % width).astype(np.int32)
    order = np.lexsort((column, -at(frequency, row, column), row))
    return {
        "own_at": np.searchsorted(row, np.arange(len(known.customers) + 1)).astype(np.int64),
        "own": column[order],
        "own_days": np.minimum(days[order], np.iinfo(np.uint16).max).astype(np.uint16),
        "own_last": last[order],
    }


def _pairs(together: Together, also_bought: Neighbours | None) -> Arrays:
    size = len(together.known.products)
    products, orders = _padded(together.pairs, size)
    viewed, visits = _padded(also_bought, size)
    similar = np.full((size, SIMILAR), -1, np.int32)
    likeness = np.zeros((size, SIMILAR), np.float16)
    nearest = best_of_rows(together.similar, SIMILAR)
    row = row_of_entries(nearest)
    order = np.lexsort((nearest.indices, -nearest.data, row))
    place = np.arange(len(row)) - nearest.indptr[row]
    similar[row, place] = nearest.indices[order]
    likeness[row, place] = nearest.data[order]
    return {
        "together": products, "together_orders": orders, "also_bought": viewed, "also_bought_visits": visits,
        "similar": similar, "similar_likeness": likeness,
    }  # fmt: skip


def _padded(found: Neighbours | None, size: int) -> tuple[Ints, Ints]:
    others, counts = np.full((size, TOGETHER), -1, np.int32), np.zeros((size, TOGETHER), np.int32)
    for product, ranked, orders in ranked_neighbours(found, TOGETHER) if found else ():
        others[product, : len(ranked)] = ranked
        counts[product, : len(ranked)] = orders
    return others, counts


def _completing(together: Together) -> Arrays:
    """EASE's rows, each with the number of orders that held both: what the reason says."""
    weights = together.completing
    baskets = together.known.by_order()
    by_product = baskets.T.tocsr()
    parts: list[Floats] = [np.empty(0, np.float32)]
    for start in range(0, weights.shape[0], 1_000):
        some = weights[start : start + 1_000]
        asked = np.flatnonzero(np.diff(some.indptr)).astype(np.int32)
        if len(asked):
            counts = (by_product[start + asked] @ baskets).tocsr()
            row = np.searchsorted(asked, row_of_entries(some)).astype(np.int32)
            parts.append(at(counts, row, some.indices))
    orders = np.concatenate(parts).astype(np.uint32)
    return {
        "completing_at": weights.indptr.astype(np.int64),
        "completing": weights.indices.astype(np.int32),
        "completing_weight": weights.data.astype(np.float32),
        "completing_orders": orders,
    }


def _described(size: int, catalogue: Catalogue | None, words: dict[str, list[str]]) -> Arrays:
    arrays: Arrays = {}
    for part, names in (("category", "categories"), ("brand", "brands")):
        given = list(getattr(catalogue, part)) if catalogue else [""] * size
        words[names] = sorted(set(given) - {""})
        number = {word: place for place, word in enumerate(words[names])} | {"": -1}
        arrays[part] = np.array([number[word] for word in given], np.int32)
    return arrays


def _popular(
    model: LearntModel, catalogue: Catalogue | None, words: dict[str, list[str]], regions: Sequence[str]
) -> Arrays:
    popular = model.sources.popular
    best = _best(popular, POPULAR)
    of_category = popular_of(popular, catalogue.category, n=POPULAR_OF) if catalogue else {}
    within = popular_within(model.sources.known, regions) if regions else {}
    return {
        "popular": best,
        **_rows("popular_of_category", [of_category.get(name, []) for name in words["categories"]]),
        **_rows("popular_of_region", [_best(within[name], POPULAR_OF).tolist() for name in words["regions"]]),
    }


def _best(popular: Floats, n: int) -> Ints:
    best = np.argsort(-popular, kind="stable")[:n]
    return best[popular[best] > 0].astype(np.int32)


def _rows(name: str, rows: Sequence[Sequence[int]]) -> Arrays:
    return {
        f"{name}_at": np.cumsum([0, *map(len, rows)]).astype(np.int64),
        name: np.array([product for row in rows for product in row], np.int32),
    }


def _hearers(found: Hearers | None) -> Arrays:
    """By product number, so that one is found by halving."""
    if found is None:
        return _hearers(Hearers(np.empty(0, np.int32), np.empty((0, 0), np.int32), np.empty((0, 0), np.int32)))
    order = np.argsort(found.products, kind="stable")
    return {
        "heard_of": found.products[order], "hearers": found.customers[order], "hearers_because": found.because[order]
    }  # fmt: skip


def _factors(model: LearntModel) -> Arrays:
    """The products' factors and what a fold-in solves with (`serving.fold_in`)."""
    from .serving.fold_in import inverse_of

    factors = model.sources.product_factors
    return {"factors": factors.astype(np.float32), "inverse": inverse_of(factors)}
