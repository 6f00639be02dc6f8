"""How steps are written into the ledger: many at once, past the ORM, whose bulk insert costs four times as much."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy.orm import Session

from tracking.bulk import among, insert_columns
from tracking.record import Record

from .event import Event
from .sightings import Sighting, storable

_TABLE = Record.metadata.tables[Event.__tablename__]
_MAX_PATH = 500


def stored_message_id(message_id: str) -> str:
    """The client's id of a message as it is stored."""
    return str(storable(message_id)[:100])


def write_events(
    session: Session,
    sightings: Sequence[Sighting],
    *,
    visitor_ids: Sequence[int | None],
    session_ids: Sequence[int | None],
    customer_ids: Sequence[int | None],
) -> None:
    """Insert a row for each of the sightings, whose message ids are as they are stored.

    Column by column: a tuple a row, turned into columns again, took as long as the database.

    Raises:
        TypeError: for a property that JSON doesn't know.
        IntegrityError: where another transaction stored one of the messages meanwhile; try the batch again.
    """
    if not sightings:
        return
    columns: dict[str, Sequence[Any]] = {
        "message_id": [one.message_id for one in sightings],
        "name": _texts([one.name for one in sightings], 60),
        "happened_at": [one.at for one in sightings],
        "visitor_id": visitor_ids,
        "session_id": session_ids,
        "customer_id": customer_ids,
        "subject": _texts([one.subject for one in sightings], 200),
        "properties": [_properties(one) for one in sightings],
        "simulated": [False] * len(sightings),
    }
    insert_columns(session.connection(), _TABLE, columns, ready={*columns} - {"happened_at"})


def _texts(values: Sequence[str], longest: int) -> list[str]:
    """What is stored of the values, of which a batch has few different ones."""
    stored = {value: str(storable(value)[:longest]) for value in set(values)}
    return [stored[value] for value in values]


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
