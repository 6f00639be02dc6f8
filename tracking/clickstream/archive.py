"""Archive: the steps of closed days as immutable Parquet files, one folder a day of the shop's calendar.

Any process reads them through a column engine in its own memory, without a lock. `archiving.py` writes them, `log.py`
reads database and archive as one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

from .event_columns import COLUMNS

_ATTEMPTS = 5
_MARGIN = timedelta(hours=15)
"""A shop's day begins at most so much before or after that of UTC, whatever zone it was in when the day was closed."""


class ArchivedPart(Record):
    """A file of the archive. A file that isn't named here doesn't count, whatever a crash has left in the folder."""

    __tablename__ = "ecrm_archived_part"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    file: Mapped[str] = mapped_column(String(100), unique=True)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    written_at: Mapped[datetime]


class DroppedFile(Record):
    """A file of the archive that was taken out (erasure, retention, a rewritten part) and is to be deleted.

    Noted in the transaction that takes its name away: a crash before the deletion leaves it to `sweeping.py`.
    """

    __tablename__ = "ecrm_dropped_file"

    file: Mapped[str] = mapped_column(String(100), primary_key=True)
    dropped_at: Mapped[datetime]


class ArchiveDamaged(RuntimeError):
    """A file that the database names is missing or can't be read."""


class Archive:
    """The archive's folder; one for an app. Knows which files count from the session it is asked with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._connections = threading.local()

    def days(self, session: Session, *, since: datetime | None = None, until: datetime | None = None) -> list[date]:
        """The archived days that may hold something from `since` to before `until`, newest first."""
        query = select(ArchivedPart.day).distinct().order_by(ArchivedPart.day.desc())
        if since is not None:
            query = query.where(ArchivedPart.day >= earliest_day(since))
        if until is not None:
            query = query.where(ArchivedPart.day <= latest_day(until))
        return list(session.scalars(query))

    def rows(
        self,
        session: Session,
        days: Collection[date],
        condition: str = "TRUE",
        parameters: Mapping[str, Any] | None = None,
        *,
        tail: str = "",
    ) -> list[dict[str, Any]]:
        """Archived events of these days (columns as in `event_columns`) that fulfil a condition in DuckDB's SQL.

        Raises:
            ArchiveDamaged: where a file is missing.
        """
        found = self._ask(session, days, f"WHERE {condition} {tail}", parameters or {})
        return [] if found is None else found.to_pylist()

    def table(
        self,
        session: Session,
        days: Collection[date],
        *,
        condition: str = "TRUE",
        parameters: Mapping[str, Any] | None = None,
        columns: Sequence[str] = COLUMNS,
    ) -> Any:
        """Archived events of these days as a `pyarrow.Table`, all or those that fulfil a condition in DuckDB's SQL.

        None where there are no files of these days.
        """
        return self._ask(session, days, f"WHERE {condition}", parameters or {}, columns=", ".join(columns))

    def with_id(self, session: Session, event_id: int) -> dict[str, Any] | None:
        """The archived event of this id."""
        covering = select(ArchivedPart.day).where(ArchivedPart.first_id <= event_id, ArchivedPart.last_id >= event_id)
        rows = self.rows(session, set(session.scalars(covering)), "id = $id", {"id": event_id})
        return rows[0] if rows else None

    def known(self, session: Session, messages: Mapping[str, datetime]) -> set[str]:
        """Which of these client messages (id → moment) are archived: repeats of what was counted long ago.

        A repeat is looked for on the days around its moment, since a client sends the same moment again. One that comes
        with a moment more than a day off that of the archived original isn't found, and counts again.
        """
        if not messages:
            return set()
        asked = {day for at in set(messages.values()) for day in _days_near(at)}
        days = asked.intersection(self.days(session, since=min(messages.values()), until=max(messages.values())))
        found = self._ask(
            session, days, "WHERE list_contains($ids, message_id)", {"ids": list(messages)}, columns="message_id"
        )
        return set() if found is None else set(found.column("message_id").to_pylist())

    def path(self, file: str) -> Path:
        """Where a part stands."""
        return self.folder / file

    def _ask(
        self,
        session: Session,
        days: Collection[date],
        clauses: str,
        parameters: Mapping[str, Any],
        *,
        columns: str = ", ".join(COLUMNS),
    ) -> Any:
        """Run a query over the parts of these days: a `pyarrow.Table`, None where there are no parts.

        A part that is being rewritten (erasure) or has grown too old vanishes from the database first and then from
        the folder: whoever meets that asks the database again.
        """
        import duckdb  # imported here: opening a shop doesn't need it

        for attempt in range(_ATTEMPTS):
            files = self._files(session, days)
            if not files:
                return None
            statement = f"SELECT {columns} FROM read_parquet($files) {clauses}"  # noqa: S608 (clauses are ours, values are bound)
            try:
                return self._engine().sql(statement, params={"files": files, **parameters}).to_arrow_table()
            except duckdb.IOException as error:
                if attempt == _ATTEMPTS - 1:
                    raise ArchiveDamaged(f"restore the archive's folder from a backup: {error}") from error
        raise AssertionError

    def _files(self, session: Session, days: Collection[date]) -> list[str]:
        if not days:
            return []
        query = select(ArchivedPart.file).where(ArchivedPart.day.between(min(days), max(days)))
        if len(days) <= (max(days) - min(days)).days:  # not each day in between
            query = query.where(ArchivedPart.day.in_(days))
        return [str(self.path(file)) for file in session.scalars(query.order_by(ArchivedPart.day, ArchivedPart.id))]

    def _engine(self) -> Any:
        """This thread's own; a forked child makes a new one, as the engine's threads stay with the parent."""
        import duckdb  # imported here: opening a shop doesn't need it

        if getattr(self._connections, "process", None) != os.getpid():
            self._connections.engine = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})
            self._connections.process = os.getpid()
        return self._connections.engine


def earliest_day(moment: datetime) -> date:
    """The earliest day of any shop's calendar in which this moment can fall."""
    return (moment.astimezone(UTC) - _MARGIN).date()


def latest_day(moment: datetime) -> date:
    """The latest day of any shop's calendar in which this moment can fall."""
    return (moment.astimezone(UTC) + _MARGIN).date()


def _days_near(moment: datetime) -> tuple[date, date, date]:
    return earliest_day(moment), moment.astimezone(UTC).date(), latest_day(moment)


def bounds_of(day: date, zone: str) -> tuple[datetime, datetime]:
    """The moments, in UTC, between which a day of the shop's calendar lies (end excluded); 23 to 25 hours."""
    start, end = (datetime.combine(one, time(), ZoneInfo(zone)) for one in (day, day + timedelta(days=1)))
    return start.astimezone(UTC), end.astimezone(UTC)


def end_of(day: date) -> datetime:
    """A moment at which this day is over in any shop's calendar."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) + _MARGIN
