"""A figure stays what it is, whether its rows are in the table, in a day's sheet or in a month's."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.closing import (
    close_day,
    close_days,
    close_month,
    months_to_close,
    stretches_to_close,
)
from tracking.clickstream.columns import Columns, DamagedColumns, merged, packed, unpacked
from tracking.clickstream.rollups import AudienceDay, BotDay, PageDay, TimingDay, add_to
from tracking.clickstream.sheets import Sheet, by_day, sums

DAY = date(2026, 1, 30)
DAYS = [DAY + timedelta(days=number) for number in range(4)]  # two of January, two of February
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def add(session: Session, day: date, audience: int, **figures: int) -> None:
    add_to(session, AudienceDay, {"day": day, "audience_id": audience}, figures)


def fill(session: Session) -> None:
    for number, day in enumerate(DAYS, 1):
        add(session, day, 3, sessions=number, revenue_minor=5_000_000_000)
        add(session, day, 70_000, sessions=10 * number, bounces=-1)


def figures(session: Session, first: date = DAYS[0], last: date = DAYS[-1]) -> object:
    found = sums(session, AudienceDay, first, last)
    return (
        found.keys.tolist(),
        {name: values.tolist() for name, values in found.columns.items()},
        by_day(session, AudienceDay, first, last),
        by_day(session, AudienceDay, first, last, keys=[3]),
        by_day(session, AudienceDay, first, last, keys=[70_000, 9], only=["sessions"]),
    )


def close(session: Session, *days: date) -> None:
    for day in days:
        close_day(session, AudienceDay, day)


def test_days_are_summed_by_key_and_the_keys_by_day(session: Session) -> None:
    fill(session)
    found = sums(session, AudienceDay, DAYS[0], DAYS[-1])
    assert found.keys.tolist() == [[3], [70_000]]
    assert found.columns["sessions"].tolist() == [10, 100]
    assert found.total("revenue_minor") == 20_000_000_000
    assert by_day(session, AudienceDay, *YEAR, keys=[3], only=["sessions"]) == {
        day: {"sessions": number} for number, day in enumerate(DAYS, 1)
    }


def test_without_anything_there_is_nothing(session: Session) -> None:
    assert len(sums(session, AudienceDay, *YEAR)) == 0
    assert by_day(session, AudienceDay, *YEAR) == {}
    assert close_day(session, AudienceDay, DAY) == 0
    assert by_day(session, AudienceDay, *YEAR) == {}
    assert not close_month(session, AudienceDay, DAY)


def test_closing_changes_no_figure_and_empties_the_table(session: Session) -> None:
    fill(session)
    before = [figures(session, first, last) for first in DAYS for last in DAYS if first <= last]
    for day in DAYS:
        close(session, day)
        assert [figures(session, first, last) for first in DAYS for last in DAYS if first <= last] == before
    assert session.scalar(select(func.count()).select_from(AudienceDay)) == 0
    for month in (date(2026, 1, 1), date(2026, 2, 1)):
        assert close_month(session, AudienceDay, month)
        assert not close_month(session, AudienceDay, month)
        assert [figures(session, first, last) for first in DAYS for last in DAYS if first <= last] == before
    whole = sums(session, AudienceDay, *YEAR)
    assert whole.total("sessions") == 110


def test_what_comes_late_is_counted_at_once_and_folded_in_by_the_next_close(session: Session) -> None:
    fill(session)
    close(session, *DAYS)
    close_month(session, AudienceDay, DAY)
    add(session, DAY, 3, sessions=1, bounces=-2)
    add(session, DAY, 8, orders=1)
    late = figures(session), sums(session, AudienceDay, date(2026, 1, 1), date(2026, 1, 31)).total("sessions")
    assert late[1] == 34
    assert stretches_to_close(session, AudienceDay, DAYS[-1]) == [(DAY, DAY)]
    close(session, DAY)
    january = sums(session, AudienceDay, date(2026, 1, 1), date(2026, 1, 31))
    assert (figures(session), january.total("sessions")) == late
    assert january.keys.tolist() == [[3], [8], [70_000]]


def test_days_of_a_month_are_closed_together(session: Session) -> None:
    fill(session)
    assert stretches_to_close(session, AudienceDay, DAYS[-1]) == [(DAYS[0], DAYS[1]), (DAYS[2], DAYS[3])]
    before = figures(session)
    assert close_days(session, AudienceDay, DAYS[0], DAYS[1]) == 4
    assert figures(session) == before
    assert months_to_close(session, AudienceDay, date(2026, 1, 30)) == []
    assert months_to_close(session, AudienceDay, date(2026, 1, 31)) == [date(2026, 1, 1)]
    with pytest.raises(ValueError, match="one month"):
        close_days(session, AudienceDay, DAYS[1], DAYS[2])


def test_a_rollup_of_two_keys_is_summed_by_both(session: Session) -> None:
    for day in DAYS:
        for page, bucket in ((0, 200), (10**12, 3), (2, 1)):
            add_to(session, TimingDay, {"day": day, "page_id": page, "bucket": bucket}, {"views": 2})
    close_day(session, TimingDay, DAYS[1])
    found = sums(session, TimingDay, DAYS[0], DAYS[2])
    assert found.keys.tolist() == [[0, 200], [2, 1], [10**12, 3]]
    assert found.columns["views"].tolist() == [6, 6, 6]
    assert by_day(session, TimingDay, *YEAR, keys=[0])[DAYS[1]] == {"views": 2}


def test_one_key_some_keys_and_all_keys_of_a_day_agree_before_and_after_closing(session: Session) -> None:
    for number, day in enumerate(DAYS, 1):
        for audience in (0, 1, 255, 256, 70_000, 2**40):
            add(session, day, audience, sessions=number * (audience % 7 + 1), revenue_minor=2**40)
    asked: list[list[int]] = [
        [], [0], [255], [256], [257], [300], [70_001], [2**40], [2**62], [0, 1], [255, 256, 9], [1, 2**40], [9, 2**62],
    ]  # fmt: skip

    def answers() -> list[object]:
        return [by_day(session, AudienceDay, *YEAR, keys=keys) for keys in asked]

    before = answers()
    assert before[0] == before[4] == before[8] == {}
    assert [day for day in DAYS if day in by_day(session, AudienceDay, *YEAR, keys=[2**40])] == list(DAYS)
    close(session, *DAYS)
    assert answers() == before


def test_what_has_no_sheets_or_no_such_figure_is_refused(session: Session) -> None:
    with pytest.raises(KeyError, match="no sheets"):
        sums(session, BotDay, *YEAR)
    with pytest.raises(KeyError, match="applause"):
        by_day(session, PageDay, *YEAR, only=["applause"])


def test_closing_twice_at_once_while_others_count_and_read_loses_and_doubles_nothing(
    sessions: sessionmaker[Session],
) -> None:
    stop, wrong = threading.Event(), []

    def count() -> None:
        for _ in range(40):
            with sessions.begin() as session:
                add(session, DAY, 3, sessions=1)

    def close_often() -> None:
        while not stop.is_set():
            with sessions.begin() as session:
                close(session, DAY)
            time.sleep(0.002)

    def look() -> None:
        before = 0
        while not stop.is_set():
            with sessions() as session:
                now = sums(session, AudienceDay, DAY, DAY).total("sessions")
                of_day = by_day(session, AudienceDay, DAY, DAY, only=["sessions"])
            if now < before or of_day.get(DAY, {"sessions": 0})["sessions"] < now:
                wrong.append((before, now, of_day))
            before = now

    counting = [threading.Thread(target=count) for _ in range(2)]
    others = [threading.Thread(target=one) for one in (close_often, close_often, look)]
    for thread in (*counting, *others):
        thread.start()
    for thread in counting:
        thread.join()
    stop.set()
    for thread in others:
        thread.join()
    with sessions() as session:
        assert sums(session, AudienceDay, DAY, DAY).total("sessions") == 80
    assert wrong == []


def test_a_damaged_sheet_is_said_and_not_summed(session: Session) -> None:
    fill(session)
    close(session, DAY)
    blob = session.scalars(select(Sheet.columns).where(Sheet.grain == "day", Sheet.family == "audience")).one()
    session.execute(
        update(Sheet).where(Sheet.grain == "day", Sheet.family == "audience").values(
            columns=blob[:-1] + bytes([blob[-1] ^ 1]), version=1
        )
    )  # fmt: skip
    with pytest.raises(DamagedColumns):
        sums(session, AudienceDay, DAY, DAY)
    with pytest.raises(DamagedColumns):
        unpacked(b"")


figure = st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.tuples(st.integers(0, 2**40), st.integers(0, 300)), st.tuples(figure, figure), max_size=20))
def test_columns_come_back_as_they_were_in_few_bytes(rows: dict[tuple[int, int], tuple[int, int]]) -> None:
    keys = np.array(sorted(rows), dtype=np.int64).reshape(len(rows), 2)
    values = np.array([rows[key] for key in sorted(rows)], dtype=np.int64).reshape(len(rows), 2)
    back = unpacked(packed(Columns(keys, {"a": values[:, 0], "b": values[:, 1]})))
    assert back.keys.tolist() == keys.tolist()
    assert {name: column.tolist() for name, column in back.figures.items()} == {
        "a": values[:, 0].tolist(), "b": values[:, 1].tolist(),
    }  # fmt: skip


parts = st.lists(
    st.dictionaries(st.tuples(st.integers(0, 5) | st.integers(0, 10**6), st.integers(0, 10**4)), st.integers(-9, 9)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=100, deadline=None)
@given(parts)
def test_merged_columns_hold_each_key_once_with_the_sum(parts: list[dict[tuple[int, int], int]]) -> None:
    columns = [
        Columns(
            np.array(sorted(part), dtype=np.int64).reshape(len(part), 2),
            {"n": np.array([part[key] for key in sorted(part)], dtype=np.int8)},
        )
        for part in parts
    ]
    expected: dict[tuple[int, int], int] = {}
    for part in parts:
        for key, n in part.items():
            expected[key] = expected.get(key, 0) + n
    found = merged(columns)
    assert [tuple(key) for key in found.keys.tolist()] == sorted(expected)
    assert found.figures["n"].tolist() == [expected[key] for key in sorted(expected)]
