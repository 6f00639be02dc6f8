"""Log: all events as one, whether they are still in the database or already in the archive.

The database is read first and the archive's list of files afterwards: what moves in between is met twice, never
missed, and is told apart by its moment and id (SQLite may give an id again after a deletion).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from tracking.identity import visits_of
from tracking.visitors import VisitorClaim

from .archive import Archive, bounds_of, earliest_day, end_of, latest_day
from .event import Event
from .event_columns import EventRow, events_of, micros, rows_query, table_of
from .sessions import IDLE
from .sessions import Session as Visit

Cursor = tuple[datetime, int]
_DAYS_AT_ONCE = 32
_STEPS = 5000
_RANKED = (
    select(
        Event.id.label("id"),
        func.row_number().over(partition_by=Event.session_id, order_by=(Event.happened_at, Event.id)).label("rank"),
    )
    .where(
        # the first two lead over the index on (visitor_id, happened_at)
        Event.visitor_id.in_(bindparam("visitors", expanding=True)),
        Event.happened_at.between(bindparam("since"), bindparam("until")),
        Event.session_id.in_(bindparam("visits", expanding=True)),
    )
    .subquery()
)
# Built once, as every page about a customer asks it.
_KEPT_STEPS = select(Event).join(_RANKED, _RANKED.c.id == Event.id).where(_RANKED.c.rank <= bindparam("first"))


@dataclass(frozen=True)
class Person:
    """Whose events: the customer's own, and those of nobody else's in `visits` (a select of ids).

    `seen_in`: the visits on whose days the archive is searched; a select of `Visit` rows' ids.
    """

    customer_id: int
    visits: Select[int]
    seen_in: Select[int]


@dataclass(frozen=True)
class Wanted:
    """Which events; all that is given must hold. `since` is included, `until` isn't."""

    names: Collection[str] = ()
    orders: Collection[str] = ()
    visit: int | None = None
    person: Person | None = None
    since: datetime | None = None
    until: datetime | None = None


def person(session: Session, customer_id: int, *, window: timedelta) -> Person:
    """Whose events are a customer's, by the rule of `identity.visits_of`; `window` as there."""
    return Person(
        customer_id,
        visits=visits_of(session, customer_id, window=window),
        seen_in=all_visits_with(customer_id),
    )


def all_visits_with(customer_id: int) -> Select[int]:
    """All visits on whose days there can be anything of a customer's, those in shared browsers among them."""
    claimed = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer_id)
    return select(Visit.id).where(or_(Visit.customer_id == customer_id, Visit.visitor_id.in_(claimed)))


class Log:
    """The events of a shop. Events that come from the archive belong to no session: read them, don't change them."""

    def __init__(self, session: Session, archive: Archive | None) -> None:
        self._session = session
        self._archive = archive

    def event(self, event_id: int) -> Event | None:
        """The event of this id."""
        found = self._session.get(Event, event_id)
        if found is None and self._archive is not None:
            row = self._archive.with_id(self._session, event_id)
            found = events_of([row])[0] if row else None
        return found

    def page(self, wanted: Wanted, *, limit: int, before: Cursor | None = None) -> list[Event]:
        """The newest events below a cursor (moment, id), newest first; fewer than `limit` only at the end."""
        query = select(Event).where(*_conditions(wanted)).order_by(Event.happened_at.desc(), Event.id.desc())
        if before is not None:
            at, id_ = before
            query = query.where(or_(Event.happened_at < at, and_(Event.happened_at == at, Event.id < id_)))
        found = {_age(event): event for event in self._session.scalars(query.limit(limit))}
        for events in self._archived(wanted, before, found, limit):
            found = {**{_age(event): event for event in events}, **found}
        return sorted(found.values(), key=_age, reverse=True)[:limit]

    def any_before(self, moment: datetime) -> bool:
        """Whether there is any older event."""
        kept = self._session.scalar(select(Event.id).where(Event.happened_at < moment).limit(1))
        return kept is not None or bool(self._archive and self._archive.days(self._session, until=moment))

    def steps(self, visits: Sequence[Visit], *, first: int = _STEPS) -> dict[int, list[Event]]:
        """The first steps of each visit, in their order, by the visit's id.

        Ranked where they lie, as a robot's visit may have thousands.
        """
        found: dict[int, dict[Cursor, Event]] = {visit.id: {} for visit in visits}
        if not visits:
            return {}
        kept = self._kept_steps(visits, first)
        for event in (*self._archived_steps(visits, first), *kept):
            found[event.session_id or 0][_age(event)] = event
        return {visit: sorted(steps.values(), key=_age)[:first] for visit, steps in found.items()}

    def frame(self, first: date, last: date, zone: str) -> Any:
        """All events of some of the shop's days as a `pyarrow.Table` (columns: `event_columns.COLUMNS`), told ones too.

        For recomputation; by day, where there are many.
        """
        import numpy as np
        import pyarrow as pa  # imported here: opening a shop doesn't need it

        start, end = bounds_of(first, zone)[0], bounds_of(last, zone)[1]
        query = rows_query(self._session).where(Event.happened_at >= start, Event.happened_at < end)
        kept = table_of(EventRow(*row) for row in self._session.execute(query))
        if self._archive is None:
            return kept
        days = self._archive.days(self._session, since=start, until=end)
        archived = self._archive.table(self._session, days)
        if archived is None:
            return kept
        at = archived.column("at_us").to_numpy()
        inside = (at >= micros(start)) & (at < micros(end))
        if np.isin(archived.column("id").to_numpy(), kept.column("id").to_numpy()).any():
            places = set(zip(kept.column("at_us").to_pylist(), kept.column("id").to_pylist(), strict=True))
            ids = archived.column("id").to_pylist()
            inside &= np.array([place not in places for place in zip(at.tolist(), ids, strict=True)])
        return pa.concat_tables([kept, archived.filter(pa.array(inside)).cast(kept.schema)])

    def _archived(
        self, wanted: Wanted, before: Cursor | None, found: dict[Cursor, Event], limit: int
    ) -> Iterator[list[Event]]:
        """What the archive has of a page, some days at a time, until no older day can change it."""
        if self._archive is None or wanted.orders:  # an event that names an order isn't archived
            return
        until = min((at for at in (wanted.until, before[0] if before else None) if at is not None), default=None)
        days = self._archive.days(self._session, since=wanted.since, until=until)
        if (candidates := self._days_of(wanted)) is not None:
            days = [day for day in days if day in candidates]
        condition, parameters = self._archived_conditions(wanted, before)
        newest = sorted(found.values(), key=_age, reverse=True)[:limit]
        seen = set(found)
        size = 1
        while days and not (len(newest) == limit and newest[-1].happened_at >= end_of(days[0])):
            rows = self._archive.rows(
                self._session, days[:size], condition, parameters, tail=f"ORDER BY at_us DESC, id DESC LIMIT {limit}"
            )
            events = [event for event in events_of(rows) if _age(event) not in seen]
            seen.update(map(_age, events))
            newest = sorted([*newest, *events], key=_age, reverse=True)[:limit]
            yield events
            days, size = days[size:], min(2 * size, _DAYS_AT_ONCE)

    def _days_of(self, wanted: Wanted) -> set[date] | None:
        """The archived days on which a visit's or a person's events can be; None for any day."""
        if wanted.visit is None and wanted.person is None:
            return None
        days: set[date] | None = None
        for visits in (
            select(Visit.id).where(Visit.id == wanted.visit) if wanted.visit is not None else None,
            wanted.person.seen_in if wanted.person is not None else None,
        ):
            if visits is not None:
                found = days_of_visits(self._session, visits)
                days = found if days is None else days & found
        return days

    def _archived_conditions(self, wanted: Wanted, before: Cursor | None) -> tuple[str, dict[str, Any]]:
        conditions = ["TRUE"]
        parameters: dict[str, Any] = {}
        if wanted.names:
            conditions.append("list_contains($names, name)")
            parameters["names"] = list(wanted.names)
        if wanted.visit is not None:
            conditions.append("session_id = $visit")
            parameters["visit"] = wanted.visit
        if wanted.since is not None:
            conditions.append("at_us >= $since")
            parameters["since"] = micros(wanted.since)
        if wanted.until is not None:
            conditions.append("at_us < $until")
            parameters["until"] = micros(wanted.until)
        if before is not None:
            conditions.append("(at_us < $before OR at_us = $before AND id < $before_id)")
            parameters |= {"before": micros(before[0]), "before_id": before[1]}
        if wanted.person is not None:
            conditions.append("(customer_id = $customer OR customer_id IS NULL AND list_contains($visits, session_id))")
            parameters |= {
                "customer": wanted.person.customer_id,
                "visits": list(self._session.scalars(wanted.person.visits)),
            }
        return " AND ".join(conditions), parameters

    def _archived_steps(self, visits: Sequence[Visit], first: int) -> list[Event]:
        if self._archive is None:
            return []
        days = {day for visit in visits for day in _days_between(visit.started_at, visit.last_at)}
        condition = "list_contains($visits, session_id)"
        tail = f"QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY at_us, id) <= {int(first)}"
        parameters = {"visits": [visit.id for visit in visits]}
        return events_of(self._archive.rows(self._session, days, condition, parameters, tail=tail))

    def _kept_steps(self, visits: Sequence[Visit], first: int) -> Sequence[Event]:
        values = {
            "visitors": list({visit.visitor_id for visit in visits}),
            "visits": [visit.id for visit in visits],
            "since": min(visit.started_at for visit in visits),
            "until": max(visit.last_at for visit in visits) + IDLE,
            "first": first,
        }
        return self._session.scalars(_KEPT_STEPS, values).all()


def days_of_visits(session: Session, visits: Select[int]) -> set[date]:
    """The days of the archive on which there can be events of these visits (a select of their ids)."""
    query = select(Visit.started_at, Visit.last_at).where(Visit.id.in_(visits))
    return {day for first, last in session.execute(query) for day in _days_between(first, last)}


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.names:
        yield Event.name.in_(wanted.names)
    if wanted.orders:
        yield Event.order_reference.in_(wanted.orders)
    if wanted.visit is not None:
        yield _of_visit(wanted.visit)
    if wanted.since is not None:
        yield Event.happened_at >= wanted.since
    if wanted.until is not None:
        yield Event.happened_at < wanted.until
    if wanted.person is not None:
        own = Event.customer_id == wanted.person.customer_id
        seen_with = select(Visit.visitor_id).where(Visit.id.in_(wanted.person.visits))  # has an index in the log
        theirs = and_(Event.visitor_id.in_(seen_with), Event.session_id.in_(wanted.person.visits))
        yield or_(own, and_(Event.customer_id.is_(None), theirs))


def _of_visit(visit: int) -> ColumnElement[bool]:
    """Over the index of its visitor: the log has none by visit."""
    visitor = select(Visit.visitor_id).where(Visit.id == visit).scalar_subquery()
    return and_(Event.visitor_id == visitor, Event.session_id == visit)


def _days_between(first: datetime, last: datetime) -> set[date]:
    start, end = earliest_day(first), latest_day(last + IDLE)
    return {start + timedelta(days=number) for number in range((end - start).days + 1)}


def _age(event: Event) -> Cursor:
    return event.happened_at, event.id
