"""The CRM's own sessions on the host's engine, and the settings that SQLite needs to keep its promises."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker


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
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
