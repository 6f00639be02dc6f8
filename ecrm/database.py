"""The CRM's own sessions on the host's engine, the settings that SQLite needs to keep its promises, and PostgreSQL to
keep its plans."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

_COMMIT_UNLESS_WRITTEN = "SELECT ('not to be kept: transaction ' || txid_current_if_assigned()::text)::integer; COMMIT"
"""A transaction has a number from its first write on; casting these words to an integer fails, and so nothing that
follows is done. Where it has none, the words are NULL."""


def sessions_on(engine: Engine) -> sessionmaker[Session]:
    """One session per unit of work; rows stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def connect(url: str) -> Engine:
    """An engine for a host that has none of its own, set up as the data rules demand."""
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    # IMMEDIATE: a deferred transaction that turns to writing answers "database is locked" under load.
    # jit=off: PostgreSQL compiles a question of many small parts for 15 ms and answers it in half of one.
    given = {"isolation_level": "IMMEDIATE", "timeout": 30} if is_sqlite else {"options": "-c jit=off"}
    engine = create_engine(url, connect_args=given)
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
    keep_prepared(engine)
    return engine


def keep_prepared(engine: Engine) -> None:
    """Let PostgreSQL keep its prepared statements: sessions that only read end with COMMIT.

    They would end with ROLLBACK, at which psycopg forgets every prepared statement of the connection (a table might
    have been made and unmade), and PostgreSQL plans each question anew, often for longer than it takes to answer it.
    What wrote, if only a row's lock, is still rolled back: the server itself decides, in the same round trip. It can't
    tell where only a foreign table was written; and NOTIFY, LISTEN, SET (not SET LOCAL) and cursors WITH HOLD of a
    transaction that wrote nothing stay, too. Nothing changes with another database or driver.
    """
    if (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg"):
        event.listen(engine, "rollback", _commit_what_only_read)


def _commit_what_only_read(connection: Connection) -> None:
    if connection.closed or connection.invalidated:
        return
    driver: Any = connection.connection.driver_connection
    if driver.info.transaction_status.name == "INTRANS":
        with suppress(connection.dialect.loaded_dbapi.Error):  # it wrote, or the line is down: rolled back next
            driver.execute(_COMMIT_UNLESS_WRITTEN, prepare=False)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
