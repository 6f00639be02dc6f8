"""Shadow: sessions that read the real tables and write to temporary ones: a rehearsal uses the real code.

The tables that flows write to are made once more as temporary tables of one connection; both databases look there first
when a table is named. Everything else is read-only by the database's own word: SQLite's file is opened with `mode=ro`,
PostgreSQL's transactions are READ ONLY, which permits temporary tables alone. So nothing real can be written, not even
by a mistake, and nobody waits for a lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

from sqlalchemy import Column, Engine, Index, MetaData, Table, UniqueConstraint, create_engine, text
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from tracking.record import Record


class NoShadow(RuntimeError):
    """The database can't be read beside itself: it is one in memory."""


@contextmanager
def shadow(engine: Engine, records: Sequence[type[Record]]) -> Iterator[sessionmaker[Session]]:
    """Sessions on one connection of their own, with empty temporary copies of these tables.

    Open one at a time: they share the connection.

    Raises:
        NoShadow: for an SQLite database in memory.
    """
    own = _beside(engine)
    try:
        with own.begin() as connection:
            for record in records:
                _copy(record).create(connection)
            if own.dialect.name == "postgresql":
                connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
        yield sessionmaker(own, expire_on_commit=False)
    finally:
        own.dispose()


def _beside(engine: Engine) -> Engine:
    if engine.dialect.name != "sqlite":
        return create_engine(engine.url, poolclass=StaticPool)
    path = engine.url.database
    if not path or path == ":memory:":
        raise NoShadow("a rehearsal needs a database in a file")

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=30, check_same_thread=False)

    return create_engine("sqlite://", creator=connect, poolclass=StaticPool)


def _copy(record: type[Record]) -> Table:
    """The table with its columns and what is unique; without foreign keys, which would lead out of the shadow."""
    of = record.metadata.tables[record.__tablename__]
    columns = [
        Column(one.name, one.type, primary_key=one.primary_key, nullable=one.nullable, autoincrement=one.autoincrement)
        for one in of.columns
    ]
    copy = Table(of.name, MetaData(), *columns, prefixes=["TEMPORARY"])
    for number, index in enumerate(sorted(of.indexes, key=lambda one: str(one.name))):
        names = [str(column.name) for column in index.columns]
        Index(f"shadow_{of.name}_{number}", *(copy.c[name] for name in names), unique=bool(index.unique))
    for constraint in of.constraints:
        if isinstance(constraint, UniqueConstraint):
            copy.append_constraint(UniqueConstraint(*(copy.c[column.name] for column in constraint.columns)))
    return copy
