"""Made-up visits: marked as such, plausible in time, joined to their orders, and the same for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.simulation import simulate_visits
from tracking.customers import Customer
from tracking.identity import visitors_of
from tracking.orders import SeenOrder, SeenOrderLine
from tracking.visitors import Visitor, VisitorClaim

START = datetime(2026, 5, 1, 17, 0, tzinfo=UTC)


@pytest.fixture
def order_ids(session: Session) -> list[int]:
    """Two customers with ten orders each, three lines an order."""
    customers = [Customer(email=f"{name}@example.com", created_at=START) for name in ("a", "b")]
    session.add_all(customers)
    session.flush()
    orders = [
        SeenOrder(
            reference=f"O{number}", customer_id=customers[number % 2].id, placed_at=START + timedelta(days=number),
            currency="EUR", goods_minor=600, total_minor=600,
        )
        for number in range(20)
    ]  # fmt: skip
    session.add_all(orders)
    session.flush()
    for order in orders:
        for position in (1, 2, 3):
            product = str(100 + (order.id * position) % 7)
            session.add(
                SeenOrderLine(
                    order_id=order.id, position=position, product=product, name="P", quantity=1, net_minor=200
                )
            )
    session.flush()
    return [order.id for order in orders]


def simulate(session: Session, order_ids: list[int], *, seed: int = 1) -> None:
    simulate_visits(session, order_ids, seed=seed, time_zone="Europe/Berlin")
    session.flush()


def test_every_order_ends_a_visit_of_its_customer(session: Session, order_ids: list[int]) -> None:
    simulate(session, order_ids)
    for order in session.scalars(select(SeenOrder).execution_options(populate_existing=True)):
        assert order.session_id is not None
        assert order.visitor_id is not None
        visit = session.get_one(Visit, order.session_id)
        assert (visit.visitor_id, visit.last_at, visit.orders) == (order.visitor_id, order.placed_at, 1)
        assert timedelta(minutes=4) <= visit.last_at - visit.started_at <= timedelta(minutes=25)
        assert order.visitor_id in visitors_of(session, order.customer_id)


def test_everything_made_up_says_so(session: Session, order_ids: list[int]) -> None:
    simulate(session, order_ids)
    for model in (Visitor, Visit, Event):
        assert set(session.scalars(select(model.simulated))) == {True}
    assert set(session.scalars(select(VisitorClaim.how))) == {"simulated"}


def test_steps_come_in_order_within_their_visit(session: Session, order_ids: list[int]) -> None:
    simulate(session, order_ids)
    for visit in session.scalars(select(Visit)):
        steps = session.scalars(select(Event).where(Event.session_id == visit.id).order_by(Event.id)).all()
        times = [step.happened_at for step in steps]
        assert times == sorted(times)
        assert visit.started_at == times[0]
        assert times[-1] <= visit.last_at
        assert visit.page_views == sum(step.name == "Page Viewed" for step in steps) >= 1
        assert visit.product_views == sum(step.name == "Product Viewed" for step in steps)
        assert visit.cart_adds == sum(step.name == "Product Added" for step in steps)


def test_what_is_put_in_the_cart_before_an_order_was_bought(session: Session, order_ids: list[int]) -> None:
    simulate(session, order_ids)
    for order in session.scalars(select(SeenOrder).execution_options(populate_existing=True)):
        added = select(Event.subject).where(Event.session_id == order.session_id, Event.name == "Product Added")
        bought = session.scalars(select(SeenOrderLine.product).where(SeenOrderLine.order_id == order.id)).all()
        assert set(session.scalars(added)) <= set(bought)


def test_strangers_stay_strangers(session: Session, order_ids: list[int]) -> None:
    simulate(session, order_ids)
    claimed = select(VisitorClaim.visitor_id)
    strangers = session.scalars(select(Event.customer_id).where(Event.visitor_id.not_in(claimed))).all()
    assert set(strangers) <= {None}


def test_the_figures_of_the_days_agree_with_the_rows(session: Session, order_ids: list[int]) -> None:
    simulate(session, order_ids)
    sums = session.execute(
        select(
            func.sum(DayFigures.sessions), func.sum(DayFigures.simulated_sessions), func.sum(DayFigures.page_views),
            func.sum(DayFigures.product_views), func.sum(DayFigures.cart_adds), func.sum(DayFigures.checkouts),
        )
    ).one()  # fmt: skip
    names = ("Page Viewed", "Product Viewed", "Product Added", "Checkout Started")
    visits = session.scalar(select(func.count()).select_from(Visit))
    rows = [session.scalar(select(func.count()).where(Event.name == name)) for name in names]
    assert list(sums) == [visits, visits, *rows]


def test_the_same_seed_makes_up_the_same_steps(session: Session, order_ids: list[int]) -> None:
    def steps() -> list[object]:
        return list(
            session.execute(select(Event.name, Event.happened_at, Event.subject, Event.properties).order_by(Event.id))
        )

    session.commit()
    simulate(session, order_ids)
    first = steps()
    session.rollback()
    simulate(session, order_ids)
    assert steps() == first
    session.rollback()
    simulate(session, order_ids, seed=2)
    assert steps() != first


def test_later_orders_go_on_with_the_same_browser(session: Session, order_ids: list[int]) -> None:
    simulate(session, order_ids[:10])
    simulate(session, order_ids[10:])
    claims = session.execute(select(VisitorClaim.visitor_id, VisitorClaim.customer_id)).all()
    assert len(claims) == 2


def test_nobody_looks_at_what_the_shop_does_not_show(session: Session, order_ids: list[int]) -> None:
    bought = set(session.scalars(select(SeenOrderLine.product)))
    unseen = set(sorted(bought)[:3])
    simulate_visits(session, order_ids, seed=1, time_zone="Europe/Berlin", unseen=unseen)
    looked_at = set(session.scalars(select(Event.subject).where(Event.name == "Product Viewed")))
    assert looked_at
    assert not looked_at & unseen
