"""Who comes on two days is one visitor: exactly on a day and on demand, nearly over a free period."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tracking.clickstream.closing import close_day
from tracking.clickstream.rollups import AudienceDay, DayFigures, add_to
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.uniques import STANDARD_ERROR, unique_visitors
from tracking.visitors import Visitor

FIRST = date(2026, 3, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(5)]


def come(session: Session, day: date, visitors: range) -> None:
    at = datetime.combine(day, time(12), UTC)
    known = {one.id for one in session.query(Visitor.id)}
    new = [{"id": n, "token": f"{n:032x}", "first_seen_at": at, "simulated": False} for n in visitors if n not in known]
    if new:
        session.execute(insert(Visitor), new)
    session.execute(insert(Visit), [{"visitor_id": n, "started_at": at, "last_at": at, "day": day} for n in visitors])
    add_to(session, AudienceDay, {"day": day, "audience_id": 1}, {"sessions": len(visitors)})


def test_open_days_are_counted_exactly(session: Session) -> None:
    come(session, DAYS[0], range(1, 11))
    come(session, DAYS[1], range(6, 16))
    found = unique_visitors(session, DAYS[0], DAYS[1])
    assert (found.count, found.exact, found.error) == (15, True, 0.0)
    assert unique_visitors(session, DAYS[3], DAYS[4]).count == 0


def test_a_period_with_closed_days_is_near_and_says_how_near(session: Session) -> None:
    for number, day in enumerate(DAYS):
        come(session, day, range(1 + 2000 * number, 4001 + 2000 * number))
    for day in DAYS[:4]:
        close_day(session, AudienceDay, day)
    found = unique_visitors(session, DAYS[0], DAYS[4])
    assert not found.exact
    assert found.error == STANDARD_ERROR
    assert abs(found.count - 12_000) <= 3 * STANDARD_ERROR * 12_000
    assert unique_visitors(session, DAYS[0], DAYS[4], exact=True).count == 12_000


def test_a_single_day_stays_exact_when_it_is_closed(session: Session) -> None:
    come(session, DAYS[0], range(1, 8))
    session.add(DayFigures(day=DAYS[0], visitors=7))
    close_day(session, AudienceDay, DAYS[0])
    assert unique_visitors(session, DAYS[0], DAYS[0]).exact
    assert unique_visitors(session, DAYS[0], DAYS[0]).count == 7


def test_a_late_visit_of_a_closed_day_is_not_forgotten(session: Session) -> None:
    come(session, DAYS[0], range(1, 11))
    come(session, DAYS[1], range(1, 11))
    for day in DAYS[:2]:
        close_day(session, AudienceDay, day)
    come(session, DAYS[0], range(11, 13))
    assert unique_visitors(session, DAYS[0], DAYS[1]).count == 12
    close_day(session, AudienceDay, DAYS[0])
    assert unique_visitors(session, DAYS[0], DAYS[1]).count == 12
