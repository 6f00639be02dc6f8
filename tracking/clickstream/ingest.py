"""From sightings to rows: events, visitors, visits, claims and all figures of the day, a batch in one transaction.

A plain function of a session and a batch; `writer.py` and `digest.py` call it, tests call it directly. What counts for
what is said where it is counted: `day_counts.py`, `visits.py`, `search_trail.py`, `touchpoints.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from tracking.bulk import insert_columns, take_ids
from tracking.customers import Customer
from tracking.identity import claim
from tracking.record import Record
from tracking.visitors import Visitor, VisitorClaim

from . import search_trail
from .archive import Archive
from .day_counts import DayCounts
from .event_rows import known_messages, stored_message_id, write_events
from .rollups import day_of, store
from .sightings import Sighting, storable
from .visits import Visit, Visits, signed_in

__all__ = ["Sighting", "ingest"]

_VISITOR = Record.metadata.tables[Visitor.__tablename__]


def ingest(session: Session, sightings: Sequence[Sighting], time_zone: str, *, archive: Archive | None = None) -> int:
    """Store a batch; commits nothing.

    A message that was stored before, or comes twice in the batch, is passed over. Steps of browsers that agreed to
    nothing are stored and counted for their day, without a visit.

    Args:
        time_zone: the shop's own (IANA name), which decides what a day is.
        archive: where repeats of messages of days long past are looked up.

    Returns:
        How many events were stored; bots leave a count and no event.

    Raises:
        IntegrityError: where another transaction stored the same message at this moment; try the batch again.
    """
    counts = DayCounts()
    people = []
    for sighting in _different(sorted(sightings, key=attrgetter("at"))):
        if sighting.of_a_bot:
            counts.count_bot(sighting, day_of(sighting.at, time_zone))
        else:
            people.append(sighting)
    visitors, new = _visitors(session, people)
    people = _unknown(session, people, archive)
    steps = [(visitors.get(sighting.token or ""), sighting) for sighting in people]
    visits = Visits(session, [(visitor_id, step) for visitor_id, step in steps if visitor_id is not None], new=new)
    customers = _customers(session, people)

    placed: list[tuple[int | None, Visit | None, int | None, Sighting]] = []
    trail = []
    for visitor_id, sighting in steps:
        day = day_of(sighting.at, time_zone)
        counts.count(sighting, day)
        visit = visits.step(visitor_id, sighting, day) if visitor_id is not None else None
        customer_id = customers.get(sighting.customer or "")
        if visit is not None:
            if customer_id is not None:
                signed_in(visit, customer_id)
            if sighting.name in search_trail.NAMES:
                trail.append((visit, sighting))
        placed.append((visitor_id, visit, customer_id, sighting))
    visits.number()
    counts.number(session, entry_pages=visits.entry_pages())
    visits.store(counts.tally)
    search_trail.follow(session, trail, tally=counts.tally, time_zone=time_zone)
    write_events(
        session,
        people,
        visitor_ids=[one[0] for one in placed],
        session_ids=[one[1].id if one[1] else None for one in placed],
        customer_ids=[one[2] for one in placed],
    )
    _claim(session, placed)
    store(session, counts.settle())
    return len(people)


def _different(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Without the messages that come again within the batch; the ids of the others as they are stored."""
    seen: set[str] = set()
    kept = []
    for sighting in sightings:
        if sighting.message_id is not None:
            message_id = stored_message_id(sighting.message_id)
            if message_id in seen:
                continue
            seen.add(message_id)
            if message_id != sighting.message_id:
                kept.append(sighting._replace(message_id=message_id))
                continue
        kept.append(sighting)
    return kept


def _unknown(session: Session, sightings: list[Sighting], archive: Archive | None) -> list[Sighting]:
    """Without the messages that are stored. Asked after the visitors are locked, so that a repeat which is being
    stored at this moment is waited for; that of a stranger meets the unique key instead."""
    named = {sighting.message_id: sighting.at for sighting in sightings if sighting.message_id is not None}
    known = known_messages(session, list(named))
    if archive is not None:  # asked second: what is being archived at this moment is found here or there
        known |= archive.known(session, {id_: at for id_, at in named.items() if id_ not in known})
    return [one for one in sightings if one.message_id not in known] if known else sightings


def _visitors(session: Session, sightings: Sequence[Sighting]) -> tuple[dict[str, int], set[int]]:
    """Token → id of the batch's visitors, and the ids of those made now. Their rows are locked, so that visits can't
    be doubled."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":  # takes the write lock: what is read from here on stays true
        connection.exec_driver_sql(f"DELETE FROM {_VISITOR.name} WHERE 0")  # noqa: S608 (the model's name)
    first_seen: dict[str, datetime] = {}
    for sighting in sightings:
        if sighting.token:
            first_seen.setdefault(sighting.token, sighting.at)
    if not first_seen:
        return {}, set()
    query = select(Visitor.token, Visitor.id).where(Visitor.token.in_(first_seen)).order_by(Visitor.id)
    known = {row.token: row.id for row in session.execute(query)}
    missing = sorted(first_seen.keys() - known.keys())
    if connection.dialect.name == "sqlite":
        if not missing:
            return known, set()
        ids = take_ids(connection, _VISITOR, len(missing))
        columns: dict[str, Sequence[Any]] = {
            "id": ids,
            "token": missing,
            "first_seen_at": [first_seen[token] for token in missing],
            "simulated": [False] * len(missing),
        }
        insert_columns(connection, _VISITOR, columns)
        return known | dict(zip(missing, ids, strict=True)), set(ids)
    if missing:  # before any is locked: whoever makes the same one at this moment is waited for
        session.execute(
            postgresql.insert(Visitor).on_conflict_do_nothing(),
            [{"token": token, "first_seen_at": first_seen[token], "simulated": False} for token in missing],
        )
    return {row.token: row.id for row in session.execute(query.with_for_update())}, set()


def _customers(session: Session, sightings: Sequence[Sighting]) -> dict[str, int]:
    references = {storable(sighting.customer) for sighting in sightings if sighting.customer}
    if not references:
        return {}
    query = select(Customer.reference, Customer.id).where(Customer.reference.in_(references))
    return {reference: id_ for reference, id_ in session.execute(query) if reference}


def _claim(session: Session, placed: Sequence[tuple[int | None, Visit | None, int | None, Sighting]]) -> None:
    firsts: dict[tuple[int, int], datetime] = {}
    for visitor_id, _, customer_id, sighting in placed:
        if visitor_id is not None and customer_id is not None:
            firsts.setdefault((visitor_id, customer_id), sighting.at)
    if not firsts:
        return
    query = select(VisitorClaim.visitor_id, VisitorClaim.customer_id)
    query = query.where(VisitorClaim.visitor_id.in_({visitor_id for visitor_id, _ in firsts}))
    known = {(row.visitor_id, row.customer_id) for row in session.execute(query)}
    for pair in sorted(firsts.keys() - known):
        claim(session, *pair, firsts[pair], "seen signed in")
