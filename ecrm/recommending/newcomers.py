"""Newcomers: products younger than the model, asked of the shop every few seconds: none waits for a training."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from time import monotonic

from ecrm.storefront import Storefront, arrivals_of
from recommender.asking import Arrival

REMEMBERED = 10.0
"""Seconds until every process proposes a product that was just listed."""


class Newcomers:
    """One per app and process. Two threads may ask the shop at once; both get the same answer."""

    def __init__(self, storefront: Storefront) -> None:
        self._storefront = storefront
        self._since: datetime | None = None
        self._until = 0.0
        self._found: Sequence[Arrival] = ()

    def since(self, trained_at: datetime) -> Sequence[Arrival]:
        """What was listed after this moment, the newest first."""
        if monotonic() >= self._until or trained_at != self._since:
            facts = arrivals_of(self._storefront, trained_at)
            self._found = tuple(Arrival(one.product_id, one.category, one.brand) for one in facts)
            self._since, self._until = trained_at, monotonic() + REMEMBERED
        return self._found

    def forget(self) -> None:
        """Ask the shop again from now on."""
        self._until = 0.0
