"""Arms of an experiment: the strategies that are tried against each other, and who gets which, by a stable hash.

The control group is the experiment's own (`experiments.is_control`) and stays the same for good. The others are shared
out over the arms. In an experiment that adapts, the arms are drawn anew each day by that day's shares (`bandit.py`):
within a day nobody changes sides, and no list is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

from recommender.asking import Strategy

LEAST_SHARE, MOST_ARMS = 5, 3
"""Percent of the treated that every arm gets at least, also of a bandit: what isn't tried any more can't recover."""
WHOLE = 100
_PLACES = 1_000_000
Shares = Mapping[str, float]
"""Arm → percent of those who are not in the control group; together 100."""


class BadArms(ValueError):
    """Arms that can't be tried against each other; the message says why."""


def checked(arms: Mapping[str, int]) -> dict[str, int]:
    """The arms in the order of `Strategy`, so that a share always means the same people.

    Raises:
        BadArms: for a strategy that doesn't exist, shares that aren't 100 in sum, or one below `LEAST_SHARE`.
    """
    if not arms:
        return {}
    if unknown := sorted(set(arms) - {str(one) for one in Strategy}):
        raise BadArms(f"there is no strategy called {', '.join(unknown)}")
    if len(arms) < 2:
        raise BadArms("one strategy alone has nothing to be tried against")
    if any(share < LEAST_SHARE for share in arms.values()) or sum(arms.values()) != WHOLE:
        raise BadArms(f"each strategy gets at least {LEAST_SHARE} percent, and together they make {WHOLE}")
    return {str(one): arms[one] for one in Strategy if one in arms}


def arm_of(salt: str, unit_key: str, shares: Shares, *, day: date | None = None) -> str:
    """The arm of a unit that isn't in the control group; empty where the experiment has none.

    Args:
        unit_key: as in `experiments.is_control`; the two draws are independent of each other.
        day: the shop's, in an experiment that adapts; None where a unit keeps its arm for good.
    """
    if not shares:
        return ""
    drawn = blake2b(f"{salt}:arm:{day or ''}:{unit_key}".encode(), digest_size=8).digest()
    place = int.from_bytes(drawn) % _PLACES / _PLACES * sum(shares.values())
    reached = 0.0
    for arm, share in shares.items():
        reached += share
        if place < reached:
            return arm
    return next(reversed(list(shares)))  # a rounding error below the sum


def in_force(allocations: Sequence[tuple[date, Shares]], day: date, *, otherwise: Shares) -> Shares:
    """The shares of a day: those of the latest allocation made for it or before; the first ones are the experiment's.

    Args:
        allocations: newest first.
    """
    return next((shares for since, shares in allocations if since <= day), otherwise)


def as_shares(kept: Mapping[str, Any]) -> dict[str, float]:
    """Shares as they were kept, in the order of `Strategy`: JSON of a database may come back in another."""
    return {str(one): float(kept[one]) for one in Strategy if one in kept}
