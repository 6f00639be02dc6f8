"""What completes a cart: EASE's rows of the products in it and what is described like them (`together.for_cart`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Ints
from ..artefact import Artefact
from ..reasons import Code
from . import stored
from .pool import Hint

SIMILAR = 0.1
"""Weight of the likeness of descriptions; both are divided by their highest score. The training's (`together`)."""
KEPT = 100


def ranked_for_cart(model: Artefact, cart: Sequence[int]) -> list[tuple[str, Hint]]:
    """Best first, each with the product of the cart that it was ordered with most often; nothing that lies in it."""
    inside = sorted(set(cart))
    if not inside:
        return []
    if len(inside) == 1:
        source = model.products[inside[0]]
        return [
            *stored.together(model, inside[0], source=source),
            *stored.alike(model, inside[0], source=source),
        ]
    columns, weights, orders, of = _completing(model, inside)
    alike, likeness, like = _alike(model, inside)
    found, place = np.unique(np.concatenate([columns, alike]), return_inverse=True)
    split = len(columns)
    by_orders = np.bincount(place[:split], weights=weights, minlength=len(found))
    by_words = np.bincount(place[split:], weights=likeness, minlength=len(found))
    scores = _to_one(by_orders) + SIMILAR * _to_one(by_words)
    scores[np.isin(found, inside)] = -1
    best = np.argsort(-scores, kind="stable")[:KEPT]
    best = best[scores[best] > 0]
    count, with_whom = _most(place[:split], orders, of, len(found))
    closest, whom = _most(place[split:], likeness, like, len(found))
    return [
        (model.products[found[one]], hint)
        for one in best.tolist()
        if (hint := _hint(model, count[one], with_whom[one], closest[one], whom[one]))
    ]


def _hint(model: Artefact, count: float, with_whom: int, closest: float, whom: int) -> Hint | None:
    if count > 0:
        return Hint(Code.TOGETHER, source=model.products[with_whom], times=int(count))
    return Hint(Code.LIKE, source=model.products[whom]) if closest > 0 else None


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
