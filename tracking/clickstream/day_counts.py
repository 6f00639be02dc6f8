"""What steps add to the days on which they happened, whoever did them: pages, timings, products, terms, machines.

The rules, by which `recompute` counts the raw log anew; a day is one of the shop's time zone:

- `DayFigures`: page views, product views, searches (not further pages of results), products added, checkouts started.
- `PageDay`: the page is the subject of `Page Viewed` and `Page Engaged`; each report of engagement counts with its
  seconds (`visits.seconds_of`). `TimingDay`: `milliseconds` of the page views that the plugin itself saw (no message
  id), by page and, as page 0, for all.
- `ProductDay`: `Product Viewed`, `Product Added` and `Product Removed` by subject; an impression for each product
  that a list, a page of results or a recommendation showed (`product_ids`, each once a step).
- `TermDay`: searches by `searches.folded` term, further pages left out; `zero_results` where `results` is 0.
- `BotDay` and `DayFigures.bot_views`: page views of machines, which are counted nowhere else and leave no event; a
  machine's message that is repeated counts again for that reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from tracking.record import Record

from .bots import bot_name
from .dimensions import MAX_PATH, Page, ProductKey, Term, ids_of
from .rollups import BotDay, DayFigures, PageDay, ProductDay, Tally, TermDay, TimingDay
from .search_trail import product_of, shown_products
from .searches import folded
from .sightings import Sighting, storable
from .timings import bucket_of
from .visits import COUNTERS, seconds_of

_BY_PRODUCT = {"Product Viewed": "views", "Product Added": "cart_adds", "Product Removed": "cart_removals"}
_LISTS = frozenset({"Product List Viewed", "Products Searched", "Recommendations Shown"})
_MOST_MILLISECONDS = 86_400_000

Figures = defaultdict[tuple[date, str], defaultdict[str, int]]


class DayCounts:
    """Counts a batch by names; `number` and `settle` turn the names into numbers."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._pages: Figures = defaultdict(_none)
        self._products: Figures = defaultdict(_none)
        self._terms: Figures = defaultdict(_none)
        self._timings: defaultdict[tuple[date, str, int], int] = defaultdict(int)
        self._further: set[str] = set()  # terms of which only further pages were seen
        self._ids: dict[type[Record], dict[str, int]] = {}

    def count(self, sighting: Sighting, day: date) -> None:
        """Count a person's step."""
        name = sighting.name
        if (figure := COUNTERS.get(name)) and sighting.counts:
            self.tally[DayFigures][(day,)][figure] += 1
        if name == "Page Viewed":
            path = storable(sighting.subject)[:MAX_PATH]
            self._pages[day, path]["views"] += 1
            taken = sighting.properties.get("milliseconds")
            if type(taken) is int and 0 <= taken <= _MOST_MILLISECONDS and sighting.message_id is None:
                self._timings[day, path, bucket_of(taken)] += 1
        elif name == "Page Engaged":
            page = self._pages[day, storable(sighting.subject)[:MAX_PATH]]
            page["engagements"] += 1
            page["seconds"] += seconds_of(sighting)
        elif name in _LISTS:
            for product in shown_products(sighting.properties):
                self._products[day, product]["impressions"] += 1
            if name == "Products Searched" and (term := folded(storable(sighting.subject))):
                if sighting.counts:
                    self._terms[day, term]["searches"] += 1
                    self._terms[day, term]["zero_results"] += sighting.properties.get("results") == 0
                else:
                    self._further.add(term)
        elif (column := _BY_PRODUCT.get(name)) and (product := product_of(sighting)):
            self._products[day, product][column] += 1

    def count_bot(self, sighting: Sighting, day: date) -> None:
        """Count a machine's step: its page views, and nothing else."""
        if sighting.name == "Page Viewed":
            self.tally[DayFigures][(day,)]["bot_views"] += 1
            self.tally[BotDay][day, bot_name(sighting.user_agent)]["views"] += 1

    def number(self, session: Session, *, entry_pages: Collection[str]) -> None:
        """Number all names of the batch, dimension after dimension, before anybody else numbers some of them: two
        batches that make the same rows wait for each other in the same order."""
        self._ids = {
            Page: ids_of(session, Page, _names(self._pages).union(entry_pages)),
            ProductKey: ids_of(session, ProductKey, _names(self._products)),
            Term: ids_of(session, Term, _names(self._terms) | self._further),
        }

    def settle(self) -> Tally:
        """All that was counted, by numbers; `number` comes first."""
        pages = self._ids[Page]
        self._add(PageDay, self._pages, pages)
        self._add(ProductDay, self._products, self._ids[ProductKey])
        self._add(TermDay, self._terms, self._ids[Term])
        for (day, path, bucket), views in self._timings.items():
            self.tally[TimingDay][day, 0, bucket]["views"] += views
            if path:
                self.tally[TimingDay][day, pages[path], bucket]["views"] += views
        return self.tally

    def _add(self, record: type[Record], figures: Figures, ids: dict[str, int]) -> None:
        for (day, name), row in figures.items():
            if name:
                self.tally.add(record, (day, ids[name]), row)


def _names(figures: Iterable[tuple[Any, str]]) -> set[str]:
    return {name for _, name in figures if name}


def _none() -> defaultdict[str, int]:
    return defaultdict(int)
