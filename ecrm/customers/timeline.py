"""Timeline: everything that happened between a customer and the shop, newest first, in pages.

One statement (`timeline_statement`) asks every source (`timeline_sources`) for its newest rows. Paging is by key
(moment, source, id).

Steps of closed days lie in the archive's files, not in the database. A visit carries its steps where they are in the
database; those of an older one are opened with it (`steps_of_visit`). Searches stand in the list as long as they are in
the database; a page of searches alone reads the archive, too.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.events import ProductsSearched
from tracking import identity
from tracking.clickstream.archive import Archive
from tracking.clickstream.event import Event
from tracking.clickstream.log import Log, Wanted, person
from tracking.clickstream.sessions import Session as Visit

from .timeline_sources import SOURCES, Asked
from .timeline_sources import Kind as Kind
from .timeline_statement import page_of

STEPS_SHOWN = 40
_SEARCHES = next(number for number, source in enumerate(SOURCES) if source.kind is Kind.SEARCH)


@dataclass(frozen=True)
class Cursor:
    """Where a page ended; the next one starts strictly below it."""

    at: datetime
    source: int
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.source}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor of `str(cursor)`.

        Raises:
            ValueError: for anything else.
        """
        at, source, id_ = text.split("~")
        moment, number = datetime.fromisoformat(at), int(id_)
        if moment.tzinfo is None or not 0 <= number < 2**63 or not 0 <= int(source) < 1000:
            raise ValueError(text)
        return cls(moment.astimezone(UTC), int(source), number)


class Entry(NamedTuple):
    """One line of the timeline. `record` is the row itself, without long texts; `steps` are a visit's events (at most
    `STEPS_SHOWN`); `parcel` has a scan's parcel. `archived`: the visit's steps lie in the archive.
    """

    at: datetime
    kind: Kind
    source: int
    id: int
    record: Any
    simulated: bool = False
    parcel: Any = None
    steps: tuple[Event, ...] = ()
    archived: bool = False

    @property
    def order(self) -> tuple[datetime, int, int]:
        """What entries are sorted by, newest first."""
        return (self.at, self.source, self.id)


@dataclass(frozen=True)
class Page:
    """Entries, and where the next page starts (None at the end)."""

    entries: tuple[Entry, ...]
    next: Cursor | None


def timeline(
    session: Session,
    customer_id: int,
    *,
    archive: Archive | None = None,
    window: timedelta = identity.USUAL_WINDOW,
    kinds: Sequence[Kind] = (),
    before: Cursor | None = None,
    limit: int = 30,
) -> Page:
    """A page of a customer's timeline, newest first.

    Args:
        archive: where the steps of closed days are; without, only what is in the database is shown.
        window: the setting ECRM_IDENTITY_DAYS (`identity.visits_of`).
        kinds: only these kinds; empty for all.
        before: the end of the page before.
        limit: entries a page.
    """
    archived = archive is not None and set(kinds) == {Kind.SEARCH}
    wanted = tuple(
        number
        for number, source in enumerate(SOURCES)
        if (not kinds or source.kind in kinds) and not (archived and number == _SEARCHES)
    )
    found: Iterable[Entry] = _found(session, customer_id, wanted, window=window, before=before, limit=limit + 1)
    if archived:
        searches = _archived_searches(session, archive, customer_id, window=window, before=before, limit=limit + 1)
        found = islice(heapq.merge(found, searches, key=lambda entry: entry.order, reverse=True), limit + 1)
    merged = list(found)
    shown = _with_steps(session, merged[:limit])
    last = shown[-1] if len(merged) > limit else None
    return Page(tuple(shown), Cursor(last.at, last.source, last.id) if last else None)


def steps_of_visit(
    session: Session, customer_id: int, visit_id: int, *, archive: Archive | None, window: timedelta
) -> tuple[Visit, list[Event]] | None:
    """A visit of this customer with its steps, from wherever they are; None where it isn't theirs."""
    theirs = identity.theirs(session, customer_id, window=window)
    visit = session.scalar(select(Visit).where(Visit.id == visit_id, theirs))
    return None if visit is None else (visit, Log(session, archive).steps([visit])[visit.id])


def _found(
    session: Session, customer_id: int, wanted: tuple[int, ...], *, window: timedelta, before: Cursor | None, limit: int
) -> list[Entry]:
    if not wanted:
        return []
    connection = session.connection()
    values: dict[str, Any] = {"customer": customer_id, "limit": limit}
    if before is not None:
        values |= {"at": before.at, "source": before.source, "id": before.id}
    statement = page_of(wanted, Asked(connection.dialect.name, window), before is not None)
    records = statement.records
    found = [_entry(row[0], row[2], records[row[0]](row)) for row in statement.kept.tuples(connection, **values)]
    found.sort(key=lambda entry: entry.order, reverse=True)
    return found


def _entry(number: int, at: datetime, row: Any) -> Entry:
    source = SOURCES[number]
    simulated = source.may_be_simulated and bool(row.simulated)
    return Entry(
        at, source.kind, number, row[0], row, simulated, row if source.kind is Kind.DELIVERY and source.also else None
    )


def _archived_searches(
    session: Session, archive: Archive | None, customer_id: int, *, window: timedelta, before: Cursor | None, limit: int
) -> list[Entry]:
    wanted = Wanted(names=(ProductsSearched.name,), person=person(session, customer_id, window=window))
    cursor = _log_cursor(before) if before else None
    return [
        Entry(
            at=one.happened_at, kind=Kind.SEARCH, source=_SEARCHES, id=one.id, record=one, simulated=one.simulated
        )
        for one in Log(session, archive).page(wanted, limit=limit, before=cursor)
    ]  # fmt: skip


def _log_cursor(before: Cursor) -> tuple[datetime, int]:
    """Strictly below the cursor in the order (moment, source, id), as `_below` says it to the database."""
    if before.source == _SEARCHES:
        return before.at, before.id
    return (before.at, 0) if before.source < _SEARCHES else (before.at, 2**63 - 1)


def _with_steps(session: Session, entries: Sequence[Entry]) -> list[Entry]:
    """All visits' first steps at once, as far as they are in the database."""
    visits = [entry.record for entry in entries if entry.kind is Kind.VISIT]
    if not visits:
        return list(entries)
    steps = Log(session, None).steps(visits, first=STEPS_SHOWN)
    return [
        one._replace(steps=tuple(steps[one.id]), archived=not steps[one.id]) if one.kind is Kind.VISIT else one
        for one in entries
    ]
