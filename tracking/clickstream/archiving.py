"""Archiving: the steps of a closed day leave the database for the archive; nothing is lost or doubled by a crash.

A file is written aside, synced and renamed; only then one transaction names it and deletes its rows. Before that
transaction a crash leaves a file that nobody names (`sweeping.py` sees to it), afterwards everything is done.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Executable, and_, func, or_, select, text
from sqlalchemy.orm import Session, sessionmaker

from tracking.record import insert_once

from .archive import Archive, ArchivedPart, DroppedFile, bounds_of
from .event import Event
from .event_columns import EventRow, rows_query, table_of, write_parquet
from .owning import own
from .rollups import day_of

log = logging.getLogger("ecrm.clickstream")

PART_ROWS = 40_000
"""Rows a file, and so rows that one transaction deletes: other writers wait on SQLite for as long as that takes."""


def archivable(told: Collection[str]) -> ColumnElement[bool]:
    """Which events leave the database once their day is closed: those of a visit, and those of nobody.

    Told events (`told`: their names) stay, as reactions refer to them; so does what names an order, and what is known
    of a person outside of any visit, since only visits tell on which days to look for somebody. And the newest row
    stays until there is a newer one: SQLite would give its id to the next event.
    """
    of_nobody = and_(Event.visitor_id.is_(None), Event.customer_id.is_(None))
    newest = select(func.max(Event.id)).scalar_subquery()
    return and_(
        Event.name.not_in(told),
        Event.order_reference.is_(None),
        or_(Event.session_id.is_not(None), of_nobody),
        Event.id < newest,
    )


def days_to_archive(session: Session, *, before: date, zone: str, told: Collection[str]) -> list[date]:
    """The shop's days before `before` that have events to archive, oldest first."""
    days: list[date] = []
    start = None
    while True:
        query = select(func.min(Event.happened_at)).where(
            archivable(told), Event.happened_at < bounds_of(before, zone)[0]
        )
        if start is not None:
            query = query.where(Event.happened_at >= start)
        oldest = session.scalar(query)
        if oldest is None:
            return days
        days.append(day_of(oldest, zone))
        start = bounds_of(days[-1], zone)[1]


def archive_day(
    sessions: sessionmaker[Session], archive: Archive, day: date, *, zone: str, told: Collection[str]
) -> int:
    """Move a closed day's steps into the archive, in parts of `PART_ROWS`; late ones make a further part.

    Two processes may do so at once: whoever finds rows gone gives up its part.

    Returns:
        How many events were moved.

    Raises:
        NotOurs: where the archive's folder is another database's.
    """
    with sessions() as session:
        own(session, archive)
    moved = 0
    while rows := _rows(sessions, day, zone=zone, told=told):
        file, size = _write(archive, day, table_of(rows))
        ids = [row.id for row in rows]
        with sessions() as session:
            session.add(_part(day, file, ids=ids, size=size))
            session.flush()
            if delete_events(session, ids) == len(ids):
                session.commit()
                moved += len(ids)
                continue
            session.rollback()
        archive.path(file).unlink(missing_ok=True)
        log.warning("somebody else archives or erases steps of %s as well; left to them", day)
        break
    return moved


def rewrite_part(session: Session, archive: Archive, part: ArchivedPart, rest: Any) -> Path:
    """Put `rest` (a table) in a part's place, within the session's transaction; nothing is left to read of the old one.

    Returns:
        The old file, to be removed after the commit.

    Raises:
        NotOurs: where the archive's folder is another database's.
    """
    own(session, archive)
    if rest.num_rows:
        file, size = _write(archive, part.day, rest)
        session.add(_part(part.day, file, ids=rest.column("id").to_pylist(), size=size))
    return drop_part(session, archive, part)


def drop_part(session: Session, archive: Archive, part: ArchivedPart) -> Path:
    """Take a part's name away and note that its file is to be deleted; `remove` does so after the commit."""
    insert_once(session, DroppedFile, {"file": part.file, "dropped_at": datetime.now(UTC)})
    session.delete(part)
    session.flush()
    return archive.path(part.file)


def delete_events(session: Session, ids: Sequence[int]) -> int:
    """Delete events by id, any number in one statement; how many were there."""
    if session.get_bind().dialect.name == "sqlite":
        statement = text("DELETE FROM ecrm_event WHERE id IN (SELECT value FROM json_each(:ids))")
        return changed(session, statement.bindparams(ids=json.dumps(list(ids))))
    return changed(session, text("DELETE FROM ecrm_event WHERE id = ANY(:ids)").bindparams(ids=list(ids)))


def changed(session: Session, statement: Executable) -> int:
    """Run a statement that changes rows; how many."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return result.rowcount if isinstance(result, CursorResult) else 0


def remove(archive: Archive, files: Sequence[Path]) -> None:
    """Remove files that no part names any more, and a day's folder with its last one; what is gone is gone."""
    folders = {path.parent for path in files}
    for path in files:
        path.unlink(missing_ok=True)
    for folder in folders:
        with suppress(OSError):  # something else is in it, or somebody else was faster
            folder.rmdir()
    if files and archive.folder.is_dir():
        _sync_folder(archive.folder)


def _rows(sessions: sessionmaker[Session], day: date, *, zone: str, told: Collection[str]) -> list[EventRow]:
    start, end = bounds_of(day, zone)
    with sessions() as session:
        query = (
            rows_query(session)
            .where(archivable(told), Event.happened_at >= start, Event.happened_at < end)
            .order_by(Event.visitor_id, Event.session_id, Event.happened_at, Event.id)
            .limit(PART_ROWS)
        )
        return [EventRow(*row) for row in session.execute(query)]


def _part(day: date, file: str, *, ids: Sequence[int], size: int) -> ArchivedPart:
    return ArchivedPart(
        day=day, file=file, first_id=min(ids), last_id=max(ids), rows=len(ids), size=size, written_at=datetime.now(UTC)
    )


def _write(archive: Archive, day: date, table: Any) -> tuple[str, int]:
    """Write a file that is whole and on the disk under its name; its name and size."""
    folder = archive.folder / f"day={day.isoformat()}"
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"{uuid.uuid4().hex}.aside"
    write_parquet(table, str(aside))
    with aside.open("rb+") as written:
        os.fsync(written.fileno())
    target = _free_name(folder)
    size = aside.stat().st_size
    aside.replace(target)
    for changed in (folder, archive.folder):
        _sync_folder(changed)
    return target.relative_to(archive.folder).as_posix(), size


def _free_name(folder: Path) -> Path:
    """The next `part-<n>.parquet`, taken by an empty file, so that no other process takes it as well."""
    number = 1 + max((int(path.stem[5:]) for path in folder.glob("part-*.parquet")), default=0)
    while True:
        target = folder / f"part-{number}.parquet"
        try:
            target.touch(exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return target


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
