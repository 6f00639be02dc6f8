"""Features of a pair (customer, product): what the sources say, the customer's own history, product and customer.

One column a name of `names(new=…)`; NaN means "there is none", which the ranker's trees understand. Ages are days
before the moment the interactions were read for, so that features of two time cuts are comparable.
"""

from __future__ import annotations

import numpy as np

from .candidates.item_knn import query
from .candidates.next_basket import day_baskets
from .candidates.own_history import own_frequency, rhythm
from .candidates.rows import at, ranks_within
from .catalogue import Catalogue
from .interactions import Floats
from .sources import NAMES, Pairs, Sources, shares

WINDOWS = (3, 7, 14, 30, 90)
OWN_FADES = (15.0, 60.0, 250.0)
LONG_AGO = 999.0
OWN = (
    "own_days", "own_latest", "own_earliest", "own_gap", "own_due", "own_share", "own_rate", "own_since",
    *(f"own_{fade:.0f}" for fade in OWN_FADES), "own_rank", "share_own",
)  # fmt: skip


class Features:
    """Computed once from the purchases, then looked up pair by pair."""

    def __init__(self, sources: Sources, catalogue: Catalogue | None = None) -> None:
        known = sources.known
        self._sources = sources
        self._rhythm = rhythm(known)
        self._own = [own_frequency(known, fade_days=fade) for fade in OWN_FADES]
        price = catalogue.log_price if catalogue else np.full(len(known.products), np.nan, np.float32)
        self.of_product = _of_products(sources, self._rhythm.earliest, self._rhythm.days) | {"price": price}
        self.of_customer = _of_customers(sources)
        paid = query(known, fade_days=120.0)
        priced = np.isfinite(price)
        weight = paid @ priced.astype(np.float32)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.of_customer["price"] = (paid @ np.where(priced, price, 0)) / np.where(weight > 0, weight, np.nan)

    def names(self, *, new: bool) -> list[str]:
        """The columns of `of`."""
        sources = [f"{kind}_{name}" for name in NAMES for kind in ("score", "share", "rank")]
        own = [] if new else list(OWN)
        product = [f"product_{name}" for name in self.of_product]
        return [*sources, *own, *product, *(f"customer_{name}" for name in self.of_customer), "dearer"]

    def of(self, pairs: Pairs, *, new: bool) -> Floats:
        """pairs × names."""
        columns = [one for source in zip(pairs.score, pairs.share, pairs.rank, strict=True) for one in source]
        if not new:
            columns += self._of_history(pairs)
        customer = pairs.customer
        columns += [values[pairs.product] for values in self.of_product.values()]
        columns += [values[customer] for values in self.of_customer.values()]
        columns.append(self.of_product["price"][pairs.product] - self.of_customer["price"][customer])
        return np.column_stack([np.asarray(column, np.float32) for column in columns])

    def _of_history(self, pairs: Pairs) -> list[Floats]:
        place = self._places(pairs)
        bought = place >= 0
        with np.errstate(invalid="ignore", divide="ignore"):

            def held(values: Floats) -> Floats:
                found: Floats = np.where(bought, values[place], np.nan)
                return found

            days = np.where(bought, self._rhythm.days[place], 0)
            latest, earliest, gap = held(self._rhythm.latest), held(self._rhythm.earliest), held(self._rhythm.gap)
            pace = np.maximum(self.of_customer["gap"][pairs.customer], 1)
            rate = days / np.maximum(earliest / pace, 1)
            since = latest - self.of_customer["latest"][pairs.customer]
            share = days / np.maximum(self.of_customer["days"][pairs.customer], 1)
            faded = [np.where(bought, own.data[place], 0) for own in self._own]
            due = latest / gap
        rank = ranks_within(pairs.row, (faded[1] + faded[2] / 1000).astype(np.float32))
        portion = shares(pairs.row, faded[2][None])[0]
        return [days, latest, earliest, gap, due, share, rate, since, *faded, rank, portion]

    def _places(self, pairs: Pairs) -> np.ndarray:
        """The place of each pair among the stored entries of `days_bought`, -1 where it was never bought."""
        own = self._sources.days[pairs.customers]
        own.data = np.arange(1, own.nnz + 1, dtype=np.float64)
        starts = self._sources.days.indptr[pairs.customers] - own.indptr[:-1]
        found = at(own, pairs.row, pairs.product).astype(np.int64) - 1
        return np.where(found >= 0, found + starts[pairs.row], -1)


def _of_products(sources: Sources, earliest: Floats, days: Floats) -> dict[str, Floats]:
    known = sources.known
    _customer, product, age = known.purchase_days
    size = len(known.products)

    def sold(since: float, until: float) -> Floats:
        inside = (age >= since) & (age < until)
        return np.bincount(product[inside], minlength=size).astype(np.float32)

    oldest, newest = np.zeros(size, np.float32), np.full(size, LONG_AGO, np.float32)
    np.maximum.at(oldest, product, age)
    np.minimum.at(newest, product, age)
    columns = sources.days.indices
    buyers = np.bincount(columns, minlength=size)
    again = np.bincount(columns[days > 1], minlength=size)
    first_30 = np.bincount(columns[earliest < 30], minlength=size)
    found = {f"sold_{window}": np.log1p(sold(0, window)) for window in WINDOWS}
    return found | {
        "popular": np.log(sources.popular + 1e-3),
        "trend_week": np.log((sold(0, 7) + 1) / (sold(7, 28) / 3 + 1)),
        "trend_month": np.log((sold(0, 30) + 1) / (sold(30, 90) / 2 + 1)),
        "age": oldest,
        "quiet": newest,
        "missed": newest * sold(0, 30) / 30,
        "again": (again + 1) / (buyers + 8),
        "buyers": np.log1p(buyers),
        "first_14": np.log1p(np.bincount(columns[earliest < 14], minlength=size)),
        "first_30": np.log1p(first_30),
        "first_share": np.log((first_30 + 0.5) / (sold(0, 30) + 1)),
    }


def _of_customers(sources: Sources) -> dict[str, Floats]:
    size = len(sources.known.customers)
    days = day_baskets(sources.known)
    count = np.bincount(days.customer, minlength=size)
    latest, earliest = np.full(size, LONG_AGO, np.float32), np.zeros(size, np.float32)
    np.minimum.at(latest, days.customer, days.age)
    np.maximum.at(earliest, days.customer, days.age)
    lines = np.bincount(days.customer, weights=np.diff(days.baskets.indptr), minlength=size)
    distinct = np.diff(sources.days.indptr)
    return {
        "days": count.astype(np.float32),
        "latest": latest,
        "earliest": earliest,
        "gap": np.where(count > 1, (earliest - latest) / np.maximum(count - 1, 1), np.nan).astype(np.float32),
        "basket": (lines / np.maximum(count, 1)).astype(np.float32),
        "distinct": distinct.astype(np.float32),
        "curious": (distinct / np.maximum(lines, 1)).astype(np.float32),
    }
