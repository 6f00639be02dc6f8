"""Visits of a batch: which visit a step belongs to, and what visits add to the days on which they began.

The rules, by which `recompute` counts the raw log anew:

- A step belongs to the visit of its browser that it reaches: less than 30 minutes after the visit's last step or
  before its first; of several the latest. Where there is none it opens one (`PASSIVE` steps don't, and belong to none).
  Visits are never merged afterwards, also where a late step would have connected two.
- A visit's day is that of the step that opened it; all that the visit counts, counts on that day.
- Its arrival is its first page view or, while it has none, the step that opened it: source, and the entry page (the
  page viewed, or the page on which the step happened). Device and country are those of the opening step.
- It is a returning browser's where an earlier visit of the browser is stored. `DayFigures.visitors` counts a browser
  once for each day on which visits of it began.
- Further pages of a search's results are no search (`Sighting.counts`).
- Its grade of consent is the least of its steps'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from tracking.bulk import insert_columns, take_ids, update_rows
from tracking.record import Record
from tracking.visitors import Grade

from .dimensions import MAX_PATH, Audience, Page, Source, ids_of
from .rollups import AudienceDay, DayFigures, PageDay, Tally
from .sessions import IDLE, PASSIVE, SEVERAL, Session
from .sightings import Sighting, storable
from .sources import UTM, Origin, device_of, origin_of
from .touchpoints import Touch, store_touches

Counter = Literal["page_views", "product_views", "searches", "cart_adds", "checkouts"]
COUNTERS: Mapping[str, Counter] = {
    "Page Viewed": "page_views",
    "Product Viewed": "product_views",
    "Products Searched": "searches",
    "Product Added": "cart_adds",
    "Checkout Started": "checkouts",
}
"""Event → the counter of its visit, and of its day. Orders are counted by the reaction to the order."""
MAX_ENGAGED = 86_400  # seconds that one report may claim

_TAGS = frozenset((*UTM, "click_id"))
_TABLE = Record.metadata.tables[Session.__tablename__]
_LOADED = (
    "id", "visitor_id", "started_at", "last_at", "entry_path", "referrer", "page_views", "product_views", "searches",
    "cart_adds", "checkouts", "orders", "revenue_minor", "seconds", "day", "audience_id", "entry_page_id",
    "customer_id", "simulated", "grade",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Visit:
    """A visit that the batch reaches or opens. The figures are those after the batch."""

    id: int
    visitor_id: int
    started_at: datetime
    last_at: datetime
    entry_path: str = ""
    referrer: str = ""
    page_views: int = 0
    product_views: int = 0
    searches: int = 0
    cart_adds: int = 0
    checkouts: int = 0
    orders: int = 0
    revenue_minor: int = 0
    seconds: int = 0
    day: date | None = None
    audience_id: int | None = None
    entry_page_id: int | None = None
    customer_id: int | None = None
    simulated: bool = False
    grade: int = int(Grade.PERSONAL)
    opener: Sighting | None = None  # of a visit that this batch opened
    arrival: Origin | None = None  # found out in this batch
    touches: list[Touch] = field(default_factory=list)
    touched: bool = False
    stored: tuple[Any, ...] | None = None  # the fields above as they were before the batch

    @property
    def bounced(self) -> bool:
        return self.page_views == 1 and not (self.cart_adds or self.checkouts or self.orders)

    @property
    def stage(self) -> int:
        return 4 if self.orders else 3 if self.checkouts else 2 if self.cart_adds else int(self.product_views > 0)

    def for_the_audience(self) -> dict[str, int]:
        """What the visit as it stands is in its audience's row of the day."""
        stage = self.stage
        return {
            "sessions": 1, "simulated_sessions": int(self.simulated), "bounces": int(self.bounced),
            "page_views": self.page_views, "product_views": self.product_views, "searches": self.searches,
            "cart_adds": self.cart_adds, "checkouts": self.checkouts, "orders": self.orders, "seconds": self.seconds,
            "stage_1": int(stage >= 1), "stage_2": int(stage >= 2), "stage_3": int(stage >= 3),
            "stage_4": int(stage >= 4), "revenue_minor": self.revenue_minor,
        }  # fmt: skip

    def for_the_entry_page(self) -> dict[str, int]:
        """What the visit as it stands is in its entry page's row of the day."""
        return {
            "entries": 1, "bounces": int(self.bounced), "entry_product_views": self.product_views,
            "entry_cart_adds": self.cart_adds, "entry_orders": self.orders, "entry_revenue_minor": self.revenue_minor,
        }  # fmt: skip


@dataclass(slots=True)
class _OfVisitor:
    """A browser's visits while the steps come in the order of time, so that a step looks at those near it only."""

    ahead: list[Visit] = field(default_factory=list)  # begin later than a step reaches; the earliest stands last
    near: list[Visit] = field(default_factory=list)

    def reached(self, at: datetime) -> Visit | None:
        """The latest of the visits that a step at this moment reaches."""
        while self.ahead and self.ahead[-1].started_at - at < IDLE:
            self.near.append(self.ahead.pop())
        if len(self.near) == 1:  # nearly always
            one = self.near[0]
            if at - one.last_at < IDLE:
                return one
            self.near.clear()
        elif self.near:
            self.near = [one for one in self.near if at - one.last_at < IDLE]
        return max(self.near, key=lambda one: (one.last_at, -one.id)) if self.near else None


class Visits:
    """The visits of a batch's browsers. Expects the visitors' rows to be locked, and the steps in order of time."""

    def __init__(self, session: OrmSession, steps: Sequence[tuple[int, Sighting]], *, new: Iterable[int]) -> None:
        """Args: steps: visitor id and step; new: visitors who can't have a visit yet."""
        self._session = session
        self._new = set(new)
        self._by_visitor: defaultdict[int, _OfVisitor] = defaultdict(_OfVisitor)
        self._opened: list[Visit] = []
        self._stored = _reachable(session, [step for step in steps if step[0] not in self._new])
        for visit in sorted(self._stored, key=attrgetter("started_at"), reverse=True):
            self._by_visitor[visit.visitor_id].ahead.append(visit)

    def step(self, visitor_id: int, sighting: Sighting, day: date) -> Visit | None:
        """Put a step into its visit and count it there; None where it belongs to none."""
        mine = self._by_visitor[visitor_id]
        at, name = sighting.at, sighting.name
        visit = mine.reached(at)
        if visit is None:
            if name in PASSIVE:
                return None
            visit = Visit(0, visitor_id, at, at, day=day, opener=sighting)
            self._arrive(visit, sighting, storable(sighting.subject if name == "Page Viewed" else sighting.path))
            mine.near.append(visit)
            self._opened.append(visit)
        elif name == "Page Viewed":
            if visit.page_views == 0:
                self._arrive(visit, sighting, storable(sighting.subject))
            elif not _TAGS.isdisjoint(sighting.properties):
                origin = origin_of(sighting.properties, sighting.referrer)
                if origin.tagged:
                    visit.touches.append(Touch(at, origin))
        visit.touched = True
        visit.grade = min(visit.grade, int(sighting.grade))
        if at > visit.last_at:
            visit.last_at = at
        elif at < visit.started_at:
            visit.started_at = at
        if (counter := COUNTERS.get(name)) and sighting.counts:
            setattr(visit, counter, getattr(visit, counter) + 1)
        elif name == "Page Engaged":
            visit.seconds += seconds_of(sighting)
        return visit

    def _arrive(self, visit: Visit, sighting: Sighting, path: str) -> None:
        visit.arrival = origin_of(sighting.properties, sighting.referrer)
        visit.entry_path, visit.referrer = path[:MAX_PATH], storable(sighting.referrer)[:MAX_PATH]
        visit.touches = [] if visit.arrival.channel == "direct" else [Touch(sighting.at, visit.arrival)]

    def number(self) -> None:
        """Give the visits that were opened their ids."""
        if self._opened:
            ids = take_ids(self._session.connection(), _TABLE, len(self._opened))
            for visit, id_ in zip(self._opened, ids, strict=True):
                visit.id = id_

    def entry_pages(self) -> set[str]:
        """The pages of the arrivals that were found out."""
        every = (*self._stored, *self._opened)
        return {visit.entry_path for visit in every if visit.arrival is not None and visit.entry_path}

    def store(self, tally: Tally) -> None:
        """Write the visits that the batch touched with their touchpoints; what they add to the days goes to `tally`."""
        touched = sorted((one for one in (*self._stored, *self._opened) if one.touched), key=attrgetter("id"))
        if not touched:
            return
        self._settle(touched, tally)
        for visit in touched:
            _count(visit, tally)
        _update(self._session, [visit for visit in touched if visit.opener is None])
        _insert(self._session, self._opened)
        store_touches(
            self._session,
            {(visit.id, visit.visitor_id): visit.touches for visit in touched if visit.touches},
            fresh={visit.id for visit in self._opened},
            anew={visit.id for visit in touched if visit.arrival is not None and visit.opener is None},
        )

    def _settle(self, touched: Sequence[Visit], tally: Tally) -> None:
        """The numbers of audience and entry page for the visits whose arrival was found out."""
        arrived = [visit for visit in touched if visit.arrival is not None]
        sources = ids_of(self._session, Source, {tuple(visit.arrival) for visit in arrived if visit.arrival})
        earlier = self._earlier_days()
        kept = _audiences(self._session, [visit for visit in arrived if visit.opener is None])
        keys: dict[Visit, tuple[Any, ...]] = {}
        for visit in arrived:
            assert visit.arrival is not None  # noqa: S101 (mypy can't know)
            source_id = sources[tuple(visit.arrival)]
            if visit.opener is not None and visit.day is not None:
                days = earlier[visit.visitor_id]
                who = (device_of(visit.opener.user_agent), storable(visit.opener.country)[:2].upper(), bool(days))
                tally[DayFigures][(visit.day,)]["sessions"] += 1
                tally[DayFigures][(visit.day,)]["visitors"] += visit.day not in days
                days.add(visit.day)
            elif visit.audience_id in kept:
                who = kept[visit.audience_id]
            else:  # from before there were audiences
                continue
            keys[visit] = (source_id, *who)
        audiences = ids_of(self._session, Audience, keys.values())
        pages = ids_of(self._session, Page, {visit.entry_path for visit in keys if visit.entry_path})
        for visit, key in keys.items():
            visit.audience_id = audiences[key]
            visit.entry_page_id = pages.get(visit.entry_path)

    def _earlier_days(self) -> defaultdict[int, set[date | None]]:
        """The days of the stored visits of those who opened one; empty where there is none."""
        days: defaultdict[int, set[date | None]] = defaultdict(set)
        known = {visit.visitor_id for visit in self._opened} - self._new
        if known:
            query = select(Session.visitor_id, Session.day).where(Session.visitor_id.in_(known)).distinct()
            for visitor_id, day in self._session.execute(query):
                days[visitor_id].add(day)
        return days


def seconds_of(sighting: Sighting) -> int:
    """How long a page was looked at, as a `Page Engaged` says; nonsense is nothing."""
    said = sighting.properties.get("seconds")
    return min(int(said), MAX_ENGAGED) if isinstance(said, int | float) and 0 <= said <= 1e9 else 0


def _reachable(session: OrmSession, steps: Sequence[tuple[int, Sighting]]) -> list[Visit]:
    """The stored visits that the steps may reach. Asked day by day, lest one step that comes a month late should bring
    up a month of everybody's visits."""
    windows: dict[int, tuple[datetime, datetime]] = {}
    for visitor_id, sighting in steps:
        first, _ = windows.get(visitor_id, (sighting.at, sighting.at))
        windows[visitor_id] = first, sighting.at
    by_day: defaultdict[date, list[int]] = defaultdict(list)
    for visitor_id, (first, _) in windows.items():
        by_day[first.date()].append(visitor_id)
    found = []
    for visitor_ids in by_day.values():
        first = min(windows[visitor_id][0] for visitor_id in visitor_ids)
        last = max(windows[visitor_id][1] for visitor_id in visitor_ids)
        query = select(*(_TABLE.c[name] for name in _LOADED)).where(
            _TABLE.c.visitor_id.in_(visitor_ids), _TABLE.c.last_at > first - IDLE, _TABLE.c.started_at < last + IDLE
        )
        for row in session.execute(query.order_by(_TABLE.c.last_at, _TABLE.c.id)):
            visit = Visit(*row)
            visit.stored = row
            found.append(visit)
    return found


def _audiences(session: OrmSession, visits: Sequence[Visit]) -> dict[int | None, tuple[str, str, bool]]:
    wanted = {visit.audience_id for visit in visits if visit.audience_id is not None}
    if not wanted:
        return {}
    query = select(Audience.id, Audience.device, Audience.country, Audience.is_returning)
    return {
        row.id: (row.device, row.country, row.is_returning)
        for row in session.execute(query.where(Audience.id.in_(wanted)))
    }


def _count(visit: Visit, tally: Tally) -> None:
    """Add the difference that the batch makes to the rows in which the visit is counted."""
    before = Visit(*visit.stored) if visit.stored is not None else None
    _move(AudienceDay, visit, before, tally, key="audience_id", figures=Visit.for_the_audience)
    _move(PageDay, visit, before, tally, key="entry_page_id", figures=Visit.for_the_entry_page)


def _move(
    record: type[Record],
    visit: Visit,
    before: Visit | None,
    tally: Tally,
    *,
    key: Literal["audience_id", "entry_page_id"],
    figures: Callable[[Visit], dict[str, int]],
) -> None:
    new = None if visit.day is None or getattr(visit, key) is None else (visit.day, getattr(visit, key))
    old = None
    if before is not None and before.day is not None and getattr(before, key) is not None:
        old = before.day, getattr(before, key)
    if old is not None and before is not None and old == new:
        row, was = tally[record][old], figures(before)
        for name, count in figures(visit).items():
            if count != was[name]:
                row[name] += count - was[name]
        return
    if old is not None and before is not None:
        tally.add(record, old, figures(before), times=-1)
    if new is not None:
        tally.add(record, new, figures(visit))


_WRITTEN = (
    "started_at", "last_at", "entry_path", "referrer", "page_views", "product_views", "searches", "cart_adds",
    "checkouts", "seconds", "stage", "bounced", "audience_id", "entry_page_id", "customer_id", "grade",
)  # fmt: skip
_READ = attrgetter(*_WRITTEN)


def _update(session: OrmSession, visits: Sequence[Visit]) -> None:
    update_rows(session.connection(), _TABLE, _WRITTEN, [(*_READ(visit), visit.id) for visit in visits])


def _insert(session: OrmSession, visits: Sequence[Visit]) -> None:
    if not visits:
        return
    names = ("id", "visitor_id", "day", *_WRITTEN)
    rows = [(visit.id, visit.visitor_id, visit.day, *_READ(visit)) for visit in visits]
    columns: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True))
    none = [0] * len(rows)
    columns |= {"orders": none, "revenue_minor": none, "refunds_minor": none, "simulated": [False] * len(rows)}
    insert_columns(session.connection(), _TABLE, columns)


def signed_in(visit: Visit, customer_id: int) -> None:
    """Note who was signed in during a visit."""
    if visit.customer_id != customer_id:
        visit.customer_id = customer_id if visit.customer_id is None else SEVERAL
