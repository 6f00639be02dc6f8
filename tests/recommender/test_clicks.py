"""The clicks of the last weeks are read from the database and the archive, each once."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from recommender.clicks import ADDED, Clicks, _Columns, read_clicks
from tests.tracking.clicks import BOB, NOON, TODAY, ZONE, seen, store
from tracking.clickstream.archive import Archive
from tracking.clickstream.archiving import archive_day
from tracking.visitors import Grade

NUMBERS = {"tea": 0, "cup": 1}


def read(sessions: sessionmaker[Session], archive: Archive | None, days: float = 1) -> Clicks:
    with sessions() as session:
        return read_clicks(
            session, archive, since=NOON - timedelta(days=days), until=NOON + timedelta(days=1), numbers=NUMBERS
        )


def visits(session: Session) -> None:
    store(
        session,
        seen("Product Viewed", "tea"),
        seen("Page Viewed", "/tea", minutes=1),
        seen("Product Viewed", "unknown", minutes=2),
        seen("Product Added", "cup", minutes=3),
        seen("Product Viewed", "cup", minutes=2, visitor_token=BOB),
        seen("Product Viewed", "cup", minutes=4, visitor_token=None, grade=Grade.NONE),
    )


def test_looks_and_additions_of_known_products_are_read_in_their_order(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        visits(session)

    found = read(sessions, None)

    assert found.product.tolist() == [0, 1, 1]
    assert found.into_cart.tolist() == [False, False, True]
    assert found.visit[0] == found.visit[2] != found.visit[1]
    assert (found.at - NOON.timestamp()).tolist() == [0, 120, 180]


def test_what_moved_into_the_archive_is_read_the_same(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    with sessions() as session:
        visits(session)
    before = read(sessions, archive)

    assert archive_day(sessions, archive, TODAY, zone=ZONE, told=frozenset())
    after = read(sessions, archive)

    assert [part.tolist() for part in after] == [part.tolist() for part in before]
    assert len(read(sessions, None).product) == 0


def test_a_shop_without_a_click_has_none(sessions: sessionmaker[Session]) -> None:
    assert [len(part) for part in read(sessions, None)] == [0, 0, 0, 0]


def test_a_click_takes_forty_bytes_while_it_is_read() -> None:
    clicks, at_once = 40_000, 2_000
    columns = _Columns({"tea": 0})
    tracemalloc.start()
    try:
        for start in range(0, clicks, at_once):
            columns.add((10**9 + n, 10**15 + n, ADDED, 10**6 + n, "tea") for n in range(start, start + at_once))
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert taken / clicks < 45
    assert len(columns.clicks().product) == clicks
