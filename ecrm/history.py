"""History: what happened before the CRM was there, told in bulk; no reaction runs, so nobody gets an e-mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import bindparam, func, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tracking.bulk import insert_columns, loading, take_ids
from tracking.clickstream.dimensions import MAX_PATH
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures, add_rows, day_of
from tracking.clickstream.simulation import ShopPage, SimulationReport, simulate_visits
from tracking.cohorts import NOBODY, recount
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine
from tracking.record import Record

from . import ledger
from .customers.checkout_memory import remember
from .events import OrderCompleted, OrderRefunded, Person, SignedUp, Told
from .history_orders import write_orders
from .history_people import Buyer, Identity, People, find_or_make, identity_of
from .history_profiles import Profiles, complete, take_over
from .history_refunds import write_refunds
from .installation import Installation
from .marketing.goods_cost import KnownCosts
from .sales import refuse_other_currency

BATCH = 20_000  # events a transaction, a few seconds; fewer would write the same pages of the indexes more often
_PRODUCT_PAGES = 40  # on which made-up visits begin
_OFTEN_BOUGHT = 400

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
    costs: KnownCosts
    report: BackfillReport = field(default_factory=BackfillReport)
    people: People = field(default_factory=People)
    profiles: Profiles = field(default_factory=Profiles)
    latest: dict[int, OrderCompleted] = field(default_factory=dict)


def backfill(
    crm: Installation, told: Iterable[Told], *, progress: Callable[[int], None] | None = None
) -> BackfillReport:
    """Write events of the past into the ledger and into what the CRM remembers, in batches with a transaction each.

    What was told before is skipped by its key, so that a second run, or one after a crash, only adds what is missing.
    Which orders are first ones, and the cohorts, are counted when all is told.

    Args:
        told: `SignedUp`, `OrderCompleted` and `OrderRefunded` in the order of time.
        progress: called with the number of events after each batch.

    Raises:
        TypeError: for an event that has no history, such as a parcel on its way.
        ValueError: for an order or a refund in another currency than the storefront's facts say. Of its batch
            nothing is written; the batches before it stay.
    """
    facts = crm.storefront.facts()
    with crm.sessions() as session:
        state = _Progress(costs=KnownCosts.of(session))
    with loading(crm.sessions) as sessions:
        for batch in _batches(told):
            for one in batch:
                if not isinstance(one, SignedUp | OrderCompleted | OrderRefunded):
                    raise TypeError(f"{one.name} can't be told as history")
                refuse_other_currency(one, facts)
            try:
                _store(sessions, batch, facts.time_zone, state)
            except IntegrityError:
                # Something was told live meanwhile; what it wrote is seen now, and known keys are skipped.
                state.people.forget()
                state.profiles.said.clear()
                _store(sessions, batch, facts.time_zone, state)
            if progress:
                progress(len(batch))
        with sessions.begin() as session:
            for customer_id, order in state.latest.items():
                remember(session, customer_id, order)
            complete(session, state.profiles)
            _learn_countries(session, state.latest)
        with sessions.begin() as session:
            recount(session, time_zone=facts.time_zone)
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

    facts = crm.storefront.facts()
    with crm.sessions.begin() as session:
        order_ids = orders_without_visits(session)
        return simulate_visits(
            session,
            order_ids,
            seed=seed,
            time_zone=facts.time_zone,
            country=facts.country,
            pages=_pages(crm),
            unseen=_not_for_sale(crm, session),
            progress=tell,
        )


def _pages(crm: Installation) -> list[ShopPage]:
    """The home page, and those of the best sellers as the shop addresses them."""
    with crm.app.test_request_context(base_url=crm.storefront.facts().base_url):
        cards = crm.storefront.products(crm.storefront.best_sellers(limit=_PRODUCT_PAGES))
    return [ShopPage("/"), *(ShopPage(urlsplit(card.url).path[:MAX_PATH], card.product_id) for card in cards)]


def _not_for_sale(crm: Installation, session: Session) -> set[str]:
    """Those of the products bought most that the shop doesn't show, such as a grocer's fuel: nobody looks for them.

    Only the most frequent are asked for: what is bought now and then hardly shows in a report.
    """
    often = select(SeenOrderLine.product).group_by(SeenOrderLine.product).order_by(func.count().desc())
    products = set(session.scalars(often.limit(_OFTEN_BOUGHT)))
    with crm.app.test_request_context(base_url=crm.storefront.facts().base_url):
        return products - {card.product_id for card in crm.storefront.products(sorted(products))}


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


def _store(sessions: sessionmaker[Session], batch: Sequence[Told], time_zone: str, state: _Progress) -> None:
    with sessions.begin() as session:
        keys = [one.key for one in batch]
        known = set(session.scalars(_KNOWN, {"keys": keys}))
        new = list({one.key: one for one in batch if one.key not in known}.values())
        customers = state.people.customers
        found = find_or_make(session, list(_buyers(batch)), state.people)
        take_over(session, _buyers(new), customers, found=found, profiles=state.profiles)
        ids = _write_events(session, new, customers)
        orders = [one for one in new if isinstance(one, OrderCompleted)]
        refunds = [one for one in new if isinstance(one, OrderRefunded)]
        write_orders(session, orders, customers, costs=state.costs, time_zone=time_zone)
        write_refunds(session, refunds, customers, time_zone=time_zone)
        _count_days(session, new, time_zone)
    report = state.report
    report.events += len(ids)
    report.known += len(batch) - len(new)
    report.customers += found.made
    report.orders += len(orders)
    report.refunds += len(refunds)
    report.revenue_minor += sum(order.total_minor for order in orders)
    report.refunded_minor += sum(refund.amount_minor for refund in refunds)
    for one in batch:
        if isinstance(one, OrderCompleted) and not one.person.email.endswith(NOBODY):
            state.latest[customers[identity_of(one.person)]] = one


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
            "properties": [ledger.to_json(one) for one in told],
            "simulated": [False] * len(told),
        }
        insert_columns(connection, table, columns, ready={"properties"})
    return ids


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
    add_rows(session, DayFigures, {(day,): counts for day, counts in days.items()})


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
