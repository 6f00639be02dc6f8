"""Rows of a report about thousands of pages or products: sorted as columns, and made only where they are shown."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from tracking.clickstream.sheets import Sums

from .figures import Value
from .reports_frame import Row

Places = NDArray[np.int64]
Figures = NDArray[Any]
"""A column: whole numbers, or floats with NaN where there is nothing to measure."""

BATCH = 2000
G = TypeVar("G", bound=Hashable)


@dataclass(frozen=True)
class ManyRows:
    """`columns` by the keys of the report's columns, all equally long; `make` makes the rows of some places.

    `labels` gives all names, asked only where somebody sorts by name.
    """

    columns: Mapping[str, Figures]
    make: Callable[[Sequence[int]], list[Row]]
    labels: Callable[[], list[str]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def sorted_by(self, key: str, *, descending: bool) -> Sequence[Row]:
        """The rows in this order; those without the figure last, and equal ones as they came."""
        if not len(self):
            return []
        if key == "label":
            names = self.labels()
            order = sorted(range(len(names)), key=lambda place: names[place].casefold(), reverse=descending)
            return _Arranged(np.array(order, dtype=np.int64), self.make)
        if not key:
            return _Arranged(np.arange(len(self)), self.make)
        values = self.columns[key].astype(np.float64)
        missing = np.isnan(values)
        return _Arranged(np.lexsort((-values if descending else values, missing)), self.make)


Derive = Callable[[Mapping[str, Places]], dict[str, Figures]]
"""Makes a report's columns out of a roll-up's."""
MakeRow = Callable[[int, str, dict[str, Value], "dict[str, Value] | None"], Row]
"""Makes a row out of its key, its name, its figures, and those of the comparison."""


def rows_of(
    now: Sums,
    before: Sums | Callable[[list[int]], Sums] | None,
    *,
    derive: Derive,
    names: Callable[[list[int]], Mapping[int, str]],
    row: MakeRow,
) -> ManyRows:
    """A row for each (first) key of a roll-up's sums.

    Args:
        before: the comparison's sums, or what reads them for the keys that are shown.
        names: what the keys are called; asked for those that are shown, and for all when sorted by name.
    """
    columns = derive(now.columns)
    whole = None if callable(before) or before is None else (before.keys[:, 0], derive(before.columns))

    def compared(keys: list[int]) -> tuple[Places, Mapping[str, Figures]]:
        if whole is not None:
            return whole
        if not callable(before):
            return np.zeros(0, dtype=np.int64), {}
        some = before(keys)
        return some.keys[:, 0], derive(some.columns)

    def make(places: Sequence[int]) -> list[Row]:
        keys = now.keys[np.array(places, dtype=np.int64), 0]
        earlier_keys, earlier = compared(keys.tolist())
        then = places_of(earlier_keys, keys).tolist()
        known = names(keys.tolist())
        return [
            row(key, known.get(key, "–"), figures_at(columns, place), figures_at(earlier, old) if old >= 0 else None)
            for place, key, old in zip(places, keys.tolist(), then, strict=True)
        ]

    def labels() -> list[str]:
        keys = now.keys[:, 0].tolist()
        known = names(keys)
        return [known.get(key, "–") for key in keys]

    return ManyRows(columns, make=make, labels=labels)


def rows_of_groups(figures: Mapping[G, Mapping[str, Value]], row: Callable[[G], Row]) -> ManyRows:
    """A row for each group, of which only those shown are made by `row`."""
    groups = list(figures)
    keys = list(figures[groups[0]]) if groups else [""]
    columns = {key: np.array([_number(figures[group][key]) for group in groups]) for key in keys}

    def make(places: Sequence[int]) -> list[Row]:
        return [row(groups[place]) for place in places]

    return ManyRows(columns, make=make, labels=lambda: [row(group).label for group in groups])


def total_of(summed: Sums | None, derive: Derive) -> dict[str, Value] | None:
    """The report's figures over all keys; None without sums."""
    if summed is None:
        return None
    whole = {name: column.sum(keepdims=True) for name, column in summed.columns.items()}
    return figures_at(derive(whole), 0)


def figures_at(columns: Mapping[str, Figures], place: int) -> dict[str, Value]:
    """A place's figures as Python's numbers; NaN is None."""
    values = ((key, column[place].item()) for key, column in columns.items())
    return {key: None if value != value else value for key, value in values}


def ratio(above: Figures, below: Figures) -> Figures:
    """One column by another; NaN where there is nothing to divide by."""
    shares: Figures = np.divide(above, below, out=np.full(len(above), np.nan), where=below != 0)
    return shares


def places_of(keys: Places, wanted: Places) -> Places:
    """Where each wanted key stands among the (sorted) keys; -1 where it doesn't."""
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)


def _number(value: Value) -> int | float:
    return np.nan if value is None else value


class _Arranged(Sequence[Row]):
    """Rows in an order; made when they are read, some at a time."""

    def __init__(self, order: Places, make: Callable[[Sequence[int]], list[Row]]) -> None:
        self._order = order
        self._make = make

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return self._make(self._order[place].tolist())
        return self._make([int(self._order[place])])[0]

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, len(self._order), BATCH):
            yield from self[start : start + BATCH]
