"""What completes a cart: EASE's rows of the products in it and what is described like them (`together.for_cart`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agreed import SIMILAR, TOGETHER_FROM
from ..arrays import Floats, Ints
from ..artefact import NUMBER_OF_CODE, Artefact
from ..reasons import Code
from .pool import Listed, among

KEPT = 100


def ranked_for_cart(model: Artefact, inside: Sequence[int]) -> Listed:
    """Best first, each with the product of the cart that it was ordered with most often, or that is described most
    like it where no two orders held both; nothing that lies in it. `inside` are the products' numbers, each once.
    """
    columns, weights, orders, of = _completing(model, inside)
    alike, likeness, like = _alike(model, inside)
    found, place = np.unique(np.concatenate([columns, alike]), return_inverse=True)
    split = len(columns)
    by_orders = np.bincount(place[:split], weights=weights, minlength=len(found))
    by_words = np.bincount(place[split:], weights=likeness, minlength=len(found))
    scores = _to_one(by_orders) + SIMILAR * _to_one(by_words)
    scores[among(found, inside)] = -1
    count, with_whom = _most(place[:split], orders, of, len(found))
    closest, whom = _most(place[split:], likeness, like, len(found))
    often = count >= TOGETHER_FROM
    explained = often | (closest > 0)
    best = np.argsort(-scores, kind="stable")[:KEPT]
    best = best[(scores[best] > 0) & explained[best]]
    ordered = often[best]
    why = np.where(ordered, NUMBER_OF_CODE[Code.TOGETHER], NUMBER_OF_CODE[Code.LIKE])
    times = np.where(ordered, count[best], 0).astype(np.int32)
    return Listed(found[best], why, np.where(ordered, with_whom[best], whom[best]), times)


def _completing(model: Artefact, inside: Sequence[int]) -> tuple[Ints, Floats, Ints, Ints]:
    rows = model.completing.rows
    bounds = [(int(rows.at[one]), int(rows.at[one + 1])) for one in inside]
    take = np.concatenate([np.arange(begin, end) for begin, end in bounds])
    of = np.repeat(np.array(inside, np.int32), [end - begin for begin, end in bounds])
    return rows.products[take], model.completing.weight[take], model.completing.orders[take], of


def _alike(model: Artefact, inside: Sequence[int]) -> tuple[Ints, Floats, Ints]:
    columns, likeness = model.similar[inside], model.similar_likeness[inside].astype(np.float32)
    of = np.repeat(np.array(inside, np.int32), columns.shape[1]).reshape(columns.shape)
    kept = columns >= 0
    return columns[kept], likeness[kept], of[kept]


def _most(place: NDArray[np.intp], value: Ints | Floats, of: Ints, size: int) -> tuple[Floats, Ints]:
    """The highest value at each place, and whose it is."""
    highest, whose = np.zeros(size, np.float32), np.full(size, -1, np.int32)
    order = np.argsort(value, kind="stable")  # of several assignments the last one stays
    highest[place[order]], whose[place[order]] = value[order], of[order]
    return highest, whose


def _to_one(scores: NDArray[Any]) -> NDArray[Any]:
    top = float(scores.max(initial=0.0))
    return scores / top if top > 0 else scores
