"""The writer keeps requests from waiting, loses nothing it accepted, and survives bad rows, outages and forks."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.event import Event
from tracking.clickstream.sightings import Sighting
from tracking.clickstream.writer import Writer

from .full_disk import full_disk

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def page(path: str = "/", **facts: Any) -> Sighting:
    return Sighting(at=NOW, name="Page Viewed", subject=path, user_agent="Firefox/143.0", **facts)


def stored(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


@pytest.fixture
def writer(sessions: sessionmaker[Session]) -> Iterator[Writer]:
    writer = Writer(sessions, lambda: "Europe/Berlin")
    yield writer
    writer.close()


def test_what_is_put_is_stored_by_itself_a_moment_later(writer: Writer, sessions: sessionmaker[Session]) -> None:
    writer.put(page())
    deadline = time.monotonic() + 10
    while writer.figures.stored == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert stored(sessions) == 1
    assert writer.figures.stored == 1


def test_no_thread_runs_before_the_first_step(sessions: sessionmaker[Session]) -> None:
    before = threading.active_count()
    Writer(sessions, lambda: "UTC").close()
    assert threading.active_count() == before


def test_flush_stores_everything_that_was_put(writer: Writer, sessions: sessionmaker[Session]) -> None:
    for number in range(1200):
        writer.put(page(f"/{number}"))
    assert writer.flush()
    assert (stored(sessions), writer.figures.waiting) == (1200, 0)


def test_steps_put_from_many_threads_all_arrive(writer: Writer, sessions: sessionmaker[Session]) -> None:
    threads = [threading.Thread(target=lambda: [writer.put(page()) for _ in range(250)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.flush()
    assert stored(sessions) == 1000


def test_closing_stores_what_waits_and_later_steps_are_dropped(sessions: sessionmaker[Session]) -> None:
    writer = Writer(sessions, lambda: "UTC")
    writer.put(page())
    writer.close()
    writer.put(page())
    assert stored(sessions) == 1
    assert writer.figures.dropped == 1


def test_a_full_queue_drops_counts_and_says_so(
    sessions: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    writer = Writer(sessions, lambda: "UTC", capacity=0)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            writer.put(page())
    assert writer.figures.dropped == 5
    assert [record.getMessage().split(";")[1] for record in caplog.records] == [
        " 1 dropped so far", " 2 dropped so far", " 4 dropped so far",
    ]  # fmt: skip
    writer.close()


def test_one_row_that_cannot_be_stored_does_not_take_the_others_along(
    writer: Writer, sessions: sessionmaker[Session]
) -> None:
    for sighting in (page(), page("/poison", properties={"what": object()}), page()):
        writer.put(sighting)
    assert writer.flush()
    assert stored(sessions) == 2
    assert (writer.figures.stored, writer.figures.refused) == (2, 1)


def test_an_outage_makes_steps_wait_instead_of_losing_them(database_url: str, engine: Engine) -> None:
    away = create_engine("sqlite:////nowhere/at/all.db")
    broken: sessionmaker[Session] = sessionmaker(away)
    writer = Writer(broken, lambda: "UTC")
    writer.put(page("/1"))
    writer.put(page("/2"))
    assert not writer.flush()
    assert writer.figures.waiting == 2
    broken.configure(bind=engine)  # the database is back
    assert writer.flush()
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT subject FROM ecrm_event ORDER BY id")).scalars().all()
    assert kept == ["/1", "/2"]
    writer.close()


def test_a_full_disk_makes_steps_wait_instead_of_losing_them(sessions: sessionmaker[Session], engine: Engine) -> None:
    writer = Writer(sessions, lambda: "UTC")
    with full_disk(engine):
        for number in range(3):
            writer.put(page(f"/{number}", properties={"much": "x" * 20_000}))
        assert not writer.flush()
        assert (writer.figures.waiting, writer.figures.refused) == (3, 0)
    assert writer.flush()
    assert (stored(sessions), writer.figures.stored) == (3, 3)
    writer.close()


def test_a_shop_that_cannot_name_its_zone_loses_no_step(sessions: sessionmaker[Session]) -> None:
    zones = iter(["Europe/Berlin", "Nowhere/Land"])
    writer = Writer(sessions, lambda: next(zones))
    for _ in range(3):
        writer.put(page())
        assert writer.flush()
    assert stored(sessions) == 3
    writer.close()


def test_a_forked_child_starts_with_an_empty_queue(writer: Writer, sessions: sessionmaker[Session]) -> None:
    with writer._storing:  # nothing is stored while the fork happens
        writer.put(page())
        child = os.fork()
        if child == 0:
            os._exit(writer.figures.waiting)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert writer.flush()
    assert stored(sessions) == 1


def test_putting_a_step_costs_microseconds(writer: Writer) -> None:
    sighting = page()
    begun = time.thread_time()
    for _ in range(2000):
        writer.put(sighting)
    assert (time.thread_time() - begun) / 2000 < 50e-6
