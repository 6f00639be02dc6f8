"""Making: what happens in a made-up visit. Knows no database."""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from ..sessions import IDLE
from .arrivals import Arrival, arrival, arrival_of
from .purchases import Item, Purchase

# How many visits without an order there are for each one with: by the buyer, and by somebody nobody knows.
OWN_VISITS, STRANGERS = 0.5, 0.2
_GOES_ON, _FILLS_CART, _LOOKS_ELSEWHERE = 0.35, 0.12, 0.2
_SEARCHES_BEFORE_BUYING, _SEARCHES_ON_A_LOOK, _MISSPELLS = 0.2, 0.25, 0.15
_HOME_FIRST = 0.5
_MOST_SHOWN = 6  # results of a search
_LONGEST_LOOK = timedelta(minutes=30)
_LONGEST_WAY = timedelta(minutes=25)  # from a visit's first page to its order


class ShopPage(NamedTuple):
    """A page of the shop: its path, and the product that it shows where it shows one."""

    path: str
    product: str = ""


class Step(NamedTuple):
    """One made-up event."""

    at: datetime
    name: str
    subject: str
    properties: dict[str, Any]


@dataclass(slots=True)
class Made:
    """A made-up visit. `token` names the browser; strangers have no customer; `purchases` are made in it."""

    token: str
    customer_id: int | None
    arrival: Arrival
    steps: list[Step]
    started_at: datetime
    last_at: datetime
    purchases: list[Purchase] = field(default_factory=list)


class Maker:
    """Makes visits around purchases, so that no two of a browser run into each other."""

    def __init__(
        self, purchases: Sequence[Purchase], *, pages: Sequence[ShopPage], chance: random.Random, seed: int
    ) -> None:
        """Args: purchases: all of them, in the order of time; pages: the first is the home page."""
        self._pages = pages
        self._chance = chance
        self._seed = seed
        self._pool: list[Item] = []
        self._by_word: dict[str, list[str]] = {}
        self._bought: defaultdict[int, list[datetime]] = defaultdict(list)
        for purchase in purchases:
            self._bought[purchase.customer_id].append(purchase.placed_at)
        self._looked: defaultdict[int, list[datetime]] = defaultdict(list)
        self._first = purchases[0].placed_at if purchases else datetime.min.replace(tzinfo=UTC)
        self._last = purchases[-1].placed_at if purchases else datetime.max.replace(tzinfo=UTC)

    def stock(self, items: Sequence[Item]) -> None:
        """What is looked at and searched for from now on; nothing new leaves it as it is."""
        if not items:
            return
        self._pool = list(items)
        words: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for item in items:
            if item.word and len(words[item.word]) < _MOST_SHOWN:
                words[item.word][item.product] = None
        self._by_word = {word: list(products) for word, products in words.items()}

    def visits(self, purchases: Sequence[Purchase], items: Mapping[int, list[Item]]) -> Iterator[Made]:
        """The visit in which these purchases were made, and looks around at about that time."""
        own = _token(f"{self._seed}:customer:{purchases[0].customer_id}")
        yield self._buying(own, purchases, items)
        if not self._pool:
            return
        for purchase in purchases:
            for _ in range(self._how_many(OWN_VISITS)):
                start = self._around(purchase.placed_at)
                if self._is_free(purchase.customer_id, start):
                    insort(self._looked[purchase.customer_id], start)
                    yield self._look(own, purchase.customer_id, start)
            for number in range(self._how_many(STRANGERS)):
                stranger = _token(f"{self._seed}:stranger:{purchase.id}:{number}")
                yield self._look(stranger, None, self._around(purchase.placed_at))

    def _buying(self, token: str, purchases: Sequence[Purchase], items: Mapping[int, list[Item]]) -> Made:
        """First page, a product (now and then another than is bought), the cart, the checkout, the order; and again."""
        chance, first = self._chance, purchases[0]
        way = timedelta(minutes=chance.uniform(4, 25))
        before = self._bought[first.customer_id]
        index = bisect_left(before, first.placed_at)
        if index:  # the visit before must have been idle for half an hour
            way = min(way, first.placed_at - before[index - 1] - IDLE - timedelta(minutes=1))
        came = arrival_of(token, chance)
        start = first.placed_at - way
        steps = [_viewed(start, self._entry().path, came)]
        since = start
        for number, purchase in enumerate(purchases):
            steps += self._choosing(items.get(purchase.id, []), since, purchase, may_search=number == 0)
            since = purchase.placed_at
        return Made(token, first.customer_id, came, steps, start, purchases[-1].placed_at, list(purchases))

    def _choosing(
        self, items: Sequence[Item], since: datetime, purchase: Purchase, *, may_search: bool
    ) -> Iterator[Step]:
        chance, way = self._chance, purchase.placed_at - since
        if items:
            chosen = chance.choice(items)
            seen = chance.choice(self._pool) if self._pool and chance.random() < _LOOKS_ELSEWHERE else chosen
            if may_search and chance.random() < _SEARCHES_BEFORE_BUYING:
                yield from self._searching(seen, since + way * 0.02, way * 0.03)
            yield _product("Product Viewed", since + way * chance.uniform(0.1, 0.4), seen.product)
            yield _product("Product Added", since + way * chance.uniform(0.4, 0.7), chosen.product)
        facts = {"value_minor": purchase.goods_minor, "currency": purchase.currency}
        yield Step(purchase.placed_at - way * chance.uniform(0.05, 0.2), "Checkout Started", "", facts)

    def _look(self, token: str, customer_id: int | None, start: datetime) -> Made:
        """A look around; most leave after the first page, few fill a cart."""
        chance, at = self._chance, start
        came = arrival(chance) if customer_id is None else arrival_of(token, chance)
        entry = self._entry()
        steps = [_viewed(at, entry.path, came)]
        if entry.product:
            steps.append(_product("Product Viewed", at, entry.product))
        first = True
        while len(steps) < 6 and chance.random() < _GOES_ON:
            at += timedelta(seconds=chance.uniform(15, 240))
            if first:  # who goes on is no bounce; further pages are left out
                steps.append(_viewed(at, chance.choice(self._pages).path))
                first = False
            item = chance.choice(self._pool)
            if chance.random() < _SEARCHES_ON_A_LOOK:
                steps += self._searching(item, at + timedelta(seconds=5), timedelta(seconds=20))
                at += timedelta(seconds=40)
            steps.append(_product("Product Viewed", at, item.product))
            if chance.random() < _FILLS_CART:
                at += timedelta(seconds=chance.uniform(5, 60))
                steps.append(_product("Product Added", at, item.product))
        return Made(token, customer_id, came, steps, start, at)

    def _searching(self, item: Item, at: datetime, pause: timedelta) -> Iterator[Step]:
        """A search that finds the product, now and then after one with a slip of the finger, which finds nothing."""
        shown = self._by_word.get(item.word, [])
        if not item.word or item.product not in shown:
            return
        if self._chance.random() < _MISSPELLS:
            slip = item.word[:-2] + item.word[-1] + item.word[-2]
            if slip not in self._by_word:
                yield _searched(at, slip, [])
                at += pause
        yield _searched(at, item.word, shown)

    def _entry(self) -> ShopPage:
        return self._pages[0] if self._chance.random() < _HOME_FIRST else self._chance.choice(self._pages)

    def _how_many(self, mean: float) -> int:
        return int(mean) + (self._chance.random() < mean % 1)

    def _around(self, placed_at: datetime) -> datetime:
        """Some days before or after an order, at about the same hour; mirrored at both ends of the history, so that
        its first and last days have as many visits as the others."""
        away = timedelta(days=self._chance.randint(-5, 5), minutes=self._chance.uniform(-90, 90))
        if self._first <= placed_at + away <= self._last:
            return placed_at + away
        return min(placed_at - away, self._last)

    def _is_free(self, customer_id: int, start: datetime) -> bool:
        """Whether a look can begin here without running into an order's visit, or into another look."""
        bought = self._bought[customer_id]
        index = bisect_left(bought, start - IDLE)
        if index < len(bought) and bought[index] <= start + _LONGEST_LOOK + IDLE + _LONGEST_WAY:
            return False
        looked = self._looked[customer_id]
        index = bisect_left(looked, start - _LONGEST_LOOK - IDLE)
        return index == len(looked) or looked[index] > start + _LONGEST_LOOK + IDLE


def _token(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _viewed(at: datetime, path: str, came: Arrival | None = None) -> Step:
    properties: dict[str, Any] = {"path": path}
    if came is not None:
        properties |= came.properties
    return Step(at, "Page Viewed", path, properties)


def _product(name: str, at: datetime, product: str) -> Step:
    properties: dict[str, Any] = {"product_id": product}
    if name == "Product Added":
        properties["quantity"] = 1
    return Step(at, name, product, properties)


def _searched(at: datetime, query: str, shown: Sequence[str]) -> Step:
    properties = {"query": query, "results": len(shown), "product_ids": list(shown), "first_position": 1}
    return Step(at, "Products Searched", query, properties)
