"""Leftovers of crashes go; what may be the only copy of a day stays, and another database's folder isn't touched."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.archive import Archive, ArchivedPart
from tracking.clickstream.archiving import archive_day, remove
from tracking.clickstream.event import Event
from tracking.clickstream.event_columns import events_of
from tracking.clickstream.owning import OWNER, NotOurs
from tracking.clickstream.sweeping import Swept, sweep
from tracking.notes import Note, database_id

from .archived_days import DAY, TOLD, ZONE, fill

LATER = timedelta(hours=2)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def close(sessions: sessionmaker[Session], archive: Archive) -> int:
    return archive_day(sessions, archive, DAY, zone=ZONE, told=TOLD)


def swept(sessions: sessionmaker[Session], archive: Archive, *, after: timedelta = LATER) -> Swept:
    with sessions.begin() as session:
        return sweep(session, archive, now=datetime.now(UTC) + after)


def test_what_was_never_finished_goes_once_nobody_can_be_writing_it(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    folder = archive.folder / f"day={DAY}"
    folder.mkdir(parents=True)
    (folder / "part-1.parquet").touch()
    (folder / "0815.aside").write_bytes(b"half a fi")
    assert swept(sessions, archive, after=timedelta()) == Swept()
    assert swept(sessions, archive) == Swept(removed=2)
    assert not folder.exists()


def test_a_copy_of_steps_that_are_all_in_the_database_goes(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions() as session:
        fill(session)
    close(sessions, archive)
    with sessions.begin() as session:  # as after a crash between the file and the transaction that names it
        archived = events_of(archive.rows(session, [DAY]))
        columns = [column.name for column in Event.__table__.columns]
        session.execute(insert(Event), [{name: getattr(one, name) for name in columns} for one in archived])
        session.execute(delete(ArchivedPart))
    assert swept(sessions, archive) == Swept(removed=1)


def test_a_day_that_a_restored_backup_does_not_know_is_kept_aside(
    sessions: sessionmaker[Session], archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    with sessions() as session:
        fill(session)
    close(sessions, archive)
    with sessions.begin() as session:
        session.execute(delete(ArchivedPart))
    before = (archive.folder / f"day={DAY}" / "part-1.parquet").read_bytes()
    found = swept(sessions, archive)
    assert found == Swept(lost=1)
    assert "look at them" in str(found)
    kept = archive.folder / "lost" / f"day={DAY}" / "part-1.parquet"
    assert kept.read_bytes() == before
    assert "named nowhere" in caplog.text
    assert swept(sessions, archive) == Swept()
    shutil.copytree(kept.parent, archive.folder / f"day={DAY}")
    assert swept(sessions, archive) == Swept(lost=1)
    assert sorted(path.name for path in kept.parent.iterdir()) == ["part-1.2.parquet", "part-1.parquet"]


def test_another_databases_folder_is_refused_in_words_and_not_touched(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    with sessions() as session:
        fill(session)
    close(sessions, archive)
    with sessions.begin() as session:  # as from now on a database that was made anew
        session.execute(delete(ArchivedPart))
        session.execute(update(Note).where(Note.name == "database").values(text="another"))
    with sessions() as session:
        fill(session, visits=1, seed=3)
    for deed in (lambda: swept(sessions, archive), lambda: close(sessions, archive)):
        with pytest.raises(NotOurs, match="ECRM_ARCHIVE_FOLDER"):
            deed()
    assert [path.name for path in archive.folder.glob("day=*/*")] == ["part-1.parquet"]
    (archive.folder / OWNER).unlink()
    assert close(sessions, archive) > 0
    with sessions() as session:
        assert (archive.folder / OWNER).read_text().strip() == database_id(session)
        assert session.scalars(select(ArchivedPart.file)).one().endswith("part-2.parquet")


def test_an_owner_that_was_never_written_to_the_end_is_nobody(
    sessions: sessionmaker[Session], archive: Archive
) -> None:
    archive.folder.mkdir()
    (archive.folder / OWNER).touch()
    assert swept(sessions, archive) == Swept()
    assert (archive.folder / OWNER).read_text()


def test_files_and_folders_that_are_gone_are_no_trouble(archive: Archive) -> None:
    remove(archive, [archive.folder / "day=2026-01-01" / "part-1.parquet"])
    other = archive.folder / "day=2026-01-02" / "a note of somebody's"
    other.parent.mkdir(parents=True)
    other.touch()
    remove(archive, [other.parent / "part-1.parquet", archive.folder / "day=2026-01-03" / "part-1.parquet"])
    assert other.exists()
