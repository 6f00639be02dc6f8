"""Splitting whole units (cents, parts per million) so that the parts add up to exactly the whole."""

from __future__ import annotations

from collections.abc import Sequence


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Parts of `amount` in proportion to `weights`, by largest remainder (Hamilton's method); ties go to the first.

    A negative amount gives the mirrored parts. Where all weights are zero, the parts are as equal as can be.

    Raises:
        ValueError: for no weights at all (the amount would be lost), or a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError(f"an amount is split by one or more weights of zero or more, not by {list(weights)!r}")
    if amount < 0:
        return [-part for part in split(-amount, weights)]
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    if len(weights) == 1:
        return [amount]
    parts = [amount * weight // whole for weight in weights]
    left = amount - sum(parts)
    if left:
        by_remainder = sorted(range(len(weights)), key=lambda index: -(amount * weights[index] % whole))
        for index in by_remainder[:left]:
            parts[index] += 1
    return parts
