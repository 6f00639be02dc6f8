"""Event columns: events as an Arrow table, as the archive's files hold them, and back again without any difference.

Of the properties, `path`, `milliseconds` and `status` have columns of their own, as a page view's are all different;
what is left (with a null in their place, which keeps the order) repeats from view to view and so takes next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, cast, select, type_coerce
from sqlalchemy.orm import Session

from .event import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST_INT32, _LARGEST_INT16 = 2**31 - 1, 2**15 - 1

COLUMNS = (
    "id", "message_id", "name", "at_us", "visitor_id", "session_id", "customer_id", "subject", "path", "milliseconds",
    "status", "properties", "simulated",
)  # fmt: skip
"""`at_us`: microseconds since 1970, UTC. No `order_reference`: an event that names an order isn't archived."""

_INTEGERS = ("id", "at_us", "visitor_id", "session_id", "customer_id", "milliseconds", "status")
_TEXTS = ("name", "subject", "path", "properties")


class EventRow(NamedTuple):
    """An event as the log's query gives it; `properties` as JSON text."""

    id: int
    message_id: str | None
    name: str
    happened_at: datetime
    visitor_id: int | None
    session_id: int | None
    customer_id: int | None
    subject: str
    properties: str
    simulated: bool


def rows_query(session: Session) -> Select[*tuple[Any, ...]]:
    """Events as `EventRow`s, without the detour over Python objects of their properties."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    properties = type_coerce(Event.properties, Text) if sqlite else cast(Event.properties, Text)
    return select(
        Event.id, Event.message_id, Event.name, Event.happened_at, Event.visitor_id, Event.session_id,
        Event.customer_id, Event.subject, properties, Event.simulated,
    )  # fmt: skip


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return (moment - EPOCH) // _MICROSECOND


def table_of(rows: Iterable[EventRow]) -> Any:
    """The rows as a `pyarrow.Table` of the columns `COLUMNS`."""
    import pyarrow as pa  # imported here: opening a shop doesn't need it

    columns: list[list[Any]] = [[] for _ in COLUMNS]
    for row in rows:
        path, milliseconds, status, rest = _split(row.properties)
        values = (
            row.id, row.message_id, row.name, micros(row.happened_at), row.visitor_id, row.session_id, row.customer_id,
            row.subject, path, milliseconds, status, rest, row.simulated,
        )  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    kinds = {
        **dict.fromkeys(COLUMNS, pa.int64()), "milliseconds": pa.int32(), "status": pa.int16(), "simulated": pa.bool_(),
        **dict.fromkeys((*_TEXTS, "message_id"), pa.string()),
    }  # fmt: skip
    return pa.table({name: pa.array(column, type=kinds[name]) for name, column in zip(COLUMNS, columns, strict=True)})


def write_parquet(table: Any, path: str) -> None:
    """Write the table as a Parquet file: dictionaries for texts, differences for numbers, zstd over both."""
    import pyarrow.parquet as pq  # imported here: opening a shop doesn't need it

    pq.write_table(
        table, path,
        compression="zstd", compression_level=9, row_group_size=25_000, data_page_version="2.0", version="2.6",
        use_dictionary=list(_TEXTS), column_encoding=dict.fromkeys(_INTEGERS, "DELTA_BINARY_PACKED"),
    )  # fmt: skip


def events_of(rows: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Rows of a table as events that belong to no session, with everything they had in the database."""
    return [_event(row) for row in rows]


def whole_properties(row: Mapping[str, Any]) -> dict[str, Any]:
    """An archived event's properties, put together again."""
    properties: dict[str, Any] = json.loads(row["properties"])
    for name in ("path", "milliseconds", "status"):
        if row[name] is not None:
            properties[name] = row[name]
    return properties


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        id=row["id"],
        message_id=row["message_id"],
        name=row["name"],
        happened_at=EPOCH + timedelta(microseconds=row["at_us"]),
        visitor_id=row["visitor_id"],
        session_id=row["session_id"],
        customer_id=row["customer_id"],
        order_reference=None,
        subject=row["subject"],
        properties=whole_properties(row),
        simulated=row["simulated"],
    )


def _split(properties: str) -> tuple[str | None, int | None, int | None, str]:
    # The standard library's JSON: numbers of any size and NaN come back as they were.
    read = json.loads(properties)
    path, milliseconds, status = read.get("path"), read.get("milliseconds"), read.get("status")
    if isinstance(path, str):
        read["path"] = None
    else:
        path = None
    if type(milliseconds) is int and 0 <= milliseconds <= _LARGEST_INT32:
        read["milliseconds"] = None
    else:
        milliseconds = None
    if type(status) is int and 0 <= status <= _LARGEST_INT16:
        read["status"] = None
    else:
        status = None
    return path, milliseconds, status, _compact(read)


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
