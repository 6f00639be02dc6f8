"""The numbers of a dimension's rows: looked up or given, many at once, whoever else does the same at the moment.

What was committed never changes, so each process remembers it. An id is remembered only after the commit of the
transaction that met it: one that is rolled back would name nothing, or later something else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from tracking.record import Record

Key = Any
"""The value of a dimension's key, or a tuple of several in the table's order."""
Known = dict[str, dict[Key, int]]
"""Table → key → id."""

K = TypeVar("K", str, tuple[Any, ...])

CAPACITY = 200_000  # keys of a dimension; some 40 MB
_CHUNK = 500  # keys a statement, below every database's limit of parameters
_PENDING = "ecrm.dimension_ids"

_committed: WeakKeyDictionary[Engine, Known] = WeakKeyDictionary()
_guard = threading.Lock()


def ids_of(session: Session, record: type[Record], keys: Iterable[K]) -> dict[K, int]:
    """The id of every key; rows that are missing are made.

    Args:
        record: a dimension: its first column is `id`, the others are its key and unique together.
        keys: e.g. `"/tea"` for a `Page`; tuples in the table's order where a key has several columns. They must fit.
    """
    wanted = set(keys)
    if not wanted:
        return {}
    table = record.metadata.tables[record.__tablename__]
    pending: Known = session.info.setdefault(_PENDING, {})
    mine = pending.setdefault(table.name, {})
    known = _known(session).get(table.name, {})
    found = {}
    for key in wanted:
        id_ = known.get(key) or mine.get(key)
        if id_ is not None:
            found[key] = id_
    missing = sorted(wanted - found.keys())
    if missing:
        met = _look_up(session, table, missing)
        new = [key for key in missing if key not in met]
        if new:
            _insert(session, table, new)
            met |= _look_up(session, table, new)
        mine |= met
        found |= met
    return found


def _look_up(session: Session, table: Any, keys: list[Key]) -> dict[Key, int]:
    columns = [column for column in table.columns if column.name != "id"]
    found: dict[Key, int] = {}
    for start in range(0, len(keys), _CHUNK):
        some = keys[start : start + _CHUNK]
        query = select(table.c.id, *columns)
        if len(columns) == 1:
            found |= {value: id_ for id_, value in session.execute(query.where(columns[0].in_(some)))}
        else:
            rows = session.execute(query.where(tuple_(*columns).in_(some)))
            found |= {tuple(values): id_ for id_, *values in rows}
    return found


def _insert(session: Session, table: Any, keys: list[Key]) -> None:
    """Sorted keys: two processes that make the same rows wait for each other in the same order."""
    names = [column.name for column in table.columns if column.name != "id"]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [dict(zip(names, key if isinstance(key, tuple) else (key,), strict=True)) for key in keys]
    session.execute(insert(table).on_conflict_do_nothing(), rows)


def _known(session: Session) -> Mapping[str, dict[Key, int]]:
    return _committed.get(session.get_bind().engine, {})


@event.listens_for(Session, "after_commit")
def _learn(session: Session) -> None:
    pending: Known | None = session.info.pop(_PENDING, None)
    if not pending:
        return
    with _guard:
        known = _committed.setdefault(session.get_bind().engine, {})
        for table, ids in pending.items():
            kept = known.setdefault(table, {})
            if len(kept) + len(ids) > CAPACITY:
                known[table] = kept = {}  # a new one, as another thread may be reading the old one
            kept.update(ids)


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_PENDING, None)
