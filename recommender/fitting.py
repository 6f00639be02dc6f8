"""What a placement's heading is true of: pages show no more of an answer than this, and no more is judged."""

from __future__ import annotations

from collections.abc import Sequence

from .asking import Placement, Recommendation
from .reasons import Code

ENOUGH = 3
"""With so many products bought together, that strip shows nothing else."""
ONLY = {
    Placement.SIMILAR: frozenset({Code.LIKE, Code.ARRIVED, Code.CHOSEN}),
    Placement.ALSO_BOUGHT: frozenset({Code.ALSO_BOUGHT, Code.CHOSEN}),
    Placement.AGAIN: frozenset({Code.AGAIN, Code.OFTEN, Code.CHOSEN}),
}
"""What their headings are true of."""


def fitting(placement: Placement, found: Sequence[Recommendation]) -> list[Recommendation]:
    """Those that the heading is true of."""
    if placement is Placement.PRODUCT:
        together = [one for one in found if one.reason.code is Code.TOGETHER or one.rule is not None]
        return together if len(together) >= ENOUGH else list(found)
    only = ONLY.get(placement)
    return list(found) if only is None else [one for one in found if one.reason.code in only or one.rule is not None]
