"""Viewed, then bought: what those who looked at a product bought in the end, for its page.

Item-to-item counts across two kinds of deed (Linden, Smith & York 2003, "Amazon.com Recommendations"; across deeds as
in Schelter et al.'s cross-occurrence, 2016). A purchase counts for what was looked at in the days before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ..interactions import Ints
from .rows import best_of_rows
from .session_fitting import ClickLog

WITHIN_DAYS = 14.0
"""A purchase later than this after the look wasn't led to by it."""
NEIGHBOURS = 60
"""Kept a product."""
FROM = 2
"""People at least; one who looked and bought is chance, and would be recognisable."""
LOOKS = 500
"""Of a buyer's looks so many at most, the latest, are paired with their purchases."""
AT_ONCE = 5_000
"""Buyers whose pairs are counted at once; bounds the memory."""
DAY = 86_400.0


def viewed_bought(
    looks: ClickLog, purchases: ClickLog, *, products: int, keep: int = NEIGHBOURS, within_days: float = WITHIN_DAYS
) -> csr_matrix:
    """products × products: how many people looked at the row, then bought the column; at most `keep` a row.

    The `session` of both logs numbers the same people (customers, or visitors where nobody signed in). The diagonal is
    left out: that who bought a thing had looked at it is no news. Steps of unknown products (below 0) are passed over.
    """
    buyers = np.unique(purchases.session)
    total = csr_matrix((products, products), dtype=np.float32)
    for start in range(0, len(buyers), AT_ONCE):
        some = buyers[start : start + AT_ONCE]
        seen, bought = _of(looks, some, products), _of(purchases, some, products)
        total = (total + _counted(_latest(seen), bought, products, within_days * DAY)).tocsr()
    total.data[total.data < FROM] = 0.0
    total.setdiag(0)
    total.eliminate_zeros()
    return best_of_rows(total, keep)


def ranked(counts: csr_matrix, product: int, *, n: int) -> tuple[Ints, Ints]:
    """The products bought by most of those who looked at this one, and by how many; ties by number."""
    begin, end = counts.indptr[product], counts.indptr[product + 1]
    order = np.argsort(-counts.data[begin:end], kind="stable")[:n] + begin
    return counts.indices[order].astype(np.int32), counts.data[order].astype(np.int32)


def _of(log: ClickLog, people: NDArray[np.int64], products: int) -> ClickLog:
    kept = np.isin(log.session, people) & (log.product >= 0) & (log.product < products)
    return ClickLog(log.session[kept], log.product[kept], log.at[kept])


def _latest(looks: ClickLog) -> ClickLog:
    """By person, the latest look first, `LOOKS` at most."""
    order = np.lexsort((looks.product, -looks.at, looks.session))
    session = looks.session[order]
    kept = order[np.arange(len(order)) - np.searchsorted(session, session, side="left") < LOOKS]
    return ClickLog(looks.session[kept], looks.product[kept], looks.at[kept])


def _counted(looks: ClickLog, bought: ClickLog, products: int, within: float) -> csr_matrix:
    """Each person counts once for each pair of products, however often they looked or bought."""
    first = np.searchsorted(looks.session, bought.session, side="left")
    many = np.searchsorted(looks.session, bought.session, side="right") - first
    purchase = np.repeat(np.arange(len(bought.session)), many)
    look = np.arange(len(purchase)) - np.repeat(np.cumsum(many) - many, many) + np.repeat(first, many)
    between = bought.at[purchase] - looks.at[look]
    led = (between >= 0) & (between <= within)
    purchase, look = purchase[led], look[led]
    pair = looks.product[look].astype(np.int64) * products + bought.product[purchase]
    person = np.searchsorted(np.unique(bought.session), bought.session[purchase])
    once = np.unique(np.column_stack([person, pair]), axis=0)[:, 1]
    ones = np.ones(len(once), np.float32)
    return csr_matrix((ones, (once // max(products, 1), once % max(products, 1))), shape=(products, products))
