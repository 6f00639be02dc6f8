"""Many rows at once for the CRM's tables: one `executemany` on SQLite, one `COPY` on PostgreSQL.

The shop has a module like this of its own: it knows nothing of the CRM and must run without it.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, Connection, Table, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from .record import UtcDateTime

CHUNK = 50_000
_CACHE_KIB = 200_000  # enough for the hot pages of all indexes; SQLite's default of 2 MB makes them spill
_LOG_PAGES = 60_000
_ALLOCATIONS = 100_000


def insert_columns(
    connection: Connection,
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    *,
    ready: Collection[str] = (),
) -> int:
    """Insert rows given as equally long columns, in the connection's transaction; column defaults don't apply.

    Args:
        ready: columns whose values are already as the driver wants them (e.g. JSON as text).

    Returns:
        How many rows were inserted.

    Raises:
        DBAPIError: of the same kind on both databases, such as IntegrityError where a key is taken or
            OperationalError where the disk is full; the transaction is lost then.
    """
    names = list(columns)
    total = len(columns[names[0]])
    for start in range(0, total, CHUNK):
        parts = [
            values if name in ready else _bound(connection, table, name, values)
            for name, values in ((name, columns[name][start : start + CHUNK]) for name in names)
        ]
        rows = list(zip(*parts, strict=True))
        _write(connection, table, names, rows)
    return total


def update_rows(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Set some columns of many rows; each row's values stand in the order of `names`, and its id follows them."""
    if not rows:
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    parts = [
        _bound(connection, table, name, values)
        for name, values in zip((*names, "id"), zip(*rows, strict=True), strict=True)
    ]
    preparer = connection.dialect.identifier_preparer
    changed = ", ".join(f"{preparer.quote(name)} = {mark}" for name in names)
    statement = f"UPDATE {preparer.format_table(table)} SET {changed} WHERE id = {mark}"  # noqa: S608 (names of the model)
    connection.exec_driver_sql(statement, list(zip(*parts, strict=True)))


def take_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Ids for `count` new rows that nobody else will get: from the sequence, or under SQLite's write lock."""
    name = connection.dialect.identifier_preparer.format_table(table)
    if connection.dialect.name == "postgresql":
        sequence = f"SELECT nextval(pg_get_serial_sequence('{name}', 'id')) FROM generate_series(1, {count})"  # noqa: S608
        return [int(row[0]) for row in connection.exec_driver_sql(sequence)]
    connection.exec_driver_sql(f"DELETE FROM {name} WHERE 0")  # noqa: S608 (deletes nothing, but takes the lock)
    first = int(connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0) + 1
    return list(range(first, first + count))


def among(connection: Connection, values: Collection[Any]) -> tuple[str, Any]:
    """The condition that a column is one of `values` (numbers or texts), for raw SQL: what follows the column's name,
    and its one parameter; so that a statement's text doesn't depend on how many they are."""
    if connection.dialect.name == "postgresql":
        return "= ANY(%s)", list(values)
    return "IN (SELECT value FROM json_each(?))", json.dumps(list(values))


@contextmanager
def roomy_cache(connection: Connection) -> Iterator[None]:
    """Let SQLite keep the indexes in memory while many rows come in."""
    with _set(connection, cache_size=-_CACHE_KIB):
        yield


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python look for circular garbage seldom while millions of rows are made, which are none: it would look
    through all of them again and again, for a quarter of the time that a load takes."""
    before = gc.get_threshold()
    if before[0]:
        gc.set_threshold(max(before[0], _ALLOCATIONS), 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def loading(sessions: sessionmaker[Session]) -> Iterator[sessionmaker[Session]]:
    """Sessions for many large transactions, one after the other: on SQLite one connection, whose memory keeps the
    indexes from one to the next and which moves the write-ahead log into the database every 250 MB only. Python looks
    for garbage seldom.

    A commit is as safe as ever; both are only about how often the same pages are written.
    """
    engine = sessions.kw["bind"]
    if engine.dialect.name != "sqlite":
        with seldom_collected():
            yield sessions
        return
    with (
        seldom_collected(),
        engine.connect() as connection,
        _set(connection, cache_size=-_CACHE_KIB, wal_autocheckpoint=_LOG_PAGES),
    ):
        connection.rollback()  # of nothing: else the sessions would take part in this transaction and commit none
        yield sessionmaker(class_=sessions.class_, **(sessions.kw | {"bind": connection}))


@contextmanager
def indexed_afterwards(connection: Connection, table: Table, *, rows: int) -> Iterator[None]:
    """Where more rows come in than are there, let SQLite make the table's indexes when all are in, in the same
    transaction: sorted, each page is written once, while rows in another order write most pages again and again."""
    name = connection.dialect.identifier_preparer.format_table(table)
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql(f"DELETE FROM {name} WHERE 0")  # noqa: S608 (deletes nothing, but begins the transaction)
    there = int(connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0)
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
    indexes = connection.exec_driver_sql(query, (table.name,)).all() if rows > there else []
    for index, _ in indexes:
        connection.exec_driver_sql(f"DROP INDEX {connection.dialect.identifier_preparer.quote(index)}")
    yield
    for _, statement in indexes:
        connection.exec_driver_sql(statement)


@contextmanager
def _set(connection: Connection, **pragmas: int) -> Iterator[None]:
    """SQLite's settings of a connection, put back afterwards; nothing on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas}
    for name, value in pragmas.items():
        connection.exec_driver_sql(f"PRAGMA {name}={value}")
    try:
        yield
    finally:
        for name in pragmas:
            connection.exec_driver_sql(f"PRAGMA {name}={before[name]}")


def _bound(connection: Connection, table: Table, name: str, values: Sequence[Any]) -> Sequence[Any]:
    dialect = connection.dialect
    if dialect.name == "sqlite" and isinstance(table.c[name].type, UtcDateTime):
        return [None if value is None else stored_text(value) for value in values]
    if isinstance(table.c[name].type, Boolean):
        return values
    process = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else [process(value) for value in values]


def stored_text(moment: datetime) -> str:
    """What `UtcDateTime` and SQLAlchemy's own storage format make of a moment on SQLite, at a fifth of the time."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError(f"{moment!r} has no time zone")
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:26]


def _write(connection: Connection, table: Table, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    preparer = connection.dialect.identifier_preparer
    target, listed = preparer.format_table(table), ", ".join(preparer.quote(name) for name in names)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {target} ({listed}) FROM STDIN", rows)
        return
    marks = ", ".join("?" * len(names))
    connection.exec_driver_sql(f"INSERT INTO {target} ({listed}) VALUES ({marks})", rows)  # noqa: S608


def _copy(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """COPY goes past SQLAlchemy; so its own errors are made of the driver's here, as it would have done.

    Whoever waits for a full disk or a database that is away must not take that for a row that can't be stored.
    """
    dialect = connection.dialect
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except dialect.loaded_dbapi.Error as error:
        gone = dialect.is_disconnect(error, driver, None)
        translated = DBAPIError.instance(
            statement,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=connection.engine.hide_parameters,
            connection_invalidated=gone,
            dialect=dialect,
        )
        if gone:
            connection.invalidate(error)
        raise translated from error
