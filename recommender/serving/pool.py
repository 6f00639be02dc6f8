"""The pool: products proposed for one question, their ranked lists fused into one order, each with a hint at why.

Reciprocal rank fusion, weight / (K + rank) summed over the lists (Cormack, Clarke & Büttcher, SIGIR 2009): scores of
different origin need no common scale. Everything is numbers and arrays until something is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Ints
from ..artefact import NUMBER_OF_CODE
from ..candidates.session_votes import begins
from ..reasons import Code

K = 10
"""Small, as our lists are short."""
NOBODY = -1
_SHARES = 1.0 / (K + np.arange(1_000))


class Listed(NamedTuple):
    """A ranked list. Of each product (or one for all): a place in `artefact.CODES`, the product that the reason points
    at (or NOBODY), and its count.
    """

    products: Ints
    why: Any
    source: Any = NOBODY
    times: Any = 0

    def first(self, n: int) -> Listed:
        """The best of it."""
        return self.only(slice(n))

    def only(self, kept: Any) -> Listed:
        """Some of it."""
        return Listed(*(part[kept] if isinstance(part, np.ndarray) else part for part in self))


def listed(products: Ints, code: Code, *, source: Any = NOBODY, times: Any = 0) -> Listed:
    """One code for all."""
    return Listed(products, NUMBER_OF_CODE[code], source, times)


class Candidate(NamedTuple):
    """A proposed product by number, and what becomes its reason. `rule` is the id of the rule that moved it."""

    product: int
    score: float
    why: int
    source: int = NOBODY
    times: int = 0
    rule: int | None = None


@dataclass
class Candidates:
    """All proposed products, one entry each; `rule` 0 where none moved it."""

    products: Ints
    scores: NDArray[np.float64]
    why: Ints
    source: Ints
    times: Ints
    rule: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.products)

    def by_score(self) -> NDArray[np.intp]:
        """Places, best first; ties go to the lower product number."""
        return np.argsort(-self.scores, kind="stable")

    def each(self, order: NDArray[np.intp] | list[int]) -> Iterator[Candidate]:
        """One by one: nearly always only the first few are looked at."""
        for place in order:
            yield self.at(int(place))

    def at(self, place: int) -> Candidate:
        """One of them."""
        return Candidate(
            int(self.products[place]), float(self.scores[place]), int(self.why[place]), int(self.source[place]),
            int(self.times[place]), int(self.rule[place]) or None,
        )  # fmt: skip


class Pool:
    """Grows list by list."""

    def __init__(self) -> None:
        self._parts: list[tuple[Any, ...]] = []
        self._size = 0

    def add(self, ranked: Listed, *, weight: float | NDArray[Any] = 1.0, place: NDArray[Any] | None = None) -> None:
        """A ranked list, best first; several at once where `place` says each product's rank in its own. Below 0 is
        no product.
        """
        products = ranked.products
        if not products.size:
            return
        shares = _shares(len(products)) if place is None else _SHARES[place]
        self._parts.append((products, weight * shares, ranked.why, ranked.source, ranked.times))
        self._size += len(products)

    @property
    def empty(self) -> bool:
        """Whether nothing was proposed."""
        return not self._parts

    def fused(self) -> Candidates:
        """Each product once, with the sum of its shares and the hint of the list that speaks for it most."""
        if not self._parts:
            return _none()
        if len(self._parts) == 1 and (alone := _alone(*self._parts[0])) is not None:
            return alone
        wholes: list[NDArray[Any]] = [np.empty(self._size, np.int32) for _column in range(4)]
        products, why, source, times = wholes
        shares = np.empty(self._size)
        end = 0
        for part in self._parts:
            begin, end = end, end + len(part[0])
            for whole, values in zip((products, shares, why, source, times), part, strict=True):
                whole[begin:end] = values  # a number for all of it costs next to nothing so
        rising = np.argsort(shares, kind="stable")
        # by product, and of each product the strongest last
        keys = np.sort((products[rising].astype(np.int64) << 32) | np.arange(len(rising)))
        keys = keys[np.searchsorted(keys, 0) :]  # below 0 is no product
        if not len(keys):
            return _none()
        in_order, order = (keys >> 32).astype(np.int32), rising[keys & 0xFFFFFFFF]
        starts = begins(in_order).nonzero()[0]
        found, strongest = in_order[starts], order[np.append(starts[1:], len(order)) - 1]
        scores = np.add.reduceat(shares[order], starts)
        return Candidates(
            found, scores, why[strongest], source[strongest], times[strongest], np.zeros(len(found), np.int64)
        )


def _none() -> Candidates:
    none = np.empty(0, np.int32)
    return Candidates(none, np.empty(0), none, none, none, np.empty(0, np.int64))


def _alone(products: Ints, shares: NDArray[np.float64], why: Any, source: Any, times: Any) -> Candidates | None:
    """The only list, which needs no fusing: somebody's stored one, where nothing was done since. None: with repeats."""
    order = np.argsort(products, kind="stable")
    order = order[np.searchsorted(products, 0, sorter=order) :]  # below 0 is no product
    found = products[order]
    if len(found) > 1 and not (found[1:] != found[:-1]).all():
        return None
    each = [
        part[order] if isinstance(part, np.ndarray) else np.full(len(found), part, np.int32)
        for part in (why, source, times)
    ]
    return Candidates(
        found, shares[order].astype(np.float64), each[0], each[1], each[2], np.zeros(len(found), np.int64)
    )


def among(values: NDArray[Any], some: Sequence[int]) -> NDArray[np.bool_]:
    """Whether each of the values is one of the few; np.isin takes ten times as long for so few."""
    found: NDArray[np.bool_] = (values[..., None] == np.array(some, np.int32)).any(axis=-1)
    return found


def by_rank(scores: Floats) -> NDArray[np.float64]:
    """What each entry's place among all is worth, 1 / (K + place)."""
    shares = np.empty(len(scores))
    shares[np.argsort(-scores, kind="stable")] = _shares(len(scores))
    return shares


def _shares(n: int) -> NDArray[np.float64]:
    return _SHARES[:n] if n <= len(_SHARES) else 1.0 / (K + np.arange(n))
