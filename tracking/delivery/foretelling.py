"""Foretelling: on which day a parcel will arrive, as the shop's own parcels tell, and which ones are going to be late.

What is counted is workdays (`workdays`) from the day a parcel left to the day it arrived, of the parcels of the last
90 days. Of `n` parcels of a carrier, service and country, `f(d)` arrived within `d` workdays; a shop has few of some
kinds, so that share is shrunk to that of the service and country over all carriers, and that one to the whole shop's:

    F(d) = (n · f(d) + K · F_above(d)) / (n + K),    K = 10

(the posterior mean of a share under a Beta prior worth K parcels; Gelman et al., Bayesian Data Analysis, 2.4). A parcel
that hasn't come after `e` workdays has come within `d` with (F(d) − F(e)) / (1 − F(e)). Its foretold day is the first
with a chance of one half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from .shipment import Scan, Shipment, Status
from .workdays import after_workdays, workdays_between

LEARNT_FROM = timedelta(days=90)
MOST_PARCELS = 20_000
"""The newest are enough; the job reads them each time."""
FEWEST_PARCELS = 20
"""With fewer a shop's days are no rule: nothing is foretold, and only what is overdue is late."""
K = 10
LONGEST = 40
"""Workdays; what takes longer counts as this."""
CHANCE_OF_LATE = 0.2
"""So small must the chance become that a parcel keeps its day, before its buyer is told: an apology for a parcel that
comes in time costs trust, too."""
QUIET_SHARE = 0.95


class Why(StrEnum):
    """By which sign a parcel is known to be late."""

    FORETOLD = "foretold"
    SILENT = "silent"
    NOT_LEFT = "not_left"
    EXCEPTION = "exception"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Kind:
    """What parcels have in common that take alike long."""

    carrier: str
    service: str
    country: str

    @property
    def above(self) -> Kind:
        """The same service to the same country, by whichever carrier."""
        return Kind("", self.service, self.country)


_ALL = Kind("", "", "")


@dataclass
class Experience:
    """How long parcels took, and how long at most nothing was heard of each, in workdays, by kind."""

    transit: dict[Kind, Counter[int]] = field(default_factory=dict)
    quiet: dict[Kind, Counter[int]] = field(default_factory=dict)
    _known: dict[tuple[str, Kind, int], float] = field(default_factory=dict)

    def add(self, kind: Kind, *, days: int, quiet: int) -> None:
        """Count a parcel that arrived."""
        for each in dict.fromkeys((kind, kind.above, _ALL)):
            self.transit.setdefault(each, Counter())[min(days, LONGEST)] += 1
            self.quiet.setdefault(each, Counter())[min(quiet, LONGEST)] += 1
        self._known.clear()

    @property
    def enough(self) -> bool:
        return self.transit.get(_ALL, Counter()).total() >= FEWEST_PARCELS

    def share_within(self, kind: Kind, days: int) -> float:
        """F(d) of the module's docstring."""
        return self._share("transit", kind, days)

    def chance_within(self, kind: Kind, days: int, *, gone: int) -> float:
        """That a parcel which is `gone` workdays old, and still on its way, takes at most `days`."""
        known = self.share_within(kind, gone)
        if known >= 1:
            return 0.0 if days <= gone else 1.0
        return max(self.share_within(kind, days) - known, 0.0) / (1 - known)

    def foretold(self, kind: Kind, *, gone: int) -> int:
        """Workdays that it will have taken, more likely than not; never fewer than it is old already."""
        return next(
            (days for days in range(gone, LONGEST) if self.chance_within(kind, days, gone=gone - 1) >= 0.5), LONGEST
        )

    def longest_quiet(self, kind: Kind) -> int:
        """Workdays without news that 95 of 100 of its like didn't exceed."""
        return next((days for days in range(LONGEST) if self._share("quiet", kind, days) >= QUIET_SHARE), LONGEST)

    def _share(self, which: Literal["transit", "quiet"], kind: Kind, days: int) -> float:
        key = (which, kind, days)
        if key not in self._known:
            self._known[key] = _shrunk(self.transit if which == "transit" else self.quiet, kind, days)
        return self._known[key]


def _shrunk(counts: Mapping[Kind, Counter[int]], kind: Kind, days: int) -> float:
    if days < 0:
        return 0.0
    share = 0.0
    for level, weight in {_ALL: 0, kind.above: K, kind: K}.items():
        counted = counts.get(level)
        if counted is None:
            continue
        within = sum(count for taken, count in counted.items() if taken <= days)
        share = (within + weight * share) / (counted.total() + weight)
    return share


def learn(session: Session, *, zone: ZoneInfo, now: datetime) -> Experience:
    """Read what the newest parcels took, and how long nothing was heard of them."""
    newest = (
        select(Shipment)
        .where(
            Shipment.status == Status.DELIVERED, Shipment.expected_at > now - LEARNT_FROM,
            Shipment.shipped_at.is_not(None), Shipment.delivered_at.is_not(None), Shipment.delivered_at <= now,
        )
        .order_by(Shipment.expected_at.desc())
        .limit(MOST_PARCELS)
    )  # fmt: skip
    found, learnt = session.scalars(newest).all(), Experience()
    heard: dict[int, list[date]] = {}
    for start in range(0, len(found), 500):
        ids = [shipment.id for shipment in found[start : start + 500]]
        scans = select(Scan.shipment_id, Scan.scanned_at).where(Scan.shipment_id.in_(ids))
        for row in session.execute(scans.order_by(Scan.shipment_id, Scan.scanned_at)):
            heard.setdefault(row.shipment_id, []).append(row.scanned_at.astimezone(zone).date())
    for shipment in found:
        if shipment.shipped_at is None or shipment.delivered_at is None:
            continue
        left, came = (at.astimezone(zone).date() for at in (shipment.shipped_at, shipment.delivered_at))
        days = sorted([left, *(day for day in heard.get(shipment.id, ()) if left <= day <= came), came])
        quiet = max(workdays_between(one, two, shipment.country) for one, two in pairwise(days))
        learnt.add(kind_of(shipment), days=workdays_between(left, came, shipment.country), quiet=quiet)
    return learnt


def kind_of(shipment: Shipment) -> Kind:
    """What it is compared with."""
    return Kind(shipment.carrier, shipment.service, shipment.country)


@dataclass(frozen=True)
class Outlook:
    """When a parcel will be there, where that can be said, and by which sign it is late, if it is."""

    expected_on: date | None
    why: Why | None


def outlook(
    shipment: Shipment, learnt: Experience, *, last_heard: datetime | None, zone: ZoneInfo, now: datetime
) -> Outlook:
    """What is to be expected of a parcel that isn't there yet."""
    today, promised = now.astimezone(zone).date(), shipment.promised_on
    day, chance = _foretold(shipment, learnt, today=today, zone=zone)
    if shipment.status in {Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP}:
        day, chance = today, 1.0
    if promised is not None and promised < today and shipment.status != Status.AVAILABLE_FOR_PICKUP:
        return Outlook(day, Why.OVERDUE)
    if shipment.status == Status.EXCEPTION:
        return Outlook(day, Why.EXCEPTION)
    if promised is None or (shipment.status != Status.IN_TRANSIT and shipment.shipped_at is not None):
        return Outlook(day, None)
    if day is not None and day > promised and chance < CHANCE_OF_LATE:
        return Outlook(day, Why.FORETOLD if shipment.shipped_at is not None else Why.NOT_LEFT)
    if shipment.shipped_at is not None and learnt.enough:
        heard = max(shipment.shipped_at, last_heard or shipment.shipped_at).astimezone(zone).date()
        if workdays_between(heard, today, shipment.country) > learnt.longest_quiet(kind_of(shipment)):
            return Outlook(day, Why.SILENT)
    return Outlook(day, None)


def _foretold(shipment: Shipment, learnt: Experience, *, today: date, zone: ZoneInfo) -> tuple[date | None, float]:
    """The foretold day, and the chance that the promised one is kept. A parcel that hasn't left is taken to leave
    today."""
    if not learnt.enough:
        return None, 1.0
    kind, country = kind_of(shipment), shipment.country
    left = shipment.shipped_at.astimezone(zone).date() if shipment.shipped_at is not None else today
    gone = workdays_between(left, today, country)
    day = after_workdays(left, learnt.foretold(kind, gone=gone), country)
    if shipment.promised_on is None:
        return day, 1.0
    whole = workdays_between(left, shipment.promised_on, country)
    return day, learnt.chance_within(kind, whole, gone=gone - 1)


def last_heard_of(session: Session, shipments: Iterable[int]) -> dict[int, datetime]:
    """The newest message about each."""
    query = select(Scan.shipment_id, Scan.scanned_at).where(Scan.shipment_id.in_(list(shipments)))
    found: dict[int, datetime] = {}
    for row in session.execute(query):
        found[row.shipment_id] = max(row.scanned_at, found.get(row.shipment_id, row.scanned_at))
    return found
