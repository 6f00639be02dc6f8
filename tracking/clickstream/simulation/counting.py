"""Counting: what made-up steps add to their days, by the rules of `day_counts`, at a third of its time.

Made-up steps are clean and few in kind; a test compares the figures with those of `ingest`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session as OrmSession

from ...record import Record
from ..dimensions import Page, ProductKey, Term, ids_of
from ..rollups import DayFigures, PageDay, ProductDay, Tally, TermDay
from ..searches import folded
from ..visits import COUNTERS, Visit
from .making import Step

Figures = defaultdict[tuple[date, str], defaultdict[str, int]]


class StepCounts:
    """Counts the steps of a batch by names; `settle` turns the names into numbers."""

    def __init__(self, time_zone: str) -> None:
        self.tally = Tally()
        self._zone = ZoneInfo(time_zone)
        self._ends: dict[date, datetime] = {}
        self._days: defaultdict[tuple[date, str], int] = defaultdict(int)
        self._pages: defaultdict[tuple[date, str], int] = defaultdict(int)
        self._products: Figures = defaultdict(lambda: defaultdict(int))
        self._terms: Figures = defaultdict(lambda: defaultdict(int))

    def count(self, visit: Visit, steps: Iterable[Step]) -> None:
        """Count a visit's steps for it and for the days on which they happened."""
        assert visit.day is not None  # noqa: S101 (every made-up visit has one; mypy can't know)
        end = self._end_of(visit.day)
        for step in steps:
            at, name, subject, properties = step
            day = visit.day if at < end else at.astimezone(self._zone).date()
            self._days[day, COUNTERS[name]] += 1
            if name == "Page Viewed":
                visit.page_views += 1
                self._pages[day, subject] += 1
            elif name == "Product Viewed":
                visit.product_views += 1
                self._products[day, subject]["views"] += 1
            elif name == "Product Added":
                visit.cart_adds += 1
                self._products[day, subject]["cart_adds"] += 1
            elif name == "Checkout Started":
                visit.checkouts += 1
            else:
                visit.searches += 1
                term = self._terms[day, folded(subject)]
                term["searches"] += 1
                term["zero_results"] += properties["results"] == 0
                for product in properties["product_ids"]:
                    self._products[day, product]["impressions"] += 1

    def settle(self, session: OrmSession) -> Tally:
        """All that was counted, by numbers."""
        for (day, figure), times in self._days.items():
            self.tally[DayFigures][(day,)][figure] += times
        pages = ids_of(session, Page, {path for _, path in self._pages})
        for (day, path), views in self._pages.items():
            self.tally[PageDay][day, pages[path]]["views"] += views
        self._number(ProductDay, self._products, ids_of(session, ProductKey, {name for _, name in self._products}))
        self._number(TermDay, self._terms, ids_of(session, Term, {name for _, name in self._terms}))
        return self.tally

    def _number(self, record: type[Record], figures: Figures, ids: dict[str, Any]) -> None:
        for (day, name), row in figures.items():
            self.tally.add(record, (day, ids[name]), row)

    def _end_of(self, day: date) -> datetime:
        """The moment at which a day of the shop's is over."""
        if day not in self._ends:
            self._ends[day] = datetime.combine(day + timedelta(days=1), time(), self._zone).astimezone(UTC)
        return self._ends[day]
