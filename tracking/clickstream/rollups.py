"""DayFigures: one row a day of the shop, maintained as events arrive, so that reports never scan the log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger
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


def day_of(at: datetime, time_zone: str) -> date:
    """The day on which this moment falls in the shop's own time zone (an IANA name)."""
    return at.astimezone(ZoneInfo(time_zone)).date()


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
