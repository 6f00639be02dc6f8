"""The speed of many pages at once is what each page's own buckets say."""

from __future__ import annotations

import random
from datetime import date, timedelta

from sqlalchemy.orm import Session

from ecrm.marketing.period import Period
from ecrm.marketing.speed import DaySpeeds, Speed, pages_by_speed, speed_by_day
from tracking.clickstream.closing import close_days
from tracking.clickstream.rollups import TimingDay, add_to
from tracking.clickstream.timings import bounds_of, bucket_of

FIRST = date(2026, 1, 30)
PERIOD = Period(FIRST, FIRST + timedelta(days=3))


def test_a_percentile_is_read_off_the_counts_of_the_days_asked_for() -> None:
    days = DaySpeeds(
        PERIOD, {FIRST: {bucket_of(10): 50, bucket_of(20): 40}, PERIOD.last: {bucket_of(20): 5, bucket_of(500): 5}}
    )
    assert days.over(PERIOD) == Speed(100, 10, 20)
    assert days.over(Period(FIRST, FIRST + timedelta(days=1))) == Speed(90, 10, 20)
    low, high = bounds_of(bucket_of(500))
    assert low <= (days.over(Period(PERIOD.last, PERIOD.last + timedelta(days=9))).p95 or 0) < high
    assert days.over(Period(FIRST + timedelta(days=1), FIRST + timedelta(days=2))) == Speed(0, None, None)
    assert days.over(Period(FIRST - timedelta(days=9), FIRST - timedelta(days=1))) == Speed(0, None, None)


def test_pages_by_speed_agrees_with_each_pages_own_buckets_before_and_after_closing(session: Session) -> None:
    chance = random.Random(5)
    for page in (0, 1, 2, 300, 70_000):
        for day in PERIOD:
            for _ in range(chance.randrange(6)):
                key = {"day": day, "page_id": page, "bucket": chance.randrange(120)}
                add_to(session, TimingDay, key, {"views": chance.choice([1, 2, 19, 300])})
    for closed in (None, (FIRST, FIRST + timedelta(days=1)), (FIRST + timedelta(days=2), PERIOD.last)):
        if closed:
            close_days(session, TimingDay, *closed)
        for least in (1, 20, 400, 10**6):
            found = pages_by_speed(session, PERIOD, least_views=least)
            rows = zip(
                found.page_ids.tolist(), found.views.tolist(), found.p50.tolist(), found.p95.tolist(), strict=True
            )
            wanted = []
            for page in (1, 2, 300, 70_000):
                own = speed_by_day(session, PERIOD, page_id=page).over(PERIOD)
                if own.views >= least:
                    wanted.append((page, own.views, own.p50, own.p95))
            assert list(rows) == wanted
            some = pages_by_speed(session, PERIOD, least_views=least, pages=[70_000, 2, 9])
            assert some.page_ids.tolist() == [page for page, *_ in wanted if page in (2, 70_000)]
            assert some.p95.tolist() == [p95 for page, _, _, p95 in wanted if page in (2, 70_000)]
    assert speed_by_day(session, PERIOD).over(PERIOD).views > 0
