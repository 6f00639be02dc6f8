"""DayFigures: one row a day of the shop, maintained as events arrive, so that reports never scan the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import Record


class DayFigures(Record):
    """Counts and sums of one day in the shop's own time zone. Money in minor units of the shop's currency."""

    __tablename__ = "ecrm_day_figures"

    day: Mapped[date] = mapped_column(primary_key=True)
    page_views: Mapped[int] = mapped_column(default=0)
    sessions: Mapped[int] = mapped_column(default=0)
    simulated_sessions: Mapped[int] = mapped_column(default=0)
    product_views: Mapped[int] = mapped_column(default=0)
    searches: Mapped[int] = mapped_column(default=0)
    cart_adds: Mapped[int] = mapped_column(default=0)
    checkouts: Mapped[int] = mapped_column(default=0)
    registrations: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    visit_orders: Mapped[int] = mapped_column(default=0)  # of these, placed in a visit that is counted
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    bot_views: Mapped[int] = mapped_column(default=0)
    visitors: Mapped[int] = mapped_column(default=0)  # different browsers with a visit that began on this day
    new_customers: Mapped[int] = mapped_column(default=0)  # first orders
    new_revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)  # of first orders, before refunds


class AudienceDay(Record):
    """Visits that began on a day, by audience; all that a visit leads to is counted on the day it began.

    Refunds of orders placed in a visit are the exception: they count on the day the money went back.
    """

    __tablename__ = "ecrm_audience_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    audience_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sessions: Mapped[int] = mapped_column(default=0)
    simulated_sessions: Mapped[int] = mapped_column(default=0)
    bounces: Mapped[int] = mapped_column(default=0)
    page_views: Mapped[int] = mapped_column(default=0)
    product_views: Mapped[int] = mapped_column(default=0)
    searches: Mapped[int] = mapped_column(default=0)
    cart_adds: Mapped[int] = mapped_column(default=0)
    checkouts: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    stage_1: Mapped[int] = mapped_column(default=0)
    stage_2: Mapped[int] = mapped_column(default=0)
    stage_3: Mapped[int] = mapped_column(default=0)
    stage_4: Mapped[int] = mapped_column(default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class PageDay(Record):
    """A page on a day: its views on that day, and the visits that began on that day with it."""

    __tablename__ = "ecrm_page_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    views: Mapped[int] = mapped_column(default=0)
    engagements: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    entries: Mapped[int] = mapped_column(default=0)
    bounces: Mapped[int] = mapped_column(default=0)
    entry_product_views: Mapped[int] = mapped_column(default=0)
    entry_cart_adds: Mapped[int] = mapped_column(default=0)
    entry_orders: Mapped[int] = mapped_column(default=0)
    entry_revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    entry_refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class TimingDay(Record):
    """How often the shop took so long for a page on a day. `bucket`: see `timings.bucket_of`; `page_id` 0: all."""

    __tablename__ = "ecrm_timing_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    views: Mapped[int] = mapped_column(default=0)


class ProductDay(Record):
    """A product on a day. Orders count on the day they were placed, returns on the day the money went back."""

    __tablename__ = "ecrm_product_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    product_key_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    impressions: Mapped[int] = mapped_column(default=0)
    views: Mapped[int] = mapped_column(default=0)
    cart_adds: Mapped[int] = mapped_column(default=0)
    cart_removals: Mapped[int] = mapped_column(default=0)
    order_lines: Mapped[int] = mapped_column(default=0)
    units: Mapped[int] = mapped_column(BigInteger, default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    returned_units: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class TermDay(Record):
    """A search term on a day. What a search led to counts on the search's day, refunds on the refund's."""

    __tablename__ = "ecrm_term_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    term_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    searches: Mapped[int] = mapped_column(default=0)
    zero_results: Mapped[int] = mapped_column(default=0)
    clicks: Mapped[int] = mapped_column(default=0)
    position_sum: Mapped[int] = mapped_column(BigInteger, default=0)  # of the clicks, counted from 1
    cart_adds: Mapped[int] = mapped_column(default=0)
    orders: Mapped[int] = mapped_column(default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class RefinementDay(Record):
    """How often a search was followed by another one in the same visit without anything being opened in between."""

    __tablename__ = "ecrm_refinement_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    term_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    next_term_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    times: Mapped[int] = mapped_column(default=0)


class BotDay(Record):
    """Page views of machines on a day, by what they call themselves; counted nowhere else."""

    __tablename__ = "ecrm_bot_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    views: Mapped[int] = mapped_column(default=0)


class CohortMonth(Record):
    """Customers by the month of their first order, and what they did in a later (or the same) month of the shop's."""

    __tablename__ = "ecrm_cohort_month"

    cohort: Mapped[date] = mapped_column(primary_key=True)  # the month's first day
    month: Mapped[date] = mapped_column(primary_key=True)
    customers: Mapped[int] = mapped_column(default=0)  # different ones who ordered
    orders: Mapped[int] = mapped_column(default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunds_minor: Mapped[int] = mapped_column(BigInteger, default=0)


def day_of(at: datetime, time_zone: str) -> date:
    """The day on which this moment falls in the shop's own time zone (an IANA name)."""
    quarter = int(at.timestamp() // _QUARTER)
    if quarter < _ALIGNED:
        return at.astimezone(ZoneInfo(time_zone)).date()
    return _day_of_quarter(quarter, time_zone)


# Since 1973 clocks everywhere differ from UTC by whole quarters of an hour and change at one, so all moments of a
# quarter of an hour in UTC have the same day.
_QUARTER, _ALIGNED = 900, 94_694_400 // 900


@lru_cache(maxsize=4096)
def _day_of_quarter(quarter: int, time_zone: str) -> date:
    return datetime.fromtimestamp(quarter * _QUARTER, ZoneInfo(time_zone)).date()


def add_to_day(session: Session, day: date, **counts: int) -> None:
    """Add to a day's figures, e.g. `add_to_day(session, day, orders=1, revenue_minor=1999)`.

    Raises:
        KeyError: for a figure that doesn't exist.
    """
    add_to(session, DayFigures, {"day": day}, counts)


def add_to(session: Session, record: type[Record], key: dict[str, Any], counts: dict[str, int]) -> None:
    """Add `counts` to the row with this primary key; the row is made where it is missing.

    One statement that adds inside the database, so that two processes never overwrite each other's sums.
    """
    if not any(counts.values()):
        return
    table = record.metadata.tables[record.__tablename__]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**key, **counts)
    grown = {name: table.c[name] + statement.excluded[name] for name in counts}
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=grown))


Additions = Mapping[tuple[Any, ...], Mapping[str, int]]
"""Primary key in the table's order → figure → how much more."""


class Tally(defaultdict[type[Record], defaultdict[tuple[Any, ...], defaultdict[str, int]]]):
    """What a batch adds to several roll-ups, gathered: `tally[PageDay][day, page_id]["views"] += 1`."""

    def __init__(self) -> None:
        super().__init__(_no_rows)

    def add(self, record: type[Record], key: tuple[Any, ...], figures: Mapping[str, int], *, times: int = 1) -> None:
        """Add a whole row; `times` -1 takes it away."""
        row = self[record][key]
        for name, count in figures.items():
            if count:
                row[name] += count * times


def _no_rows() -> defaultdict[tuple[Any, ...], defaultdict[str, int]]:
    return defaultdict(_no_figures)


def _no_figures() -> defaultdict[str, int]:
    return defaultdict(int)


def add_rows(session: Session, record: type[Record], rows: Additions) -> None:
    """Add to many rows of a roll-up at once, as `add_to` does to one.

    In the order of their keys, so that two processes which add to the same rows take their locks in the same order;
    for the same reason `store` adds to one roll-up after the other in a fixed order.

    Raises:
        KeyError: for a figure that doesn't exist.
    """
    changed = {key: row for key in sorted(rows) if any((row := rows[key]).values())}
    if not changed:
        return
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    named = frozenset(name for row in changed.values() for name, count in row.items() if count)
    statement, names = _upsert(record, named, "?" if is_sqlite else "%s")
    connection.exec_driver_sql(
        statement,
        [
            (*(_as_text(value) for value in key), *(row.get(name, 0) for name in names)) if is_sqlite
            else (*key, *(row.get(name, 0) for name in names))
            for key, row in changed.items()
        ],
    )  # fmt: skip


def add_tuples(session: Session, record: type[Record], names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """`add_rows` for histories: distinct keys, each followed by its figures (`names`, in the order of the table)."""
    if not rows:
        return
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    statement, expected = _upsert(record, frozenset(names), "?" if is_sqlite else "%s")
    if names != expected:
        raise ValueError(f"the figures must come as {', '.join(expected)}")
    rows.sort()
    if is_sqlite:
        days = {row[0]: row[0].isoformat() for row in rows}
        rows = [(days[row[0]], *row[1:]) for row in rows]
    connection.exec_driver_sql(statement, rows)


def store(session: Session, additions: Mapping[type[Record], Additions]) -> None:
    """Add to several roll-ups, in the order in which everybody does."""
    for record in ORDER:
        if rows := additions.get(record):
            add_rows(session, record, rows)


@lru_cache(maxsize=256)
def _upsert(record: type[Record], named: frozenset[str], mark: str) -> tuple[str, tuple[str, ...]]:
    """The statement, and the figures whose values follow the key's."""
    table = record.metadata.tables[record.__tablename__]
    keys = [column.name for column in table.primary_key]
    figures = [column.name for column in table.columns if column.name not in keys]
    if unknown := named.difference(figures):
        raise KeyError(f"{table.name} has no figure {', '.join(sorted(unknown))}")
    names = tuple(name for name in figures if name in named)
    values = ", ".join([mark] * len(keys) + [mark if name in named else "0" for name in figures])
    grown = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in names)
    statement = (
        f"INSERT INTO {table.name} ({', '.join(keys + figures)}) VALUES ({values}) "  # noqa: S608 (names of the model)
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {grown}"
    )
    return statement, names


def _as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


ORDER: tuple[type[Record], ...] = (
    AudienceDay, PageDay, TimingDay, ProductDay, TermDay, RefinementDay, BotDay, CohortMonth, DayFigures,
)  # fmt: skip
