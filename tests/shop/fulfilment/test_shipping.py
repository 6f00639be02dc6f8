"""Parcels under races: an order is either cancelled or sent, a parcel arrives once, money goes back once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import signals
from shop.checkout.finding import find_order
from shop.checkout.order import Order, OrderStatus, Refund
from shop.checkout.refunding import NotRefunded, RefundAsked, cancel, refund
from shop.database import db
from shop.fulfilment.parcel import Parcel
from shop.fulfilment.shipping import NotShippable, mark_delivered, ship
from tests.shop.visitor import Visitor

Look = Callable[[], Session]
Deed = Callable[[Session, Order], object]


@pytest.fixture
def number(visitor: Visitor, shop_data: dict[str, int]) -> str:
    """An order of four packets of coffee."""
    return visitor.order(shop_data["filter"], 4)


def at_once(app: Flask, number: str, deeds: list[Deed]) -> list[str]:
    """Do all of this with the same order at the same moment; "done" or the reason why not, for each."""
    gate, results = threading.Barrier(len(deeds)), [""] * len(deeds)

    def do(place: int) -> None:
        with app.app_context():
            order = find_order(db.session(), number)
            assert order is not None
            gate.wait()
            try:
                deeds[place](db.session(), order)
                db.session.commit()
                results[place] = "done"
            except (NotRefunded, NotShippable) as refused:
                db.session.rollback()
                results[place] = type(refused).__name__

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def sending(session: Session, order: Order) -> Parcel:
    return ship(session, order, carrier="dhl", tracking_number="JD0146001", now=datetime.now(UTC))


def cancelling(session: Session, order: Order) -> Refund | None:
    return cancel(session, order, reason="Changed my mind", now=datetime.now(UTC))


def giving_one_back(session: Session, order: Order) -> Refund:
    asked = RefundAsked(pieces={order.lines[0].product_id: 1}, shipping=True, restock=True, reason="Torn bag")
    return refund(session, order, asked, now=datetime.now(UTC))


def test_an_order_is_either_sent_or_cancelled(app: Flask, number: str, tables: Look) -> None:
    results = at_once(app, number, [sending, cancelling] * 4)
    order = tables().scalars(select(Order)).one()
    parcels, refunds = tables().scalars(select(Parcel)).all(), tables().scalars(select(Refund)).all()
    if order.status == OrderStatus.CANCELLED:
        assert (len(parcels), len(refunds), results.count("NotShippable")) == (0, 1, 4)
    else:
        assert (order.status, len(parcels), len(refunds)) == (OrderStatus.SHIPPED, 1, 0)
        assert results.count("NotCancellable") == 4


def test_sixteen_refunds_at_once_give_back_what_was_paid_and_no_more(app: Flask, number: str, tables: Look) -> None:
    results = at_once(app, number, [giving_one_back] * 16)
    refunds = tables().scalars(select(Refund)).all()
    assert results.count("done") == len(refunds) == 4
    assert sum(found.amount_minor for found in refunds) == tables().scalars(select(Order)).one().total_minor
    assert len({found.number for found in refunds}) == 4


def giving_all_back(session: Session, order: Order) -> Refund:
    asked = RefundAsked(pieces={order.lines[0].product_id: 4}, shipping=True, restock=True, reason="Changed my mind")
    return refund(session, order, asked, now=datetime.now(UTC))


def test_an_order_given_back_whole_is_either_cancelled_or_had_left_before(
    app: Flask, number: str, tables: Look
) -> None:
    results = at_once(app, number, [sending, giving_all_back] * 4)
    order, parcels = tables().scalars(select(Order)).one(), tables().scalars(select(Parcel)).all()
    assert len(tables().scalars(select(Refund)).all()) == 1
    if order.status == OrderStatus.CANCELLED:
        assert (len(parcels), results.count("NotShippable")) == (0, 4)
    else:
        assert (order.status, len(parcels)) == (OrderStatus.SHIPPED, 1)


def test_a_parcel_arrives_once(app: Flask, number: str, tables: Look) -> None:
    assert at_once(app, number, [sending]) == ["done"]
    heard: list[int] = []

    def delivered(_app: Flask, *, parcel: Parcel) -> None:
        heard.append(parcel.id)

    def arriving(session: Session, order: Order) -> None:
        mark_delivered(session, session.scalars(select(Parcel)).one(), now=datetime.now(UTC))

    with signals.parcel_delivered.connected_to(delivered, app):
        at_once(app, number, [arriving] * 8)
    assert len(heard) == 1
    assert tables().scalars(select(Order)).one().status == OrderStatus.DELIVERED


def test_the_customer_sees_the_parcel(visitor: Visitor, app: Flask, shop_data: dict[str, int]) -> None:
    visitor.sign_in(shop_data["ada"])
    number = visitor.order(shop_data["candle"])
    at_once(app, number, [sending])
    page = visitor.see(f"/orders/{number}")
    assert "On its way" in page.words
    assert "JD0146001" in page.words
    assert "Cancel this order" not in page.words
