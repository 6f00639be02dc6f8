"""The parcels of a demo's last half year: each imported order gets one that arrived, on a made-up way.

It is marked as such. They went as the simulated carrier's do (`simulated.way_of`), without those that came back: the
shop says of all these orders that they were delivered.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from tracking.bulk import insert_columns, loading, take_ids
from tracking.cohorts import NOBODY
from tracking.customers import Customer
from tracking.delivery.aggregators.heard import Heard
from tracking.delivery.shipment import Scan, Shipment, Status, new_token
from tracking.delivery.workdays import after_workdays
from tracking.orders import SeenOrder
from tracking.record import Record

from .simulated import CARRIER, RealShop, way_of

SERVICE = "standard"
PROMISED = 4
"""Workdays. One of ten parcels takes longer."""
SINCE = timedelta(days=180)
"""Carriers keep what they know of a number for some months; and a demo's year would take twice the time."""
_AT_ONCE = 20_000


def simulate_deliveries(crm: Installation, *, now: datetime, progress: Callable[[int, int], None] | None = None) -> int:
    """Give every past order that has no parcel one that arrived; says to how many.

    Args:
        progress: called with the number of orders done and of all.

    Raises:
        RealShop: where the shop doesn't say that its data are made up or borrowed.
    """
    facts, done, last = crm.storefront.facts(), 0, 0
    if not facts.data_note:
        raise RealShop("Parcels of the past are made up in demos only (ShopFacts.data_note).")
    with crm.sessions() as session:
        whole = session.scalar(select(func.count()).select_from(_without_parcel(now).subquery())) or 0
    with loading(crm.sessions) as sessions:
        while True:
            with sessions.begin() as session:
                orders = session.execute(
                    _without_parcel(now).where(SeenOrder.id > last).order_by(SeenOrder.id).limit(_AT_ONCE)
                ).all()
                if not orders:
                    return done
                _write(session, orders, home=facts.country, zone=ZoneInfo(facts.time_zone), now=now)
            last, done = orders[-1].id, done + len(orders)
            if progress:
                progress(done, whole)


def _without_parcel(now: datetime) -> Any:
    """Orders of customers who have a name; what came in this hour may be on its way to its parcel."""
    known = exists().where(Shipment.order_reference == SeenOrder.reference)
    return (
        select(SeenOrder.id, SeenOrder.reference, SeenOrder.customer_id, SeenOrder.placed_at, Customer.country)
        .join(Customer, Customer.id == SeenOrder.customer_id)
        .where(
            ~known,
            SeenOrder.placed_at > now - SINCE,
            SeenOrder.placed_at < now - timedelta(hours=1),
            Customer.email.not_like(f"%{NOBODY}"),
        )
    )


def _write(session: Session, orders: Sequence[Any], *, home: str, zone: ZoneInfo, now: datetime) -> None:
    connection, parcels, scans = session.connection(), _table(Shipment), _table(Scan)
    ids = take_ids(connection, parcels, len(orders))
    ways = [_journey(row.reference, row.placed_at, zone=zone, now=now) for row in orders]
    seen = [
        (id_, row.customer_id, scan)
        for id_, row, (_number, way) in zip(ids, orders, ways, strict=True)
        for scan in way[1:]
    ]
    shipped = [(id_, way[0].at) for id_, (_number, way) in zip(ids, ways, strict=True)]
    nothing: list[Any] = [None] * len(orders)
    promised = [_promised(row.placed_at.astimezone(zone).date(), row.country or home) for row in orders]
    insert_columns(connection, parcels, {
        "id": ids, "reference": [f"past:{row.reference}"[:64] for row in orders],
        "order_reference": [row.reference for row in orders], "customer_id": [row.customer_id for row in orders],
        "token": [new_token() for _ in orders], "carrier": [CARRIER] * len(orders),
        "tracking_number": [number for number, _way in ways], "country": [row.country or home for row in orders],
        "service": [SERVICE] * len(orders), "status": [str(Status.DELIVERED)] * len(orders), "promised_on": promised,
        "expected_on": nothing, "expected_at": [row.placed_at for row in orders],
        "shipped_at": [at for _id, at in shipped], "delivered_at": [way[-1].at for _number, way in ways],
        "delayed_at": nothing, "delayed_why": [""] * len(orders),
    })  # fmt: skip
    insert_columns(connection, scans, {
        "id": take_ids(connection, scans, len(seen)), "shipment_id": [id_ for id_, _whose, _scan in seen],
        "customer_id": [whose for _id, whose, _scan in seen],
        "scanned_at": [scan.at for _id, _whose, scan in seen],
        "status": [str(scan.status) for _id, _whose, scan in seen],
        "place": [scan.place for _id, _whose, scan in seen], "note": [scan.note for _id, _whose, scan in seen],
    })  # fmt: skip


def _journey(order: str, placed_at: datetime, *, zone: ZoneInfo, now: datetime) -> tuple[str, Sequence[Heard]]:
    """A number, and a way with it that ends at a door before now; first when it left: by day, as it arrives then."""
    morning = datetime.combine(placed_at.astimezone(zone).date() + timedelta(days=1), time(9), zone).astimezone(UTC)
    for letter in "ABCDEFGH":
        number = f"SIM{order}{letter}".replace(" ", "").upper()[:64]
        packed = morning + timedelta(hours=random.Random(number).uniform(0, 8))  # noqa: S311 (a play, the same each time)
        way = way_of(number, packed)
        if way[-1].status is Status.DELIVERED:
            break
    left = Heard(Status.IN_TRANSIT, packed)
    return number, _before(now, placed_at, [left, *way])


def _before(now: datetime, placed_at: datetime, way: Sequence[Heard]) -> Sequence[Heard]:
    """The same way, faster where it would last into the future."""
    whole, gone = way[-1].at - placed_at, now - placed_at
    if whole <= gone:
        return way
    faster = gone / whole
    return [Heard(one.status, placed_at + (one.at - placed_at) * faster, one.place, one.note) for one in way]


@lru_cache(maxsize=1000)
def _promised(ordered_on: date, country: str) -> date:
    return after_workdays(ordered_on, PROMISED, country)


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
