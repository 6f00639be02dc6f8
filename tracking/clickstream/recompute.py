"""Recompute: count the days anew from the raw log and compare with what the roll-ups say, or put them right.

Log, orders and roll-ups are compared as they were at one moment (`at_one_moment`): a step that came in between would be
in one and not in the other. What a roll-up lacks is added to it, so what comes in afterwards is safe as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, sessionmaker

from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.record import Record

from .archive import bounds_of
from .dimensions import Page, ProductKey, Term
from .event_columns import micros
from .forgotten_days import forgotten_days
from .log import Log
from .recounting import COUNTS, PREPARE
from .rollups import DayFigures, add_rows
from .searches import folded
from .sessions import Session as Visit
from .sheets import figures_of, sums
from .timings import EDGES

_MARGIN = timedelta(days=2)
"""A visit may go on over midnight, and a search lead to a click on the next day."""


@dataclass(frozen=True)
class Difference:
    """A figure that isn't what the raw log says. `key`: the roll-up's key columns after its day."""

    record: type[Record]
    day: date
    key: tuple[int, ...]
    figure: str
    stored: int
    counted: int

    def __str__(self) -> str:
        return (
            f"{self.record.__tablename__} {self.day} {','.join(map(str, self.key))} {self.figure}: "
            f"{self.stored} stored, {self.counted} counted"
        )


_Figures = dict[tuple[date, tuple[int, ...], str], int]


@contextmanager
def at_one_moment(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """A session that reads, in whatever many statements, what was committed at one moment; it holds up no writer."""
    with sessions() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        elif not (driver := session.connection().connection.driver_connection) or not driver.in_transaction:
            session.connection().exec_driver_sql("BEGIN")  # else every statement sees a state of its own
        yield session


def recompute(session: Session, log: Log, first: date, last: date, *, zone: str) -> list[Difference]:
    """Every figure of these days of the shop's that differs from a recount of the raw log; changes nothing.

    Days of which something was forgotten (`forgotten_days`) are left out: what was counted there can't be found again.

    The steps of these days and of two around them are held in memory, about 200 bytes each. Days whose steps are gone
    by retention can't be recounted: everything would be missing.

    Args:
        session: of `at_one_moment`, where others may write meanwhile.
    """
    forgotten = set(forgotten_days(session, first, last))
    counted = _counted(session, log, first, last, zone)
    differences = []
    for record, figures in counted.items():
        named = {name for _, query in ((r, q) for r, q in COUNTS if r is record) for name in _named(query, record)}
        stored = _stored(session, record, first, last, named)
        differences += [
            Difference(record, *place, stored.get(place, 0), figures.get(place, 0))
            for place in sorted(figures.keys() | stored.keys())
            if figures.get(place, 0) != stored.get(place, 0) and place[0] not in forgotten
        ]
    return differences


def put_right(session: Session, differences: Iterable[Difference]) -> None:
    """Add to the roll-ups what they lack; to be committed by the caller. Twice would be too much."""
    for one in differences:
        add_rows(session, one.record, {(one.day, *one.key): {one.figure: one.counted - one.stored}})


def _counted(session: Session, log: Log, first: date, last: date, zone: str) -> dict[type[Record], _Figures]:
    import duckdb  # imported here: opening a shop doesn't need it

    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found: dict[type[Record], _Figures] = {record: {} for record, _ in COUNTS}
    with duckdb.connect(config={"threads": 2}) as engine:
        for name, table in _tables(session, log, days, zone):
            engine.register(name, table)
        engine.execute(PREPARE)
        for record, query in COUNTS:
            result = engine.execute(query)
            columns = [column[0] for column in result.description or ()]
            width = len(_keys(record)) + 1
            for row in result.fetchall():
                for name, value in zip(columns[width:], row[width:], strict=True):
                    place = row[0], tuple(int(key) for key in row[1:width]), name
                    found[record][place] = found[record].get(place, 0) + int(value)
    return found


def _tables(session: Session, log: Log, days: list[date], zone: str) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa  # imported here: opening a shop doesn't need it

    events = log.frame(days[0] - _MARGIN, days[-1] + _MARGIN, zone)
    yield "events", events
    starts = [bounds_of(day, zone) for day in days]
    yield "days", pa.table({
        "day": pa.array(days, pa.date32()),
        "from_us": [micros(start) for start, _ in starts],
        "to_us": [micros(end) for _, end in starts],
    })  # fmt: skip
    yield "edges", pa.table({"edge": list(EDGES), "bucket": list(range(len(EDGES)))})
    searched = {
        row["subject"]
        for row in events.select(["name", "subject"]).to_pylist()
        if row["name"] == "Products Searched"
    }  # fmt: skip
    subjects = sorted(searched)
    yield "subjects", pa.table({
        "subject": pa.array(subjects, pa.string()),
        "term": pa.array([folded(one) for one in subjects], pa.string()),
    })  # fmt: skip
    for name, column in (("pages", Page.path), ("products", ProductKey.product), ("terms", Term.term)):
        yield name, _table(session, select(column.class_.id, column.label("name")))
    visit = select(
        Visit.id, Visit.day, Visit.audience_id, Visit.entry_page_id, Visit.visitor_id, Visit.orders,
        Visit.revenue_minor, Visit.simulated,
    )  # fmt: skip
    yield "visits", _table(session, visit.where(Visit.day.between(days[0], days[-1])))
    start, end = starts[0][0], starts[-1][1]
    back = select(SeenRefund).where(SeenRefund.refunded_at >= start, SeenRefund.refunded_at < end)
    refunded = back.with_only_columns(SeenRefund.order_id).where(SeenRefund.order_id.is_not(None))
    placed = SeenOrder.placed_at.between(start, end) | SeenOrder.id.in_(refunded)
    orders = select(SeenOrder.id, SeenOrder.session_id, SeenOrder.total_minor, SeenOrder.placed_at).where(placed)
    yield "orders", _dated(_table(session, orders), "placed_at", starts, days)
    line = select(SeenOrderLine.order_id, SeenOrderLine.product, SeenOrderLine.quantity, SeenOrderLine.net_minor)
    yield "lines", _table(session, line.where(SeenOrderLine.order_id.in_(select(SeenOrder.id).where(placed))))
    refund = back.with_only_columns(SeenRefund.id, SeenRefund.order_id, SeenRefund.amount_minor, SeenRefund.refunded_at)
    yield "refunds", _dated(_table(session, refund), "refunded_at", starts, days)
    refund_line = select(
        SeenRefundLine.refund_id, SeenRefundLine.product, SeenRefundLine.quantity, SeenRefundLine.amount_minor
    )
    yield (
        "refund_lines",
        _table(session, refund_line.where(SeenRefundLine.refund_id.in_(back.with_only_columns(SeenRefund.id)))),
    )
    of_orders = select(SeenOrder.session_id).where(SeenOrder.id.in_(refunded))
    all_visits = select(Visit.id, Visit.audience_id, Visit.entry_page_id).where(Visit.id.in_(of_orders))
    yield "all_visits", _table(session, all_visits)


def _table(session: Session, query: Select[*tuple[Any, ...]]) -> Any:
    import pyarrow as pa  # imported here: opening a shop doesn't need it

    kinds = {int: pa.int64(), str: pa.string(), bool: pa.bool_(), date: pa.date32()}
    result = session.execute(query)
    names, rows = list(result.keys()), [tuple(row) for row in result]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    types = [kinds.get(column["type"].python_type, pa.timestamp("us", "UTC")) for column in query.column_descriptions]
    return pa.table({
        name: pa.array(list(column), kind) for name, column, kind in zip(names, columns, types, strict=True)
    })  # fmt: skip


def _dated(table: Any, moment: str, bounds: list[tuple[Any, Any]], days: list[date]) -> Any:
    """With the shop's day of a moment, None where it is none of those asked for."""
    import pyarrow as pa  # imported here: opening a shop doesn't need it

    found = [
        next((day for day, (start, end) in zip(days, bounds, strict=True) if start <= at < end), None)
        for at in table.column(moment).to_pylist()
    ]
    return table.drop_columns([moment]).append_column("day", pa.array(found, pa.date32()))


def _stored(session: Session, record: type[Record], first: date, last: date, names: set[str]) -> _Figures:
    found: _Figures = {}
    if record is DayFigures:
        for row in session.scalars(select(DayFigures).where(DayFigures.day.between(first, last))):
            for name in names:
                if value := getattr(row, name):
                    found[row.day, (), name] = value
        return found
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        rows = sums(session, record, day, day, only=names)
        for name, values in rows.columns.items():
            for key, value in zip(rows.keys.tolist(), values.tolist(), strict=True):
                if value:
                    found[day, tuple(key), name] = value
    return found


def _keys(record: type[Record]) -> tuple[str, ...]:
    table = record.metadata.tables[record.__tablename__]
    return tuple(column.name for column in table.primary_key if column.name != "day")


def _named(query: str, record: type[Record]) -> set[str]:
    return {name for name in figures_of(record) if f"AS {name}" in query}
