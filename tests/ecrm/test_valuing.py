"""Valuing: what is stored follows from orders and refunds alone, as of its moment, and can be proved."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ecrm.customers.valuing import differences, figures, finish, store, work_out
from ecrm.customers.worth import Worth, WorthRun
from ecrm.installation import Installation
from tests.conftest import NOW
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenRefund


def customer(session: Session, number: int, *, email: str = "") -> int:
    row = Customer(email=email or f"c{number}@example.com", created_at=NOW - timedelta(days=400))
    session.add(row)
    session.flush()
    return row.id


def order(session: Session, customer_id: int, at: datetime, minor: int) -> SeenOrder:
    row = SeenOrder(
        reference=f"{customer_id}-{at.isoformat()}", customer_id=customer_id, placed_at=at, currency="EUR",
        goods_minor=minor, total_minor=minor,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def town(session: Session, people: int = 60) -> list[int]:
    """People who buy more or less often, over a year."""
    rng = np.random.default_rng(4)
    ids = [customer(session, number) for number in range(people)]
    for id_ in ids:
        for day in sorted(rng.integers(1, 365, size=int(rng.integers(1, 8))).tolist()):
            order(session, id_, NOW - timedelta(days=float(day), seconds=int(rng.integers(0, 9999))), 2000 + 10 * day)
    return ids


def value_all(session: Session, now: datetime = NOW) -> None:
    valued = work_out(session, now=now)
    store(session, valued.rows(0, len(valued)))
    finish(session, valued, now=now)


def test_everybody_with_an_order_has_a_worth_and_a_second_look_finds_the_same(session: Session) -> None:
    ids = town(session)
    value_all(session)
    assert set(session.scalars(select(Worth.customer_id))) == set(ids)
    assert list(differences(session)) == []
    one = session.scalars(select(Worth)).first()
    assert one is not None
    assert one.clv_low_minor is not None
    assert one.clv_high_minor is not None
    assert one.clv_minor is not None
    assert 0 <= one.clv_low_minor <= one.clv_high_minor


def test_a_changed_figure_is_found_and_so_is_an_order_that_was_told_late(session: Session) -> None:
    ids = town(session)
    value_all(session)
    session.execute(update(Worth).where(Worth.customer_id == ids[0]).values(orders=99))
    assert (ids[0], "orders") in {(row[0], row[1]) for row in differences(session)}
    value_all(session)
    order(session, ids[1], NOW - timedelta(days=30), 100)
    assert (ids[1], "orders") in {(row[0], row[1]) for row in differences(session)}


def test_what_came_after_the_moment_changes_nothing_of_it(session: Session) -> None:
    ids = town(session)
    value_all(session)
    late = order(session, ids[0], NOW + timedelta(hours=1), 9_999)
    session.add(
        SeenRefund(
            reference="r", order_id=late.id, customer_id=None, refunded_at=NOW + timedelta(hours=2), amount_minor=5
        )
    )
    session.flush()
    assert list(differences(session)) == []


def test_refunds_are_taken_off_with_and_without_an_order(session: Session) -> None:
    id_ = customer(session, 1)
    bought = order(session, id_, NOW - timedelta(days=9), 5000)
    for number, (order_id, whose) in enumerate(((bought.id, None), (None, id_))):
        session.add(
            SeenRefund(
                reference=f"r{number}", order_id=order_id, customer_id=whose, refunded_at=NOW - timedelta(days=1),
                amount_minor=700,
            )
        )  # fmt: skip
    session.flush()
    assert figures(session, now=NOW).net_minor.tolist() == [3600]


def test_buyers_whom_nobody_names_have_no_worth_and_a_small_shop_is_honest(session: Session) -> None:
    nobody, somebody = customer(session, 1, email="unknown@shop.invalid"), customer(session, 2)
    for id_ in (nobody, somebody):
        order(session, id_, NOW - timedelta(days=9), 5000)
    value_all(session)
    [only] = session.scalars(select(Worth))
    assert (only.customer_id, only.group, only.recency, only.clv_minor) == (somebody, "", 0, None)
    run = session.scalars(select(WorthRun)).one()
    assert "too few" in run.model["none"]


def test_the_command_works_all_out_says_the_groups_and_proves_them(host: Flask, plugin: Installation) -> None:
    with plugin.sessions.begin() as session:
        town(session)
    runner = host.test_cli_runner()
    assert "run `flask ecrm rfm`" in runner.invoke(args=["ecrm", "rfm", "--check"]).output
    said = runner.invoke(args=["ecrm", "rfm"]).output
    assert "60 customers valued" in said
    assert "Champions" in said
    checked = runner.invoke(args=["ecrm", "rfm", "--check"])
    assert (checked.exit_code, "0 differences" in checked.output) == (0, True)
    assert "came within their interval" in runner.invoke(args=["ecrm", "clv", "--days", "90"]).output
