"""Decoded sheets, kept in this process: a report reads the same closed days as the one before it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from .columns import Columns

KEPT_BYTES = 96_000_000
"""A year of 4,000 pages and 12,000 timings a day takes about a half."""


class Reference(NamedTuple):
    """Which sheet, in which version."""

    family: str
    grain: str
    first: date
    version: int


class Cache:
    """Decoded sheets of this process, the least recently used thrown out first. A version is a content: no expiry."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Reference, Columns] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, wanted: Sequence[Reference]) -> dict[Reference, Columns]:
        """Those of the wanted that are kept."""
        with self._lock:
            found = {sheet: self._kept[sheet] for sheet in wanted if sheet in self._kept}
            for sheet in found:
                self._kept.move_to_end(sheet)
        return found

    def keep(self, sheet: Reference, columns: Columns) -> None:
        """Remember a sheet."""
        with self._lock:
            if sheet not in self._kept:
                self._kept[sheet] = columns
                self._bytes += columns.nbytes
            while self._bytes > KEPT_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


cache = Cache()
