"""Dates: one order of day and month a file, moments on the shop's clocks, and no day out of this world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.checkout.order import Order
from shop.importing.online_retail import load_online_retail
from shop.importing.report import BrokenFile, ImportReport
from shop.importing.sales_dates import moment_of

SalesFile = Callable[..., Path]
TODAY = date(2026, 11, 22)


def load(session: Session, sales_file: SalesFile, *dates: object, to_yesterday: bool = False) -> ImportReport:
    rows = [
        (str(536365 + number), "71053", "LANTERN", 1, when, "10.00", "17850", "United Kingdom")
        for number, when in enumerate(dates)
    ]
    report = load_online_retail(session, sales_file(rows), today=TODAY, to_yesterday=to_yesterday)
    assert report is not None
    return report


def days(session: Session) -> list[str]:
    return [at.strftime("%Y-%m-%d") for at in session.scalars(select(Order.placed_at).order_by(Order.number))]


def test_a_day_above_twelve_anywhere_makes_the_whole_file_day_first(session: Session, sales_file: SalesFile) -> None:
    report = load(session, sales_file, "01/12/2024 08:26", "02/12/2024 08:26", "13/12/2024 08:26")
    assert days(session) == ["2024-12-01", "2024-12-02", "2024-12-13"]
    assert any("day first, as '13/12/2024 08:26' in line 4" in note for note in report.notes)


def test_a_file_that_proves_month_first_is_read_so(session: Session, sales_file: SalesFile) -> None:
    report = load(session, sales_file, "12/1/2010 8:26", "12/13/2010 8:26")
    assert days(session) == ["2010-12-01", "2010-12-13"]
    assert not any("month first" in note for note in report.notes)


def test_a_file_that_proves_nothing_is_read_month_first_and_the_report_says_so(
    session: Session, sales_file: SalesFile
) -> None:
    report = load(session, sales_file, "12/1/2010 8:26", "11/2/2010 8:26")
    assert days(session) == ["2010-12-01", "2010-11-02"]
    assert any("month first" in note for note in report.notes)


def test_a_file_that_proves_both_is_refused_with_both_lines(session: Session, sales_file: SalesFile) -> None:
    with pytest.raises(BrokenFile, match=r"'13/12/2024' \(line 3\).*'12/14/2024' \(line 4\)"):
        load(session, sales_file, "01/12/2024", "13/12/2024", "12/14/2024")
    assert days(session) == []


def test_a_moment_with_an_offset_is_put_on_the_shops_clocks(session: Session, sales_file: SalesFile) -> None:
    load(
        session, sales_file, "2024-01-05T08:26+09:00", "2024-01-05T08:26Z", "2024-07-05T08:26", "2024-01-05T23:30-05:00"
    )
    assert [at.isoformat() for at in session.scalars(select(Order.placed_at).order_by(Order.number))] == [
        "2024-01-04T23:26:00+00:00",
        "2024-01-05T08:26:00+00:00",
        "2024-07-05T07:26:00+00:00",
        "2024-01-06T04:30:00+00:00",
    ]


@pytest.mark.parametrize(
    "slip",
    ["9999-12-31", "2204-01-05 08:26", "1024-01-05", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "1/5/2204"],
)
def test_a_slip_of_the_year_is_a_bad_row_and_moves_no_other_order(
    session: Session, sales_file: SalesFile, slip: str
) -> None:
    report = load(session, sales_file, "2024-01-05 08:26", slip, "2024-01-06 08:26", to_yesterday=True)
    assert [row.line for row in report.bad_rows] == [3]
    assert "is out of range (1990-01-01 to 2026-11-23)" in report.bad_rows[0].reason
    assert len(days(session)) == 2
    assert days(session)[1] == "2026-11-21"
    assert report.reconciles


def test_tomorrow_is_the_last_day_that_is_believed(session: Session, sales_file: SalesFile) -> None:
    report = load(session, sales_file, "2026-11-23", "2026-11-24", "1990-01-01", "1989-12-31")
    assert [row.line for row in report.bad_rows] == [3, 5]


def test_of_two_equal_hours_the_one_that_was_meant_is_kept() -> None:
    zone = ZoneInfo("Europe/London")
    second = datetime(2024, 10, 27, 1, 30, tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    assert moment_of(second, weeks=0, zone=zone) == datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
    assert moment_of(second, weeks=1, zone=zone) - moment_of(second, weeks=0, zone=zone) == timedelta(weeks=1)
