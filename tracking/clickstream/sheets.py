"""Sheets: the roll-ups of closed days, a blob of columns each, so that a year's sum is a few reads and one addition.

A roll-up's table holds what is new since its sheets were written; a report's figure is the sum of both. Closing a day
moves its rows into the sheet within one transaction, so the sum never changes by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import Record

from .rollups import AudienceDay, PageDay, ProductDay, RefinementDay, TermDay, TimingDay

Ints = NDArray[np.int64]

FAMILIES: dict[type[Record], str] = {
    AudienceDay: "audience", PageDay: "page", TimingDay: "timing",
    ProductDay: "product", TermDay: "term", RefinementDay: "refinement",
}  # fmt: skip
"""The roll-ups that have sheets, and what a sheet calls them."""


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
    session: Session, record: type[Record], first: date, last: date, *, only: Collection[str] | None = None
) -> Sums:
    """A roll-up summed over the days from `first` to `last` (both included), a row a key that occurs.

    Args:
        only: the figures wanted, where not all of them are; fewer cost less.

    Raises:
        KeyError: for a roll-up that has no sheets, or a figure that it doesn't have.
    """
    FAMILIES[record]
    names = _wanted(record, only)
    table = record.metadata.tables[record.__tablename__]
    keys = [table.c[name] for name in keys_of(record)]
    query = (
        select(*keys, *(func.sum(table.c[name]) for name in names))
        .where(table.c.day.between(first, last))
        .group_by(*keys)
        .order_by(*keys)
    )
    found = _array(session.execute(query).all(), len(keys) + len(names))
    columns = {name: found[:, len(keys) + number] for number, name in enumerate(names)}
    return Sums(found[:, : len(keys)], columns)


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
    FAMILIES[record]
    names = _wanted(record, only)
    table = record.metadata.tables[record.__tablename__]
    key = table.c[keys_of(record)[0]]
    query = select(table.c.day, key, *(func.sum(table.c[name]) for name in names)).where(
        table.c.day.between(first, last)
    )
    days: dict[date, dict[str, int]] = {}
    wanted = None if keys is None else set(keys)
    for day, value, *figures in session.execute(query.group_by(table.c.day, key).order_by(table.c.day)):
        if wanted is None or value in wanted:
            of_day = days.setdefault(day, dict.fromkeys(names, 0))
            for name, figure in zip(names, figures, strict=True):
                of_day[name] += int(figure)
    return days


def _wanted(record: type[Record], only: Collection[str] | None) -> tuple[str, ...]:
    names = figures_of(record)
    if only is None:
        return names
    if unknown := sorted(set(only) - set(names)):
        raise KeyError(f"{record.__tablename__} has no figure {', '.join(unknown)}")
    return tuple(name for name in names if name in only)


def _array(rows: Iterable[tuple[int, ...]], width: int) -> Ints:
    # PostgreSQL sums integers into Decimals.
    listed = [tuple(map(int, row)) for row in rows]
    return np.array(listed, dtype=np.int64).reshape(len(listed), width)
