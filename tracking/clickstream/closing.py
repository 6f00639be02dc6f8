"""Closing: the roll-ups' rows of past days move into sheets. Late rows of a closed day are folded in by the next run.

Every close of a month's days first takes that month's sheet of totals, so that two processes never fold at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracking.record import Record, insert_once

from . import uniques
from .columns import Columns, Ints, merged, packed
from .rollups import AudienceDay
from .sheets import FAMILIES, Sheet, decoded, figures_of, keys_of, month_end, references

ROWS_AT_ONCE = 40_000
"""Rows that one transaction moves, at least a day's: other writers wait on SQLite for as long as it takes."""


def stretches_to_close(session: Session, record: type[Record], until: date) -> list[tuple[date, date]]:
    """The days up to `until` that have rows, as stretches within a month that are best closed together."""
    table = record.metadata.tables[record.__tablename__]
    query = select(table.c.day, func.count()).where(table.c.day <= until).group_by(table.c.day).order_by(table.c.day)
    stretches: list[tuple[date, date]] = []
    rows = 0
    for day, count in session.execute(query):
        rows += count
        if stretches and rows <= ROWS_AT_ONCE and stretches[-1][0].replace(day=1) == day.replace(day=1):
            stretches[-1] = stretches[-1][0], day
        else:
            stretches.append((day, day))
            rows = count
    return stretches


def close_day(session: Session, record: type[Record], day: date) -> int:
    """Move a day's rows into its sheet; see `close_days`."""
    return close_days(session, record, day, day)


def close_days(session: Session, record: type[Record], first: date, last: date) -> int:
    """Move the rows of some days of one month into their sheets, and into the month's where there is one.

    To be committed by the caller at once. No report's figure changes by it.

    Returns:
        How many rows were moved.

    Raises:
        KeyError: for a roll-up that has no sheets.
        ValueError: where the days are of two months.
    """
    family, month = FAMILIES[record], first.replace(day=1)
    if not first <= last <= month_end(first):
        raise ValueError(f"{first} to {last} are not days of one month")
    _take(session, family, month)
    days = _taken_away(session, record, first, last)
    _fold(session, record, month, days)
    return sum(len(columns.keys) for columns in days.values())


def fold(session: Session, record: type[Record], month: date, days: Mapping[date, Columns]) -> None:
    """Add figures of some days of a month to their sheets that never were rows; to be committed by the caller.

    Args:
        days: columns sorted by key, with all of the roll-up's figures.
    """
    _take(session, FAMILIES[record], month)
    _fold(session, record, month, days)


def _fold(session: Session, record: type[Record], month: date, days: Mapping[date, Columns]) -> None:
    if not days:
        return
    family = FAMILIES[record]
    sheets = references(session, family, min(days), max(days), grains=("day", "month", "total"))
    kept = {(sheet.grain, sheet.first): columns for sheet, columns in decoded(session, sheets).items()}

    def add(grain: str, start: date, parts: Sequence[Columns]) -> None:
        before = kept.get((grain, start))
        together = [*([before] if before else []), *parts]
        _write(session, family, grain, start, together[0] if len(together) == 1 else merged(together))

    for day, columns in days.items():
        add("day", day, [columns])
    if ("month", month) in kept:
        add("month", month, list(days.values()))
    add("total", month, [_totals(day, columns) for day, columns in days.items()])
    if record is AudienceDay:
        for day in days:
            _write_bytes(session, uniques.FAMILY, "day", day, *uniques.sketch_of_day(session, day))


def close_month(session: Session, record: type[Record], month: date) -> bool:
    """Write a month's sheet from those of its days; False where there is one, or nothing to put into it.

    To be called when the month is over; days that are closed again later are folded in by `close_days`.
    """
    family, first = FAMILIES[record], month.replace(day=1)
    _take(session, family, first)
    if references(session, family, first, first, grains=("month",)):
        return False
    days = references(session, family, first, month_end(first), grains=("day",))
    if not days:
        return False
    _write(session, family, "month", first, merged(list(decoded(session, days).values())))
    return True


def months_to_close(session: Session, record: type[Record], until: date) -> list[date]:
    """First days of the months that ended by `until`, have closed days and no sheet of their own."""
    query = select(Sheet.grain, Sheet.first).where(
        Sheet.family == FAMILIES[record], Sheet.grain.in_(("total", "month")), Sheet.rows > 0
    )
    found = {(grain, first) for grain, first in session.execute(query)}
    return sorted(
        first
        for grain, first in found
        if grain == "total" and ("month", first) not in found and month_end(first) <= until
    )


def _take(session: Session, family: str, month: date) -> None:
    """Nobody else closes days of this month until the transaction ends."""
    key = {"family": family, "grain": "total", "first": month}
    insert_once(session, Sheet, {**key, "rows": 0, "version": 0, "columns": b""})  # on SQLite this takes the lock
    session.execute(select(Sheet.version).filter_by(**key).with_for_update())


def _taken_away(session: Session, record: type[Record], first: date, last: date) -> dict[date, Columns]:
    """Delete the rows of these days and return them, sorted by key."""
    table = record.metadata.tables[record.__tablename__]
    keys, names = keys_of(record), figures_of(record)
    statement = delete(table).where(table.c.day.between(first, last))
    rows = session.execute(statement.returning(table.c.day, *(table.c[name] for name in (*keys, *names))))
    listed = [(day.toordinal(), *rest) for day, *rest in rows]
    if not listed:
        return {}
    array = np.array(listed, dtype=np.int64)
    array = array[np.lexsort([array[:, number] for number in range(len(keys), -1, -1)])]
    found = {}
    for part in np.split(array, np.flatnonzero(np.diff(array[:, 0])) + 1):
        figures = {name: part[:, 1 + len(keys) + number] for number, name in enumerate(names)}
        found[date.fromordinal(int(part[0, 0]))] = Columns(part[:, 1 : 1 + len(keys)], figures)
    return found


def _totals(day: date, columns: Columns) -> Columns:
    key: Ints = np.array([[day.toordinal()]], dtype=np.int64)
    figures: Mapping[str, Ints] = {
        name: np.array([values.sum(dtype=np.int64)]) for name, values in columns.figures.items()
    }
    return Columns(key, figures)


def _write(session: Session, family: str, grain: str, first: date, columns: Columns) -> None:
    _write_bytes(session, family, grain, first, len(columns.keys), packed(columns))


def _write_bytes(session: Session, family: str, grain: str, first: date, rows: int, blob: bytes) -> None:
    version = int.from_bytes(hashlib.blake2b(blob, digest_size=8).digest()) >> 1  # fits a signed 64-bit integer
    content = {"rows": rows, "version": version, "columns": blob}
    connection = session.connection()
    connection.execute(_written(connection.dialect.name), {"family": family, "grain": grain, "first": first, **content})


@cache
def _written(dialect: str) -> Any:
    """Made once: a year's sheets are thousands, and making the statement would take longer than carrying it out."""
    table = Sheet.metadata.tables[Sheet.__tablename__]
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    keys = [column.name for column in table.primary_key]
    content = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=content)
