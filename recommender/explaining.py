"""The true reason for each product of the stored lists, found when they are written.

In this order: bought before; in orders together with something bought; of a brand that is bought; bought by customers
who bought the same; described like something bought; popular. What nothing of this is true of leaves the list.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from .arrays import Floats, Ints
from .artefact import NUMBER_OF_CODE, Lists
from .candidates.own_history import days_bought, own_frequency
from .candidates.rows import best_of_rows, row_of_entries
from .catalogue import Catalogue
from .interactions import Interactions
from .reasons import OFTEN_FROM, Code
from .sources import Sources
from .together import Together

CAUSES = 50
"""So many products that speak for a product most are asked whether the customer bought them."""
POPULAR_SHARE = 0.1
POPULAR_AT_LEAST = 100
"""The first tenth of what was sold of late, or so many, is called popular."""


class Explainer:
    """Prepared once; then asked for some customers at a time."""

    def __init__(self, sources: Sources, together: Together, catalogue: Catalogue | None) -> None:
        known = sources.known
        size = len(known.products)
        self._days = days_bought(known)
        self._own = own_frequency(known)
        # divided by all that goes with the cause: bread explains butter, what lies in every cart explains nothing
        total = np.maximum(np.asarray(together.pairs.score.sum(axis=1)).ravel(), 1e-9)
        self._causes = {
            Code.BECAUSE: _causes(csr_matrix(diags_array((1 / total).astype(np.float32)) @ together.pairs.score)),
            Code.SIMILAR: _causes(sources.in_common),
            Code.LIKE: _causes(together.similar),
        }
        self._popular = np.zeros(size, bool)
        sold = int((sources.popular > 0).sum())
        best = np.argsort(-sources.popular, kind="stable")[: max(int(POPULAR_SHARE * sold), POPULAR_AT_LEAST)]
        self._popular[best[sources.popular[best] > 0]] = True
        self._brand, self._brand_days = _brands(known, catalogue)

    def explained(self, customers: Ints, ranked: Ints) -> Lists:
        """`ranked` has a row a customer, -1 where none; what has no reason is left out and the rest moves up."""
        why = np.full(ranked.shape, len(NUMBER_OF_CODE), np.uint8)
        source = np.full(ranked.shape, -1, np.int32)
        days = np.zeros(self._days.shape[1] + 1, np.float32)
        own = np.zeros(self._days.shape[1] + 1, np.float32)
        for row, customer in enumerate(customers.tolist()):
            bought, on_days, lively = self._history(customer)
            days[bought], own[bought] = on_days, lively
            why[row], source[row] = self._row(customer, ranked[row], days=days, own=own)
            days[bought] = own[bought] = 0
        return _moved_up(Lists(ranked, why, source))

    def _history(self, customer: int) -> tuple[Ints, Floats, Floats]:
        begin, end = self._days.indptr[customer], self._days.indptr[customer + 1]
        return self._days.indices[begin:end], self._days.data[begin:end], self._own.data[begin:end]

    def _row(self, customer: int, ranked: Ints, *, days: Floats, own: Floats) -> tuple[Ints, Ints]:
        why = np.full(len(ranked), len(NUMBER_OF_CODE), np.int32)
        source = np.full(len(ranked), -1, np.int32)
        on_days = np.where(ranked >= 0, days[ranked], 0)
        why[on_days > 0] = NUMBER_OF_CODE[Code.AGAIN]
        why[on_days >= OFTEN_FROM] = NUMBER_OF_CODE[Code.OFTEN]
        for code in (Code.BECAUSE, Code.BRAND, Code.SIMILAR, Code.LIKE):
            open_ = np.flatnonzero((why == len(NUMBER_OF_CODE)) & (ranked >= 0))
            if not len(open_):
                return why, source
            if code is Code.BRAND:
                found = self._days_of_brand(customer, ranked[open_])
                true = found > 0
            else:
                causes, weights = self._causes[code]
                value = own[causes[ranked[open_]]] * weights[ranked[open_]]
                best = value.argmax(axis=1)
                found = causes[ranked[open_], best]
                true = value[np.arange(len(open_)), best] > 0
            why[open_[true]] = NUMBER_OF_CODE[code]
            if code is not Code.SIMILAR:
                source[open_[true]] = found[true]
        rest = (why == len(NUMBER_OF_CODE)) & (ranked >= 0)
        why[rest & self._popular[ranked]] = NUMBER_OF_CODE[Code.POPULAR]
        return why, source

    def _days_of_brand(self, customer: int, products: Ints) -> Ints:
        begin, end = self._brand_days.indptr[customer], self._brand_days.indptr[customer + 1]
        of = dict(
            zip(self._brand_days.indices[begin:end].tolist(), self._brand_days.data[begin:end].tolist(), strict=True)
        )
        return np.array([of.get(brand, 0) for brand in self._brand[products].tolist()], np.int32)


def _causes(speaks_for: csr_matrix) -> tuple[Ints, Floats]:
    """A row a product: what speaks for it and how much. `speaks_for` is causes × products; padded with its size."""
    best = best_of_rows(speaks_for.T.tocsr(), CAUSES)
    size = speaks_for.shape[0]
    causes, weights = np.full((size, CAUSES), size, np.int32), np.zeros((size, CAUSES), np.float32)
    row = row_of_entries(best)
    place = np.arange(len(row)) - best.indptr[row]
    causes[row, place], weights[row, place] = best.indices, best.data
    return causes, weights


def _brands(known: Interactions, catalogue: Catalogue | None) -> tuple[Ints, csr_matrix]:
    """The brand's number of each product (-1 where none), and customers × brands: on how many days it was bought."""
    names = catalogue.brand if catalogue else [""] * len(known.products)
    number = {name: place for place, name in enumerate(sorted(set(names) - {""}))} | {"": -1}
    brand = np.array([number[name] for name in names], np.int32)
    shape = (len(known.customers), max(len(number) - 1, 1))
    branded = brand[known.line_product] >= 0
    customer = known.line_customer[branded].astype(np.int64)
    bought, day = brand[known.line_product[branded]], known.order_day[known.line_order[branded]]
    first = int(day.min(initial=0))
    span = np.int64(int(day.max(initial=0)) - first + 1)
    keys = np.unique((customer * shape[1] + bought) * span + (day - first)) // span
    ones = np.ones(len(keys), np.float32)
    return brand, csr_matrix((ones, (keys // shape[1], keys % shape[1])), shape=shape)


def _moved_up(lists: Lists) -> Lists:
    """What has no reason goes to the end of its row and becomes -1; the order of the others stays."""
    unexplained = lists.why == len(NUMBER_OF_CODE)
    order = np.argsort(unexplained, axis=1, kind="stable")
    products, why, source, gone = (
        np.take_along_axis(one, order, axis=1) for one in (lists.products, lists.why, lists.source, unexplained)
    )
    return Lists(np.where(gone, -1, products), why, np.where(gone, -1, source))
