"""Worlds: some weeks of a small shop, made up by hypothesis. Plain facts of what happened, and in which order the CRM
got to know it: all that the recount is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tracking.visitors import Grade

from .baskets import Basket, MoneyBack, baskets, money_back
from .known import ARRIVALS, BOTS, CAMPAIGNS, PAGES, PERSONS, PLACES, PRODUCTS, TERMS, Agent, Arrival

US = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
SPAN = 40  # days


@dataclass(frozen=True)
class Step:
    """One step. `browser`: who did it, whatever the grade allows to keep; `api`: a server's client of the collector."""

    at: datetime
    browser: str
    grade: Grade
    name: str
    subject: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    arrival: Arrival = ARRIVALS[0]
    account: str | None = None
    agent: Agent = PERSONS[0]
    country: str = ""
    path: str = "/"
    message_id: str | None = None
    api: bool = False


@dataclass(frozen=True)
class Ordered:
    """An order; `browser` None where it came by telephone or the browser refused everything."""

    at: datetime
    number: str
    buyer: str
    basket: Basket
    browser: str | None = None
    grade: Grade = Grade.NONE


@dataclass(frozen=True)
class Refunded:
    at: datetime
    number: str
    order: str | None
    back: MoneyBack
    buyer: str | None = None


@dataclass(frozen=True)
class SignedUp:
    at: datetime
    account: str
    browser: str | None = None
    grade: Grade = Grade.NONE


@dataclass(frozen=True)
class Night:
    """The nightly jobs: days are closed and archived, orders credited."""

    at: datetime


@dataclass(frozen=True)
class ClaimTaken:
    """Staff say that the account's owner didn't use the browser (or, `stands`, that they did after all)."""

    at: datetime
    browser: str
    account: str
    stands: bool = False


@dataclass(frozen=True)
class Batch:
    """Steps that are stored together; `api`: sent to the collector in one request."""

    at: datetime
    steps: tuple[Step, ...]
    api: bool = False


Delivery = Batch | Ordered | Refunded | SignedUp | Night | ClaimTaken


@dataclass(frozen=True)
class World:
    """`deliveries` in the order in which the CRM gets them. Costs: (campaign, day, amount); goods: (product, since,
    unit cost); `weights`: what the data-driven model has learnt."""

    zone: str
    first: date
    deliveries: tuple[Delivery, ...]
    costs: tuple[tuple[str, date, int], ...]
    goods: tuple[tuple[str, date, int], ...]
    weights: dict[str, int]
    periods: tuple[tuple[date, date], ...]


GAPS = st.sampled_from([
    timedelta(milliseconds=400), timedelta(seconds=7), MINUTE, 8 * MINUTE, 8 * MINUTE, 20 * MINUTE, 30 * MINUTE - US,
    30 * MINUTE, 30 * MINUTE + US, 45 * MINUTE,
])  # fmt: skip
LAGS = st.sampled_from([timedelta(0)] * 12 + [MINUTE, 25 * MINUTE, timedelta(hours=3), timedelta(days=2)])
GRADES = st.sampled_from([Grade.NONE, Grade.ANALYTICS, Grade.PERSONAL, Grade.PERSONAL, Grade.PERSONAL])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world with up to about 150 steps and a dozen orders, most of it near a change of the clocks."""
    zone, change = draw(st.sampled_from(PLACES))
    first = change - timedelta(days=draw(st.integers(1, 6)))
    moments = _moments(zone, first, change)
    told: list[tuple[datetime, Delivery | Step]] = []
    for number in range(draw(st.integers(1, 5))):
        told += draw(_browser(f"cookie{number}", moments, api=False))
    for number in range(draw(st.integers(0, 2))):
        told += draw(_browser(f"app{number}", moments, api=True))
    orders = [one for _, one in told if isinstance(one, Ordered)]
    for number in range(draw(st.integers(0, 2))):
        orders.append(Ordered(draw(moments), f"T{number}", draw(BUYERS), draw(baskets())))
        told.append((orders[-1].at, orders[-1]))
    told += draw(_refunds(orders, moments))
    told += [(at, Night(at)) for at in draw(st.lists(moments, max_size=3))]
    claims = draw(st.lists(st.tuples(moments, BROWSERS, ACCOUNTS, st.booleans()), max_size=2))
    told += [(at, ClaimTaken(at, browser, account, stands)) for at, browser, account, stands in claims]
    start = datetime.combine(first, time(), UTC) - timedelta(days=1)
    told += [(start, SignedUp(start, account)) for account in draw(st.sets(ACCOUNTS)) if account != "acc2"]
    told.sort(key=lambda one: one[0])
    days = st.integers(0, SPAN).map(lambda number: first + timedelta(days=number))
    pairs = st.tuples(days, days).map(lambda pair: (min(pair), max(pair)))
    amounts = st.integers(0, 20_000)
    return World(
        zone=zone,
        first=first,
        deliveries=tuple(draw(_packed(told))),
        costs=tuple(draw(st.lists(st.tuples(st.sampled_from(sorted(CAMPAIGNS)), days, amounts), max_size=4))),
        goods=tuple(
            draw(st.lists(st.tuples(st.sampled_from(PRODUCTS[:3]), days, st.integers(0, 900)), max_size=4,
                          unique_by=lambda cost: cost[:2]))
        ),
        weights=draw(st.sampled_from([{}, {"email": 300_000, "paid_search": 700_000}])),
        periods=((first - timedelta(days=2), first + timedelta(days=SPAN + 60)), *draw(st.lists(pairs, max_size=2))),
    )  # fmt: skip


ACCOUNTS = st.sampled_from(["acc0", "acc1", "acc2"])
BUYERS = st.sampled_from(["acc0", "acc1", "acc2", "guest0@example.com", "guest1@example.com", "till@unknown.invalid"])
BROWSERS = st.sampled_from(["cookie0", "cookie1", "app0"])


def _moments(zone: str, first: date, change: date) -> st.SearchStrategy[datetime]:
    """Any minute of the span, and more often those at which a day or an hour is told wrongly."""
    place = ZoneInfo(zone)
    edges = []
    for day in (change, change + timedelta(days=1), change.replace(day=1) + timedelta(days=32)):
        midnight = datetime.combine(day, time(), place).astimezone(UTC)
        edges += [midnight - timedelta(seconds=1), midnight, midnight + timedelta(seconds=1), midnight - 20 * MINUTE]
    for clock in (time(0, 30), time(1, 45), time(2, 15), time(2, 30)):
        edges += [datetime.combine(change, clock.replace(fold=fold), place).astimezone(UTC) for fold in (0, 1)]
    start = datetime.combine(first, time(6), UTC)
    anywhen = st.integers(0, SPAN * 1440).map(lambda minutes: start + minutes * MINUTE)
    early = st.integers(0, 4 * 1440).map(lambda minutes: start + minutes * MINUTE)
    return st.one_of(st.sampled_from(edges), early, anywhen)


@st.composite
def _browser(
    draw: st.DrawFn, name: str, moments: st.SearchStrategy[datetime], *, api: bool
) -> list[tuple[datetime, Delivery | Step]]:
    """A browser's visits: (moment of arrival, what arrives)."""
    result: list[tuple[datetime, Delivery | Step]] = []
    agent = draw(st.sampled_from([*PERSONS, *PERSONS, BOTS[0]])) if not api else PERSONS[0]
    for number in range(draw(st.integers(1, 4))):
        result += draw(_visit(f"{name}", number, moments, agent=agent, api=api))
    return result


@st.composite
def _visit(
    draw: st.DrawFn, browser: str, number: int, moments: st.SearchStrategy[datetime], *, agent: Agent, api: bool
) -> list[tuple[datetime, Delivery | Step]]:
    result: list[tuple[datetime, Delivery | Step]] = []
    at = draw(moments) + timedelta(microseconds=0 if api else number * 1000 + draw(st.integers(0, 900)))
    grade, account = draw(GRADES), draw(st.none() | ACCOUNTS)
    country = draw(st.sampled_from(["", "DE", "US"])) if not api else ""
    for place in range(draw(st.integers(1, 9))):
        at += draw(GAPS) if place else timedelta(0)
        if draw(st.integers(0, 9)) == 9:  # changed in the consent banner, signed in or out
            grade, account = draw(GRADES), draw(st.none() | ACCOUNTS)
        arrival = draw(st.sampled_from(ARRIVALS)) if place == 0 or draw(st.integers(0, 5)) == 5 else ARRIVALS[0]
        kind = draw(st.sampled_from(KINDS))
        if kind == "order":
            buyer = account if account and grade is Grade.PERSONAL else draw(BUYERS)
            order = Ordered(at, f"{browser}-{number}-{place}", buyer, draw(baskets()), browser, grade)
            result.append((at, order))
            continue
        if kind == "sign up" and not api:
            result.append((at, SignedUp(at, draw(ACCOUNTS), browser, grade)))
            continue
        step = draw(_step(kind, at, browser, grade, arrival, api=api))
        values: dict[str, Any] = {"account": account, "agent": agent, "country": country, "api": api}
        named = api or draw(st.integers(0, 5)) == 5
        values["message_id"] = f"{browser}{number}{place}" if named else None
        step = Step(**{**vars(step), **values})
        lag = draw(LAGS)
        result.append((at + lag, step))
        if named and draw(st.integers(0, 3)) == 3:  # sent twice
            result.append((at + lag + draw(LAGS), step))
    return result


KINDS = (
    "page", "page", "page", "product", "product", "search", "search", "added", "removed", "checkout", "engaged", "list",
    "order", "sign up",
)  # fmt: skip


@st.composite
def _step(draw: st.DrawFn, kind: str, at: datetime, browser: str, grade: Grade, arrival: Arrival, *, api: bool) -> Step:
    page, product = draw(st.sampled_from(PAGES)), draw(st.sampled_from(PRODUCTS))
    shown = draw(st.lists(st.sampled_from(PRODUCTS), max_size=4))
    name, subject, properties = "Page Viewed", page, {}
    match kind:
        case "page":
            if not api:
                properties = {"milliseconds": draw(st.integers(0, 900)), "status": 200}
        case "product":
            name, subject = "Product Viewed", product
        case "added":
            name, subject = "Product Added", product
        case "removed":
            name, subject = "Product Removed", product
        case "checkout":
            name, subject = "Checkout Started", ""
        case "engaged":
            name, properties = "Page Engaged", {"seconds": draw(st.sampled_from([0, 7, 90, 3600]))}
        case "list":
            name, subject, properties = "Product List Viewed", "tea", {"product_ids": shown}
        case "search":
            name, subject = "Products Searched", draw(st.sampled_from(sorted(TERMS)))
            first = draw(st.sampled_from([1, 1, 1, 25]))
            properties = {"query": subject, "product_ids": shown, "first_position": first, "results": len(shown)}
    if api and name != "Page Viewed":
        arrival = ARRIVALS[0]
    return Step(at, browser, grade, name, subject, properties, arrival, path=page)


@st.composite
def _refunds(
    draw: st.DrawFn, orders: Sequence[Ordered], moments: st.SearchStrategy[datetime]
) -> list[tuple[datetime, Delivery | Step]]:
    result: list[tuple[datetime, Delivery | Step]] = []
    for number in range(draw(st.integers(0, 4)) if orders else 0):
        order = draw(st.sampled_from(orders))
        at = order.at + draw(st.sampled_from([MINUTE, timedelta(hours=9), timedelta(days=3), timedelta(days=30)]))
        result.append((at, Refunded(at, f"R{number}", order.number, draw(money_back(order.basket)))))
    if draw(st.integers(0, 3)) == 3:
        at = draw(moments)
        result.append(
            (at, Refunded(at, "loose", None, MoneyBack(draw(st.integers(1, 5000))), draw(st.none() | BUYERS)))
        )
    return result


@st.composite
def _packed(draw: st.DrawFn, told: Sequence[tuple[datetime, Delivery | Step]]) -> list[Delivery]:
    """Steps that arrive one after the other are stored together, as many as come up; whatever is told comes between."""
    result: list[Delivery] = []
    waiting: list[Step] = []
    now = told[0][0] if told else datetime.min.replace(tzinfo=UTC)

    def flush() -> None:
        for api in (False, True):
            steps = tuple(step for step in waiting if step.api is api)
            if steps:
                result.append(Batch(now, steps, api))
        waiting.clear()

    for at, one in told:
        if isinstance(one, Step):
            if waiting and (at - now > timedelta(days=1) or draw(st.integers(0, 3)) == 3):
                flush()
            waiting.append(one)
        else:
            flush()
            result.append(one)
        now = at
    flush()
    return result
