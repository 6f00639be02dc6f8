"""Clicks: which products were looked at or put into the cart in each visit, from the log of the last weeks.

The database is read first and the archive afterwards, as in `tracking.clickstream.log`: what moves in between is met
twice and dropped once. Visits of people who agreed to nothing have no number and teach nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.archive import Archive
from tracking.clickstream.event import Event
from tracking.clickstream.event_columns import micros

from .interactions import FETCH, Ints

VIEWED, ADDED = "Product Viewed", "Product Added"
"""Names of the Segment e-commerce spec, as the log holds them."""
DAYS_AT_ONCE = 7
"""Archived days read at once; bounds the memory."""
Row = tuple[int, int, str, int | None, str]
"""Id, moment in microseconds, name, visit, product."""


class Clicks(NamedTuple):
    """Steps in the order of their moments: visit, product (from 0), whether it went into the cart, and the moment in
    seconds since 1970."""

    visit: NDArray[np.int64]
    product: Ints
    into_cart: NDArray[np.bool_]
    at: NDArray[np.float64]


def read_clicks(
    session: Session, archive: Archive | None, *, since: datetime, until: datetime, numbers: Mapping[str, int]
) -> Clicks:
    """All looks at products and additions to carts from `since` to before `until`.

    Args:
        numbers: each product's number; steps about other products are left out.
    """
    columns = _Columns(numbers)
    connection = session.connection()
    kept = select(Event.id, Event.happened_at, Event.name, Event.session_id, Event.subject).where(
        Event.happened_at >= since, Event.happened_at < until, Event.name.in_((VIEWED, ADDED)),
        Event.session_id.is_not(None),
    )  # fmt: skip
    for rows in connection.execute(kept, execution_options={"yield_per": FETCH}).partitions():
        columns.add((id_, micros(moment), name, visit, subject) for id_, moment, name, visit, subject in rows)
    if archive is not None:
        days = archive.days(session, since=since, until=until)
        parameters = {"since": micros(since), "until": micros(until), "names": [VIEWED, ADDED]}
        for start in range(0, len(days), DAYS_AT_ONCE):
            table = archive.table(
                session, days[start : start + DAYS_AT_ONCE], parameters=parameters,
                condition="at_us >= $since AND at_us < $until AND list_contains($names, name) "
                "AND session_id IS NOT NULL",
                columns=("id", "at_us", "name", "session_id", "subject"),
            )  # fmt: skip
            for batch in table.to_batches(max_chunksize=FETCH) if table is not None else ():
                columns.add(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    return columns.clicks()


class _Columns:
    """Five numbers a click, 40 bytes; as Python's own objects they would be 188."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._parts = [np.empty((0, 5), np.int64)]

    def add(self, rows: Iterable[Row]) -> None:
        """Some thousand at a time."""
        kept = [
            (at_us, id_, visit, self._numbers[subject], name == ADDED)
            for id_, at_us, name, visit, subject in rows
            if subject in self._numbers and visit is not None
        ]
        self._parts.append(np.array(kept, np.int64).reshape(-1, 5))

    def clicks(self) -> Clicks:
        rows = np.concatenate(self._parts)
        self._parts = [rows[:0]]
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        if len(rows):
            again = (rows[1:, 0] == rows[:-1, 0]) & (rows[1:, 1] == rows[:-1, 1])
            rows = rows[np.append(True, ~again)]
        return Clicks(
            visit=rows[:, 2], product=rows[:, 3].astype(np.int32), into_cart=rows[:, 4] > 0,
            at=rows[:, 0] / 1e6,
        )  # fmt: skip
