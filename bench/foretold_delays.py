"""How many late parcels are noticed before their promised day, and how many alarms are false, in a made-up shop.

    python -m bench.foretold_delays [--parcels 6000] [--seed 1]

Parcels of four carriers, two services and three countries over 75 days: each is packed after 0 to 2 workdays, travels
as its carrier usually does there (a rounded log-normal), and eight of a hundred meet with an incident: they lie
somewhere for 2 to 7 workdays, half of them without a word, half with the carrier reporting trouble a day later. The
promise is the shop's rule (3 workdays standard, 1 express, 4 more abroad), which one carrier often can't keep. The last
30 days are judged: each morning and afternoon the shop's own code looks at what it knows by then.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ecrm.tables import METADATA
from tracking.delivery import progress
from tracking.delivery.foretelling import learn
from tracking.delivery.noticing import notice, open_shipments
from tracking.delivery.shipment import Shipment, Status
from tracking.delivery.workdays import after_workdays

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 8, 31, 8, 0, tzinfo=UTC)
DAYS, JUDGED = 75, 30
USUAL = {"Swift": 1.2, "Sound": 1.8, "Slow": 3.2, "Express": 0.9}
ABROAD = {"DE": 0.0, "FR": 2.0, "CH": 3.5}


@dataclass(frozen=True)
class Deed:
    """What the shop hears at a moment: an order, a parcel that leaves, or a message about it."""

    at: datetime
    parcel: int
    what: str
    status: Status | None = None


def main() -> None:
    """Play the days and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with Session(engine) as session:
        print(_play(session, chance, args.parcels))


def _play(session: Session, chance: random.Random, parcels: int) -> str:
    facts, deeds = {}, []
    for number in range(parcels):
        facts[number] = _invent(chance, number, deeds)
    deeds.sort(key=lambda deed: deed.at)
    told: dict[int, tuple[datetime, str]] = {}
    waiting = iter(deeds)
    deed = next(waiting, None)
    for half_day in range(DAYS * 2 + 40):
        now = START + timedelta(hours=12 * half_day)
        while deed is not None and deed.at <= now:
            _hear(session, deed, facts[deed.parcel])
            deed = next(waiting, None)
        if now < START + timedelta(days=DAYS - JUDGED):
            continue
        for shipment_id in notice(
            session, open_shipments(session, now=now), learn(session, zone=ZONE, now=now), zone=ZONE, now=now
        ):
            late = session.get_one(Shipment, shipment_id)
            told[int(late.order_reference)] = (now, late.delayed_why)
    return _judge(session, told)


def _invent(chance: random.Random, number: int, deeds: list[Deed]) -> dict[str, object]:
    express = chance.random() < 0.15
    carrier = "Express" if express else chance.choices(["Swift", "Sound", "Slow"], [5, 3, 2])[0]
    country = "DE" if express else chance.choices(list(ABROAD), [80, 12, 8])[0]
    ordered = START + timedelta(minutes=chance.randrange(DAYS * 24 * 60))
    promised = after_workdays(ordered.date(), (1 if express else 3) + (4 if country != "DE" else 0), country)
    left = after_workdays(ordered.date(), chance.choices([0, 1, 2], [6, 3, 1])[0] if not express else 0, "DE")
    days = max(1, round(chance.lognormvariate(math.log(USUAL[carrier] + ABROAD[country]), 0.25)))
    incident = chance.random() < 0.08
    lies = chance.randint(2, 7) if incident else 0
    gone = max(datetime.combine(left, datetime.min.time(), UTC) + timedelta(hours=16), ordered + timedelta(hours=1))
    deeds.append(Deed(ordered, number, "order"))
    deeds.append(Deed(gone, number, "ship"))
    stops = range(1, days)
    struck = chance.choice(list(stops)) if incident and days > 1 else 0
    for stop in stops:
        day = after_workdays(left, stop + (lies if stop > struck else 0), country)
        deeds.append(Deed(_on(day, chance), number, "scan", Status.IN_TRANSIT))
    if incident and chance.random() < 0.5:
        deeds.append(Deed(_on(after_workdays(left, struck + 1, country), chance), number, "scan", Status.EXCEPTION))
    came = _on(after_workdays(left, days + lies, country), chance)
    deeds.append(Deed(came.replace(hour=6), number, "scan", Status.OUT_FOR_DELIVERY))
    deeds.append(Deed(max(came.replace(hour=10), gone + timedelta(hours=2)), number, "scan", Status.DELIVERED))
    return {
        "carrier": carrier,
        "service": "express" if express else "standard",
        "country": country,
        "promised": promised,
    }


def _on(day: object, chance: random.Random) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=chance.randint(7, 14))  # type: ignore[arg-type]


def _hear(session: Session, deed: Deed, facts: dict[str, object]) -> None:
    order = str(deed.parcel)
    if deed.what == "order":
        progress.expect(
            session, order_reference=order, customer_id=None, at=deed.at, promised_on=facts["promised"],  # type: ignore[arg-type]
            country=str(facts["country"]), service=str(facts["service"]),
        )  # fmt: skip
    elif deed.what == "ship":
        progress.start(
            session, reference=f"P{order}", order_reference=order, customer_id=None, carrier=str(facts["carrier"]),
            tracking_number=order, at=deed.at,
        )  # fmt: skip
    elif deed.status is not None:
        (shipment,) = progress.shipments_of(session, order)
        progress.scan(session, shipment, status=deed.status, at=deed.at)


def _judge(session: Session, told: dict[int, tuple[datetime, str]]) -> str:
    first = (START + timedelta(days=DAYS - JUDGED)).date()
    judged = [
        one for one in session.query(Shipment) if one.promised_on and one.promised_on > first and one.delivered_at
    ]
    late = [one for one in judged if one.delivered_at.astimezone(ZONE).date() > one.promised_on]  # type: ignore[union-attr,operator]
    before = [one for one in late if _told_on(told, one) is not None and _told_on(told, one) < one.promised_on]  # type: ignore[operator]
    by_day = [one for one in late if _told_on(told, one) is not None and _told_on(told, one) <= one.promised_on]  # type: ignore[operator]
    on_time = [one for one in judged if one not in late]
    false = [one for one in on_time if int(one.order_reference) in told]
    why = Counter(told[int(one.order_reference)][1] for one in judged if int(one.order_reference) in told)
    alarms = len(by_day) + len(false)
    return "\n".join((
        f"parcels judged: {len(judged)}, late: {len(late)} ({len(late) / len(judged):.1%})",
        f"late ones told of before the promised day: {len(before)} ({len(before) / len(late):.1%}); "
        f"by its evening: {len(by_day)} ({len(by_day) / len(late):.1%}); all later ones on the day after",
        f"alarms for parcels that came in time: {len(false)} of {alarms} alarms before the day passed "
        f"({len(false) / max(alarms, 1):.1%}), {len(false) / len(on_time):.2%} of the parcels in time",
        f"signs: {dict(why.most_common())}",
    ))  # fmt: skip


def _told_on(told: dict[int, tuple[datetime, str]], shipment: Shipment) -> object:
    known = told.get(int(shipment.order_reference))
    return None if known is None else known[0].astimezone(ZONE).date()


if __name__ == "__main__":
    main()
