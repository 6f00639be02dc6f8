"""Purchases of a shop of any size, made up in blocks of customers: power laws, seasons, tastes, repeat purchases.

The same seed gives the same purchases. A block takes some megabytes, whatever the size of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recommender.interactions import Floats, Interactions, Ints

BLOCK = 20_000
DAYS = 730.0
LINES_AN_ORDER = 5.0
AISLES = 500
"""Groups of products that are bought by the same people; each has its season."""
TASTES = 3
"""Aisles of a customer."""
AGAIN, OWN_AISLES = 0.35, 0.45
"""Share of the lines that repeat an earlier one of the customer, and of those from their aisles."""
TODAY = 739_000
"""The day of the shop's calendar on which everything is read."""


def purchases(*, customers: int, products: int, lines: int, seed: int = 1) -> Interactions:
    """All blocks as one. Numbers of lines are met within some per cent."""
    blocks = list(purchases_in_blocks(customers=customers, products=products, lines=lines, seed=seed))
    orders = np.cumsum([0, *(len(block.order_customer) for block in blocks)])
    firsts = np.cumsum([0, *(len(block.customers) for block in blocks)])
    age = np.concatenate([block.order_age for block in blocks])
    return Interactions(
        customers=range(1, customers + 1),
        products=[f"P{number:07}" for number in range(products)],
        order_customer=np.concatenate([
            block.order_customer + np.int32(first) for block, first in zip(blocks, firsts, strict=False)
        ]),
        order_age=age,
        order_day=(TODAY - np.floor(age)).astype(np.int32),
        line_order=np.concatenate([
            block.line_order + np.int32(first) for block, first in zip(blocks, orders, strict=False)
        ]),
        line_product=np.concatenate([block.line_product for block in blocks]),
    )  # fmt: skip


def purchases_in_blocks(*, customers: int, products: int, lines: int, seed: int = 1) -> Iterator[Interactions]:
    """`BLOCK` customers each, numbered from 0 within their block."""
    goods = _Goods(products, np.random.default_rng(seed))
    for number, start in enumerate(range(0, customers, BLOCK)):
        some = min(BLOCK, customers - start)
        yield _block(some, goods, lines / customers, np.random.default_rng([seed, number]))


class _Goods:
    """Products by aisle, the best-sold first; and when each aisle is in season."""

    def __init__(self, products: int, draw: np.random.Generator) -> None:
        self.size = products
        self.shelf = draw.permutation(products).astype(np.int32)
        self.aisles = max(1, min(AISLES, products // 20))
        self.peak = draw.random(self.aisles)

    def anything(self, n: int, draw: np.random.Generator) -> Ints:
        return self.shelf[_few_are_many(self.size, n, draw)]

    def of_aisle(self, aisle: Ints, draw: np.random.Generator) -> Ints:
        a_row = self.size // self.aisles
        return self.shelf[_few_are_many(a_row, len(aisle), draw) * self.aisles + aisle]

    def in_season(self, aisle: Ints, age: Floats) -> Floats:
        """From 0.2 to 1.8."""
        of_year = (1.0 - age / 365.0) % 1.0
        return 1.0 + 0.8 * np.cos(2 * np.pi * (of_year - self.peak[aisle]))


def _few_are_many(size: int, n: int, draw: np.random.Generator) -> Ints:
    """Places from 0, how often each is drawn falls nearly as 1 / place (Zipf): log-uniform."""
    return np.minimum(np.exp(draw.random(n) * np.log(size + 1)) - 1, size - 1).astype(np.int32)


def _block(customers: int, goods: _Goods, lines: float, draw: np.random.Generator) -> Interactions:
    wanted = draw.pareto(2.0, customers) + 0.2  # mean 1.2
    orders = np.maximum(1, draw.poisson(wanted * lines / LINES_AN_ORDER / 1.2))
    order_customer = np.repeat(np.arange(customers, dtype=np.int32), orders)
    since = draw.random(customers) * DAYS  # a customer from that day on, and for some of it only
    until = since * np.where(draw.random(customers) < 0.6, 0.0, draw.random(customers))
    place = draw.random(len(order_customer))
    until, span = until[order_customer], (since - until)[order_customer]
    order_age = (until + span * place).astype(np.float32)
    in_order = np.lexsort((-order_age, order_customer))  # each customer's earliest order first
    order_age = order_age[in_order]
    size = draw.geometric(1 / LINES_AN_ORDER, len(order_customer))
    line_order = np.repeat(np.arange(len(order_customer), dtype=np.int32), size)
    line_customer, line_age = order_customer[line_order], order_age[line_order]
    return Interactions(
        customers=range(customers),
        products=(),
        order_customer=order_customer,
        order_age=order_age,
        order_day=(TODAY - np.floor(order_age)).astype(np.int32),
        line_order=line_order,
        line_product=_chosen(line_customer, line_age, goods, customers, draw),
    )


def _chosen(customer: Ints, age: Floats, goods: _Goods, customers: int, draw: np.random.Generator) -> Ints:
    lines = len(customer)
    tastes = draw.integers(0, goods.aisles, (customers, TASTES)).astype(np.int32)
    aisle = tastes[customer, draw.integers(0, TASTES, lines)]
    other = tastes[customer, draw.integers(0, TASTES, lines)]  # of two the one in season
    aisle = np.where(goods.in_season(aisle, age) >= goods.in_season(other, age), aisle, other)
    kind = draw.random(lines)
    product = np.where(kind < OWN_AISLES, goods.of_aisle(aisle, draw), goods.anything(lines, draw))
    first = np.searchsorted(customer, customer, side="left")
    again = (kind > 1 - AGAIN) & (np.arange(lines) > first)
    source = np.arange(lines)
    source[again] = (first + (draw.random(lines) * (source - first)).astype(np.int64))[again]
    while (source[source] != source).any():  # a repetition of a repetition
        source = source[source]
    return product[source].astype(np.int32)
