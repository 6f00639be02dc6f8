"""What clients send is committed before they are answered, becomes events exactly once, and never blocks the others."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.archive import Archive, ArchiveDamaged
from tracking.clickstream.archiving import archive_day
from tracking.clickstream.digest import body_of, digest, digest_next, sightings_from
from tracking.clickstream.event import Event
from tracking.clickstream.inbox import Inbox, InboxEntry, Unavailable
from tracking.clickstream.ingest import ingest
from tracking.clickstream.put_aside import how_many_aside, put_aside, try_again
from tracking.clickstream.rollups import DayFigures
from tracking.clickstream.sightings import Sighting
from tracking.clickstream.writer import Writer
from tracking.visitors import Grade

from .full_disk import full_disk

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ZONE = "Europe/Berlin"


def message(number: int = 0, **facts: Any) -> Sighting:
    given: dict[str, Any] = {
        "at": NOW + timedelta(seconds=number), "name": "Page Viewed", "subject": f"/{number}",
        "message_id": f"message-{number}", "user_agent": "Firefox/143.0", "visitor_token": "a" * 32,
        "grade": Grade.ANALYTICS,
    }  # fmt: skip
    return Sighting(**{**given, **facts})


def count(sessions: sessionmaker[Session], record: Any = Event) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(record)) or 0


def page_views(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        found = session.get(DayFigures, date(2026, 11, 20))
        return found.page_views if found else 0


@pytest.fixture
def inbox(sessions: sessionmaker[Session]) -> Inbox:
    return Inbox(sessions)


def test_a_sighting_comes_out_of_a_body_as_it_went_in() -> None:
    sightings = [
        message(properties={"query": "süß", "product_ids": ["1", "2"], "price": 1.5}, customer_reference="ada"),
        Sighting(NOW, "Signed Out"),
    ]
    assert sightings_from(body_of(sightings)) == sightings


def test_a_lone_surrogate_is_replaced_rather_than_refused() -> None:
    (found,) = sightings_from(body_of([message(subject="a\ud800", properties={"\ud800": ["\ud800"]})]))
    assert (found.subject, found.properties) == ("a?", {"?": ["?"]})


def test_a_body_from_before_a_field_was_added_is_still_read() -> None:
    (found,) = sightings_from(b'[["2026-11-20T12:00:00Z","Page Viewed","/tea"]]')
    assert found == Sighting(NOW, "Page Viewed", "/tea")


def test_what_was_accepted_is_committed_and_becomes_events_once(inbox: Inbox, sessions: sessionmaker[Session]) -> None:
    inbox.accept(body_of([message(1), message(2)]), 2)
    assert count(sessions, InboxEntry) == 1
    assert digest_next(sessions, ZONE).events == 2
    assert not digest_next(sessions, ZONE).anything
    assert (count(sessions), count(sessions, InboxEntry), page_views(sessions)) == (2, 0, 2)


def test_a_digest_that_is_rolled_back_leaves_the_entry(inbox: Inbox, sessions: sessionmaker[Session]) -> None:
    inbox.accept(body_of([message()]), 1)
    with sessions() as session:
        assert digest(session, ZONE).events == 1
        session.rollback()
    assert (count(sessions), count(sessions, InboxEntry)) == (0, 1)


def test_a_message_sent_again_is_counted_once(inbox: Inbox, sessions: sessionmaker[Session]) -> None:
    inbox.accept(body_of([message(1), message(1)]), 2)
    digest_next(sessions, ZONE)
    inbox.accept(body_of([message(1), message(2)]), 2)
    digest_next(sessions, ZONE)
    assert (count(sessions), page_views(sessions)) == (2, 2)


def test_a_bad_message_is_put_aside_and_the_good_ones_around_it_are_stored(
    inbox: Inbox, sessions: sessionmaker[Session]
) -> None:
    bad = message(2, at=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))  # no zone can say which day that is
    inbox.accept(body_of([message(1)]), 1)
    inbox.accept(body_of([bad, message(3)]), 2)
    inbox.accept(b"no sightings at all", 1)
    inbox.accept(body_of([message(4)]), 1)
    aside = 0
    while (done := digest_next(sessions, ZONE)).anything:
        aside += done.set_aside
    assert aside == 2
    assert (count(sessions), page_views(sessions)) == (3, 3)
    with sessions() as session:
        problems = list(session.scalars(select(InboxEntry.problem).order_by(InboxEntry.id)))
    assert len(problems) == 2
    assert all(problems)


def test_many_requests_at_once_are_all_committed(inbox: Inbox, sessions: sessionmaker[Session]) -> None:
    def send(first: int) -> None:
        for number in range(first, first + 25):
            inbox.accept(body_of([message(number)]), 1)

    threads = [threading.Thread(target=send, args=(start * 25,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(sessions, InboxEntry) == 200
    with sessions() as session:
        assert session.scalar(select(func.sum(InboxEntry.messages))) == 200


def test_many_digest_at_once_and_nothing_is_doubled(inbox: Inbox, sessions: sessionmaker[Session]) -> None:
    for number in range(60):
        inbox.accept(body_of([message(number), message(number + 1)]), 2)

    def work() -> None:
        while digest_next(sessions, ZONE, limit=7).anything:
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while digest_next(sessions, ZONE).anything:
        pass
    assert (count(sessions), page_views(sessions), count(sessions, InboxEntry)) == (61, 61, 0)


def test_without_a_database_nothing_is_said_to_be_kept() -> None:
    inbox = Inbox(sessionmaker(create_engine("sqlite:////nowhere/at/all.db")))
    with pytest.raises(Unavailable):
        inbox.accept(body_of([message()]), 1)


def test_a_request_does_not_wait_for_ever(sessions: sessionmaker[Session]) -> None:
    inbox = Inbox(sessions, patience=0.05)
    with inbox._committing, pytest.raises(Unavailable):
        inbox.accept(body_of([message()]), 1)
    inbox.accept(body_of([message(1)]), 1)
    assert count(sessions, InboxEntry) == 1


@pytest.mark.sqlite_only
def test_a_database_that_is_locked_for_long_answers_unavailable(sessions: sessionmaker[Session]) -> None:
    inbox = Inbox(sessions, patience=0.05)
    with sessions() as other:
        other.connection().exec_driver_sql("DELETE FROM ecrm_inbox WHERE 0")
        with pytest.raises(Unavailable):
            inbox.accept(body_of([message()]), 1)
        other.rollback()
    assert count(sessions, InboxEntry) == 0


def test_what_may_be_in_an_archive_that_is_away_waits_for_it_and_is_stored_once(
    inbox: Inbox, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    # given: an archived day whose folder is away for a moment
    archive = Archive(tmp_path / "archive")
    with sessions.begin() as session:
        ingest(session, [message(1), message(2, message_id=None)], ZONE)
    archive_day(sessions, archive, NOW.date(), zone=ZONE, told=())
    away = archive.folder.rename(tmp_path / "away")

    # when: a repeat and a new message of that day come, and one of today
    inbox.accept(body_of([message(1)]), 1)
    inbox.accept(body_of([message(3)]), 1)
    inbox.accept(body_of([message(4, at=NOW + timedelta(days=9))]), 1)

    # then: what needs no archive is stored; the others wait and aren't put aside
    assert digest_next(sessions, ZONE, archive=archive).events == 1
    with pytest.raises(ArchiveDamaged, match="restore"):
        digest_next(sessions, ZONE, archive=archive)
    with sessions() as session:
        assert session.scalars(select(InboxEntry.problem)).all() == ["", ""]

    # when
    away.rename(archive.folder)

    # then: the repeat is known and the new one is stored
    done = digest_next(sessions, ZONE, archive=archive)
    assert (done.events, done.messages, done.set_aside) == (1, 2, 0)
    assert count(sessions, InboxEntry) == 0


def test_what_was_put_aside_is_named_and_can_be_tried_again(inbox: Inbox, sessions: sessionmaker[Session]) -> None:
    inbox.accept(b"no sightings at all", 1)
    assert digest_next(sessions, ZONE).set_aside == 1
    with sessions() as session:
        (entry,) = put_aside(session, limit=9)
        assert (how_many_aside(session), entry.messages) == (1, 1)
        assert "DecodeError" in str(entry)
        entry_id = entry.id
    with sessions.begin() as session:
        session.execute(update(InboxEntry).where(InboxEntry.id == entry_id).values(body=body_of([message(1)])))
        assert try_again(session) == 1
    assert digest_next(sessions, ZONE).events == 1
    with sessions() as session:
        assert how_many_aside(session) == 0


def test_on_a_full_disk_messages_wait_and_none_is_put_aside(
    inbox: Inbox, sessions: sessionmaker[Session], engine: Engine
) -> None:
    for first in (0, 300, 600):  # as events they need more room than they leave in the inbox
        inbox.accept(body_of([message(first + number) for number in range(300)]), 300)
    with full_disk(engine), pytest.raises(OperationalError):
        digest_next(sessions, ZONE)
    with sessions() as session:
        assert session.scalars(select(InboxEntry.problem)).all() == ["", "", ""]
    assert digest_next(sessions, ZONE).events == 900
    assert (count(sessions), count(sessions, InboxEntry)) == (900, 0)


def test_what_is_said_of_a_message_put_aside_holds_nothing_of_it(
    inbox: Inbox, sessions: sessionmaker[Session], engine: Engine
) -> None:
    # given: a table that takes no such event
    with engine.begin() as connection:
        connection.execute(
            text("ALTER TABLE ecrm_event ADD COLUMN odd INTEGER CONSTRAINT no_pages CHECK (name <> 'Page Viewed')")
        )
    inbox.accept(body_of([message(properties={"email": "ada@example.com"}, subject="/ada")]), 1)

    # when
    assert digest_next(sessions, ZONE).set_aside == 1

    # then: what kind of fault it was and where, but nothing that the client sent
    with sessions() as session:
        problem = session.scalars(select(InboxEntry.problem)).one()
    assert "IntegrityError" in problem
    assert "ada" not in problem
    if engine.dialect.name == "postgresql":
        assert "no_pages" in problem


@pytest.fixture
def writer(inbox: Inbox, sessions: sessionmaker[Session]) -> Iterator[Writer]:
    writer = Writer(sessions, lambda: ZONE, inbox=inbox)
    yield writer
    writer.close()


def test_the_writer_digests_what_came_in(writer: Writer, inbox: Inbox, sessions: sessionmaker[Session]) -> None:
    writer.put(message(1, message_id=None))
    inbox.accept(body_of([message(2)]), 1)
    assert writer.flush()
    assert (count(sessions), writer.figures.stored) == (2, 2)


def test_closing_digests_what_came_in(inbox: Inbox, sessions: sessionmaker[Session]) -> None:
    writer = Writer(sessions, lambda: ZONE, inbox=inbox)
    inbox.accept(body_of([message(2)]), 1)
    writer.close()
    assert count(sessions) == 1


def test_a_forked_child_has_an_inbox_of_its_own(inbox: Inbox) -> None:
    with inbox._committing:
        child = os.fork()
        if child == 0:
            os._exit(int(inbox._committing.locked()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
