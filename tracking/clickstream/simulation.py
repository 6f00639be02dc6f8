"""Visits that never happened: a demo's source holds purchases only, so the steps before them are made up and marked.

Every row written here has `simulated` set, and a claim's `how` says it too, so that each place that shows them can say
so. Nothing here may run in a live shop.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, select, update
from sqlalchemy.orm import Session as OrmSession

from ..bulk import insert_columns, roomy_cache, take_ids
from ..orders import SeenOrder, SeenOrderLine
from ..record import Record
from ..visitors import Visitor, VisitorClaim
from .event import Event
from .rollups import add_to_day, day_of
from .sessions import Session

BATCH = 4000
# How many visits without an order there are for each one with: by the buyer, and by somebody nobody knows.
OWN_VISITS, STRANGERS = 0.8, 0.2
# A buying visit has these steps on top of the first page: one product seen, one put in the cart, the checkout.
_MOST_LINES_SEEN = 4
_POOL = 20_000
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_COUNTERS = {"Page Viewed": "page_views", "Product Viewed": "product_views", "Product Added": "cart_adds"}
_FIGURES = _COUNTERS | {"Checkout Started": "checkouts"}


Span = tuple[datetime, datetime]
"""The moments of the history's first and last order."""


@dataclass
class SimulationReport:
    """How many rows were made up."""

    visitors: int = 0
    sessions: int = 0
    events: int = 0


class Order(NamedTuple):
    """What the simulation needs of a remembered order."""

    id: int
    customer_id: int
    placed_at: datetime
    value_minor: int
    currency: str


class Step(NamedTuple):
    """One made-up event: when, its name, its subject, and its properties as JSON."""

    at: datetime
    name: str
    subject: str
    properties: str


@dataclass(slots=True)
class Visit:
    """A made-up visit. `token` names the browser; `order_id` the order it ended with; strangers have no customer."""

    token: str
    customer_id: int | None
    steps: list[Step]
    started_at: datetime
    last_at: datetime
    order_id: int | None = None


def simulate_visits(
    session: OrmSession,
    order_ids: Sequence[int],
    *,
    seed: int,
    time_zone: str,
    progress: Callable[[int], None] | None = None,
) -> SimulationReport:
    """Make up a visit for each of these orders, and some that ended without one; commits nothing.

    The same seed and orders give the same rows. Product pages are told by `Product Viewed` alone, to keep the volume at
    about six events an order.

    Args:
        order_ids: ids of `SeenOrder` without a visit, oldest first; they are joined to theirs.
        time_zone: the shop's, an IANA name; visits count for its days.
        progress: called with the number of orders after each batch.
    """
    report = SimulationReport()
    chance = random.Random(seed)  # noqa: S311 (made-up visits need no secrecy)
    pool: list[str] = []
    span = _span(session, order_ids)
    with roomy_cache(session.connection()):
        for start in range(0, len(order_ids), BATCH):
            ids = order_ids[start : start + BATCH]
            orders, bought = _read(session, ids)
            pool = [product for order in orders for product in bought.get(order.id, ())][:_POOL] or pool
            visits = sorted(_visits(orders, bought, pool, span, chance, seed), key=lambda visit: visit.started_at)
            _write(session, visits, time_zone, report)
            if progress:
                progress(len(ids))
    return report


def _span(session: OrmSession, order_ids: Sequence[int]) -> Span:
    """The moments of the first and the last of these orders, which come in the order of time."""
    if not order_ids:
        return datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    ends = [session.get_one(SeenOrder, order_id).placed_at for order_id in (order_ids[0], order_ids[-1])]
    return ends[0], ends[1]


def _read(session: OrmSession, ids: Sequence[int]) -> tuple[list[Order], dict[int, list[str]]]:
    columns = (SeenOrder.id, SeenOrder.customer_id, SeenOrder.placed_at, SeenOrder.goods_minor, SeenOrder.currency)
    rows = session.execute(
        select(*columns).where(SeenOrder.id.in_(_IDS)).order_by(SeenOrder.placed_at, SeenOrder.id), {"ids": ids}
    )
    lines = select(SeenOrderLine.order_id, SeenOrderLine.product).where(
        SeenOrderLine.order_id.in_(_IDS), SeenOrderLine.position <= _MOST_LINES_SEEN
    )
    bought: dict[int, list[str]] = defaultdict(list)
    for order_id, product in session.execute(
        lines.order_by(SeenOrderLine.order_id, SeenOrderLine.position), {"ids": ids}
    ):
        bought[order_id].append(product)
    return [Order(*row) for row in rows], bought


def _visits(
    orders: Sequence[Order],
    bought: dict[int, list[str]],
    pool: list[str],
    span: Span,
    chance: random.Random,
    seed: int,
) -> Iterator[Visit]:
    for order in orders:
        own = _token(f"{seed}:customer:{order.customer_id}")
        yield _buying(order, own, bought.get(order.id, []), pool, chance)
        if not pool:
            continue
        for _ in range(_how_many(OWN_VISITS, chance)):
            yield _browsing(own, order.customer_id, _around(order.placed_at, span, chance), pool, chance)
        for number in range(_how_many(STRANGERS, chance)):
            stranger = _token(f"{seed}:stranger:{order.id}:{number}")
            yield _browsing(stranger, None, _around(order.placed_at, span, chance), pool, chance)


def _how_many(mean: float, chance: random.Random) -> int:
    return int(mean) + (chance.random() < mean % 1)


def _token(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _buying(order: Order, token: str, products: list[str], pool: list[str], chance: random.Random) -> Visit:
    """First page, a product (now and then another than is bought), the cart, the checkout, and then the order."""
    minutes = chance.uniform(4, 25)
    at = order.placed_at - timedelta(minutes=minutes)
    steps = [_page(at)]
    if products:
        chosen = chance.choice(products)
        seen = chance.choice(pool) if chance.random() < 0.2 else chosen
        steps.append(_product("Product Viewed", at + timedelta(minutes=minutes * chance.uniform(0.1, 0.4)), seen))
        steps.append(_product("Product Added", at + timedelta(minutes=minutes * chance.uniform(0.4, 0.7)), chosen))
    facts = f'{{"value_minor": {order.value_minor}, "currency": {_quoted(order.currency)}}}'
    asked = order.placed_at - timedelta(minutes=minutes * chance.uniform(0.05, 0.2))
    steps.append(Step(asked, "Checkout Started", "", facts))
    return Visit(token, order.customer_id, steps, at, order.placed_at, order.id)


def _around(placed_at: datetime, span: Span, chance: random.Random) -> datetime:
    """Some days before or after an order, at about the same hour; mirrored at both ends of the history, so that its
    first and last days have as many visits as the others."""
    away = timedelta(days=chance.randint(-5, 5), minutes=chance.uniform(-90, 90))
    first, last = span
    return placed_at + away if first <= placed_at + away <= last else min(placed_at - away, last)


def _browsing(token: str, customer_id: int | None, start: datetime, pool: list[str], chance: random.Random) -> Visit:
    """A look around; most leave after the first page, few fill a cart."""
    at = start
    steps = [_page(at)]
    while len(steps) < 4 and chance.random() < 0.35:
        at += timedelta(seconds=chance.uniform(15, 240))
        product = chance.choice(pool)
        steps.append(_product("Product Viewed", at, product))
        if chance.random() < 0.12:
            at += timedelta(seconds=chance.uniform(5, 60))
            steps.append(_product("Product Added", at, product))
    return Visit(token, customer_id, steps, start, at)


def _page(at: datetime) -> Step:
    return Step(at, "Page Viewed", "/", '{"path": "/"}')


def _product(name: str, at: datetime, product: str) -> Step:
    more = ', "quantity": 1' if name == "Product Added" else ""
    return Step(at, name, product, f'{{"product_id": {_quoted(product)}{more}}}')


@lru_cache(maxsize=100_000)
def _quoted(text: str) -> str:
    return json.dumps(text)


def _write(session: OrmSession, visits: list[Visit], time_zone: str, report: SimulationReport) -> None:
    visitors = _write_visitors(session, visits, report)
    _write_claims(session, visits, visitors)
    session_ids = take_ids(session.connection(), _table(Session), len(visits))
    _write_sessions(session, visits, visitors, session_ids)
    _write_events(session, visits, visitors, session_ids)
    _join_orders(session, visits, visitors, session_ids)
    _count_days(session, visits, time_zone)
    report.sessions += len(visits)
    report.events += sum(len(visit.steps) for visit in visits)


def _write_visitors(session: OrmSession, visits: list[Visit], report: SimulationReport) -> dict[str, int]:
    """The visitor's id of every token; visits come in the order of time, the first tells when it was first seen."""
    first_seen: dict[str, datetime] = {}
    for visit in visits:
        first_seen.setdefault(visit.token, visit.started_at)
    known = {
        token: visitor_id
        for visitor_id, token in session.execute(select(Visitor.id, Visitor.token).where(Visitor.token.in_(first_seen)))
    }
    new = [token for token in first_seen if token not in known]
    ids = take_ids(session.connection(), _table(Visitor), len(new))
    if new:
        columns: dict[str, list[Any]] = {"id": ids, "token": new, "first_seen_at": [first_seen[token] for token in new]}
        insert_columns(session.connection(), _table(Visitor), columns | {"simulated": [True] * len(new)})
    report.visitors += len(new)
    return known | dict(zip(new, ids, strict=True))


def _write_claims(session: OrmSession, visits: list[Visit], visitors: dict[str, int]) -> None:
    first: dict[tuple[int, int], datetime] = {}
    for visit in visits:
        if visit.order_id is not None and visit.customer_id is not None:
            first.setdefault((visitors[visit.token], visit.customer_id), visit.last_at)
    wanted = {visitor_id for visitor_id, _ in first}
    query = select(VisitorClaim.visitor_id, VisitorClaim.customer_id).where(VisitorClaim.visitor_id.in_(wanted))
    for visitor_id, customer_id in session.execute(query).all():
        first.pop((visitor_id, customer_id), None)
    if first:
        columns: dict[str, list[Any]] = {
            "id": take_ids(session.connection(), _table(VisitorClaim), len(first)),
            "visitor_id": [visitor_id for visitor_id, _ in first],
            "customer_id": [customer_id for _, customer_id in first],
            "claimed_at": list(first.values()),
            "how": ["simulated"] * len(first),
        }
        insert_columns(session.connection(), _table(VisitorClaim), columns)


def _write_sessions(session: OrmSession, visits: list[Visit], visitors: dict[str, int], ids: list[int]) -> None:
    columns: dict[str, list[Any]] = {
        "id": ids,
        "visitor_id": [visitors[visit.token] for visit in visits],
        "started_at": [visit.started_at for visit in visits],
        "last_at": [visit.last_at for visit in visits],
        "entry_path": ["/"] * len(visits),
        "referrer": [""] * len(visits),
        "searches": [0] * len(visits),
        "orders": [int(visit.order_id is not None) for visit in visits],
        "simulated": [True] * len(visits),
    }
    steps = [[step[1] for step in visit.steps] for visit in visits]
    columns |= {column: [names.count(name) for names in steps] for name, column in _COUNTERS.items()}
    insert_columns(session.connection(), _table(Session), columns)


def _write_events(session: OrmSession, visits: list[Visit], visitors: dict[str, int], ids: list[int]) -> None:
    rows = [
        (f"simulated:{session_id:010}:{number}", step.name, step.at, visitors[visit.token], session_id,
         visit.customer_id, step.subject, step.properties)
        for session_id, visit in zip(ids, visits, strict=True)
        for number, step in enumerate(visit.steps)
    ]  # fmt: skip
    if not rows:
        return
    names = ("message_id", "name", "happened_at", "visitor_id", "session_id", "customer_id", "subject", "properties")
    columns: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True))
    connection, table = session.connection(), _table(Event)
    columns |= {"id": take_ids(connection, table, len(rows)), "simulated": [True] * len(rows)}
    insert_columns(connection, table, columns, ready={"properties"})


def _join_orders(session: OrmSession, visits: list[Visit], visitors: dict[str, int], ids: list[int]) -> None:
    table = _table(SeenOrder)
    joined = [
        {"of": visit.order_id, "visitor": visitors[visit.token], "visit": session_id}
        for session_id, visit in zip(ids, visits, strict=True)
        if visit.order_id is not None
    ]
    if joined:
        statement = update(table).where(table.c.id == bindparam("of"))
        statement = statement.values(visitor_id=bindparam("visitor"), session_id=bindparam("visit"))
        session.connection().execute(statement, joined)


def _count_days(session: OrmSession, visits: list[Visit], time_zone: str) -> None:
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for visit in visits:
        figures = days[day_of(visit.started_at, time_zone)]
        figures["sessions"] += 1
        figures["visit_orders"] += visit.order_id is not None
        for step in visit.steps:
            figures[_FIGURES[step[1]]] += 1
    for day, figures in sorted(days.items()):
        add_to_day(session, day, simulated_sessions=figures["sessions"], **figures)


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
