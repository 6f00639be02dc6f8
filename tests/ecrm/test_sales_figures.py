"""An order's and a refund's money reaches the visit, the products, the search terms and the cohorts, to the cent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from ecrm.events import OrderCompleted, OrderLine, OrderRefunded
from ecrm.marketing.campaigns import GoodsCost
from tracking.clickstream.dimensions import Audience, Page, ProductKey, Source, Term
from tracking.clickstream.rollups import AudienceDay, CohortMonth, DayFigures, PageDay, ProductDay, TermDay
from tracking.clickstream.searches import SearchClick
from tracking.clickstream.sessions import Session as Visit
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefundLine
from tracking.visitors import Grade, Visitor

from .kites import AT, Kites, open_kites, order, person, refunded

TOKEN = "b" * 32
TODAY = date(2026, 11, 20)


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def visit(kites: Kites, *, began: datetime = AT - timedelta(minutes=10), **more: Any) -> int:
    """A visit of one page, counted as a bounce, that searched for "kite" and opened the blue one from the results."""
    day = began.astimezone(UTC).date()
    with kites.crm.sessions.begin() as session:
        visitor = Visitor(token=TOKEN, first_seen_at=began)
        source = Source(channel="email", source="shop")
        page = Page(path="/kites")
        term = Term(term="kite")
        product = ProductKey(product="2")
        session.add_all([visitor, source, page, term, product])
        session.flush()
        audience = Audience(source_id=source.id, device="mobile", country="DE")
        session.add(audience)
        session.flush()
        usual = {"bounced": True, "last_at": began + timedelta(minutes=5)}
        seen = Visit(
            visitor_id=visitor.id, started_at=began, day=day, page_views=1, audience_id=audience.id,
            entry_page_id=page.id, grade=int(Grade.PERSONAL), **(usual | more),
        )  # fmt: skip
        session.add_all(
            [
                seen,
                AudienceDay(day=day, audience_id=audience.id, sessions=1, bounces=1, page_views=1),
                PageDay(day=day, page_id=page.id, views=1, entries=1, bounces=1),
            ]
        )
        session.flush()
        session.add(
            SearchClick(session_id=seen.id, term_id=term.id, product_key_id=product.id, searched_at=began, position=3)
        )
        return seen.id


def product_figures(kites: Kites) -> dict[tuple[str, str], tuple[int, ...]]:
    with kites.session() as session:
        query = select(ProductDay, ProductKey.product).join(ProductKey, ProductKey.id == ProductDay.product_key_id)
        return {
            (str(row.day), product): (
                row.order_lines, row.units, row.revenue_minor, row.returned_units, row.refunds_minor,
            )
            for row, product in session.execute(query)
        }  # fmt: skip


def refund_lines(kites: Kites) -> list[tuple[str, int, int]]:
    return [(row.product, row.quantity, row.amount_minor) for row in kites.all(SeenRefundLine)]


def back(*lines: tuple[str, int, int], amount: int, refund: str = "R1", **more: Any) -> OrderRefunded:
    return OrderRefunded(
        at=AT + timedelta(days=3), refund_id=refund, order_id="A1", person=None, currency="EUR", amount_minor=amount,
        lines=tuple(OrderLine(product_id=id_, name="", quantity=n, net_minor=minor) for id_, n, minor in lines), **more,
    )  # fmt: skip


def test_an_order_in_a_visit_ends_its_bounce_and_earns_for_audience_page_and_term(kites: Kites) -> None:
    visit(kites)
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    seen = kites.only(Visit)
    assert (seen.orders, seen.revenue_minor, seen.stage, seen.bounced) == (1, 3500, 4, False)
    audience = kites.only(AudienceDay)
    assert (audience.sessions, audience.bounces, audience.orders, audience.revenue_minor) == (1, 0, 1, 3500)
    assert (audience.stage_1, audience.stage_2, audience.stage_3, audience.stage_4) == (1, 1, 1, 1)
    page = kites.only(PageDay)
    assert (page.entries, page.bounces, page.entry_orders, page.entry_revenue_minor) == (1, 0, 1, 3500)
    term = kites.only(TermDay)
    assert (term.day, term.orders, term.revenue_minor) == (TODAY, 1, 3000)
    click, seen_order = kites.only(SearchClick), kites.only(SeenOrder)
    assert (click.order_id, click.revenue_minor, seen_order.joined) == (seen_order.id, 3000, True)


def test_a_visit_that_began_yesterday_earns_yesterday(kites: Kites) -> None:
    visit(kites, began=AT - timedelta(days=1), last_at=AT)
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    yesterday = TODAY - timedelta(days=1)
    assert (kites.only(AudienceDay).day, kites.only(PageDay).day, kites.only(TermDay).day) == (yesterday,) * 3
    assert {row.day for row in kites.all(ProductDay)} == {TODAY}


def test_a_further_order_of_a_visit_moves_no_stage_again(kites: Kites) -> None:
    visit(kites, stage=2, bounced=False)
    kites.tell(order("A1"), visitor=TOKEN, grade=Grade.PERSONAL)
    kites.tell(order("A2"), visitor=TOKEN, grade=Grade.PERSONAL)
    audience, term = kites.only(AudienceDay), kites.only(TermDay)
    assert (audience.stage_2, audience.stage_3, audience.stage_4, audience.orders) == (0, 1, 1, 2)
    assert (term.orders, term.revenue_minor) == (2, 6000)


def test_with_consent_to_statistics_the_visit_earns_and_no_row_names_the_order(kites: Kites) -> None:
    visit(kites)
    kites.tell(order(), visitor=TOKEN, grade=Grade.ANALYTICS)
    assert (kites.only(AudienceDay).revenue_minor, kites.only(TermDay).revenue_minor) == (3500, 3000)
    seen, click = kites.only(SeenOrder), kites.only(SearchClick)
    assert (seen.session_id, seen.visitor_id, seen.joined, click.order_id) == (None, None, False, None)
    kites.tell(refunded(amount=3500))
    assert (kites.only(AudienceDay).refunds_minor, kites.only(TermDay).refunds_minor) == (0, 0)
    assert sum(row.refunds_minor for row in kites.all(DayFigures)) == 3500


def test_products_earn_on_the_orders_day_and_give_back_on_the_refunds(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(back(("2", 1, 1500), amount=1500))
    assert product_figures(kites) == {
        ("2026-11-20", "2"): (1, 2, 3000, 0, 0),
        ("2026-11-20", "3"): (1, 1, 300, 0, 0),
        ("2026-11-23", "2"): (0, 0, 0, 1, 1500),
    }


def test_a_refund_of_a_joined_order_reaches_visit_audience_page_and_term_on_its_own_day(kites: Kites) -> None:
    visit(kites)
    kites.tell(order(), visitor=TOKEN, grade=Grade.PERSONAL)
    kites.tell(back(("2", 1, 1500), ("3", 1, 300), amount=1900))
    assert kites.only(Visit).refunds_minor == 1900
    assert kites.only(SearchClick).refunds_minor == 1500
    day = date(2026, 11, 23)
    assert {row.day: row.refunds_minor for row in kites.all(AudienceDay)} == {TODAY: 0, day: 1900}
    assert {row.day: row.entry_refunds_minor for row in kites.all(PageDay)} == {TODAY: 0, day: 1900}
    assert {row.day: row.refunds_minor for row in kites.all(TermDay)} == {TODAY: 0, day: 1500}


def test_a_refund_without_lines_is_spread_over_goods_and_delivery(kites: Kites) -> None:
    kites.tell(order())  # 30.00 and 3.00 of goods, 3.00 delivery less 1.00 discount
    kites.tell(refunded("R1", amount=1000))
    assert refund_lines(kites) == [("2", 0, 857), ("3", 0, 86)]


def test_partial_refunds_of_every_kind_give_back_each_line_to_the_cent(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(refunded("R1", amount=333))
    kites.tell(back(("2", 1, 1500), amount=1500, refund="R2"))
    kites.tell(refunded("R3", amount=1))
    kites.tell(back(amount=100, refund="R4", shipping_minor=100))
    kites.tell(refunded("R5", amount=3500 - 333 - 1500 - 1 - 100))
    sums = {product: sum(line[2] for line in refund_lines(kites) if line[0] == product) for product in ("2", "3")}
    assert sums == {"2": 3000, "3": 300}


def test_money_for_a_late_parcel_is_no_products(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(back(amount=200, shipping_minor=200))
    assert refund_lines(kites) == []


def test_lines_worth_more_than_was_given_back_share_it(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(back(("2", 2, 3000), ("3", 1, 300), amount=3200))
    assert refund_lines(kites) == [("2", 2, 2909), ("3", 1, 291)]


def test_the_first_order_is_new_and_the_second_isnt(kites: Kites) -> None:
    kites.tell(order("A1"))
    kites.tell(order("A2", at=AT + timedelta(days=40)))
    kites.tell(refunded("R1", "A1", amount=500))
    assert {row.reference: row.is_first for row in kites.all(SeenOrder)} == {"A1": True, "A2": False}
    days = sorted(kites.all(DayFigures), key=lambda row: row.day)
    assert [(row.new_customers, row.new_revenue_minor) for row in days] == [(1, 3500), (0, 0)]
    cells = {
        (row.cohort.month, row.month.month): (row.customers, row.orders, row.revenue_minor, row.refunds_minor)
        for row in kites.all(CohortMonth)
    }
    assert cells == {(11, 11): (1, 1, 3500, 500), (11, 12): (1, 1, 3500, 0)}


def test_an_earlier_order_that_is_told_later_becomes_the_first(kites: Kites) -> None:
    kites.tell(order("A2"))
    kites.tell(refunded("R1", "A2", amount=500))
    kites.tell(order("A1", at=AT - timedelta(days=40)))
    assert {row.reference: row.is_first for row in kites.all(SeenOrder)} == {"A1": True, "A2": False}
    with kites.session() as session:
        new = select(func.sum(DayFigures.new_customers), func.sum(DayFigures.new_revenue_minor))
        assert session.execute(new).one() == (1, 3500)
        rows = session.scalars(select(CohortMonth).where(CohortMonth.customers != 0).order_by(CohortMonth.month)).all()
        assert [(row.cohort.month, row.month.month, row.refunds_minor) for row in rows] == [(10, 10, 0), (10, 11, 500)]


def test_nobody_is_no_new_customer(kites: Kites) -> None:
    kites.tell(order("A1", person("unknown@source.invalid")))
    assert kites.only(SeenOrder).is_first is False
    assert kites.all(CohortMonth) == []


def test_codes_are_kept_as_they_compare(kites: Kites) -> None:
    kites.tell(order(codes=(" spring10 ", "SPRING10", "Radio", "", "x" * 101, "nul\x00l")))
    assert kites.only(SeenOrder).codes == ["SPRING10", "RADIO", "NULL"]


def test_goods_cost_is_what_the_order_says_or_what_was_known_on_its_day(kites: Kites) -> None:
    with kites.crm.sessions.begin() as session:
        session.add_all(
            [
                GoodsCost(product="2", since=date(2026, 1, 1), unit_minor=700),
                GoodsCost(product="2", since=TODAY, unit_minor=800),
                GoodsCost(product="2", since=TODAY + timedelta(days=1), unit_minor=900),
                GoodsCost(product="3", since=TODAY + timedelta(days=1), unit_minor=100),
            ]
        )
    kites.tell(order("A1"))
    told: OrderCompleted = order("A2")
    told = order(
        "A2",
        lines=(OrderLine(product_id="2", name="", quantity=2, net_minor=3000, cost_minor=1), told.lines[1]),
    )
    kites.tell(told)
    costs = [line.cost_minor for line in kites.all(SeenOrderLine)]
    assert costs == [1600, None, 1, None]
