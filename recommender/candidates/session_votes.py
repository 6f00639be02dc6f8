"""The witnesses of a visit: what each of them says of what comes next, from arrays that may be mapped; numpy only.

Nothing here is as long as the shop has products, so that a question costs the same in a shop of a hundred thousand
products as in one of a thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Ints

Arrays = Mapping[str, NDArray[Any]]
Doubles = NDArray[np.float64]
DAY = 86_400.0
COMPARED = 12
"""So many different products of the visit, the latest, are searched for in other visits …"""
LOOKED_UP = 8
"""… and so many in the rows of products."""
AROUND = 25
"""Of a neighbouring visit so many steps before and after the place where both met are read."""


class Said(NamedTuple):
    """Entries, a product any number of times: by number, a positive score of each, and the product of the visit that
    speaks for it."""

    products: Ints
    scores: Doubles
    because: Ints


class Voted(NamedTuple):
    """What neighbouring visits say: `near` counts what stood close to where both visits met; the scores `alike`, of
    the same entries, count everything."""

    near: Said
    alike: Doubles


NOTHING = Said(np.empty(0, np.int32), np.empty(0), np.empty(0, np.int32))


def latest_places(steps: Sequence[int], n: int) -> dict[int, int]:
    """The last `n` different products and how many steps before the present one each was, the latest first."""
    found: dict[int, int] = {}
    for back, product in enumerate(reversed(steps)):
        if product not in found:
            found[product] = back
            if len(found) == n:
                break
    return found


def by_visits(
    arrays: Arrays,
    steps: Sequence[int],
    *,
    now: float,
    neighbours: int,
    fade_steps: float,
    fade_days: float,
    near: float,
    before: float,
) -> Voted:
    """V-SkNN with STAN's weights: see `session_knn.Settings` for what each of them means."""
    latest = latest_places(steps, COMPARED)
    seeds = np.array(list(latest), np.int32)
    at, visits, places = arrays["visits_at"], arrays["visits"], arrays["visits_place"]
    rows = [slice(int(at[one]), int(at[one + 1])) for one in latest]
    # the last entry of each visit then tells the latest product in common and where it stood
    keys = np.concatenate([visits[row] for row in rows]).astype(np.int64)
    if not len(keys):
        return Voted(NOTHING, NOTHING.scores)
    keys <<= 24
    keys |= np.repeat((63 - np.arange(len(rows))) << 16, [row.stop - row.start for row in rows])
    keys |= np.concatenate([places[row] for row in rows])
    keys.sort()
    visit, number = keys >> 24, 63 - ((keys >> 16) & 63)
    weight = np.exp(np.array(list(latest.values())) / -fade_steps)[number]
    starts = begins(visit).nonzero()[0]
    lasts = np.empty_like(starts)
    lasts[:-1], lasts[-1] = starts[1:] - 1, len(keys) - 1
    visit, met, common = visit[starts], keys[lasts] & 0xFFFF, number[lasts]
    begin = arrays["bounds"][visit]
    size = arrays["bounds"][visit + 1] - begin
    faded = np.exp(((arrays["ends_at"][visit] - now) / (DAY * fade_days)).clip(-50.0, 0.0))
    alike = np.add.reduceat(weight, starts) / np.sqrt(size) * faded
    if len(visit) > neighbours:
        best = np.argpartition(alike, len(alike) - neighbours)[-neighbours:]
        begin, size, met, common, alike = begin[best], size[best], met[best], common[best], alike[best]
    first, last = np.maximum(met - AROUND, 0), np.minimum(met + AROUND + 1, size)
    length = last - first
    of = np.repeat(np.arange(len(length)), length)
    place = np.arange(len(of)) + (first + length - np.cumsum(length))[of]
    products = arrays["product"][begin[of] + place]
    apart = place - met[of]
    votes = alike[of]
    close = votes * np.exp(np.abs(apart) * (-1 / near))
    close *= np.where(apart < 0, before, 1.0)
    return Voted(Said(products, close, seeds[common][of]), votes)


def by_rows(arrays: Arrays, name: str, steps: Sequence[int], *, fade_steps: float) -> Said:
    """What the rows `name` of the latest products say; an older step's row counts less."""
    latest = latest_places(steps, LOOKED_UP)
    at, columns, weights = arrays[f"{name}_at"], arrays[name], arrays[f"{name}_weight"]
    rows = [slice(int(at[one]), int(at[one + 1])) for one in latest]
    lengths = [row.stop - row.start for row in rows]
    faded = np.exp(np.array(list(latest.values())) / -fade_steps)
    return Said(
        np.concatenate([columns[row] for row in rows]),
        np.concatenate([weights[row] for row in rows]) * np.repeat(faded, lengths),
        np.repeat(np.array(list(latest), np.int32), lengths),
    )


def begins(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where another value begins, in sorted values of which there are some."""
    found = np.empty(len(values), bool)
    found[0] = True
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found
