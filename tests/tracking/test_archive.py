"""A closed day's steps move into files: nothing is lost, nothing doubled, nothing changed, and few bytes are left."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.archive import Archive, ArchiveDamaged, ArchivedPart, bounds_of
from tracking.clickstream.archiving import archive_day, days_to_archive
from tracking.clickstream.event import Event
from tracking.clickstream.event_columns import EventRow, events_of, table_of
from tracking.clickstream.log import Log, Wanted

from .archived_days import DAY, TOLD, ZONE, fill

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def close(sessions: sessionmaker[Session], archive: Archive, day: date = DAY) -> int:
    return archive_day(sessions, archive, day, zone=ZONE, told=TOLD)


def as_dict(event: Event) -> dict[str, Any]:
    return {column.name: getattr(event, column.name) for column in Event.__table__.columns}


def whole(session: Session, archive: Archive | None) -> list[dict[str, Any]]:
    return [as_dict(event) for event in Log(session, archive).page(Wanted(), limit=1000)]


def test_a_days_steps_leave_the_database_and_read_the_same(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions() as session:
        fill(session)
        fill(session, DAY + timedelta(days=1))
        before = whole(session, None)
    assert close(sessions, archive) == 51
    with sessions() as session:
        assert whole(session, archive) == before
        left = session.scalars(select(Event.name).where(Event.happened_at < bounds_of(DAY, ZONE)[1])).all()
        assert left == ["Order Completed"]
        (part,) = session.scalars(select(ArchivedPart))
        assert (part.day, part.file, part.rows) == (DAY, "day=2026-11-03/part-1.parquet", 51)
        assert part.size == archive.path(part.file).stat().st_size


def test_late_steps_make_a_further_part(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions() as session:
        fill(session, visits=1)
    close(sessions, archive)
    with sessions() as session:
        fill(session, visits=2, seed=2)
        before = whole(session, archive)
        assert days_to_archive(session, before=DAY, zone=ZONE, told=TOLD) == []
        assert days_to_archive(session, before=DAY + timedelta(days=1), zone=ZONE, told=TOLD) == [DAY]
    close(sessions, archive)
    assert close(sessions, archive) == 0
    with sessions() as session:
        assert whole(session, archive) == before
        assert [part.file[-14:] for part in session.scalars(select(ArchivedPart))] == [
            "part-1.parquet",
            "part-2.parquet",
        ]


def test_what_is_known_of_a_person_outside_of_visits_stays(sessions: sessionmaker[Session], archive: Archive) -> None:
    at = datetime(2026, 11, 3, 12, tzinfo=UTC)
    with sessions.begin() as session:
        session.add(Event(name="Page Engaged", happened_at=at, order_reference="1000"))
        session.add(Event(name="Page Engaged", happened_at=at))
        session.flush()
        session.add(Event(name="Page Engaged", happened_at=at, subject="the newest, whose id must not be given again"))
    assert close(sessions, archive) == 1


def test_a_repeat_of_an_archived_message_is_recognised(sessions: sessionmaker[Session], archive: Archive) -> None:
    at = datetime(2026, 11, 3, 12, tzinfo=UTC)
    with sessions.begin() as session:
        session.execute(
            insert(Event),
            [{"message_id": f"m{n}", "name": "Page Viewed", "happened_at": at, "properties": {}} for n in range(4)],
        )
    close(sessions, archive)
    with sessions() as session:
        asked = {"m0": at, "m2": at + timedelta(hours=3), "new": at, "m1": at + timedelta(days=30)}
        assert archive.known(session, asked) == {"m0", "m2"} | {"m1"}
        assert archive.known(session, {"m1": at + timedelta(days=30)}) == set()
        assert archive.known(session, {}) == set()


def test_two_that_close_the_same_day_at_once_double_nothing(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions() as session:
        ids = fill(session, visits=40)
    moved: list[int] = []
    threads = [Thread(target=lambda: moved.append(close(sessions, archive))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(moved) == len(ids) - 1
    with sessions() as session:
        assert sorted(event["id"] for event in whole(session, archive)) == ids
        files = {part.file for part in session.scalars(select(ArchivedPart))}
    assert {path.relative_to(archive.folder).as_posix() for path in archive.folder.glob("*/*")} == files


def test_a_missing_file_is_said_and_not_left_out(sessions: sessionmaker[Session], archive: Archive) -> None:
    with sessions() as session:
        fill(session)
    close(sessions, archive)
    archive.path("day=2026-11-03/part-1.parquet").unlink()
    with sessions() as session, pytest.raises(ArchiveDamaged, match="restore"):
        whole(session, archive)


def test_a_crash_at_any_point_loses_and_doubles_nothing(database_url: str, tmp_path: Path) -> None:
    script = [sys.executable, "-m", "tests.tracking.closing_killed", database_url, str(tmp_path / "archive")]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["wrong"] == []
    assert figures["kills"] >= 10


def test_a_page_view_takes_at_most_40_bytes(
    sessions: sessionmaker[Session], archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    with sessions() as session:
        fill(session, visits=2000, pages=10)
    moved = close(sessions, archive)
    with sessions() as session:
        size = sum(session.scalars(select(ArchivedPart.size)))
    with capsys.disabled():
        sys.stdout.write(f" {size / moved:.1f} bytes an event ")
    assert size / moved <= 40


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["path", "milliseconds", "status", "title"]) | st.text(st.characters(codec="utf-8")), anything
    ),
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 (made aware below)
)
def test_any_event_comes_back_as_it_was(properties: dict[str, Any], at: datetime) -> None:
    text = json.dumps(properties)
    row = EventRow(1, None, "Page Viewed", at.replace(tzinfo=UTC), None, 2, None, "/", text, False)
    (event,) = events_of(table_of([row]).to_pylist())
    assert json.dumps(event.properties) == text
    assert event.happened_at == row.happened_at
