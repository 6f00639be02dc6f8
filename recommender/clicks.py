"""Clicks: which products were looked at or put into the cart in each visit, from the log of the last weeks.

The database is read first and the archive afterwards, as in `tracking.clickstream.log`: what moves in between is met
twice and dropped once. Visits of people who agreed to nothing have no number and teach nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
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
        for id_, moment, name, visit, subject in rows:
            columns.add(id_, micros(moment), name, visit, subject)
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
            if table is not None:
                for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                    columns.add(*row)
    return columns.clicks()


class _Columns:
    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._rows: list[tuple[int, int, int, int, bool]] = []

    def add(self, id_: int, at_us: int, name: str, visit: int | None, subject: str) -> None:
        product = self._numbers.get(subject)
        if product is not None and visit is not None:
            self._rows.append((at_us, id_, visit, product, name == ADDED))

    def clicks(self) -> Clicks:
        rows = np.array(self._rows, np.int64).reshape(-1, 5)
        self._rows = []
        rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
        if len(rows):
            again = (rows[1:, 0] == rows[:-1, 0]) & (rows[1:, 1] == rows[:-1, 1])
            rows = rows[np.append(True, ~again)]
        return Clicks(
            visit=rows[:, 2], product=rows[:, 3].astype(np.int32), into_cart=rows[:, 4] > 0,
            at=rows[:, 0] / 1e6,
        )  # fmt: skip
