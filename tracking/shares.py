"""Splitting money in whole minor units, so that the parts always add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights by the largest remainder (Hamilton's method; ties: the first wins).

    Negative weights count as zero; where none is above zero, all weigh the same. A negative amount is split as its
    opposite. Every part is within one unit of its exact share, and none is larger than its weight where the amount
    isn't larger than the weights' sum.

    Raises:
        ValueError: for an amount that nobody can get, as there are no weights.
    """
    if not weights:
        if amount:
            raise ValueError(f"{amount} can't be split among nobody")
        return []
    heavy = weights if min(weights) >= 0 else [max(weight, 0) for weight in weights]
    whole, size = sum(heavy), abs(amount)
    if whole == 0:
        heavy, whole = [1] * len(weights), len(weights)
    parts = [size * weight // whole for weight in heavy]
    missing = size - sum(parts)
    if missing:
        remainders = [size * weight % whole for weight in heavy]
        for index in sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)[:missing]:  # stable: ties
            parts[index] += 1
    return parts if amount >= 0 else [-part for part in parts]
