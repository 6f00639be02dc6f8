"""Writing: visitors, visits, touches and claims of a history into the database, its events into the archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.bulk import indexed_afterwards, insert_columns, take_ids
from tracking.customers import Customer
from tracking.record import Record, UtcDateTime
from tracking.visitors import Visitor, VisitorClaim

from ..archive import Archive, ArchivedPart
from ..archiving import PART_ROWS, _part, _write
from ..dimensions import Audience, Source, ids_of
from ..event import Event
from ..event_columns import COLUMNS, EPOCH, whole_properties
from ..owning import own
from ..sessions import Session as Visit
from ..touchpoints import Touchpoint
from .reading import Engine, origins
from .tables import register

_ROWS = 100_000


def table_of(record: type[Record]) -> Any:
    """The record's table."""
    return record.metadata.tables[record.__tablename__]


def know_people(session: Session, engine: Engine) -> None:
    """Make `customers` (reference, id), `known_visitors` (token, id) and `known_tokens`: who was there before."""
    wanted = [
        reference
        for (reference,) in engine.execute("SELECT DISTINCT customer FROM steps WHERE customer <> ''").fetchall()
    ]
    query = select(Customer.reference, Customer.id).where(Customer.reference.is_not(None))
    asked = set(wanted)
    people = [row for row in session.execute(query).all() if row[0] in asked] if wanted else []
    register(
        engine, "customers", {"reference": [row[0] for row in people], "id": [row[1] for row in people]},
        {"reference": "string", "id": "int64"},
    )  # fmt: skip
    known = session.execute(select(Visitor.token, Visitor.id)).all()
    register(
        engine, "known_visitors", {"token": [row[0] for row in known], "id": [row[1] for row in known]},
        {"token": "string", "id": "int64"},
    )  # fmt: skip
    seen = session.scalars(select(Visitor.token).join(Visit, Visit.visitor_id == Visitor.id).distinct()).all()
    register(engine, "known_tokens", {"token": seen}, {"token": "string"})


def write_visitors(session: Session, engine: Engine) -> None:
    """Write the browsers that are new, and make `visitor_ids` (token, id) of all."""
    new = engine.execute(
        f"""SELECT token, {_moment(session, "min(at_us)")} FROM steps WHERE NOT bot AND token IS NOT NULL
        AND token NOT IN (SELECT token FROM known_visitors) GROUP BY token ORDER BY min(seq)"""  # noqa: S608 (a name)
    ).fetchall()
    table = table_of(Visitor)
    ids = take_ids(session.connection(), table, len(new)) if new else []
    columns = {"id": ids, "token": [row[0] for row in new], "first_seen_at": [row[1] for row in new],
               "simulated": [False] * len(new)}  # fmt: skip
    _insert(session, Visitor, columns)
    register(engine, "new_visitors", {"token": columns["token"], "id": ids}, {"token": "string", "id": "int64"})
    engine.execute("CREATE TABLE visitor_ids AS SELECT * FROM known_visitors UNION ALL SELECT * FROM new_visitors")


def write_visits(session: Session, engine: Engine, *, count: int) -> int:
    """Write the visits with their audience and entry page, make `finished` of them; the first one's id."""
    _number_arrivals(session, engine)
    engine.execute(_FINISHED)
    first = take_ids(session.connection(), table_of(Visit), count)[0] if count else 0
    names = ("id", "visitor_id", "started_at", "last_at", "entry_path", "referrer", "page_views", "product_views",
             "searches", "cart_adds", "checkouts", "orders", "revenue_minor", "seconds", "stage", "bounced", "day",
             "audience_id", "entry_page_id", "customer_id", "grade")  # fmt: skip
    began, ended = (_moment(session, column) for column in ("started_us", "last_us"))
    query = f"""SELECT number + {first}, visitor_id, {began}, {ended}, {", ".join(names[4:])}
        FROM finished ORDER BY number"""  # noqa: S608 (names are ours)
    with indexed_afterwards(session.connection(), table_of(Visit), rows=count):
        for columns in _batches(engine, query, names):
            size = len(columns["id"])
            columns |= {"refunds_minor": [0] * size, "simulated": [False] * size}
            _insert(session, Visit, columns)
    return first


def _number_arrivals(session: Session, engine: Engine) -> None:
    sources = ids_of(session, Source, set(origins(engine)))
    texts = [orjson.dumps(key).decode() for key in sources]
    register(
        engine, "source_ids",
        {"text": texts, "id": list(sources.values()), "direct": [key[0] == "direct" for key in sources]},
        {"text": "string", "id": "int64", "direct": "bool_"},
    )  # fmt: skip
    keys = engine.execute(
        """SELECT DISTINCT s.id, device, country, is_returning FROM visits JOIN source_ids s ON s.text = origin"""
    ).fetchall()
    audiences = ids_of(session, Audience, keys)
    names = ("source_id", "device", "country", "is_returning")
    register(
        engine, "audience_ids",
        {name: [key[number] for key in audiences] for number, name in enumerate(names)}
        | {"id": list(audiences.values())},
        {"source_id": "int64", "device": "string", "country": "string", "is_returning": "bool_", "id": "int64"},
    )  # fmt: skip


_FINISHED = """
CREATE TABLE finished AS
SELECT v.*, audience_ids.id AS audience_id, page_ids.id AS entry_page_id, visitor_ids.id AS visitor_id,
    page_views = 1 AND cart_adds = 0 AND checkouts = 0 AND orders = 0 AS bounced,
    CASE WHEN orders > 0 THEN 4 WHEN checkouts > 0 THEN 3 WHEN cart_adds > 0 THEN 2 ELSE (product_views > 0)::INT
    END AS stage
FROM visits v
JOIN source_ids s ON s.text = v.origin
JOIN audience_ids USING (device, country, is_returning)
JOIN visitor_ids USING (token)
LEFT JOIN page_ids ON page_ids.text = v.entry_path AND v.entry_path <> ''
WHERE audience_ids.source_id = s.id
ORDER BY v.number;
"""


def write_touches(session: Session, engine: Engine, *, first_visit: int) -> int:
    """Write what brought the visits: their arrivals, and further tagged addresses, each where the source changes."""
    query = f"""
    SELECT 'visit' AS kind, {_moment(session, "at_us")}, source_id, visitor_id, number + {first_visit} FROM (
        SELECT *, lag(source_id) OVER (PARTITION BY number ORDER BY at_us, seq) AS before FROM (
            SELECT f.number, f.visitor_id, f.arrival AS seq, f.arrived_us AS at_us, s.id AS source_id
            FROM finished f JOIN source_ids s ON s.text = f.origin WHERE NOT s.direct
            UNION ALL
            SELECT f.number, f.visitor_id, steps.seq, steps.at_us, s.id
            FROM steps JOIN kinds ON kinds.number = kind AND tags AND tagged JOIN placed USING (seq)
            JOIN finished f USING (opener) JOIN source_ids s ON s.text = kinds.origin
            WHERE steps.name = 'Page Viewed' AND steps.seq <> f.arrival))
    WHERE before IS DISTINCT FROM source_id ORDER BY at_us, seq"""  # noqa: S608 (a number)
    names = ("kind", "at", "source_id", "visitor_id", "session_id")
    written = 0
    (count,) = engine.execute(
        "SELECT count(*) FROM finished f JOIN source_ids s ON s.text = f.origin WHERE NOT s.direct"
    ).fetchall()[0]
    with indexed_afterwards(session.connection(), table_of(Touchpoint), rows=int(count)):
        for columns in _batches(engine, query, names):
            columns["simulated"] = [False] * len(columns["at"])
            written += _insert(session, Touchpoint, columns)
    return written


def write_claims(session: Session, engine: Engine) -> None:
    """Write who was seen signed in with which browser, at the first time."""
    rows = engine.execute(
        f"""SELECT v.id, c.id, {_moment(session, "min(at_us)")} FROM steps JOIN visitor_ids v USING (token)
        JOIN customers c ON c.reference = customer WHERE NOT bot GROUP BY v.id, c.id ORDER BY min(seq)"""  # noqa: S608 (a name)
    ).fetchall()
    known = {tuple(row) for row in session.execute(select(VisitorClaim.visitor_id, VisitorClaim.customer_id))}
    rows = [row for row in rows if row[:2] not in known]
    if rows:
        columns = {"visitor_id": [row[0] for row in rows], "customer_id": [row[1] for row in rows],
                   "claimed_at": [row[2] for row in rows], "how": ["seen signed in"] * len(rows)}  # fmt: skip
        _insert(session, VisitorClaim, columns)


def number_events(session: Session, engine: Engine, archive: Archive, *, first_visit: int) -> int:
    """Make `events` of the steps, and write those of somebody outside of visits into the database; how many there are.

    Raises:
        NotOurs: where the archive's folder is another database's.
    """
    own(session, archive)
    (count,) = engine.execute("SELECT count(*) FROM steps WHERE NOT bot").fetchall()[0]
    first_id = _reserve(session, int(count)) if count else 0
    engine.execute(_EVENTS.format(first_id=first_id, first_visit=first_visit))
    _keep_rows(session, engine, newest=first_id + int(count) - 1)
    return int(count)


def write_parts(engine: Engine, archive: Archive) -> list[ArchivedPart]:
    """Write the other events into files of the archive, a day after the other; the rows that name them.

    To be run in a thread with a connection of its own: the database is busy meanwhile.
    """
    columns = ", ".join(COLUMNS)
    parts = []
    for (day,) in engine.execute("SELECT DISTINCT day FROM events ORDER BY day").fetchall():
        table = engine.sql(
            f"""SELECT {columns} FROM events WHERE day = $day AND stays = 0
            ORDER BY visitor_id NULLS FIRST, session_id, at_us, id""",  # noqa: S608 (names are ours)
            params={"day": day},
        ).to_arrow_table()
        for start in range(0, table.num_rows, PART_ROWS):
            part = table.slice(start, PART_ROWS)
            file, size = _write(archive, day, part)
            parts.append(_part(day, file, ids=part.column("id").to_pylist(), size=size))
    return parts


_EVENTS = """
CREATE TABLE events AS
SELECT row_number() OVER (ORDER BY seq) - 1 + {first_id} AS id, message_id, steps.name, at_us,
    visitor_ids.id AS visitor_id, v.number + {first_visit} AS session_id,
    customers.id AS customer_id, subjects.stored AS subject,
    CASE WHEN takes_path THEN path[1:500] ELSE own_path END AS path, milliseconds, status, rest AS properties,
    false AS simulated, steps.day,
    (v.number IS NULL AND (visitor_ids.id IS NOT NULL OR customers.id IS NOT NULL))::INT AS stays
FROM steps JOIN subjects ON subjects.number = steps.subject JOIN kinds ON kinds.number = kind
LEFT JOIN visitor_ids USING (token) LEFT JOIN placed USING (seq) LEFT JOIN visits v USING (opener)
LEFT JOIN customers ON customers.reference = steps.customer
WHERE NOT bot
ORDER BY steps.day;
"""


def _keep_rows(session: Session, engine: Engine, *, newest: int) -> None:
    """The newest stays as well: SQLite gives the id behind the largest row, and archived ids must not come again."""
    engine.execute("UPDATE events SET stays = 1 WHERE id = $newest", {"newest": newest})
    query = f"""SELECT id, message_id, name, {_moment(session, "at_us")}, visitor_id, session_id, customer_id, subject,
        path, milliseconds, status, properties FROM events WHERE stays = 1 ORDER BY id"""  # noqa: S608 (names are ours)
    names = ("id", "message_id", "name", "happened_at", "visitor_id", "session_id", "customer_id", "subject",
             "path", "milliseconds", "status", "properties")  # fmt: skip
    for columns in _batches(engine, query, names):
        parts = zip(*(columns.pop(name) for name in names[-4:]), strict=True)
        columns["properties"] = [whole_properties(dict(zip(names[-4:], row, strict=True))) for row in parts]
        columns["simulated"] = [False] * len(columns["id"])
        _insert(session, Event, columns)


def _reserve(session: Session, count: int) -> int:
    """The first of `count` ids behind each other that no event has or will get."""
    connection = session.connection()
    archived = session.scalar(select(func.max(ArchivedPart.last_id))) or 0
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql("DELETE FROM ecrm_event WHERE 0")  # takes the lock
        return 1 + max(archived, session.scalar(select(func.max(Event.id))) or 0)
    while True:
        low, high = connection.exec_driver_sql(_TAKEN, (count,)).one()
        if high - low + 1 == count and low > archived:
            return int(low)


_TAKEN = """SELECT min(n), max(n) FROM (
    SELECT nextval(pg_get_serial_sequence('ecrm_event', 'id')) AS n FROM generate_series(1, %s)) taken"""


def _batches(engine: Engine, query: str, names: Sequence[str]) -> Iterator[dict[str, list[Any]]]:
    cursor = engine.cursor()
    cursor.execute(query)
    while rows := cursor.fetchmany(_ROWS):
        yield dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _moment(session: Session, micros: str) -> str:
    """An expression of the column engine for a moment: as SQLite stores it, else as it is (`_insert` makes it one)."""
    return micros if _is_postgresql(session) else f"strftime(make_timestamp({micros}), '%Y-%m-%d %H:%M:%S.%f')"


def _insert(session: Session, record: type[Record], columns: dict[str, list[Any]]) -> int:
    """Rows whose moments are `_moment`'s."""
    table = table_of(record)
    moments = [name for name in columns if isinstance(table.c[name].type, UtcDateTime)]
    if not _is_postgresql(session):
        return insert_columns(session.connection(), table, columns, ready=moments)
    for name in moments:
        columns[name] = [EPOCH + timedelta(microseconds=one) for one in columns[name]]
    return insert_columns(session.connection(), table, columns)


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
