"""Latest steps: what visitors did with products in the last minutes, as far as this process saw it.

The writer stores a step within half a second; the next page may be asked for sooner, and must know of the click.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import NamedTuple

from recommender.signals import Kind

KINDS = {"Product Viewed": Kind.VIEW, "Product Added": Kind.CART}
REMOVED = "Product Removed"
OF_PRODUCTS = frozenset({*KINDS, REMOVED})
KEPT = timedelta(minutes=5)
"""Longer than the writer waits for a database that is locked."""
OF_ONE_VISITOR = 30
VISITORS = 5_000


class Step(NamedTuple):
    """A step with a product. `name` is the event's."""

    at: datetime
    name: str
    product: str


class LatestSteps:
    """One per app and process; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: OrderedDict[str, deque[Step]] = OrderedDict()

    def note(self, token: str, step: Step) -> None:
        """Remember a step of this visitor; those who came longest ago are forgotten where there is no more room."""
        with self._lock:
            self._of.setdefault(token, deque(maxlen=OF_ONE_VISITOR)).append(step)
            self._of.move_to_end(token)
            if len(self._of) > VISITORS:
                self._of.popitem(last=False)

    def of(self, token: str) -> list[Step]:
        """This visitor's, the latest first."""
        with self._lock:
            steps = list(self._of.get(token, ()))
        since = datetime.now(UTC) - KEPT
        return [step for step in reversed(steps) if step.at >= since]
