"""Sheets: the roll-ups of closed days, a blob of columns each, so that a year's sum is a few reads and one addition.

A roll-up's table holds what is new since its sheets were written; a report's figure is the sum of both. Closing a day
moves its rows into the sheet within one transaction, so the sum never changes by it.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
from sqlalchemy import BigInteger, LargeBinary, String, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import Record

from .columns import Columns, Ints, Narrow, chosen, merged, unpacked
from .rollups import AudienceDay, PageDay, ProductDay, RefinementDay, TermDay, TimingDay
from .sheet_cache import Reference, cache

FAMILIES: dict[type[Record], str] = {
    AudienceDay: "audience", PageDay: "page", TimingDay: "timing",
    ProductDay: "product", TermDay: "term", RefinementDay: "refinement",
}  # fmt: skip
"""The roll-ups that have sheets, and what a sheet calls them."""

_ATTEMPTS = 20
_TABLE = 8_000_000  # the largest key that is looked up in a table of all smaller ones


class Sheet(Record):
    """The closed part of a roll-up.

    grain: `day`; `month` (`first` is its first day; holds the same as its days' sheets); `total` (the totals of each
    closed day of a month, so that a chart of a year reads twelve rows). `version` names the content of `columns`.
    """

    __tablename__ = "ecrm_sheet"

    family: Mapped[str] = mapped_column(String(30), primary_key=True)
    grain: Mapped[str] = mapped_column(String(5), primary_key=True)
    first: Mapped[date] = mapped_column(primary_key=True)
    rows: Mapped[int]
    version: Mapped[int] = mapped_column(BigInteger)
    columns: Mapped[bytes] = mapped_column(LargeBinary)


Answer = TypeVar("Answer")


class ClosedTooOften(RuntimeError):
    """Days were closed again and again while a report was reading them; try once more."""


@dataclass(frozen=True)
class Sums:
    """A roll-up summed over days. `keys`: (n, k), the key columns after `day`, sorted; `columns`: n values a figure."""

    keys: Ints
    columns: dict[str, Ints]

    def __len__(self) -> int:
        return len(self.keys)

    def total(self, name: str) -> int:
        """A figure over all keys."""
        return int(self.columns[name].sum())


def keys_of(record: type[Record]) -> tuple[str, ...]:
    """The key columns of a roll-up after its day, e.g. `("page_id", "bucket")`."""
    table = record.metadata.tables[record.__tablename__]
    return tuple(column.name for column in table.primary_key if column.name != "day")


def figures_of(record: type[Record]) -> tuple[str, ...]:
    """The figures of a roll-up: its columns that are no key."""
    table = record.metadata.tables[record.__tablename__]
    return tuple(column.name for column in table.columns if not column.primary_key)


def sums(
    session: Session,
    record: type[Record],
    first: date,
    last: date,
    *,
    keys: Collection[int] | None = None,
    only: Collection[str] | None = None,
) -> Sums:
    """A roll-up summed over the days from `first` to `last` (both included), a row a key that occurs.

    Args:
        keys: values of the first key column that count; None for all.
        only: the figures wanted, where not all of them are; fewer cost less.

    Raises:
        KeyError: for a roll-up that has no sheets, or a figure that it doesn't have.
    """
    names, table = _wanted(record, only), record.metadata.tables[record.__tablename__]
    by = [table.c[name] for name in keys_of(record)]
    query = select(*by, *(func.sum(table.c[name]) for name in names)).where(table.c.day.between(first, last))
    among = None if keys is None else _one_of(_sorted(keys))

    def read(sheets: Sequence[Reference]) -> Columns:
        fresh = columns_of_rows(session.execute(query.group_by(*by).order_by(*by)).all(), len(by), names)
        closed = decoded(session, _least(sheets, first, last))
        parts = [*(chosen(columns, names) for columns in closed.values()), fresh]
        return merged(parts if among is None else [columns.at(among(columns.keys[:, 0])) for columns in parts])

    found = _undisturbed(session, record, first, last, grains=("day", "month"), read=read)
    return Sums(
        np.asarray(found.keys, dtype=np.int64),
        {name: np.asarray(values, dtype=np.int64) for name, values in found.figures.items()},
    )


def by_day(
    session: Session,
    record: type[Record],
    first: date,
    last: date,
    *,
    keys: Collection[int] | None = None,
    only: Collection[str] | None = None,
) -> dict[date, dict[str, int]]:
    """Totals of each day from `first` to `last` on which there is something, in the order of the days.

    Args:
        keys: values of the first key column (e.g. audiences) that count; None for all, empty for none.
        only: as in `sums`.

    Raises:
        KeyError: as in `sums`.
    """
    names, table = _wanted(record, only), record.metadata.tables[record.__tablename__]
    key = table.c[keys_of(record)[0]]
    grouped = (table.c.day,) if keys is None else (table.c.day, key)
    query = select(*grouped, *(func.sum(table.c[name]) for name in names)).where(table.c.day.between(first, last))
    wanted = None if keys is None else _sorted(keys)

    def read(sheets: Sequence[Reference]) -> dict[date, dict[str, int]]:
        days: dict[date, dict[str, int]] = {}
        rows = session.execute(query.group_by(*grouped)).all()
        fresh = columns_of_rows(((row[0].toordinal(), *row[1:]) for row in rows), len(grouped), names)
        for day, figures in (*_closed_days(session, sheets, wanted, names), *_days(fresh, wanted, names)):
            if first <= day <= last:
                of_day = days.setdefault(day, dict.fromkeys(names, 0))
                for name, figure in zip(names, figures, strict=True):
                    of_day[name] += figure
        return dict(sorted(days.items()))

    grains = ("total",) if wanted is None else ("day",)
    return _undisturbed(session, record, first, last, grains=grains, read=read)


def parts_by_day(
    session: Session, record: type[Record], first: date, last: date, *, key: int, figure: str
) -> dict[date, dict[int, int]]:
    """One figure of one first key by day and second key, e.g. how often each bucket was met for a page.

    Raises:
        KeyError: as in `sums`.
    """
    names, table = _wanted(record, [figure]), record.metadata.tables[record.__tablename__]
    whose, part = (table.c[name] for name in keys_of(record))
    query = select(table.c.day, part, func.sum(table.c[figure])).where(table.c.day.between(first, last), whose == key)

    def read(sheets: Sequence[Reference]) -> dict[date, dict[int, int]]:
        days: dict[date, dict[int, int]] = {}
        for sheet, columns in decoded(session, sheets).items():
            rows = rows_of_key(columns.keys[:, 0], key)
            if values := columns.figures[names[0]][rows].tolist():
                days[sheet.first] = dict(zip(columns.keys[rows, 1].tolist(), values, strict=True))
        for day, second, value in session.execute(query.group_by(table.c.day, part)):
            of_day = days.setdefault(day, {})
            of_day[second] = of_day.get(second, 0) + int(value)
        return dict(sorted(days.items()))

    return _undisturbed(session, record, first, last, grains=("day",), read=read)


def columns_of_rows(rows: Iterable[Sequence[int]], keys: int, names: Sequence[str]) -> Columns:
    """Rows of a roll-up (keys, then figures) as columns."""
    # PostgreSQL sums integers into Decimals.
    listed = [tuple(map(int, row)) for row in rows]
    array = np.array(listed, dtype=np.int64).reshape(len(listed), keys + len(names))
    return Columns(array[:, :keys], {name: array[:, keys + number] for number, name in enumerate(names)})


def references(
    session: Session, family: str, first: date, last: date, *, grains: Collection[str]
) -> tuple[Reference, ...]:
    """The sheets that hold something of these days; months and totals are named by their first day."""
    month = first.replace(day=1)
    query = select(Sheet.family, Sheet.grain, Sheet.first, Sheet.version).where(
        Sheet.family == family,
        Sheet.grain.in_(grains),
        Sheet.rows > 0,
        or_(
            and_(Sheet.grain == "day", Sheet.first.between(first, last)),
            and_(Sheet.grain != "day", Sheet.first.between(month, last)),
        ),
    )
    return tuple(Reference(*row) for row in session.execute(query.order_by(Sheet.grain, Sheet.first)))


def decoded(session: Session, wanted: Sequence[Reference]) -> dict[Reference, Columns]:
    """The sheets' columns, from memory or from the database; one that has changed since is left out."""
    found = cache.get(wanted)
    missing = [sheet for sheet in wanted if sheet not in found]
    for start in range(0, len(missing), 200):
        part = missing[start : start + 200]
        query = select(Sheet.family, Sheet.grain, Sheet.first, Sheet.version, Sheet.columns).where(
            Sheet.family == part[0].family,
            Sheet.grain.in_({sheet.grain for sheet in part}),
            Sheet.first.in_({sheet.first for sheet in part}),
        )
        asked = set(part)
        for family, grain, first, version, blob in session.execute(query):
            if (sheet := Reference(family, grain, first, version)) in asked:
                found[sheet] = unpacked(blob)
                cache.keep(sheet, found[sheet])
    return found


def _undisturbed(
    session: Session,
    record: type[Record],
    first: date,
    last: date,
    *,
    grains: Collection[str],
    read: Callable[[Sequence[Reference]], Answer],
) -> Answer:
    """What `read` makes of the sheets and the rows, as of one moment.

    They are read by several statements, and a day may be closed between two of them (its rows would be missed or
    counted twice): then the sheets' versions differ afterwards, and all is read again.
    """
    sheets = references(session, FAMILIES[record], first, last, grains=grains)
    for _attempt in range(_ATTEMPTS):
        answer = read(sheets)
        now = references(session, FAMILIES[record], first, last, grains=grains)
        if now == sheets:
            return answer
        sheets = now
    raise ClosedTooOften(f"{FAMILIES[record]} from {first} to {last}")


def _least(sheets: Sequence[Reference], first: date, last: date) -> list[Reference]:
    """The fewest sheets that make up the days: a month's where all of the month is wanted, else its days'."""
    whole = {
        sheet.first
        for sheet in sheets
        if sheet.grain == "month" and first <= sheet.first and month_end(sheet.first) <= last
    }
    return [
        sheet
        for sheet in sheets
        if (sheet.first in whole if sheet.grain == "month" else sheet.first.replace(day=1) not in whole)
    ]


def month_end(day: date) -> date:
    """The last day of this day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


_Totals = Iterator[tuple[date, list[int]]]


def _closed_days(session: Session, sheets: Sequence[Reference], wanted: Ints | None, names: Sequence[str]) -> _Totals:
    belongs = _one_of(wanted) if wanted is not None else None
    for sheet, columns in decoded(session, sheets).items():
        if belongs is None:
            yield from _days(columns, None, names)
            continue
        rows = belongs(columns.keys[:, 0])
        found = [columns.figures[name][rows] for name in names]
        if found[0].size == 1:  # one page's day: a sum of one costs a hundred times its value
            yield sheet.first, [int(values[0]) for values in found]
        elif found[0].size:
            yield sheet.first, [int(values.sum(dtype=np.int64)) for values in found]


def _sorted(keys: Collection[int]) -> Ints:
    return np.unique(np.fromiter(keys, dtype=np.int64, count=len(keys)))


def _one_of(wanted: Ints) -> Callable[[Narrow], slice | Ints]:
    """Finds the rows that have one of the wanted keys in a sorted column of keys."""
    if wanted.size == 1:
        return lambda keys: rows_of_key(keys, int(wanted[0]))
    if not wanted.size or wanted[0] < 0 or wanted[-1] > _TABLE:
        return lambda keys: np.flatnonzero(np.isin(keys, wanted))
    table = np.zeros(int(wanted[-1]) + 2, dtype=bool)  # the last place stands for all keys beyond
    table[wanted] = True
    return lambda keys: np.flatnonzero(table[np.minimum(keys, wanted[-1] + 1)])


def rows_of_key(keys: Narrow, key: int) -> slice:
    """Where a key stands in a sorted column of keys."""
    limits = np.iinfo(keys.dtype)
    if not limits.min <= key <= limits.max:
        return slice(0, 0)
    # Of the column's own type, or the whole column would be copied into the key's.
    sought = keys.dtype.type(key)
    return slice(int(np.searchsorted(keys, sought)), int(np.searchsorted(keys, sought, side="right")))


def _days(columns: Columns, wanted: Ints | None, names: Sequence[str]) -> _Totals:
    """Totals by day of columns whose first key is the day's ordinal and whose second, if wanted, is to be looked at."""
    rows = range(len(columns.keys)) if wanted is None else np.flatnonzero(np.isin(columns.keys[:, 1], wanted))
    for row in rows:
        yield date.fromordinal(int(columns.keys[row, 0])), [int(columns.figures[name][row]) for name in names]


def _wanted(record: type[Record], only: Collection[str] | None) -> tuple[str, ...]:
    names = figures_of(record)
    if record not in FAMILIES:
        raise KeyError(f"{record.__tablename__} has no sheets")
    if only is None:
        return names
    if unknown := sorted(set(only) - set(names)):
        raise KeyError(f"{record.__tablename__} has no figure {', '.join(unknown)}")
    return tuple(name for name in names if name in only)
