"""The witnesses of a visit: what each of them says of what comes next, from arrays that may be mapped; numpy only.

Sums over a few thousand entries are made by sorting packed integers, so that a question costs the same in a shop of a
hundred thousand products as in one of a thousand.
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
    """Products by number, a positive score of each, and the product of the visit that speaks for it most."""

    products: Ints
    scores: Doubles
    because: Ints


class Voted(NamedTuple):
    """What neighbouring visits say: `near` counts what stood close to where both visits met, `alike` everything."""

    near: Said
    alike: Said


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
    rarity: float,
) -> Voted:
    """V-SkNN with STAN's weights: see `session_knn.Settings` for what each of them means."""
    latest = latest_places(steps, COMPARED)
    seeds = np.fromiter(latest, np.int32, len(latest))
    at, visits, places = arrays["visits_at"], arrays["visits"], arrays["visits_place"]
    packed = [
        # the last entry of each visit then tells the latest product in common and where it stood
        (visits[at[one] : at[one + 1]].astype(np.int64) << 24) | ((63 - number) << 16) | places[at[one] : at[one + 1]]
        for number, one in enumerate(latest)
    ]
    keys = np.concatenate(packed)
    if not len(keys):
        return Voted(NOTHING, NOTHING)
    keys.sort()
    visit, number = keys >> 24, 63 - ((keys >> 16) & 63)
    weight = np.exp(-np.fromiter(latest.values(), float, len(latest)) / fade_steps)[number]
    starts = np.flatnonzero(np.append(True, visit[1:] != visit[:-1]))
    lasts = np.append(starts[1:], len(keys)) - 1
    visit, met, common = visit[starts], keys[lasts] & 0xFFFF, number[lasts]
    begin = arrays["bounds"][visit]
    size = arrays["bounds"][visit + 1] - begin
    age = np.maximum(now - arrays["ends_at"][visit], 0) / DAY
    alike = np.add.reduceat(weight, starts) / np.sqrt(size) * np.exp(-np.minimum(age / fade_days, 50.0))
    if len(visit) > neighbours:
        best = np.argpartition(alike, len(alike) - neighbours)[-neighbours:]
        begin, size, met, common, alike = begin[best], size[best], met[best], common[best], alike[best]
    first, last = np.maximum(met - AROUND, 0), np.minimum(met + AROUND + 1, size)
    length = last - first
    of = np.repeat(np.arange(len(length)), length)
    place = np.arange(len(of)) - np.repeat(np.cumsum(length) - length, length) + first[of]
    products = arrays["product"][begin[of] + place]
    apart = place - met[of]
    votes = alike[of]
    close = votes * np.exp(-np.abs(apart) / near) * np.where(apart < 0, before, 1.0)
    found, by_near, strongest, by_alike = _summed(products, close, votes)
    because = seeds[common[of[strongest]]]
    return Voted(
        Said(found, by_near * arrays["rarity"][found] ** rarity, because), Said(found, by_alike, because)
    )  # fmt: skip


def by_rows(arrays: Arrays, name: str, steps: Sequence[int], *, fade_steps: float) -> Said:
    """What the rows `name` of the latest products say together; an older step's row counts less."""
    latest = latest_places(steps, LOOKED_UP)
    at, columns, weights = arrays[f"{name}_at"], arrays[name], arrays[f"{name}_weight"]
    if len(latest) == 1:  # a row has each product once, by number
        (one,) = latest
        row = slice(int(at[one]), int(at[one + 1]))
        return Said(columns[row], weights[row].astype(float), np.full(row.stop - row.start, one, np.int32))
    bounds = [(one, int(at[one]), int(at[one + 1]), back) for one, back in latest.items()]
    products = np.concatenate([columns[begin:end] for _one, begin, end, _back in bounds])
    if not len(products):
        return NOTHING
    scores = np.concatenate([weights[begin:end] * np.exp(-back / fade_steps) for _one, begin, end, back in bounds])
    seeds = np.repeat(
        np.array([one for one, *_rest in bounds], np.int32), [end - begin for _one, begin, end, _back in bounds]
    )
    found, total, strongest, _same = _summed(products, scores, scores)
    return Said(found, total, seeds[strongest])


def _summed(products: Ints, scores: Doubles, others: Doubles) -> tuple[Ints, Doubles, NDArray[np.int64], Doubles]:
    """Each product once, by number: the sum of its scores, the place of its highest one, and the sum of `others`."""
    keys = (products.astype(np.int64) << 32) | np.arange(len(products))
    keys.sort()
    order = keys & 0xFFFFFFFF
    sorted_products = keys >> 32
    starts = np.flatnonzero(np.append(True, sorted_products[1:] != sorted_products[:-1]))
    in_order = scores[order]
    highest = np.maximum.reduceat(in_order, starts)
    group = np.cumsum(np.append(False, sorted_products[1:] != sorted_products[:-1]))
    strongest = np.empty(len(starts), np.int64)
    top = np.flatnonzero(in_order == highest[group])[::-1]  # of several assignments the last stays: the first of equals
    strongest[group[top]] = order[top]
    return (
        sorted_products[starts].astype(np.int32), np.add.reduceat(in_order, starts), strongest,
        np.add.reduceat(others[order], starts),
    )  # fmt: skip
