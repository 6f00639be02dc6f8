"""History: what happened before the CRM was there, told in bulk; no reaction runs, so nobody gets an e-mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracking.bulk import insert_columns, roomy_cache, take_ids
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import add_to_day, day_of
from tracking.clickstream.simulation import SimulationReport, simulate_visits
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund
from tracking.record import Record

from . import ledger
from .customers.checkout_memory import remember
from .events import OrderCompleted, OrderRefunded, Person, SignedUp, Told
from .history_people import Buyer, Identity, identity_of, make_customers
from .installation import Installation
from .sales import refuse_other_currency

BATCH = 4000
# An address that can't exist stands for people whom the source doesn't name: nothing is concluded about them.
NOBODY = ".invalid"


_KNOWN = select(Event.message_id).where(Event.message_id.in_(bindparam("keys", expanding=True)))


@dataclass
class BackfillReport:
    """What was new; `known` had been told before. Money in minor units of the shop's currency."""

    events: int = 0
    known: int = 0
    customers: int = 0
    orders: int = 0
    refunds: int = 0
    revenue_minor: int = 0
    refunded_minor: int = 0


@dataclass
class _Progress:
    report: BackfillReport = field(default_factory=BackfillReport)
    customers: dict[Identity, int] = field(default_factory=dict)
    latest: dict[int, OrderCompleted] = field(default_factory=dict)


def backfill(
    crm: Installation, told: Iterable[Told], *, progress: Callable[[int], None] | None = None
) -> BackfillReport:
    """Write events of the past into the ledger and into what the CRM remembers, in batches with a transaction each.

    What was told before is skipped by its key, so that a second run, or one after a crash, only adds what is missing.

    Args:
        told: `SignedUp`, `OrderCompleted` and `OrderRefunded` in the order of time.
        progress: called with the number of events after each batch.

    Raises:
        TypeError: for an event that has no history, such as a parcel on its way.
        ValueError: for an order or a refund in another currency than the storefront's facts say. Of its batch
            nothing is written; the batches before it stay.
    """
    facts = crm.storefront.facts()
    state = _Progress()
    for batch in _batches(told):
        for one in batch:
            if not isinstance(one, SignedUp | OrderCompleted | OrderRefunded):
                raise TypeError(f"{one.name} can't be told as history")
            refuse_other_currency(one, facts)
        try:
            _store(crm, batch, facts.time_zone, state)
        except IntegrityError:
            # Something was told live meanwhile; what it wrote is seen now, and known keys are skipped.
            state.customers.clear()
            _store(crm, batch, facts.time_zone, state)
        if progress:
            progress(len(batch))
    with crm.sessions.begin() as session:
        for customer_id, order in state.latest.items():
            remember(session, customer_id, order)
        _learn_countries(session, state.latest)
    return state.report


def _learn_countries(session: Session, latest: dict[int, OrderCompleted]) -> None:
    """An account's sign-up says no country; the address of the last order does."""
    known = [
        {"of": customer_id, "learnt": order.address.country[:2]}
        for customer_id, order in latest.items()
        if order.address is not None and order.address.country
    ]
    if known:
        customers = _table(Customer)
        unsaid = (customers.c.id == bindparam("of")) & (customers.c.country == "")
        session.connection().execute(update(customers).where(unsaid).values(country=bindparam("learnt")), known)


def simulate_history(
    crm: Installation, *, seed: int = 1, progress: Callable[[int, int], None] | None = None
) -> SimulationReport:
    """Make up the visits before the orders of an imported history: for demos only, and marked as simulated.

    Args:
        progress: called with the number of orders done and of all.
    """
    done = 0

    def tell(orders: int) -> None:
        nonlocal done
        done += orders
        if progress:
            progress(done, len(order_ids))

    with crm.sessions.begin() as session:
        order_ids = orders_without_visits(session)
        time_zone = crm.storefront.facts().time_zone
        return simulate_visits(session, order_ids, seed=seed, time_zone=time_zone, progress=tell)


def orders_without_visits(session: Session) -> list[int]:
    """Ids of orders that came as history and have no visit, oldest first; for the simulation of visits in a demo.

    Orders that were told live owe (or owed) reactions and are left alone: their buyers may have refused to be followed.
    """
    live = select(ledger.PendingReaction.id).where(ledger.PendingReaction.event_id == Event.id).exists()
    nobody = select(Customer.id).where(Customer.email.like(f"%{NOBODY}"))
    query = (
        select(SeenOrder.id)
        .join(Event, Event.message_id == literal("order-completed:") + SeenOrder.reference)
        .where(
            SeenOrder.session_id.is_(None), SeenOrder.visitor_id.is_(None), ~live, SeenOrder.customer_id.not_in(nobody)
        )
    )
    return list(session.scalars(query.order_by(SeenOrder.placed_at, SeenOrder.id)))


def _batches(told: Iterable[Told]) -> Iterator[list[Told]]:
    stream = iter(told)
    while batch := list(islice(stream, BATCH)):
        yield batch


def _store(crm: Installation, batch: Sequence[Told], time_zone: str, state: _Progress) -> None:
    with crm.sessions.begin() as session, roomy_cache(session.connection()):
        keys = [one.key for one in batch]
        known = set(session.scalars(_KNOWN, {"keys": keys}))
        new = list({one.key: one for one in batch if one.key not in known}.values())
        made = make_customers(session, _buyers(batch), state.customers)
        ids = _write_events(session, new, state.customers)
        orders = [one for one in new if isinstance(one, OrderCompleted)]
        refunds = [one for one in new if isinstance(one, OrderRefunded)]
        _write_orders(session, orders, state.customers)
        _write_refunds(session, refunds, state.customers)
        _count_days(session, new, time_zone)
    report = state.report
    report.events += len(ids)
    report.known += len(batch) - len(new)
    report.customers += made
    report.orders += len(orders)
    report.refunds += len(refunds)
    report.revenue_minor += sum(order.total_minor for order in orders)
    report.refunded_minor += sum(refund.amount_minor for refund in refunds)
    for one in batch:
        if isinstance(one, OrderCompleted) and not one.person.email.endswith(NOBODY):
            state.latest[state.customers[identity_of(one.person)]] = one


def _person_of(told: Told) -> Person | None:
    return told.person if isinstance(told, SignedUp | OrderCompleted | OrderRefunded) else None


def _buyers(batch: Sequence[Told]) -> Iterator[Buyer]:
    for told in batch:
        person = _person_of(told)
        if person is not None:
            address = told.address if isinstance(told, OrderCompleted) else None
            yield Buyer(person, person.country or (address.country if address else ""), told.at)


def _customer_of(told: Told, customers: dict[Identity, int]) -> int | None:
    person = _person_of(told)
    return None if person is None else customers[identity_of(person)]


def _write_events(session: Session, told: Sequence[Told], customers: dict[Identity, int]) -> list[int]:
    connection, table = session.connection(), _table(Event)
    ids = take_ids(connection, table, len(told))
    if told:
        nothing: list[Any] = [None] * len(told)
        columns: dict[str, list[Any]] = {
            "id": ids,
            "message_id": [one.key for one in told],
            "name": [one.name for one in told],
            "happened_at": [one.at for one in told],
            "visitor_id": nothing,
            "session_id": nothing,
            "customer_id": [_customer_of(one, customers) for one in told],
            "order_reference": [one.order for one in told],
            "subject": [one.order or "" for one in told],
            "properties": [ledger.to_properties(one) for one in told],
            "simulated": [False] * len(told),
        }
        insert_columns(connection, table, columns)
    return ids


def _write_orders(session: Session, orders: Sequence[OrderCompleted], customers: dict[Identity, int]) -> None:
    if not orders:
        return
    connection, table = session.connection(), _table(SeenOrder)
    ids = take_ids(connection, table, len(orders))
    columns: dict[str, list[Any]] = {
        "id": ids,
        "reference": [order.order_id for order in orders],
        "customer_id": [_customer_of(order, customers) for order in orders],
        "placed_at": [order.at for order in orders],
        "currency": [order.currency for order in orders],
        "refunded_minor": [0] * len(orders),
    }
    for name in ("goods_minor", "shipping_minor", "discount_minor", "total_minor"):
        columns[name] = [getattr(order, name) for order in orders]
    insert_columns(connection, table, columns)
    lines = [
        (order_id, position, line.product_id, line.name[:200], line.quantity, line.net_minor)
        for order_id, order in zip(ids, orders, strict=True)
        for position, line in enumerate(order.lines, start=1)
    ]
    if lines:
        names = ("order_id", "position", "product", "name", "quantity", "net_minor")
        insert_columns(connection, _table(SeenOrderLine), dict(zip(names, zip(*lines, strict=True), strict=True)))


def _write_refunds(session: Session, refunds: Sequence[OrderRefunded], customers: dict[Identity, int]) -> None:
    if not refunds:
        return
    references = {refund.order_id for refund in refunds if refund.order_id}
    query = select(SeenOrder.reference, SeenOrder.id, SeenOrder.customer_id).where(SeenOrder.reference.in_(references))
    known = {reference: (order_id, customer_id) for reference, order_id, customer_id in session.execute(query)}
    found = [known.get(refund.order_id or "", (None, None)) for refund in refunds]
    connection, table = session.connection(), _table(SeenRefund)
    columns: dict[str, list[Any]] = {
        "id": take_ids(connection, table, len(refunds)),
        "reference": [refund.refund_id for refund in refunds],
        "order_id": [order_id for order_id, _ in found],
        "customer_id": [
            _customer_of(refund, customers) or customer_id
            for refund, (_, customer_id) in zip(refunds, found, strict=True)
        ],
        "refunded_at": [refund.at for refund in refunds],
        "amount_minor": [refund.amount_minor for refund in refunds],
        "reason": [refund.reason[:200] for refund in refunds],
    }
    insert_columns(connection, table, columns)
    back: dict[int, int] = defaultdict(int)
    for refund, (order_id, _) in zip(refunds, found, strict=True):
        if order_id is not None:
            back[order_id] += refund.amount_minor
    if back:
        orders = _table(SeenOrder)
        connection.execute(
            update(orders)
            .where(orders.c.id == bindparam("of"))
            .values(refunded_minor=orders.c.refunded_minor + bindparam("more")),
            [{"of": order_id, "more": amount} for order_id, amount in back.items()],
        )


def _count_days(session: Session, told: Sequence[Told], time_zone: str) -> None:
    days: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in told:
        counts = days[day_of(one.at, time_zone)]
        if isinstance(one, SignedUp):
            counts["registrations"] += 1
        elif isinstance(one, OrderCompleted):
            counts["orders"] += 1
            counts["revenue_minor"] += one.total_minor
        elif isinstance(one, OrderRefunded):
            counts["refunds_minor"] += one.amount_minor
    for day, counts in sorted(days.items()):
        add_to_day(session, day, **counts)


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
