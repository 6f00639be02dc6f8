"""Replenishing: few observations borrow from many, and a habit is due when its interval is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy.orm import Session

from recommender.interactions import Interactions, read_interactions
from recommender.replenishing import due_soon, rhythms
from recommender.replenishing_backtest import OURS, backtest
from tracking.customers import Customer
from tracking.orders import LineFacts, remember_order

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def bought(rows: list[tuple[int, str, list[float]]]) -> Interactions:
    """Customer, product and the ages of its purchases in days."""
    products = sorted({product for _who, product, _ages in rows})
    orders = [(who, product, age) for who, product, ages in rows for age in ages]
    return Interactions(
        customers=sorted({who for who, _product, _age in orders}), products=products,
        order_customer=np.array([sorted({w for w, _p, _a in orders}).index(who) for who, _p, _a in orders], np.int32),
        order_age=np.array([age for _who, _product, age in orders], np.float32),
        order_day=np.array([800_000 - round(age) for _who, _product, age in orders], np.int32),
        line_order=np.arange(len(orders), dtype=np.int32),
        line_product=np.array([products.index(product) for _who, product, _age in orders], np.int32),
    )  # fmt: skip


def every(days: int, times: int, *, age: float) -> list[float]:
    """Ages of purchases about every so many days: one interval a tenth longer, the next as much shorter."""
    return [age + days * number + days / 10 * (number % 2) for number in range(times)]


def test_a_habit_is_due_when_its_interval_is_over() -> None:
    rows = [(1, "soap", every(30, 6, age=28)), (2, "soap", every(30, 6, age=5)), (3, "milk", every(7, 9, age=6))]
    due = due_soon(bought(rows), ["", ""], within=4)
    assert {(one.customer, one.product) for one in due} == {(1, "soap"), (3, "milk")}
    assert due_soon(bought(rows), ["", ""], within=4, least_times=7)[0].product == "milk"


def test_who_has_little_history_borrows_from_the_product_and_who_has_much_keeps_their_own() -> None:
    crowd = [(who, "soap", every(30 + who % 5, 8, age=1)) for who in range(10, 40)]
    quick = [(50 + who, "milk", every(6 + who % 3, 8, age=1)) for who in range(20)]
    odd = [(1, "soap", every(10, 2, age=1)), (2, "soap", every(10, 12, age=1))]
    found = rhythms(bought([*crowd, *quick, *odd]), ["", ""])
    pairs = list(zip(found.customer.tolist(), found.product.tolist(), strict=True))
    gap, own = dict(zip(pairs, found.gap, strict=True)), dict(zip(pairs, found.own, strict=True))
    few, many = gap[0, 1], gap[1, 1]
    assert 10 < many < few < 33, "both are drawn to the others, the one with more history less"
    assert own[1, 1] > own[0, 1]


def test_who_bought_once_gets_the_rhythm_of_the_product_and_nothing_falls_over_without_any() -> None:
    rows = [(who, "soap", every(20, 5, age=1)) for who in range(2, 12)] + [(1, "soap", [3.0])]
    found = rhythms(bought(rows), [""])
    assert found.gap[0] == pytest.approx(20, rel=0.1)
    assert found.own[0] == 0
    assert due_soon(bought([(1, "soap", [3.0])]), [""], within=365, least_times=1)[0].gap > 0


def test_the_backtest_asks_about_weeks_that_were_not_known(session: Session) -> None:
    for who in range(1, 4):
        customer = Customer(email=f"c{who}@example.com", created_at=NOW)
        session.add(customer)
        session.flush()
        for week in range(20):
            remember_order(
                session, reference=f"{who}-{week}", customer_id=customer.id, visitor_id=None, session_id=None,
                placed_at=NOW - timedelta(days=7 * week + 1), currency="EUR", goods_minor=100, shipping_minor=0,
                discount_minor=0, total_minor=100, lines=[LineFacts("milk", "Milk", 1, 100)],
            )  # fmt: skip
    (ours,) = [one for one in backtest(session, {}, end=NOW, weeks=4, least_times=3) if one.name == OURS]
    assert (ours.foretold, ours.bought, ours.share) == (12, 12, 1.0)
    assert len(read_interactions(session, NOW).products) == 1
