"""The setting ECRM_WARRANTY_MONTHS: how long warranties run where the shop doesn't say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_MONTHS = 1200


@dataclass(frozen=True)
class Months:
    """The setting: months for everything (0: none), and by category."""

    usual: int
    by_category: Mapping[str, int]

    @classmethod
    def parse(cls, parts: Iterable[str]) -> Months:
        """`24` for everything and `Lamps=36` for a category.

        Raises:
            ValueError: naming the part that can't be read.
        """
        usual, named = 0, {}
        for part in parts:
            category, equals, months = part.rpartition("=")
            if not months.strip().isdigit() or int(months) > MOST_MONTHS or (equals and not category.strip()):
                raise ValueError(f"ECRM_WARRANTY_MONTHS: {part!r} is neither months nor category=months")
            if equals:
                named[category.strip().casefold()] = int(months)
            else:
                usual = int(months)
        return cls(usual, named)
