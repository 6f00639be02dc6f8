"""How steps are written into the ledger: many at once, past the ORM, whose bulk insert costs four times as much."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy.orm import Session

from tracking.bulk import among, insert_columns
from tracking.record import Record

from .event import Event
from .sightings import Sighting, storable

_TABLE = Record.metadata.tables[Event.__tablename__]
_MAX_PATH = 500


class SeenRow(NamedTuple):
    """The columns of a step that was seen."""

    message_id: str | None
    name: str
    happened_at: datetime
    visitor_id: int | None
    session_id: int | None
    customer_id: int | None
    subject: str
    properties: str


def seen_row(sighting: Sighting, *, visitor_id: int | None, session_id: int | None, customer_id: int | None) -> SeenRow:
    """A sighting as a row.

    Raises:
        TypeError: for a property that JSON doesn't know.
    """
    return SeenRow(
        None if sighting.message_id is None else message_id_of(sighting),
        storable(sighting.name)[:60],
        sighting.at,
        visitor_id,
        session_id,
        customer_id,
        storable(sighting.subject)[:200],
        _properties(sighting),
    )


def message_id_of(sighting: Sighting) -> str:
    """The client's id of a message as it is stored; asked of those that have one."""
    return str(storable(sighting.message_id)[:100])


def write_events(session: Session, rows: Sequence[SeenRow]) -> None:
    """Insert the rows.

    Raises:
        IntegrityError: where another transaction stored one of the messages meanwhile; try the batch again.
    """
    if rows:
        columns: dict[str, Sequence[Any]] = dict(zip(SeenRow._fields, zip(*rows, strict=True), strict=True))
        columns["simulated"] = [False] * len(rows)
        ready = {*columns} - {"happened_at"}
        insert_columns(session.connection(), _TABLE, columns, ready=ready)


def known_messages(session: Session, message_ids: Sequence[str]) -> set[str]:
    """Those of the messages that are stored."""
    if not message_ids:
        return set()
    connection = session.connection()
    condition, parameter = among(connection, message_ids)
    statement = f"SELECT message_id FROM {_TABLE.name} WHERE message_id {condition}"  # noqa: S608 (the model's name)
    return {row[0] for row in connection.exec_driver_sql(statement, (parameter,))}


def _properties(sighting: Sighting) -> str:
    properties = dict(sighting.properties)
    if sighting.path and sighting.path != sighting.subject:
        properties.setdefault("path", sighting.path[:_MAX_PATH])
    if sighting.referrer:
        properties["referrer"] = sighting.referrer[:_MAX_PATH]
    try:
        encoded = orjson.dumps(properties)
        if rb"\u0000" not in encoded:
            return encoded.decode()
    except TypeError:  # a lone surrogate, a key that is no text, a number beyond 64 bits, or no JSON at all
        pass
    return json.dumps(storable(properties))
