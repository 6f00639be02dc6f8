"""The money of an order by product: what the customer paid for each, and what a refund takes back of it.

Pure arithmetic in whole minor units. A discount on the whole order is spread over its lines by the largest remainder,
as everywhere; what is taken off beyond the goods was the delivery's. Refunds together never take more of a product than
was paid for it: goodwill on top of it is no recommendation's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tracking.shares import split


class Line(NamedTuple):
    """A line of an order or of a refund: the product, its pieces, and the line's money."""

    product: str
    quantity: int
    minor: int


@dataclass
class Paid:
    """What was paid for a product of an order, and what refunds left of it."""

    quantity: int = 0
    minor: int = 0
    left_quantity: int = 0
    left_minor: int = 0

    def take(self, quantity: int, minor: int) -> tuple[int, int]:
        """The pieces and the money that a refund takes, at most what is left."""
        pieces, money = min(max(quantity, 0), self.left_quantity), min(max(minor, 0), self.left_minor)
        self.left_quantity -= pieces
        self.left_minor -= money
        return pieces, money


def paid_of(lines: Sequence[Line], *, discount_minor: int) -> dict[str, Paid]:
    """What was paid for each product of an order, its discount taken off.

    Args:
        lines: in the order's own sequence; a product may stand in several.
    """
    goods = [max(line.minor, 0) for line in lines]
    off = split(min(max(discount_minor, 0), sum(goods)), goods) if lines else []
    found: dict[str, Paid] = {}
    for line, part in zip(lines, off, strict=True):
        one = found.setdefault(line.product, Paid())
        one.quantity += line.quantity
        one.minor += line.minor - part
    for one in found.values():
        one.left_quantity, one.left_minor = one.quantity, one.minor
    return found


def taken_back(paid: dict[str, Paid], lines: Iterable[Line]) -> dict[str, tuple[int, int]]:
    """Pieces and money that a refund takes of each product, out of what earlier refunds left.

    Args:
        lines: the refund's; changes `paid`.
    """
    found: dict[str, tuple[int, int]] = {}
    for line in lines:
        if line.product in paid:
            pieces, money = paid[line.product].take(line.quantity, line.minor)
            before = found.get(line.product, (0, 0))
            found[line.product] = before[0] + pieces, before[1] + money
    return {product: taken for product, taken in found.items() if any(taken)}
