"""From sightings to rows: events, visitors, sessions, claims and the figures of the day, a batch in one transaction.

A plain function of a session and a batch; `writer.py` calls it in the background, tests call it directly.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracking.customers import Customer
from tracking.identity import claim
from tracking.record import Record
from tracking.visitors import Visitor

from .event import Event
from .rollups import add_to_day, day_of
from .searches import add_search, folded
from .sessions import OpenSessions
from .sightings import Sighting, storable

__all__ = ["Sighting", "ingest"]

_EVENT = Record.metadata.tables[Event.__tablename__]  # Core: the ORM's bulk insert costs four times as much

# Event → the figure of a day that it adds to. Orders, refunds and registrations are told, not seen.
_DAY_FIGURE = {
    "Page Viewed": "page_views",
    "Product Viewed": "product_views",
    "Products Searched": "searches",
    "Product Added": "cart_adds",
    "Checkout Started": "checkouts",
}


@dataclass
class _Figures:
    """What a batch adds to the days it touches."""

    days: defaultdict[date, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    searches: Counter[tuple[date, str]] = field(default_factory=Counter)
    zero_results: Counter[tuple[date, str]] = field(default_factory=Counter)

    def count(self, sighting: Sighting, day: date) -> None:
        figure = _DAY_FIGURE.get(sighting.name)
        if figure is None or not sighting.counts:
            return
        self.days[day][figure] += 1
        if sighting.name == "Products Searched" and (term := folded(storable(sighting.subject))):
            self.searches[day, term] += 1
            self.zero_results[day, term] += sighting.properties.get("results") == 0

    def store(self, session: Session) -> None:
        # Sorted: two processes that add to the same rows take their locks in the same order.
        for day in sorted(self.days):
            add_to_day(session, day, **self.days[day])
        for day, term in sorted(self.searches):
            key = day, term
            add_search(session, day, term, searches=self.searches[key], zero_results=self.zero_results[key])


def ingest(session: Session, sightings: Sequence[Sighting], time_zone: str) -> int:
    """Store a batch; commits nothing.

    Args:
        time_zone: the shop's own (IANA name), which decides what a day is.

    Returns:
        How many events were stored; bots leave a count and no event.
    """
    figures = _Figures()
    people = []
    for sighting in sorted(sightings, key=lambda sighting: sighting.at):
        day = day_of(sighting.at, time_zone)
        if not sighting.of_a_bot:
            people.append(sighting)
            figures.count(sighting, day)
        elif sighting.name == "Page Viewed":
            figures.days[day]["bot_views"] += 1

    visitors = _visitors(session, people)
    customers = _customers(session, people)
    open_sessions = OpenSessions(session, visitors.values(), people)
    rows = []
    for sighting in people:
        visitor_id = visitors.get(sighting.token or "")
        step = open_sessions.step(visitor_id, sighting)
        if step.opened:
            figures.days[day_of(sighting.at, time_zone)]["sessions"] += 1
        rows.append(_row(sighting, visitor_id, step.session_id, customers.get(sighting.customer or "")))
    open_sessions.store(session)
    _claim(session, rows)
    figures.store(session)
    if rows:
        session.execute(insert(_EVENT), rows)
    return len(rows)


def _visitors(session: Session, sightings: Sequence[Sighting]) -> dict[str, int]:
    """Token → id of the batch's visitors; new ones are made. Their rows are locked, so sessions can't be doubled."""
    first_seen: dict[str, Any] = {}
    for sighting in sightings:
        if sighting.token:
            first_seen.setdefault(sighting.token, sighting.at)
    if not first_seen:
        return {}
    new = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # The insert comes first even where all are known: on SQLite it takes the lock that a look-up wouldn't.
    session.execute(
        new(Visitor).on_conflict_do_nothing(),
        [{"token": token, "first_seen_at": first_seen[token], "simulated": False} for token in sorted(first_seen)],
    )
    query = select(Visitor.token, Visitor.id).where(Visitor.token.in_(first_seen)).order_by(Visitor.id)
    rows = session.execute(query.with_for_update())
    return {row.token: row.id for row in rows}


def _customers(session: Session, sightings: Sequence[Sighting]) -> dict[str, int]:
    references = {sighting.customer for sighting in sightings if sighting.customer}
    if not references:
        return {}
    query = select(Customer.reference, Customer.id).where(Customer.reference.in_(references))
    return {reference: id_ for reference, id_ in session.execute(query) if reference}


def _row(sighting: Sighting, visitor_id: int | None, session_id: int | None, customer_id: int | None) -> dict[str, Any]:
    properties = storable(sighting.properties)
    if sighting.path and sighting.path != sighting.subject:
        properties.setdefault("path", storable(sighting.path)[:500])
    if sighting.referrer:
        properties["referrer"] = storable(sighting.referrer)[:500]
    return {
        "message_id": uuid.uuid4().hex,
        "name": storable(sighting.name)[:60],
        "happened_at": sighting.at,
        "visitor_id": visitor_id,
        "session_id": session_id,
        "customer_id": customer_id,
        "order_reference": None,
        "subject": storable(sighting.subject)[:200],
        "properties": properties,
        "simulated": False,
    }


def _claim(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    firsts: dict[tuple[int, int], Any] = {}
    for row in rows:
        if row["visitor_id"] and row["customer_id"]:
            firsts.setdefault((row["visitor_id"], row["customer_id"]), row["happened_at"])
    for (visitor_id, customer_id), at in sorted(firsts.items()):
        claim(session, visitor_id, customer_id, at, "seen signed in")
