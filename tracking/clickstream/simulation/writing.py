"""Writing: made-up visits become rows, and are counted as `ingest` counts steps and `earnings` orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session as OrmSession

from ...bulk import insert_columns, take_ids
from ...orders import SeenOrder
from ...record import Record
from ...visitors import Visitor, VisitorClaim
from .. import search_trail
from ..dimensions import Audience, Page, Source, ids_of
from ..event import Event
from ..rollups import AudienceDay, DayFigures, PageDay, Tally, day_of, store
from ..sessions import Session
from ..sightings import Sighting
from ..touchpoints import Touchpoint
from ..visits import COUNTERS, Visit
from .arrivals import device_of
from .counting import StepCounts
from .earning import earn
from .making import Made

_COUNTERS = tuple(COUNTERS.values())
_COUNTED = (*_COUNTERS, "orders", "revenue_minor")
_SAME = (
    "id", "visitor_id", "started_at", "last_at", "entry_path", "referrer", "stage", "bounced", "day", "audience_id",
    "entry_page_id", "customer_id", "simulated", "grade", *_COUNTED,
)  # fmt: skip


@dataclass
class SimulationReport:
    """How many rows were made up."""

    visitors: int = 0
    sessions: int = 0
    events: int = 0


class Writing:
    """Writes batch after batch, and remembers on which days a browser came."""

    def __init__(self, session: OrmSession, *, time_zone: str, country: str) -> None:
        self.report = SimulationReport()
        self._session = session
        self._time_zone = time_zone
        self._country = country
        self._days: dict[int, set[date | None]] = {}

    def write(self, made: Sequence[Made]) -> None:
        """Write the visits of a batch, which come in the order of time."""
        if not made:
            return
        session = self._session
        visitors = self._visitors(made)
        counts = StepCounts(self._time_zone)
        visits = self._visits(made, visitors, counts)
        _write_claims(session, made, visitors)
        _insert(session, Session, {name: [getattr(visit, name) for visit in visits] for name in _SAME} | _none(visits))
        _write_events(session, made, visits)
        _write_touches(session, made, visits)
        search_trail.follow(session, _searching(made, visits), tally=counts.tally, time_zone=self._time_zone)
        _join_orders(session, made, visits)
        earn(session, counts.tally, list(zip(made, visits, strict=True)), time_zone=self._time_zone)
        store(session, counts.settle(session))
        self.report.sessions += len(visits)
        self.report.events += sum(len(one.steps) for one in made)

    def _visitors(self, made: Sequence[Made]) -> dict[str, int]:
        """The visitor's id of every token; the first of their visits tells when they were first seen."""
        first_seen = {one.token: one.started_at for one in reversed(made)}
        query = select(Visitor.id, Visitor.token).where(Visitor.token.in_(first_seen))
        known = {token: visitor_id for visitor_id, token in self._session.execute(query)}
        new = sorted(first_seen.keys() - known.keys())
        ids = take_ids(self._session.connection(), _table(Visitor), len(new))
        if new:
            columns: dict[str, list[Any]] = {"id": ids, "token": new, "simulated": [True] * len(new)}
            _insert(self._session, Visitor, columns | {"first_seen_at": [first_seen[token] for token in new]})
        self.report.visitors += len(new)
        unmet = [visitor_id for visitor_id in known.values() if visitor_id not in self._days]
        for visitor_id in unmet:
            self._days[visitor_id] = set()
        days = select(Session.visitor_id, Session.day).where(Session.visitor_id.in_(unmet)).distinct()
        for visitor_id, day in self._session.execute(days) if unmet else ():
            self._days[visitor_id].add(day)
        return known | dict(zip(new, ids, strict=True))

    def _visits(self, made: Sequence[Made], visitors: dict[str, int], counts: StepCounts) -> list[Visit]:
        """The visits with all that they count, counted for their days as well."""
        ids = take_ids(self._session.connection(), _table(Session), len(made))
        visits = [
            Visit(
                id=id_,
                visitor_id=visitors[one.token],
                started_at=one.started_at,
                last_at=one.last_at,
                entry_path=one.steps[0].subject,
                referrer=one.arrival.referrer,
                day=day_of(one.started_at, self._time_zone),
                customer_id=one.customer_id,
                simulated=True,
                orders=len(one.purchases),
                revenue_minor=sum(purchase.total_minor for purchase in one.purchases),
            )
            for id_, one in zip(ids, made, strict=True)
        ]
        self._place(made, visits, counts.tally)
        for one, visit in zip(made, visits, strict=True):
            counts.count(visit, one.steps)
            for purchase in one.purchases:
                counts.tally[DayFigures][(day_of(purchase.placed_at, self._time_zone),)]["visit_orders"] += 1
            counts.tally.add(AudienceDay, (visit.day, visit.audience_id), visit.for_the_audience())
            counts.tally.add(PageDay, (visit.day, visit.entry_page_id), visit.for_the_entry_page())
        return visits

    def _place(self, made: Sequence[Made], visits: Sequence[Visit], tally: Tally) -> None:
        """Audience and entry page of every visit, and the day's visitors."""
        sources = ids_of(self._session, Source, {tuple(one.arrival.origin) for one in made})
        keys = []
        for one, visit in zip(made, visits, strict=True):
            days = self._days.setdefault(visit.visitor_id, set())
            source_id = sources[tuple(one.arrival.origin)]
            keys.append((source_id, device_of(one.token), self._country, bool(days)))
            figures = tally[DayFigures][(visit.day,)]
            figures["sessions"] += 1
            figures["simulated_sessions"] += 1
            figures["visitors"] += visit.day not in days
            days.add(visit.day)
        audiences = ids_of(self._session, Audience, set(keys))
        pages = ids_of(self._session, Page, {visit.entry_path for visit in visits})
        for visit, key in zip(visits, keys, strict=True):
            visit.audience_id, visit.entry_page_id = audiences[key], pages[visit.entry_path]


def _searching(made: Sequence[Made], visits: Sequence[Visit]) -> list[tuple[Visit, Sighting]]:
    return [
        (visit, Sighting(*step))
        for one, visit in zip(made, visits, strict=True)
        if visit.searches
        for step in one.steps
        if step.name in search_trail.NAMES
    ]


def _none(visits: Sequence[Visit]) -> dict[str, list[int]]:
    return {name: [0] * len(visits) for name in ("refunds_minor", "seconds")}


def _write_claims(session: OrmSession, made: Sequence[Made], visitors: dict[str, int]) -> None:
    first: dict[tuple[int, int], Any] = {}
    for one in made:
        if one.purchases and one.customer_id is not None:
            first.setdefault((visitors[one.token], one.customer_id), one.last_at)
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
        _insert(session, VisitorClaim, columns)


def _write_events(session: OrmSession, made: Sequence[Made], visits: Sequence[Visit]) -> None:
    rows = [
        (None, step.name, step.at, visit.visitor_id, visit.id, one.customer_id, step.subject,
         _properties(step.properties, one.arrival.referrer if number == 0 else ""))
        for one, visit in zip(made, visits, strict=True)
        for number, step in enumerate(one.steps)
    ]  # fmt: skip
    names = ("message_id", "name", "happened_at", "visitor_id", "session_id", "customer_id", "subject", "properties")
    columns: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True))
    columns |= {"id": take_ids(session.connection(), _table(Event), len(rows)), "simulated": [True] * len(rows)}
    insert_columns(session.connection(), _table(Event), columns, ready={*names} - {"happened_at"})


def _properties(properties: dict[str, Any], referrer: str) -> str:
    return orjson.dumps(properties | {"referrer": referrer} if referrer else properties).decode()


def _write_touches(session: OrmSession, made: Sequence[Made], visits: Sequence[Visit]) -> None:
    sources = ids_of(session, Source, {tuple(one.arrival.origin) for one in made})
    rows = [
        ("visit", visit.started_at, sources[tuple(one.arrival.origin)], visit.visitor_id, visit.id, True)
        for one, visit in zip(made, visits, strict=True)
        if one.arrival.origin.channel != "direct"
    ]
    if rows:
        names = ("kind", "at", "source_id", "visitor_id", "session_id", "simulated")
        _insert(session, Touchpoint, dict(zip(names, zip(*rows, strict=True), strict=True)))


def _join_orders(session: OrmSession, made: Sequence[Made], visits: Sequence[Visit]) -> None:
    joined = [
        {"of": purchase.id, "visitor": visit.visitor_id, "visit": visit.id}
        for one, visit in zip(made, visits, strict=True)
        for purchase in one.purchases
    ]
    if joined:
        table = _table(SeenOrder)
        statement = update(table).where(table.c.id == bindparam("of"))
        statement = statement.values(visitor_id=bindparam("visitor"), session_id=bindparam("visit"), joined=True)
        session.connection().execute(statement, joined)


def _insert(session: OrmSession, record: type[Record], columns: dict[str, Any]) -> None:
    insert_columns(session.connection(), _table(record), columns)


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
