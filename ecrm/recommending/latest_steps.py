"""Latest steps: what visitors did with products in the last minutes, as far as this process saw it.

The writer stores a step within half a second; the next page may be asked for sooner, and must know of the click. A
browser may be shared, so each customer's steps in it are kept apart.
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
        self._of: OrderedDict[tuple[str, str | None], deque[Step]] = OrderedDict()

    def note(self, token: str, customer: str | None, step: Step) -> None:
        """Remember a step of this browser, and who was signed in (their number in the shop); the oldest are
        forgotten where there is no more room."""
        with self._lock:
            self._of.setdefault((token, customer), deque(maxlen=OF_ONE_VISITOR)).append(step)
            self._of.move_to_end((token, customer))
            if len(self._of) > VISITORS:
                self._of.popitem(last=False)

    def of(self, token: str, customer: str | None) -> list[Step]:
        """What this customer did in this browser (None: what nobody was signed in for), the latest first."""
        with self._lock:
            steps = list(self._of.get((token, customer), ()))
        since = datetime.now(UTC) - KEPT
        return [step for step in reversed(steps) if step.at >= since]
