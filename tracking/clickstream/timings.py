"""Timings: how long pages took, counted in buckets, so that a median or a p95 of any period is a sum away.

A bucket reaches from its edge to below the next, one tenth further (1 ms up to 10 ms): a percentile read from buckets
is off by less than a tenth. The edges are whole numbers, so that every language counts alike.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

MAX_MILLISECONDS = 600_000


def _edges() -> tuple[int, ...]:
    edges = [0]
    while edges[-1] < MAX_MILLISECONDS:
        edges.append(max(edges[-1] + 1, edges[-1] * 11 // 10))
    return tuple(edges)


EDGES = _edges()
"""Lower edges in milliseconds; the last bucket is open."""
_BOUNDS = tuple(pairwise(EDGES))


def bucket_of(milliseconds: int) -> int:
    """The number of the bucket: the index of the last edge that isn't above; below zero counts as zero."""
    return max(0, bisect_right(EDGES, milliseconds) - 1)


def bounds_of(bucket: int) -> tuple[int, int]:
    """From (included) and to (excluded), in milliseconds; the last bucket has its own edge twice."""
    return _BOUNDS[bucket] if bucket < len(_BOUNDS) else (EDGES[-1], EDGES[-1])
