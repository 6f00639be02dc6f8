"""A carrier that isn't there, for demos: parcels that staff send move by themselves, each as its number says.

Of a hundred numbers about 78 arrive in one to three days, 10 some days late, 7 after an attempt that failed, 3 wait to
be fetched, 2 come back. What it says is marked as simulated. It refuses wherever real people buy.
"""

from __future__ import annotations

import hashlib
import random
from datetime import datetime, timedelta

from sqlalchemy import select

from ecrm.installation import Installation
from tracking.delivery.aggregators.heard import Heard
from tracking.delivery.shipment import OPEN, Shipment, Status

from .taking import react, tell_scans

MARK = "simulated"
"""The note of each of its scans; pages that show a scan show it."""
CARRIER = "Simulated carrier"
"""Of parcels that are made up from the start (`simulated_past`); nobody else's is called so."""
AT_ONCE = 500
FOLLOWED = timedelta(days=30)


class RealShop(Exception):
    """The simulated carrier is for demos; the message says what to set instead."""


def move_on(crm: Installation, *, now: datetime) -> str:
    """Tell the scans that are due by now.

    Raises:
        RealShop: where the shop doesn't say that its data are made up or borrowed.
    """
    pace = max(int(crm.app.config["ECRM_SIMULATED_PACE"]), 1)
    told: list[int] = []
    with crm.sessions.begin() as session:
        under_way = select(Shipment).where(
            Shipment.status.in_(OPEN), Shipment.tracking_number != "", Shipment.shipped_at > now - FOLLOWED
        )
        parcels = session.scalars(under_way.order_by(Shipment.id.desc()).limit(AT_ONCE)).all()
        if parcels and not crm.storefront.facts().data_note:
            raise RealShop(
                "ECRM_CARRIER is `simulated`, which invents parcels' ways and is for demos only: this shop doesn't say "
                "that its data are a demo's (ShopFacts.data_note). Set it to none, easypost, aftership or shippo."
            )
        for shipment in parcels:
            assert shipment.shipped_at is not None  # noqa: S101 (the query says so)
            due = [scan for scan in way_of(shipment.tracking_number, shipment.shipped_at, pace=pace) if scan.at <= now]
            told += tell_scans(session, shipment, due, now=now)
    react(crm, told)
    return f"{len(told)} simulated scans of {len(parcels)} parcels"


def way_of(number: str, shipped_at: datetime, *, pace: int = 1) -> tuple[Heard, ...]:
    """All scans of a parcel with this number, from the first to its end; always the same.

    Args:
        pace: how many days of the carrier's pass in one.
    """
    chance = random.Random(hashlib.sha256(number.encode()).digest())  # noqa: S311 (a play, the same each time)
    days = chance.choice((1, 1, 2, 2, 3))
    kind = chance.random()
    if kind < 0.10:
        days += chance.randint(2, 4)
    steps = [(_hours(chance, 3, 9), Status.IN_TRANSIT, "Simulated depot")]
    steps += [(24 * day + _hours(chance, 2, 6), Status.IN_TRANSIT, "Simulated hub") for day in range(1, days)]
    last = 24 * days
    if 0.10 <= kind < 0.17:
        steps += [
            (last - 6, Status.OUT_FOR_DELIVERY, "Simulated van"),
            (last, Status.EXCEPTION, "Simulated van"),
            (last + 18, Status.OUT_FOR_DELIVERY, "Simulated van"),
            (last + 22, Status.DELIVERED, ""),
        ]
    elif 0.17 <= kind < 0.20:
        steps += [(last - 2, Status.AVAILABLE_FOR_PICKUP, "Simulated shop"), (last + 30, Status.DELIVERED, "")]
    elif 0.20 <= kind < 0.22:
        steps += [(last, Status.EXCEPTION, "Simulated van"), (last + 48, Status.RETURN_TO_SENDER, "Simulated depot")]
    else:
        steps += [(last - _hours(chance, 3, 6), Status.OUT_FOR_DELIVERY, "Simulated van"), (last, Status.DELIVERED, "")]
    return tuple(
        Heard(status, shipped_at + timedelta(hours=hours) / pace, place, MARK) for hours, status, place in sorted(steps)
    )


def _hours(chance: random.Random, least: int, most: int) -> float:
    return round(chance.uniform(least, most), 2)
