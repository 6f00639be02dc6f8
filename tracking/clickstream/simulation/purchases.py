"""Purchases: what the simulation needs to know of remembered orders, and which of them were made in one visit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from ...orders import SeenOrder, SeenOrderLine

TOGETHER = timedelta(minutes=35)
"""Orders of a customer less than this apart are of one visit: the next one's would begin before this one's is idle."""
_MOST_LINES_SEEN = 4
_CHUNK = 4000
_SHORTEST_WORD = 4


class Purchase(NamedTuple):
    """A remembered order."""

    id: int
    customer_id: int
    placed_at: datetime
    goods_minor: int
    total_minor: int
    refunded_minor: int
    currency: str


class Item(NamedTuple):
    """A bought product and the word of its name under which it is looked for; "" where none is long enough."""

    product: str
    word: str


def read_purchases(session: OrmSession, order_ids: Sequence[int]) -> list[Purchase]:
    """These orders in the order of time."""
    query = select(
        SeenOrder.id, SeenOrder.customer_id, SeenOrder.placed_at, SeenOrder.goods_minor, SeenOrder.total_minor,
        SeenOrder.refunded_minor, SeenOrder.currency,
    )  # fmt: skip
    found = [
        Purchase(*row)
        for start in range(0, len(order_ids), _CHUNK)
        for row in session.execute(query.where(SeenOrder.id.in_(order_ids[start : start + _CHUNK])))
    ]
    return sorted(found, key=lambda purchase: (purchase.placed_at, purchase.id))


def in_one_visit(purchases: Sequence[Purchase]) -> list[list[Purchase]]:
    """The purchases by visit, in the order of each visit's first."""
    visits: list[list[Purchase]] = []
    latest: dict[int, list[Purchase]] = {}
    for purchase in purchases:
        mine = latest.get(purchase.customer_id)
        if mine is not None and purchase.placed_at - mine[-1].placed_at < TOGETHER:
            mine.append(purchase)
        else:
            latest[purchase.customer_id] = [purchase]
            visits.append(latest[purchase.customer_id])
    return visits


def read_items(session: OrmSession, order_ids: Sequence[int], *, unseen: Collection[str] = ()) -> dict[int, list[Item]]:
    """The first products of each order, without those that nobody looks at."""
    items: defaultdict[int, list[Item]] = defaultdict(list)
    for start in range(0, len(order_ids), _CHUNK):
        query = select(SeenOrderLine.order_id, SeenOrderLine.product, SeenOrderLine.name).where(
            SeenOrderLine.order_id.in_(order_ids[start : start + _CHUNK]), SeenOrderLine.position <= _MOST_LINES_SEEN
        )
        rows = session.execute(query.order_by(SeenOrderLine.order_id, SeenOrderLine.position))
        for order_id, product, name in rows:
            if product not in unseen:
                items[order_id].append(Item(product, _word(name)))
    return items


def read_net(session: OrmSession, order_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """What each product of these orders cost the customer, over all its lines."""
    found: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for start in range(0, len(order_ids), _CHUNK):
        query = select(SeenOrderLine.order_id, SeenOrderLine.product, SeenOrderLine.net_minor)
        for order_id, product, net in session.execute(
            query.where(SeenOrderLine.order_id.in_(order_ids[start : start + _CHUNK]))
        ):
            found[order_id][product] += net
    return {order_id: dict(products) for order_id, products in found.items()}


@lru_cache(maxsize=100_000)
def _word(name: str) -> str:
    """The longest word of a name, the first of several."""
    words = [word for word in name.casefold().split() if word.isalpha() and len(word) >= _SHORTEST_WORD]
    return max(words, key=len, default="")
