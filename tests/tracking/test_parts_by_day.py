"""One key's parts by day are the same before and after its days were closed."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from tracking.clickstream.closing import close_day
from tracking.clickstream.rollups import TimingDay, add_to
from tracking.clickstream.sheets import parts_by_day

MONDAY, TUESDAY, LATER = date(2026, 3, 2), date(2026, 3, 3), date(2026, 4, 1)


def test_the_parts_of_a_key_are_told_by_day_from_rows_and_sheets_alike(session: Session) -> None:
    for day, page, bucket, views in (
        (MONDAY, 0, 3, 5), (MONDAY, 7, 3, 2), (MONDAY, 7, 9, 1),
        (TUESDAY, 7, 3, 4), (TUESDAY, 8, 3, 9), (LATER, 7, 1, 1),
    ):  # fmt: skip
        add_to(session, TimingDay, {"day": day, "page_id": page, "bucket": bucket}, {"views": views})
    session.flush()
    expected = {MONDAY: {3: 2, 9: 1}, TUESDAY: {3: 4}}
    assert parts_by_day(session, TimingDay, MONDAY, TUESDAY, key=7, figure="views") == expected
    close_day(session, TimingDay, MONDAY)
    assert parts_by_day(session, TimingDay, MONDAY, TUESDAY, key=7, figure="views") == expected
    add_to(session, TimingDay, {"day": MONDAY, "page_id": 7, "bucket": 9}, {"views": 1})
    expected[MONDAY][9] = 2
    assert parts_by_day(session, TimingDay, MONDAY, TUESDAY, key=7, figure="views") == expected
    assert parts_by_day(session, TimingDay, MONDAY, TUESDAY, key=99, figure="views") == {}
