"""New customers and cohorts: which order is a customer's first, and what the customers of a month did later.

Both follow from a customer's orders and refunds alone, whatever order they are told in: an order or a refund changes
the figures by the difference between what they say with and without it. So a history told after live orders moves the
customer's first order, and the figures with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.orm import Session

from .bulk import insert_columns
from .clickstream.rollups import CohortMonth, DayFigures, Tally, add_rows, day_of
from .customers import Customer
from .orders import SeenOrder, SeenRefund
from .record import Record

NOBODY = ".invalid"
"""An address that can't exist stands for people whom the source doesn't name: nothing is concluded about them, so
their orders are nobody's first and belong to no cohort."""

Cell = tuple[date, date, str]
"""A cohort's month, the month that is counted, and the figure of `CohortMonth`."""


Row = TypeVar("Row")
Key = TypeVar("Key")


class Bought(NamedTuple):
    """An order as far as cohorts need it."""

    id: int
    placed_at: datetime
    total_minor: int


class GivenBack(NamedTuple):
    """A refund as far as cohorts need it."""

    id: int
    refunded_at: datetime
    amount_minor: int


@dataclass
class Standing:
    """What some customers add to the figures."""

    firsts: set[int] = field(default_factory=set)
    days: defaultdict[date, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    cells: Counter[Cell] = field(default_factory=Counter)

    def add(self, orders: Sequence[Bought], refunds: Sequence[GivenBack], time_zone: str) -> None:
        """Add one customer with all their orders and refunds, in any order.

        The first order is the earliest placed (the lower id of two at once); its month is the customer's cohort. A
        month counts the customer once if they ordered in it; refunds count in the month the money went back.
        """
        if not orders:
            return
        first = min(orders, key=lambda order: (order.placed_at, order.id))
        day = day_of(first.placed_at, time_zone)
        cohort = day.replace(day=1)
        self.firsts.add(first.id)
        self.days[day]["new_customers"] += 1
        self.days[day]["new_revenue_minor"] += first.total_minor
        months = [day_of(order.placed_at, time_zone).replace(day=1) for order in orders]
        for month, order in zip(months, orders, strict=True):
            self.cells[cohort, month, "orders"] += 1
            self.cells[cohort, month, "revenue_minor"] += order.total_minor
        for month in set(months):
            self.cells[cohort, month, "customers"] += 1
        for refund in refunds:
            month = day_of(refund.refunded_at, time_zone).replace(day=1)
            self.cells[cohort, month, "refunds_minor"] += refund.amount_minor


def count_customer(
    session: Session,
    tally: Tally,
    customer_id: int,
    *,
    time_zone: str,
    new_order: int | None = None,
    new_refund: int | None = None,
) -> None:
    """Count a remembered order, or a remembered refund, for its customer's cohort and as their first where it is."""
    # Locked, so that of two first orders at once one sees the other. SQLite's one writer has the lock already.
    email = session.scalar(select(Customer.email).where(Customer.id == customer_id).with_for_update())
    if email is None or email.endswith(NOBODY):
        return
    orders = [Bought(*row) for row in session.execute(_ORDERS.where(SeenOrder.customer_id == customer_id))]
    refunds = [GivenBack(*row) for row in session.execute(_REFUNDS.where(SeenRefund.customer_id == customer_id))]
    before, after = Standing(), Standing()
    before.add(
        [order for order in orders if order.id != new_order],
        [refund for refund in refunds if refund.id != new_refund],
        time_zone,
    )
    after.add(orders, refunds, time_zone)
    _mark(session, before.firsts - after.firsts, is_first=False)
    _mark(session, after.firsts - before.firsts, is_first=True)
    for day in {*before.days, *after.days}:
        tally.add(DayFigures, (day,), _difference(before.days[day], after.days[day]))
    for (cohort, month, figure), more in _difference(before.cells, after.cells).items():
        tally[CohortMonth][cohort, month][figure] += more


def recount(session: Session, *, time_zone: str) -> None:
    """Count all customers anew from their orders and refunds; what was right stays as it is. For histories.

    Nobody else may remember an order meanwhile: the tables are locked until the caller's transaction ends. First the
    locks, in the order in which a refund writes: what others have begun is then committed before anything is deleted.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE ecrm_refund, ecrm_order IN SHARE ROW EXCLUSIVE MODE"))
    session.execute(delete(CohortMonth))  # on SQLite this takes the write lock
    standing = Standing()
    nobody = set(session.scalars(select(Customer.id).where(Customer.email.like(f"%{NOBODY}"))))
    refunds = _by_customer(session.execute(_REFUNDS.add_columns(SeenRefund.customer_id)), GivenBack)
    for customer_id, orders in _by_customer(
        session.execute(_ORDERS.add_columns(SeenOrder.customer_id)), Bought
    ).items():
        if customer_id not in nobody:
            standing.add(orders, refunds.get(customer_id, ()), time_zone)
    marked = set(session.scalars(select(SeenOrder.id).where(SeenOrder.is_first)))
    _mark(session, marked - standing.firsts, is_first=False)
    _mark(session, standing.firsts - marked, is_first=True)
    _write_cells(session, standing.cells)
    _write_days(session, standing.days)


_ORDERS = select(SeenOrder.id, SeenOrder.placed_at, SeenOrder.total_minor)
_REFUNDS = select(SeenRefund.id, SeenRefund.refunded_at, SeenRefund.amount_minor)


def _by_customer(rows: Iterable[Any], kind: type[Row]) -> dict[int, list[Row]]:
    """Rows whose last column is the customer."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for *values, customer_id in rows:
        if customer_id is not None:
            found[customer_id].append(kind(*values))
    return found


def _difference(before: Counter[Key], after: Counter[Key]) -> dict[Key, int]:
    changed = {key: after[key] - before[key] for key in {*before, *after}}
    return {key: value for key, value in changed.items() if value}


def _rows(cells: Mapping[Cell, int]) -> dict[tuple[date, date], dict[str, int]]:
    rows: dict[tuple[date, date], dict[str, int]] = {}
    for key, group in groupby(sorted(cells.items()), key=lambda item: item[0][:2]):
        rows[key] = {cell[2]: value for cell, value in group}
    return rows


def _mark(session: Session, order_ids: Collection[int], *, is_first: bool) -> None:
    if order_ids:
        table = _table(SeenOrder)
        statement = update(table).where(table.c.id == bindparam("of")).values(is_first=is_first)
        session.connection().execute(statement, [{"of": order_id} for order_id in sorted(order_ids)])


def _write_cells(session: Session, cells: Mapping[Cell, int]) -> None:
    rows = sorted(_rows(cells).items())
    if rows:
        columns: dict[str, list[Any]] = {
            "cohort": [cohort for (cohort, _month), _counts in rows],
            "month": [month for (_cohort, month), _counts in rows],
        }
        for name in ("customers", "orders", "revenue_minor", "refunds_minor"):
            columns[name] = [counts.get(name, 0) for _key, counts in rows]
        insert_columns(session.connection(), _table(CohortMonth), columns)


def _write_days(session: Session, days: Mapping[date, Mapping[str, int]]) -> None:
    known = select(DayFigures.day, DayFigures.new_customers, DayFigures.new_revenue_minor)
    counted = {
        day: Counter({"new_customers": customers, "new_revenue_minor": revenue})
        for day, customers, revenue in session.execute(known)
    }
    rows = {(day,): _difference(counted.get(day, Counter()), Counter(days.get(day, {}))) for day in {*counted, *days}}
    add_rows(session, DayFigures, rows)


def _table(record: type[Record]) -> Any:
    return record.metadata.tables[record.__tablename__]
