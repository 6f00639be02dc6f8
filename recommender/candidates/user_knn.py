"""Customer neighbours: what people with purchases like yours bought of late.

User-based neighbours (Resnick et al. 1994) whose votes fade fast, as UP-CF@r votes with recent baskets (Faggioli,
Polato & Aiolli 2020). The similarity looks back far, the vote only some weeks: the best cheap source for what is new.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from ..interactions import Interactions, Ints
from .item_knn import decayed
from .rows import best_of_rows, row_of_entries, unit_rows

NEIGHBOURS = 600
FADE_DAYS = 120.0
VOTE_FADE_DAYS = 6.0
POWER = 2.0
"""A neighbour's vote is its similarity to this power."""
VOTE_POWER = 0.5
"""A neighbour's purchases are divided by their sum to this power: big buyers are louder, but less than they buy."""
FAINTEST = 1e-3
"""Votes that have faded below this are silent, and cost nothing."""
PROFILE = 300
"""So many of a customer's products (the weightiest) stand for them when they are compared; bounds the work."""


VOTES = 200
"""… and so many, the latest, are what they vote for."""


class CustomerNeighbours:
    """Fitted once; `scores` answers for some customers at a time."""

    def __init__(
        self,
        interactions: Interactions,
        *,
        keep: int = NEIGHBOURS,
        fade_days: float = FADE_DAYS,
        vote_fade_days: float = VOTE_FADE_DAYS,
        power: float = POWER,
        vote_power: float = VOTE_POWER,
    ) -> None:
        profile = decayed(interactions, fade_days=fade_days)
        buyers = np.maximum(np.bincount(profile.indices, minlength=profile.shape[1]), 1)
        rarity = np.log1p(profile.shape[0] / buyers)
        profile.data = np.sqrt(profile.data) * rarity[profile.indices]
        self._profile = best_of_rows(unit_rows(profile), PROFILE)
        self._by_product = self._profile.T.tocsr()
        votes = decayed(interactions, fade_days=vote_fade_days)
        votes.data[votes.data < FAINTEST] = 0.0
        votes.eliminate_zeros()
        loud = np.asarray(votes.sum(axis=1)).ravel()
        scale = np.where(loud > 0, np.maximum(loud, 1e-9) ** -vote_power, 0)
        self._votes = best_of_rows(csr_matrix(diags_array(scale) @ votes, dtype=np.float32), VOTES)
        self._keep, self._power = keep, power

    def scores(self, customers: Ints) -> csr_matrix:
        """A row for each of the customers."""
        alike = (self._profile[customers] @ self._by_product).tocsr()
        alike.data[alike.indices == customers[row_of_entries(alike)]] = 0.0
        alike = best_of_rows(alike, self._keep)
        alike.data **= self._power
        return (alike @ self._votes).tocsr()
