"""`Record`, the base of every CRM table, and the portable column types that all of them share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Interval, MetaData, func, inspect, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite makes only an INTEGER primary key its rowid, so 64 bits have to be spelled in two ways.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: refuses naive values on the way in, gives aware ones on the way out.

    Raises:
        ValueError: when a naive `datetime` is bound; say which zone it is in first.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use an aware datetime, e.g. datetime.now(UTC)")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def shifted(moment: Any, by: timedelta, *, dialect: str) -> Any:
    """A moment of a query, later (or, with a negative `by`, earlier); the databases write that differently."""
    if dialect == "sqlite":
        return func.datetime(moment, f"{int(by.total_seconds()):+d} seconds")
    return moment.op("+")(literal(by, Interval()))


class Record(DeclarativeBase):
    """Base of the CRM's tables; its own metadata, so that the host's tables are never touched."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON}


def insert_once(session: Session, record: type[Record], values: dict[str, Any]) -> int | None:
    """Insert a row unless its unique key is taken; "only once" is a unique key, never a look-up before.

    Returns:
        The new row's id, or None where the key was taken (nothing is changed then).
    """
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(record).values(values).on_conflict_do_nothing().returning(inspect(record).primary_key[0])
    return session.execute(statement).scalar_one_or_none()
