"""Made-up visits are counted as the same steps and orders would have been, had they happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Audience, Page, ProductKey, Source, Term
from tracking.clickstream.earnings import count_order, count_refund_of_visit
from tracking.clickstream.event import Event
from tracking.clickstream.ingest import ingest
from tracking.clickstream.rollups import (
    AudienceDay,
    DayFigures,
    PageDay,
    ProductDay,
    RefinementDay,
    Tally,
    TermDay,
    store,
)
from tracking.clickstream.searches import SearchClick
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sightings import Sighting
from tracking.clickstream.simulation import ShopPage, simulate_visits
from tracking.clickstream.simulation.purchases import in_one_visit, read_purchases
from tracking.clickstream.touchpoints import Touchpoint
from tracking.customers import Customer
from tracking.orders import LineFacts, ReturnedFacts, SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.refunds import keep_lines
from tracking.visitors import Grade, Visitor, VisitorClaim

ZONE = "Europe/Berlin"
START = datetime(2026, 5, 1, 17, 0, tzinfo=UTC)
PAGES = (ShopPage("/"), ShopPage("/p/green-tea", "101"), ShopPage("/offers"))
AGENTS = {
    "mobile": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "desktop": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
    "tablet": "Mozilla/5.0 (iPad; CPU OS 15_0 like Mac OS X) AppleWebKit/605.1.15 Version/15.0 Safari/604",
}
NAMES = ("Green Tea", "Black Tea", "Strong Coffee", "Coffee Filter", "Oatmeal Cookies", "Butter Cookies", "Jam")


@pytest.fixture
def order_ids(session: Session) -> list[int]:
    """Six customers with twelve orders each, some minutes and some half an hour apart, one given back in parts."""
    customers = [Customer(email=f"c{number}@example.com", created_at=START) for number in range(6)]
    session.add_all(customers)
    session.flush()
    apart = [timedelta(0), timedelta(minutes=11), timedelta(minutes=47), timedelta(days=1)]
    orders = []
    for number in range(72):
        at = START + timedelta(days=number // 6 * 2, minutes=7 * (number % 6)) + apart[number % 4]
        orders.append(
            SeenOrder(
                reference=f"O{number}", customer_id=customers[number % 6 // 2 * 2].id, placed_at=at, currency="EUR",
                goods_minor=600, total_minor=600,
            )
        )  # fmt: skip
    session.add_all(orders)
    session.flush()
    for order in orders:
        for position in (1, 2, 3):
            kind = (order.id * position) % 7
            session.add(
                SeenOrderLine(
                    order_id=order.id, position=position, product=str(100 + kind), name=NAMES[kind], quantity=1,
                    net_minor=200,
                )
            )  # fmt: skip
    for order in orders[::9]:
        refund = SeenRefund(reference=f"R{order.id}", order_id=order.id, customer_id=order.customer_id,
                            refunded_at=order.placed_at + timedelta(days=4), amount_minor=250)  # fmt: skip
        order.refunded_minor = 250
        session.add(refund)
        session.flush()
        line = session.get_one(SeenOrderLine, (order.id, 1))
        keep_lines(session, refund.id, [ReturnedFacts(line.product, 1, 200)])
    session.commit()
    return [order.id for order in sorted(orders, key=lambda order: (order.placed_at, order.id))]


def figures(session: Session) -> dict[str, Any]:
    """Every roll-up by names, without what is zero."""
    sources = {row.id: (row.channel, row.source, row.medium, row.click_id) for row in session.scalars(select(Source))}
    names: dict[str, dict[int, Any]] = {
        "audience_id": {
            row.id: (sources[row.source_id], row.device, row.country, row.is_returning)
            for row in session.scalars(select(Audience))
        },
        "page_id": {row.id: row.path for row in session.scalars(select(Page))},
        "product_key_id": {row.id: row.product for row in session.scalars(select(ProductKey))},
        "term_id": {row.id: row.term for row in session.scalars(select(Term))},
        "source_id": sources,
    }
    names["next_term_id"] = names["term_id"]

    def row(values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: names.get(name, {}).get(value, value)
            for name, value in values.items()
            if value and name not in ("simulated_sessions", "visit_orders", "orders_of_days")
        }

    found: dict[str, Any] = {}
    for kind in (AudienceDay, PageDay, ProductDay, TermDay, RefinementDay, DayFigures):
        rows = [row(dict(one._mapping)) for one in session.execute(select(kind.__table__))]
        found[kind.__tablename__] = sorted((one for one in rows if len(one) > 1), key=str)
    clicks = select(
        SearchClick.term_id, SearchClick.product_key_id, SearchClick.searched_at, SearchClick.position,
        SearchClick.added, SearchClick.order_id, SearchClick.revenue_minor, SearchClick.refunds_minor,
    )  # fmt: skip
    found["clicks"] = sorted((row(dict(one._mapping)) for one in session.execute(clicks)), key=str)
    touches = select(Touchpoint.at, Touchpoint.source_id, Touchpoint.kind)
    found["touches"] = sorted((row(dict(one._mapping)) for one in session.execute(touches)), key=str)
    visits = select(
        Visit.day, Visit.started_at, Visit.audience_id, Visit.entry_path, Visit.referrer, Visit.page_views,
        Visit.product_views, Visit.searches, Visit.cart_adds, Visit.checkouts, Visit.orders, Visit.revenue_minor,
        Visit.refunds_minor, Visit.stage, Visit.bounced,
    )  # fmt: skip
    found["visits"] = sorted((row(dict(one._mapping)) for one in session.execute(visits)), key=str)
    return found


def as_seen(session: Session) -> Iterator[Sighting]:
    """The made-up steps as requests would have seen them."""
    query = select(Visit.visitor_id, Audience.device).join(Audience, Audience.id == Visit.audience_id)
    devices: dict[int | None, str] = {row.visitor_id: row.device for row in session.execute(query)}
    rows = session.execute(
        select(Event, Visitor.token).join(Visitor, Visitor.id == Event.visitor_id).order_by(Event.id)
    )
    for event, token in rows:
        properties = dict(event.properties)
        referrer = properties.pop("referrer", "")
        yield Sighting(
            event.happened_at, event.name, event.subject, properties, visitor_token=token, grade=Grade.ANALYTICS,
            referrer=referrer, user_agent=AGENTS[devices[event.visitor_id]], country="DE",
        )  # fmt: skip


def forget_visits(session: Session) -> None:
    session.execute(update(SeenOrder).values(session_id=None, visitor_id=None, joined=False))
    for kind in (
        SearchClick, Touchpoint, Event, Visit, VisitorClaim, Visitor, AudienceDay, PageDay, ProductDay, TermDay,
        RefinementDay, DayFigures,
    ):  # fmt: skip
        session.execute(delete(kind))
    session.commit()
    session.expire_all()


def count_orders(session: Session) -> None:
    """Each order in the visit of its customer's browser that was going on, and the refunds, as their reactions do."""
    claims: dict[int, int] = dict(session.info["claims"])
    tally = Tally()
    for order in session.scalars(select(SeenOrder).order_by(SeenOrder.placed_at, SeenOrder.id)).all():
        visitor = select(Visitor.id).where(Visitor.token == claims[order.customer_id]).scalar_subquery()
        visit_id = session.scalar(
            select(Visit.id)
            .where(Visit.visitor_id == visitor, Visit.started_at <= order.placed_at)
            .order_by(Visit.started_at.desc())
            .limit(1)
        )
        lines = [
            LineFacts(line.product, line.name, line.quantity, line.net_minor)
            for line in session.scalars(select(SeenOrderLine).where(SeenOrderLine.order_id == order.id))
        ]
        order.session_id = visit_id
        session.flush()
        own = Tally()
        count_order(
            session, own, order_id=order.id, visit_id=visit_id, placed_at=order.placed_at,
            total_minor=order.total_minor, lines=lines, joined=True, time_zone=ZONE,
        )  # fmt: skip
        own.pop(ProductDay)  # counted when the order was remembered
        store(session, own)
    for refund in session.scalars(select(SeenRefund)).all():
        order = session.get_one(SeenOrder, refund.order_id)
        back = session.scalars(select(SeenRefundLine).where(SeenRefundLine.refund_id == refund.id))
        returned = [ReturnedFacts(line.product, line.quantity, line.amount_minor) for line in back]
        count_refund_of_visit(session, tally, refund, order=order, lines=returned, time_zone=ZONE)
    store(session, tally)


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_ingest_would_have_counted_the_same(session: Session, order_ids: list[int], seed: int) -> None:
    simulate_visits(session, order_ids, seed=seed, time_zone=ZONE, country="DE", pages=PAGES)
    session.commit()
    session.expire_all()
    made_up = figures(session)
    for kind in ("clicks", "touches", "ecrm_term_day", "ecrm_refinement_day", "ecrm_audience_day"):
        assert made_up[kind], kind
    seen = list(as_seen(session))
    session.info["claims"] = dict(
        session.execute(
            select(VisitorClaim.customer_id, Visitor.token).join(Visitor, Visitor.id == VisitorClaim.visitor_id)
        ).all()
    )
    forget_visits(session)
    ingest(session, seen, ZONE)
    count_orders(session)
    session.commit()
    assert figures(session) == made_up


def test_orders_close_together_share_a_visit(session: Session, order_ids: list[int]) -> None:
    simulate_visits(session, order_ids, seed=1, time_zone=ZONE, country="DE", pages=PAGES)
    session.commit()
    shared = in_one_visit(read_purchases(session, order_ids))
    assert max(len(visit) for visit in shared) > 1
    with_orders = session.scalars(select(Visit).where(Visit.orders > 0)).all()
    assert sorted(visit.orders for visit in with_orders) == sorted(len(visit) for visit in shared)


def test_without_purchases_nothing_happens(session: Session) -> None:
    assert simulate_visits(session, [], seed=1, time_zone=ZONE).sessions == 0
