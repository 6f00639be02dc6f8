"""Much: from how many contacts and orders on somebody asks much or buys much, and the four cells that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

FEW = 0.2
"""At most this share of the customers asks much, or buys much, where the shop sets no threshold."""
LEAST_MUCH = 2


class Cell(StrEnum):
    """Contacts × orders; who did neither lies in none."""

    ASKS_MUCH_BUYS_MUCH = "asks_much_buys_much"
    ASKS_LITTLE_BUYS_MUCH = "asks_little_buys_much"
    ASKS_MUCH_BUYS_LITTLE = "asks_much_buys_little"
    ASKS_LITTLE_BUYS_LITTLE = "asks_little_buys_little"


@dataclass(frozen=True)
class Much:
    """The two thresholds; `by`: "setting" or "quantile", of which of the two they are."""

    contacts: int
    orders: int
    by: str

    def __str__(self) -> str:
        return f"much is {self.contacts} contacts or {self.orders} orders (by {self.by})"

    @classmethod
    def parse(cls, setting: str) -> Much | None:
        """What ECRM_RELATIONSHIP_MUCH says, e.g. `3 contacts, 5 orders`; None where it is empty.

        Raises:
            ValueError: for anything else.
        """
        if not setting.strip():
            return None
        said: dict[str, int] = {}
        for part in setting.split(","):
            number, _blank, what = part.strip().partition(" ")
            readable = number.isascii() and number.isdigit() and len(number) < 5 and int(number) > 0
            if not readable or what not in {"contacts", "orders"}:
                raise ValueError(f"ECRM_RELATIONSHIP_MUCH must be like `3 contacts, 5 orders`, not {setting!r}")
            said[what] = int(number)
        if set(said) != {"contacts", "orders"}:
            raise ValueError(f"ECRM_RELATIONSHIP_MUCH must name contacts and orders, not {setting!r}")
        return cls(said["contacts"], said["orders"], "setting")

    def cell(self, *, contacts: int, orders: int) -> Cell:
        """The cell of who asked and bought so often."""
        if contacts >= self.contacts:
            return Cell.ASKS_MUCH_BUYS_MUCH if orders >= self.orders else Cell.ASKS_MUCH_BUYS_LITTLE
        return Cell.ASKS_LITTLE_BUYS_MUCH if orders >= self.orders else Cell.ASKS_LITTLE_BUYS_LITTLE


def threshold(counts: Mapping[int, int], *, people: int) -> int:
    """The smallest number that at most `FEW` of the people reach, and never less than `LEAST_MUCH`.

    Args:
        counts: how many people have each number, from 1 on.
        people: all of them, those with none included.
    """
    reached = 0
    for number in sorted(counts, reverse=True):
        reached += counts[number]
        if reached > FEW * people:
            return max(number + 1, LEAST_MUCH)
    return LEAST_MUCH
