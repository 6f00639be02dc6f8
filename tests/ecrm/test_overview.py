"""The period's figures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ecrm.marketing.order_list import Narrowed, orders_behind
from ecrm.marketing.overview import (
    Figures,
    change,
    days_in,
    failed_searches,
    top_searches,
    total,
)
from ecrm.marketing.period import Period, bounds, period_of
from tracking.clickstream.dimensions import Term, ids_of
from tracking.clickstream.rollups import DayFigures, TermDay
from tracking.customers import Customer
from tracking.orders import SeenOrder

NEW_YORK = ZoneInfo("America/New_York")


def test_a_period_includes_today_and_is_compared_with_as_many_days_before() -> None:
    week = period_of(7, today=date(2026, 11, 20))
    assert (week.first, week.last, week.days) == (date(2026, 11, 14), date(2026, 11, 20), 7)
    assert (week.before.first, week.before.last) == (date(2026, 11, 7), date(2026, 11, 13))


def test_days_without_a_row_count_as_zero_and_the_sum_nets_refunds(session: Session) -> None:
    session.add(
        DayFigures(
            day=date(2026, 11, 2), sessions=10, orders=5, visit_orders=3, revenue_minor=10_000, refunds_minor=2_500
        )
    )
    session.add(DayFigures(day=date(2026, 11, 5), sessions=99))
    session.flush()
    days = days_in(session, Period(date(2026, 11, 1), date(2026, 11, 3)))
    assert [day.figures.orders for day in days] == [0, 5, 0]
    figures = total(days)
    assert (figures.net_minor, figures.average_minor, figures.conversion) == (7_500, 2000, 0.3)


def test_nothing_to_divide_by_is_no_figure_rather_than_zero() -> None:
    assert Figures().conversion is None
    assert Figures().average_minor is None
    assert change(5, 0) is None
    assert change(None, 5) is None
    assert change(6, 4) == 0.5


def test_searches_are_summed_over_days_and_the_failed_ones_come_by_how_often_they_failed(session: Session) -> None:
    for day, term, searches, zero in ((1, "tea", 5, 0), (2, "tea", 4, 1), (2, "kvass", 3, 3), (9, "late", 99, 99)):
        term_id = ids_of(session, Term, [term])[term]
        session.add(TermDay(day=date(2026, 11, day), term_id=term_id, searches=searches, zero_results=zero))
    session.flush()
    period = Period(date(2026, 11, 1), date(2026, 11, 3))
    assert [(term.term, term.searches) for term in top_searches(session, period)] == [("tea", 9), ("kvass", 3)]
    assert [(term.term, term.zero_results) for term in failed_searches(session, period)] == [("kvass", 3), ("tea", 1)]


def test_a_day_is_the_shops_day_also_when_the_clocks_change() -> None:
    start, end = bounds(Period(date(2026, 11, 1), date(2026, 11, 1)), NEW_YORK)
    assert (end - start).total_seconds() == 25 * 3600
    assert start == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_the_orders_of_a_day_are_those_of_the_shops_calendar_and_can_be_paged(session: Session) -> None:
    person = Customer(email="a@example.com", traits={}, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    session.add(person)
    session.flush()
    moments = {
        "before": datetime(2026, 11, 20, 4, 59, tzinfo=UTC),
        "first": datetime(2026, 11, 20, 5, 0, tzinfo=UTC),
        "same a": datetime(2026, 11, 20, 12, tzinfo=UTC),
        "same b": datetime(2026, 11, 20, 12, tzinfo=UTC),
        "last": datetime(2026, 11, 21, 4, 59, tzinfo=UTC),
        "after": datetime(2026, 11, 21, 5, 0, tzinfo=UTC),
    }
    for reference, at in moments.items():
        session.add(
            SeenOrder(
                reference=reference, customer_id=person.id, placed_at=at, currency="USD", goods_minor=1, total_minor=1
            )
        )
        session.flush()
    day = Period(date(2026, 11, 20), date(2026, 11, 20))
    first = orders_behind(session, day, NEW_YORK, Narrowed(), limit=2)
    rest = orders_behind(session, day, NEW_YORK, Narrowed(), before=(first[-1].placed_at, first[-1].id), limit=9)
    assert [order.reference for order in [*first, *rest]] == ["last", "same b", "same a", "first"]
