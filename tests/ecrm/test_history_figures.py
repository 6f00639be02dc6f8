"""History counts what single events would have counted: products, new customers, cohorts, refunds by product."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from ecrm.events import OrderLine, OrderRefunded, Told
from ecrm.history import backfill
from ecrm.marketing.campaigns import GoodsCost
from tracking.clickstream.dimensions import ProductKey
from tracking.clickstream.rollups import CohortMonth, DayFigures, ProductDay
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefundLine
from tracking.record import Record

from .kites import AT, Kites, open_kites, order, person, refunded

FIGURES = (DayFigures, ProductDay, CohortMonth)


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def some_lines() -> OrderRefunded:
    lines = (OrderLine(product_id="2", name="", quantity=1, net_minor=1500),)
    return OrderRefunded(
        at=AT + timedelta(days=35), refund_id="R2", order_id="A1", person=None, currency="EUR", amount_minor=1600,
        lines=lines,
    )  # fmt: skip


BOB = person("bob@example.com", "8")
PAST: tuple[Told, ...] = (
    order("A1"),
    order("A2", at=AT + timedelta(days=1), codes=("spring",)),
    order("B1", BOB, at=AT + timedelta(days=1, hours=11)),
    order("B2", BOB, at=AT + timedelta(days=31)),
    refunded("R1", "A1", amount=101),
    some_lines(),
    refunded("R3", "A1", amount=3500 - 101 - 1600),
    order("N1", person("unknown@source.invalid")),
)


def dump(kites: Kites) -> dict[str, Any]:
    def rows(record: type[Record]) -> list[dict[str, Any]]:
        table = record.metadata.tables[record.__tablename__]
        with kites.session() as session:
            found = [dict(row._mapping) for row in session.execute(select(table))]
        return sorted((row for row in found if any(isinstance(v, int) and v for v in row.values())), key=str)

    with kites.session() as session:
        lines = session.execute(
            select(SeenOrder.reference, SeenOrderLine.position, SeenOrderLine.cost_minor)
            .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
            .order_by(SeenOrder.reference, SeenOrderLine.position)
        ).all()
    orders = sorted((row.reference, row.is_first, row.refunded_minor, tuple(row.codes)) for row in kites.all(SeenOrder))
    back = sorted((row.product, row.quantity, row.amount_minor) for row in kites.all(SeenRefundLine))
    return {"orders": orders, "lines": lines, "back": back} | {kind.__tablename__: rows(kind) for kind in FIGURES}


def forget_all(kites: Kites) -> None:
    with kites.crm.sessions.begin() as session:
        for table in reversed(Record.metadata.sorted_tables):
            if table.name not in (ProductKey.__tablename__, GoodsCost.__tablename__):
                session.execute(delete(table))


def test_bulk_and_single_events_give_the_same_figures(kites: Kites) -> None:
    with kites.crm.sessions.begin() as session:
        session.add(GoodsCost(product="2", since=date(2026, 1, 1), unit_minor=600))
    with kites.app.app_context():
        backfill(kites.crm, PAST)
    in_bulk = dump(kites)
    assert in_bulk["orders"][0] == ("A1", True, 3500, ())
    assert sum(amount for _product, _pieces, amount in in_bulk["back"]) == 3300
    forget_all(kites)
    for told in PAST:
        kites.tell(told)
    assert dump(kites) == in_bulk


def test_a_history_told_after_live_orders_moves_the_first_order(kites: Kites) -> None:
    kites.tell(PAST[1])
    with kites.app.app_context():
        backfill(kites.crm, PAST)
    late = dump(kites)
    forget_all(kites)
    with kites.app.app_context():
        backfill(kites.crm, PAST)
    assert dump(kites) == late


def test_told_again_no_figure_changes(kites: Kites) -> None:
    with kites.app.app_context():
        backfill(kites.crm, PAST)
        once = dump(kites)
        backfill(kites.crm, PAST)
    assert dump(kites) == once
