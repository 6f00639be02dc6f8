"""Timeline: everything that happened between a customer and the shop, newest first, in pages.

Each source is one query over an index that already has the order wanted; a page is the merge of their heads, so its
cost depends on the page's size and not on how long the history is. Searches and steps are read through the log, so also
from the archive. Paging is by key (moment, source, id).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from ecrm.events import ProductsSearched, ProfileChanged, SignedIn, SignedUp
from mailer.outbox import Email
from tracking import identity
from tracking.clickstream.archive import Archive
from tracking.clickstream.event import Event
from tracking.clickstream.log import Log, Wanted, person
from tracking.clickstream.sessions import Session as Visit
from tracking.delivery.shipment import Scan, Shipment
from tracking.orders import SeenOrder, SeenRefund
from tracking.record import Record
from tracking.visitors import ConsentChoice

STEPS_SHOWN = 40
_Rows = Select[*tuple[Any, ...]]
_ACCOUNT_EVENTS = (SignedUp.name, SignedIn.name, ProfileChanged.name)


class Kind(StrEnum):
    """What a reader can filter by."""

    ORDER = "order"
    REFUND = "refund"
    VISIT = "visit"
    SEARCH = "search"
    EMAIL = "email"
    DELIVERY = "delivery"
    ACCOUNT = "account"
    CONSENT = "consent"


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
        if moment.tzinfo is None or not 0 <= number < 2**63:
            raise ValueError(text)
        return cls(moment.astimezone(UTC), int(source), number)


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `record` is the row itself; `steps` are a visit's events (at most `STEPS_SHOWN`)."""

    at: datetime
    kind: Kind
    source: int
    id: int
    record: Any
    simulated: bool = False
    parcel: Shipment | None = None
    steps: tuple[Event, ...] = ()

    @property
    def order(self) -> tuple[datetime, int, int]:
        """What entries are sorted by, newest first."""
        return (self.at, self.source, self.id)


@dataclass(frozen=True)
class Page:
    """Entries, and where the next page starts (None at the end)."""

    entries: tuple[Entry, ...]
    next: Cursor | None


class _Whose:
    """The customer, and what is theirs, looked up when it is first needed."""

    def __init__(self, session: Session, archive: Archive | None, customer_id: int, window: timedelta) -> None:
        self.session, self.customer_id = session, customer_id
        self.log, self._window = Log(session, archive), window

    @cached_property
    def visitors(self) -> tuple[int, ...]:
        return tuple(identity.visitors_of(self.session, self.customer_id))

    @cached_property
    def visits(self) -> ColumnElement[bool]:
        return identity.theirs(self.session, self.customer_id, window=self._window)

    @cached_property
    def searches(self) -> Wanted:
        return Wanted(
            names=(ProductsSearched.name,), person=person(self.session, self.customer_id, window=self._window)
        )


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
    whose = _Whose(session, archive, customer_id, window)
    heads = [
        source.entries(whose, number, before, limit + 1)
        for number, source in enumerate(_SOURCES)
        if not kinds or source.kind in kinds
    ]
    merged = list(islice(heapq.merge(*heads, key=lambda entry: entry.order, reverse=True), limit + 1))
    shown = _with_steps(whose.log, merged[:limit])
    last = shown[-1] if len(merged) > limit else None
    return Page(tuple(shown), Cursor(last.at, last.source, last.id) if last else None)


@dataclass(frozen=True)
class _Source:
    """One kind of row: the query for a customer's rows, its moment and its id."""

    kind: Kind
    query: Callable[[_Whose], _Rows | None]
    moment: InstrumentedAttribute[datetime]
    id: InstrumentedAttribute[int]

    def entries(self, whose: _Whose, number: int, before: Cursor | None, limit: int) -> list[Entry]:
        query = self.query(whose)
        if query is None:
            return []
        if before is not None:
            query = query.where(_below(self.moment, self.id, number, before))
        rows = whose.session.execute(query.order_by(self.moment.desc(), self.id.desc()).limit(limit)).all()
        return [self._entry(row[0], number, parcel=row[1] if len(row) > 1 else None) for row in rows]

    def _entry(self, record: Record, number: int, *, parcel: Shipment | None) -> Entry:
        return Entry(
            at=getattr(record, self.moment.key),
            kind=self.kind,
            source=number,
            id=getattr(record, self.id.key),
            record=record,
            simulated=bool(getattr(record, "simulated", False)),
            parcel=parcel,
        )


def _below(
    moment: InstrumentedAttribute[datetime], id_: InstrumentedAttribute[int], number: int, before: Cursor
) -> ColumnElement[bool]:
    """Strictly below the cursor in the order (moment, source, id)."""
    if number < before.source:
        return moment <= before.at
    if number > before.source:
        return moment < before.at
    return or_(moment < before.at, and_(moment == before.at, id_ < before.id))


def _by_visitors(query: _Rows, column: InstrumentedAttribute[Any], whose: _Whose) -> _Rows | None:
    return query.where(column.in_(whose.visitors)) if whose.visitors else None


class _Searches:
    """What was searched: the one source that may lie in the archive."""

    kind = Kind.SEARCH

    def entries(self, whose: _Whose, number: int, before: Cursor | None, limit: int) -> list[Entry]:
        found = whose.log.page(whose.searches, limit=limit, before=_log_cursor(number, before) if before else None)
        return [
            Entry(
                at=one.happened_at, kind=self.kind, source=number, id=one.id, record=one, simulated=one.simulated
            )
            for one in found
        ]  # fmt: skip


def _log_cursor(number: int, before: Cursor) -> tuple[datetime, int]:
    """Strictly below the cursor in the order (moment, source, id), as `_below` says it to the database."""
    if number == before.source:
        return before.at, before.id
    return (before.at, 0) if number > before.source else (before.at, 2**63 - 1)


_SOURCES: tuple[_Source | _Searches, ...] = (
    _Source(
        Kind.CONSENT,
        lambda whose: _by_visitors(select(ConsentChoice), ConsentChoice.visitor_id, whose),
        ConsentChoice.chosen_at, ConsentChoice.id,
    ),
    _Source(
        Kind.ACCOUNT,
        lambda whose: select(Event).where(Event.customer_id == whose.customer_id, Event.name.in_(_ACCOUNT_EVENTS)),
        Event.happened_at, Event.id,
    ),
    _Searches(),
    _Source(
        Kind.ORDER,
        lambda whose: select(SeenOrder).where(SeenOrder.customer_id == whose.customer_id),
        SeenOrder.placed_at, SeenOrder.id,
    ),
    _Source(
        Kind.DELIVERY,
        lambda whose: select(Shipment).where(Shipment.customer_id == whose.customer_id),
        Shipment.expected_at, Shipment.id,
    ),
    _Source(
        Kind.EMAIL,
        lambda whose: select(Email)
        .options(defer(Email.text, raiseload=True), defer(Email.html, raiseload=True))
        .where(Email.customer_id == whose.customer_id),
        Email.queued_at, Email.id,
    ),
    _Source(
        Kind.DELIVERY,
        lambda whose: select(Scan, Shipment)
        .join(Shipment, Shipment.id == Scan.shipment_id)
        .where(Shipment.customer_id == whose.customer_id),
        Scan.scanned_at, Scan.id,
    ),
    _Source(
        Kind.REFUND,
        lambda whose: select(SeenRefund).where(SeenRefund.customer_id == whose.customer_id),
        SeenRefund.refunded_at, SeenRefund.id,
    ),
    # By its end: then a visit stands above what happened in it, and the index on (visitor_id, last_at) serves.
    _Source(
        Kind.VISIT,
        lambda whose: select(Visit).where(whose.visits),
        Visit.last_at, Visit.id,
    ),
)  # fmt: skip


def _with_steps(log: Log, entries: Sequence[Entry]) -> list[Entry]:
    """All visits' first steps at once."""
    steps = log.steps([entry.record for entry in entries if entry.kind is Kind.VISIT], first=STEPS_SHOWN)
    return [replace(one, steps=tuple(steps[one.id])) if one.kind is Kind.VISIT else one for one in entries]
