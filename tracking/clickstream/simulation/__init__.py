"""Visits that never happened: a demo's source holds purchases only, so the steps before them are made up and marked.

Every row written here has `simulated` set, and a claim's `how` says it too, so that each place that shows them can say
so. Where visits came from is a plausible mix without campaigns: a demo's campaigns are those of its own data. Nothing
here may run in a live shop.

There are about five visits for three orders, and each order ends one: a shop's real visits would be thirty times as
many rows. So a demo's conversion is about two in three, not the three in a hundred of a real shop. No page is timed,
and none tells how long it was looked at.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.orm import Session as OrmSession

from ...bulk import indexed_afterwards, roomy_cache
from ...record import Record
from ..event import Event
from ..touchpoints import Touchpoint
from .making import Maker, ShopPage
from .purchases import Purchase, in_one_visit, read_items, read_purchases
from .writing import SimulationReport, Writing

__all__ = ["ShopPage", "SimulationReport", "simulate_visits"]

BATCH = 4000
_POOL = 20_000
_STEPS = 6  # at least, an order
HOME = (ShopPage("/"),)


def simulate_visits(
    session: OrmSession,
    order_ids: Sequence[int],
    *,
    seed: int,
    time_zone: str,
    country: str = "",
    pages: Sequence[ShopPage] = HOME,
    unseen: Collection[str] = (),
    progress: Callable[[int], None] | None = None,
) -> SimulationReport:
    """Make up a visit for each of these orders, and some that ended without one; commits nothing.

    The same seed and orders give the same rows, and every roll-up counts what `ingest` and `earnings` would have
    counted for these steps and orders. Most product pages are told by `Product Viewed` alone, to keep the volume at
    about seven events an order.

    Args:
        order_ids: ids of `SeenOrder` without a visit, oldest first; they are joined to theirs. Two of a customer's
            within half an hour or so share a visit.
        time_zone: the shop's, an IANA name; visits count for its days.
        country: of everybody, two letters.
        pages: of the shop, on which visits begin; the first is its home page.
        unseen: products that nobody looks at in the shop, though they are bought.
        progress: called with the number of orders after each batch.
    """
    purchases = read_purchases(session, order_ids)
    chance = random.Random(seed)  # noqa: S311 (made-up visits need no secrecy)
    maker = Maker(purchases, pages=pages, chance=chance, seed=seed)
    writing = Writing(session, time_zone=time_zone, country=country)
    with roomy_cache(session.connection()), _indexed_afterwards(session, len(order_ids)):
        for batch in _batches(in_one_visit(purchases)):
            items = read_items(session, [purchase.id for visit in batch for purchase in visit], unseen=unseen)
            maker.stock([item for some in items.values() for item in some][:_POOL])
            visits = [made for visit in batch for made in maker.visits(visit, items)]
            writing.write(sorted(visits, key=lambda visit: visit.started_at))
            if progress:
                progress(sum(len(visit) for visit in batch))
    return writing.report


@contextmanager
def _indexed_afterwards(session: OrmSession, orders: int) -> Iterator[None]:
    """Events and touches are only written meanwhile, and read by nobody."""
    connection, tables = session.connection(), Record.metadata.tables
    with (
        indexed_afterwards(connection, tables[Event.__tablename__], rows=orders * _STEPS),
        indexed_afterwards(connection, tables[Touchpoint.__tablename__], rows=orders),
    ):
        yield


def _batches(visits: Sequence[list[Purchase]]) -> Iterator[list[list[Purchase]]]:
    for start in range(0, len(visits), BATCH):
        yield list(visits[start : start + BATCH])
