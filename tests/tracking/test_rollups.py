"""A day's figures add up, also when several add at the same time."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.rollups import DayFigures, add_to_day, day_of

DAY = date(2026, 11, 20)


def test_figures_are_added_to_the_day(session: Session) -> None:
    add_to_day(session, DAY, orders=1, revenue_minor=1999)
    add_to_day(session, DAY, orders=2, revenue_minor=5_000_000_000)
    row = session.get_one(DayFigures, DAY)
    assert (row.orders, row.revenue_minor, row.page_views) == (3, 5_000_001_999, 0)


def test_adding_nothing_makes_no_row(session: Session) -> None:
    add_to_day(session, DAY, orders=0)
    assert session.get(DayFigures, DAY) is None


def test_an_unknown_figure_is_refused(session: Session) -> None:
    with pytest.raises(KeyError):
        add_to_day(session, DAY, applause=1)


def test_nothing_is_lost_when_many_add_at_once(sessions: sessionmaker[Session]) -> None:
    def add() -> None:
        for _ in range(10):
            with sessions.begin() as session:
                add_to_day(session, DAY, page_views=1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sessions() as session:
        assert session.get_one(DayFigures, DAY).page_views == 40


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "Europe/Berlin", date(2026, 11, 21)),
        (datetime(2026, 11, 20, 3, 30, tzinfo=UTC), "America/New_York", date(2026, 11, 19)),
        (datetime(2026, 11, 20, 3, 30, tzinfo=UTC), "UTC", date(2026, 11, 20)),
    ],
)
def test_the_shops_zone_decides_what_a_day_is(moment: datetime, zone: str, day: date) -> None:
    assert day_of(moment, zone) == day
