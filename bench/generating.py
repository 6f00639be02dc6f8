"""A made-up shop's year, always the same for a seed: as many steps as wanted, and the orders that they led to.

Products, search words and sources follow Zipf's law. One visit in three ends with an order, ten times as many as in a
real shop, so that what costs by the order is measured with half a million of them. Nothing of
it is anybody's. Steps come as a Parquet file for `flask ecrm import-steps`, orders and refunds as told events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ecrm.events import OrderCompleted, OrderLine, OrderRefunded, Person

DAYS = 365
LAST = date(2026, 10, 31)
START = datetime(2025, 11, 1, tzinfo=UTC)
PRODUCTS, CUSTOMERS, TERMS = 20_000, 100_000, 3_000
STEPS_A_VISIT = 5.8  # as the shares below make them
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Safari/605.1.15",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {_APPLE} Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 15; SM-X710) {_CHROME} Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
)
COUNTRIES = ("DE", "AT", "CH", "FR", "NL", "")
CAMPAIGNS = tuple(f"campaign-{number}" for number in range(40))
_REFERRERS = ("", "", "", "https://www.google.com/", "https://www.bing.com/", "https://duckduckgo.com/",
              "https://www.facebook.com/", "https://www.instagram.com/", "https://blog.example.org/teas")  # fmt: skip
_NAMES = ("Page Viewed", "Product List Viewed", "Products Searched", "Product Viewed", "Product Added",
          "Checkout Started", "Order Completed (reported)", "Page Engaged")  # fmt: skip
_PAGE, _LIST, _SEARCH, _VIEW, _ADD, _CHECKOUT, _ORDER, _ENGAGED = range(len(_NAMES))
_SLOWEST = 900  # milliseconds

Numbers = NDArray[np.int64]


@dataclass
class World:
    """The visits of a year. `events`: about how many steps (exactly so many are written)."""

    events: int
    seed: int = 1

    def __post_init__(self) -> None:
        self.chance = np.random.default_rng(self.seed)
        scale = self.events / 10_000_000
        self.customers = max(50, int(CUSTOMERS * scale**0.5)) if scale < 1 else CUSTOMERS
        visits = int(self.events / STEPS_A_VISIT * 1.02)
        draw = self.chance.random
        self.visits = visits
        self.bot = draw(visits) < 0.04
        self.ordered = (draw(visits) < 0.33) & ~self.bot & (draw(visits) < 0.98)
        # one order in about twenty steps, as many as the contract of the figures wants
        self.orders = min(int(self.ordered.sum()), max(1, self.events // 20))
        self.ordered[np.flatnonzero(self.ordered)[self.orders :]] = False
        self.customer = np.where(
            self.ordered | (draw(visits) < 0.15), self._zipf(self.customers, visits, power=0.6), -1
        )
        strangers = max(100, visits // 2)
        device = (draw(visits) < 0.3).astype(np.int64)
        self.browser = np.where(
            self.customer >= 0,
            self.customer * 2 + device,
            2 * self.customers + self.chance.integers(0, strangers, visits),
        )
        self.grade = np.array([0, 1, 1, 2, 2, 2, 2], dtype=np.int32)[(self.browser * 7919) % 7]
        # more in the evening, more towards Christmas
        day = np.minimum((DAYS * draw(visits) ** 0.9).astype(np.int64), DAYS - 1)
        second = np.clip(self.chance.normal(16.5, 4, visits), 0, 23.99) * 3600
        order = np.argsort(day * 86_400 + second, kind="stable")
        self.started = ((day * 86_400 + second)[order] * 1_000_000).astype(np.int64)
        self.searched = (draw(visits) < 0.18) & ~self.bot
        self.views = np.where(self.bot, 0, np.minimum(self.chance.geometric(0.55, visits), 6) - 1)
        self.views[self.ordered] += 1
        self.product = self._zipf(PRODUCTS, (visits, 7), power=0.8)
        self.term = self._zipf(TERMS, visits, power=0.9)
        self.shown = self._zipf(PRODUCTS, (TERMS, 12), power=0.5)
        self.found = self.chance.random(TERMS) > 0.06
        hits = self.searched & self.found[self.term]
        self.product[hits, 0] = self.shown[self.term[hits], self.chance.integers(0, 12, int(hits.sum()))]
        self.price = (200 + 20_000 * self.chance.random(PRODUCTS) ** 3).astype(np.int64)

    def _zipf(self, many: int, size: Any, *, power: float) -> Numbers:
        """Numbers below `many`, the small ones more often; quantiles of x^-power."""
        if power == 1:
            raise ValueError("use a power beside 1")
        return np.minimum((many * self.chance.random(size) ** (1 / (1 - power))).astype(np.int64), many - 1)

    def write_steps(self, file: Path) -> int:
        """Write the steps; returns how many."""
        texts = _Texts()
        parts = list(self._steps(texts))
        columns = {name: np.concatenate([part[name] for part in parts])[: self.events] for name in parts[0]}
        visit = columns.pop("visit")
        at = columns.pop("at") + int(START.timestamp() * 1_000_000)
        tokens = np.unique(self.browser)
        known = self.grade[visit] > 0
        spoken = self.customer[visit] >= 0
        human = np.array(AGENTS)[np.where(self.bot, 5 + np.arange(self.visits) % 2, self.browser % 5)]
        agents, agent = np.unique(human, return_inverse=True)
        rows = {
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "name": _coded(columns["name"], _NAMES),
            "subject": _coded(columns["subject"], texts.subjects),
            "properties": _coded(columns["properties"], texts.properties),
            "visitor": _coded(
                np.where(known, np.searchsorted(tokens, self.browser)[visit], len(tokens)),
                [*(f"{int(token) * 0x9E3779B97F4A7C15 % 2**128:032x}" for token in tokens), ""],
            ),
            "grade": pa.array(self.grade[visit]),
            "customer": _coded(
                np.where(spoken & (self.grade[visit] == 2), self.customer[visit], self.customers),
                [*(f"c{number}" for number in range(self.customers)), ""],
            ),
            "user_agent": _coded(agent[visit], list(agents)),
            "referrer": _coded(columns["referrer"], _REFERRERS),
            "path": _coded(columns["path"], texts.subjects),
            "country": _coded((self.browser % len(COUNTRIES))[visit], COUNTRIES),
        }
        pq.write_table(pa.table(rows), file, compression="zstd", row_group_size=500_000)
        return len(at)

    def _steps(self, texts: _Texts) -> Iterator[dict[str, Numbers]]:
        """The steps, a kind at a time, in any order."""
        everybody = np.arange(self.visits)
        chance = self.chance
        clock = self.started.copy()

        def step(
            name: int, visits: Numbers, subject: Numbers, path: Numbers, properties: Numbers, referrer: Any = 0
        ) -> dict[str, Numbers]:
            clock[visits] += chance.integers(800_000, 40_000_000, len(visits))
            return {
                "visit": visits, "at": clock[visits].copy(), "name": np.full(len(visits), name, np.int8),
                "subject": subject, "path": path, "properties": properties,
                "referrer": np.broadcast_to(np.asarray(referrer, np.int8), len(visits)),
            }  # fmt: skip

        plain = np.array([texts.view({}, taken) for taken in range(_SLOWEST)])

        def taken(count: int) -> Numbers:
            return np.minimum(chance.lognormal(3.6, 0.7, count).astype(np.int64), _SLOWEST - 1)

        nothing = texts.json({})
        pages = np.array([texts.subject(f"/p/{number}-product-{number % 977}") for number in range(PRODUCTS)])
        goods = np.array([texts.subject(str(number)) for number in range(PRODUCTS)])
        shelves = np.array([texts.subject(f"/d/{number}") for number in range(30)])
        home, search, cart, checkout = (texts.subject(path) for path in ("/", "/search", "/cart", "/checkout"))
        # one view in nine arrives by a campaign
        arrivals = np.array([[texts.view(tags, ms) for ms in range(0, _SLOWEST, 10)] for tags in _tags()])
        tagged = chance.random(self.visits) < 0.25
        entry = np.where(chance.random(self.visits) < 0.4, home, pages[self.product[:, 6]])
        ms = taken(self.visits)
        kind = np.where(tagged, arrivals[self._zipf(len(arrivals), self.visits, power=0.5), ms // 10], plain[ms])
        came = np.where(tagged, 0, chance.integers(0, len(_REFERRERS), self.visits))
        yield step(_PAGE, everybody, entry, entry, kind, came)
        listing = np.flatnonzero((chance.random(self.visits) < 0.3) & ~self.bot)
        shelf = chance.integers(0, 30, len(listing))
        lists = np.array([texts.json({"product_ids": [str(i) for i in range(n * 24, n * 24 + 24)]}) for n in range(30)])
        yield step(_PAGE, listing, shelves[shelf], shelves[shelf], plain[taken(len(listing))])
        yield step(_LIST, listing, shelves[shelf], shelves[shelf], lists[shelf])
        looking = np.flatnonzero(self.searched)
        words = np.array([texts.subject(f"word {number}") for number in range(TERMS)])
        results = np.array([
            texts.json({"results": 12, "product_ids": [str(i) for i in dict.fromkeys(self.shown[number].tolist())]}
                       if self.found[number] else {"results": 0, "product_ids": []})
            for number in range(TERMS)
        ])  # fmt: skip
        at_search = np.full(len(looking), search)
        yield step(_PAGE, looking, at_search, at_search, plain[taken(len(looking))])
        yield step(_SEARCH, looking, words[self.term[looking]], at_search, results[self.term[looking]])
        for number in range(7):
            viewing = np.flatnonzero(self.views > number)
            product = self.product[viewing, number]
            yield step(_PAGE, viewing, pages[product], pages[product], plain[taken(len(viewing))])
            yield step(_VIEW, viewing, goods[product], pages[product], np.full(len(viewing), nothing))
        adding = np.flatnonzero(self.ordered | ((self.views > 0) & (chance.random(self.visits) < 0.12)))
        product = self.product[adding, 0]
        one = texts.json({"quantity": 1})
        yield step(_ADD, adding, goods[product], pages[product], np.full(len(adding), one))
        buying = np.flatnonzero(self.ordered)
        for name, path in ((_PAGE, cart), (_CHECKOUT, checkout)):
            where = np.full(len(buying), path)
            kinds = plain[taken(len(buying))] if name == _PAGE else np.full(len(buying), nothing)
            yield step(name, buying, where, where, kinds)
        numbers = np.array([texts.subject(f"b{number}") for number in range(self.orders)])
        yield step(_ORDER, buying, numbers, np.full(len(buying), checkout), np.full(len(buying), nothing))
        self.ordered_at = clock[buying] + int(START.timestamp() * 1_000_000)
        stayed = np.array([texts.json({"seconds": seconds, "scroll": 80}) for seconds in range(120)])
        leaving = np.flatnonzero((chance.random(self.visits) < 0.5) & ~self.bot)
        yield step(_ENGAGED, leaving, entry[leaving], entry[leaving], stayed[chance.integers(0, 120, len(leaving))])

    def told(self) -> Iterator[OrderCompleted | OrderRefunded]:
        """Orders and refunds in the order of time; after `write_steps`."""
        buying = np.flatnonzero(self.ordered)
        order = np.argsort(self.ordered_at, kind="stable")
        due: list[tuple[datetime, OrderRefunded]] = []
        for number in order.tolist():
            visit = int(buying[number])
            at = datetime.fromtimestamp(self.ordered_at[number] / 1_000_000, UTC)
            while due and due[0][0] <= at:
                yield due.pop(0)[1]
            lines = tuple(
                self._line(product) for product in dict.fromkeys(self.product[visit, : 1 + visit % 3].tolist())
            )
            goods = sum(line.net_minor for line in lines)
            who = int(self.customer[visit])
            person = Person(email=f"c{who}@example.com", customer_id=f"c{who}", country="DE")
            yield OrderCompleted(
                at=at, order_id=f"b{number}", person=person, currency="EUR", lines=lines, goods_minor=goods,
                shipping_minor=490, total_minor=goods + 490,
            )  # fmt: skip
            if number % 25 == 0:
                back = at + timedelta(days=9, minutes=number % 60)
                refund = OrderRefunded(
                    at=back, refund_id=f"r{number}", order_id=f"b{number}", person=person, currency="EUR",
                    amount_minor=goods if number % 2 else goods // 3,
                )  # fmt: skip
                due.append((back, refund))
                due.sort(key=lambda one: one[0])
        yield from (refund for _, refund in due)

    def _line(self, product: int) -> OrderLine:
        price = int(self.price[product])
        cost = price * 6 // 10 if product % 10 else None  # of one product in ten nobody knows it
        return OrderLine(
            product_id=str(product), name=f"Product {product}", quantity=1, net_minor=price, cost_minor=cost
        )


class _Texts:
    """Different texts, numbered."""

    def __init__(self) -> None:
        self.subjects: dict[str, int] = {}
        self.properties: dict[str, int] = {}

    def subject(self, text: str) -> int:
        return self.subjects.setdefault(text, len(self.subjects))

    def json(self, value: dict[str, Any]) -> int:
        return self.properties.setdefault(orjson.dumps(value).decode(), len(self.properties))

    def view(self, tags: dict[str, str], milliseconds: int) -> int:
        return self.json({**tags, "status": 200, "milliseconds": milliseconds})


def _tags() -> list[dict[str, str]]:
    media = (("google", "cpc"), ("newsletter", "email"), ("facebook", "paid_social"), ("partner", "affiliate"))
    return [
        {"utm_source": source, "utm_medium": medium, "utm_campaign": code}
        for number, code in enumerate(CAMPAIGNS)
        for source, medium in (media[number % 4],)
    ] + [{"click_id": "gclid"}, {"click_id": "fbclid"}]


def _coded(numbers: Numbers, texts: Any) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32)), pa.array(list(texts), pa.string()))
