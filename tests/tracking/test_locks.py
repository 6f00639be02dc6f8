"""Steps and orders of one browser at the same moment wait for each other in one order, so that none has to give up."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import sessionmaker

from tracking.clickstream.dimensions import ProductKey, ids_of
from tracking.clickstream.earnings import count_order
from tracking.clickstream.ingest import ingest
from tracking.clickstream.rollups import CohortMonth, Tally, store
from tracking.clickstream.sessions import Session
from tracking.cohorts import count_customer, recount
from tracking.customers import find_or_create_guest
from tracking.orders import LineFacts, SeenOrder, remember_order, remember_refund
from tracking.visitors import Visitor, lock_visitors

from .clicks import NOON, ZONE, searched, seen


def test_an_order_locks_the_browser_before_it_numbers_products(sessions: sessionmaker[OrmSession]) -> None:
    # given: steps of a browser are being stored
    with sessions.begin() as session:
        ingest(session, [seen()], ZONE)
    steps = sessions()
    lock_visitors(steps, steps.scalars(select(Visitor.id)).all())
    problems: list[BaseException] = []

    # when: an order of a product that nobody has seen is counted for its visit meanwhile
    def order() -> None:
        try:
            with sessions.begin() as session:
                visit_id = session.scalars(select(Session.id)).one()
                count_order(
                    session, Tally(), order_id=1, visit_id=visit_id, placed_at=NOON, total_minor=5,
                    lines=[LineFacts("rare", "Rare", 1, 5, None)], joined=False, time_zone=ZONE,
                )  # fmt: skip
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=order)
    thread.start()
    time.sleep(0.5)

    # then: the steps can number the product as well, and the order follows
    ids_of(steps, ProductKey, ["rare"])
    steps.commit()
    thread.join(30)
    assert problems == []
    with sessions() as session:
        assert session.scalars(select(Session.orders)).one() == 1


def test_a_batch_numbers_one_dimension_after_the_other(engine: Engine, sessions: sessionmaker[OrmSession]) -> None:
    made: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        words = statement.split()
        if words[:2] == ["INSERT", "INTO"] and words[2] in {"ecrm_page", "ecrm_product_key", "ecrm_term"}:
            made.append(words[2])

    event.listen(engine, "before_cursor_execute", note)
    with sessions.begin() as session:
        steps = [
            searched("tea", "7", first=25, path="/search"), seen("Product Viewed", "7", minutes=1, path="/p/7"),
            seen(subject="/p/7", minutes=2), seen("Product Viewed", "9", minutes=90, path="/p/9"),
        ]  # fmt: skip
        ingest(session, steps, ZONE)
    assert made == ["ecrm_page", "ecrm_product_key", "ecrm_term"]


@pytest.mark.parametrize("told", ["order", "refund"])
def test_cohorts_are_recounted_while_orders_and_refunds_come_in(sessions: sessionmaker[OrmSession], told: str) -> None:
    # given: a customer's first order, or a refund of it, that is being remembered
    with sessions.begin() as session:
        customer_id = find_or_create_guest(session, email="ada@example.com", at=NOON).id
        if told == "refund":
            order(session, customer_id)
    live, tally = sessions(), Tally()
    if told == "order":
        order(live, customer_id, counted_in=tally)
    else:
        refund_id = remember_refund(live, reference="R1", order_id=None, customer_id=customer_id, refunded_at=NOON,
                                    amount_minor=30)  # fmt: skip

    # when: all cohorts are counted anew meanwhile
    problems: list[BaseException] = []

    def count_anew() -> None:
        try:
            with sessions.begin() as session:
                recount(session, time_zone=ZONE)
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=count_anew)
    thread.start()
    time.sleep(0.5)

    # then: what had begun goes on, and both are right
    if told == "refund":
        live.execute(update(SeenOrder).values(refunded_minor=30))
        count_customer(live, tally, customer_id, time_zone=ZONE, new_refund=refund_id)
    store(live, tally)
    live.commit()
    thread.join(30)
    assert problems == []
    with sessions() as session:
        cohort = session.scalars(select(CohortMonth)).one()
        assert (cohort.customers, cohort.orders, cohort.revenue_minor) == (1, 1, 100)
        assert cohort.refunds_minor == (30 if told == "refund" else 0)


def order(session: OrmSession, customer_id: int, *, counted_in: Tally | None = None) -> None:
    """An order of one euro."""
    tally = Tally() if counted_in is None else counted_in
    order_id = remember_order(
        session, reference="A1", customer_id=customer_id, visitor_id=None, session_id=None, placed_at=NOON,
        currency="EUR", goods_minor=100, shipping_minor=0, discount_minor=0, total_minor=100, lines=[],
    )  # fmt: skip
    count_customer(session, tally, customer_id, time_zone=ZONE, new_order=order_id)
    if counted_in is None:
        store(session, tally)
