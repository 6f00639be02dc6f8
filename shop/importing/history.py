"""The imported past as plain rows in the order of time, for whoever is plugged into the shop and wants to know it."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, func, null, or_, select
from sqlalchemy.orm import Session, selectinload

from ..accounts.account import Account
from ..catalog.product import Product
from ..checkout.order import CouponUse, Order, OrderLine, Refund, RefundLine
from ..coupons.coupon import Mailing
from .filling import table_of

BATCH = 2000
# A list in the statement itself would be costly to build anew for each batch.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)

Happened = tuple[str, Row[Any], Sequence[Row[Any]]]
"""`account`, `order` or `refund`; its row; its lines: owner's id, product_id, name, quantity, net_minor, cost_minor."""


def history(session: Session) -> Iterator[Happened]:
    """Everything that came from elsewhere: accounts opened, orders placed, refunds given.

    Rows are fetched in batches without a cursor left open, so that a writer is never held up.
    """
    streams = (_accounts(session), _orders(session), _refunds(session))
    for _, kind, row, lines in heapq.merge(*streams, key=lambda item: item[0]):
        yield kind, row, lines


def codes_of_orders(session: Session) -> dict[int, tuple[str, ...]]:
    """The coupons that imported orders named, by the order's id; an order without any isn't in it."""
    uses, orders = table_of(CouponUse), table_of(Order)
    query = select(uses.c.order_id, uses.c.code).join(orders, orders.c.id == uses.c.order_id)
    named: dict[int, tuple[str, ...]] = {}
    for order_id, code in session.execute(query.where(orders.c.source != "shop").order_by(uses.c.code)):
        named[order_id] = (*named.get(order_id, ()), code)
    return named


def imported_mailings(session: Session) -> Sequence[Mailing]:
    """The rounds of coupons that came with an import, each with its coupons."""
    query = select(Mailing).where(Mailing.source != "shop").options(selectinload(Mailing.coupons))
    return session.scalars(query.order_by(Mailing.first_day, Mailing.id)).all()


def history_size(session: Session) -> int:
    """How many rows `history` will give."""
    orders, refunds = table_of(Order), table_of(Refund)
    counts = (
        select(func.count()).where(orders.c.source != "shop"),
        select(func.count()).where(refunds.c.source != "shop"),
        select(func.count()).select_from(_imported_accounts(table_of(Account)).subquery()),
    )
    return sum(session.scalar(query) or 0 for query in counts)


def _imported_accounts(accounts: Any) -> Any:
    orders, refunds = table_of(Order), table_of(Refund)
    ordered = select(orders.c.account_id).where(orders.c.source != "shop", orders.c.account_id.is_not(None))
    refunded = select(refunds.c.account_id).where(refunds.c.source != "shop", refunds.c.account_id.is_not(None))
    return select(accounts).where(or_(accounts.c.id.in_(ordered), accounts.c.id.in_(refunded)))


def _accounts(session: Session) -> Iterator[tuple[Any, str, Row[Any], Sequence[Row[Any]]]]:
    accounts = table_of(Account)
    for row in session.execute(_imported_accounts(accounts).order_by(accounts.c.created_at, accounts.c.id)).all():
        yield row.created_at, "account", row, ()


def _orders(session: Session) -> Iterator[tuple[Any, str, Row[Any], Sequence[Row[Any]]]]:
    orders, lines = table_of(Order), table_of(OrderLine)
    query = select(orders.c.id).where(orders.c.source != "shop").order_by(orders.c.placed_at, orders.c.id)
    wanted = select(
        lines.c.order_id, lines.c.product_id, lines.c.name, lines.c.quantity, lines.c.net_minor, lines.c.cost_minor
    )
    for ids in _in_batches(session.scalars(query).all()):
        of_order = _grouped(
            session, wanted.where(lines.c.order_id.in_(_IDS)).order_by(lines.c.order_id, lines.c.position), ids
        )
        for row in _in_order(session, orders, ids):
            yield row.placed_at, "order", row, of_order[row.id]


def _refunds(session: Session) -> Iterator[tuple[Any, str, Row[Any], Sequence[Row[Any]]]]:
    refunds, lines, orders = table_of(Refund), table_of(RefundLine), table_of(Order)
    query = select(refunds.c.id).where(refunds.c.source != "shop").order_by(refunds.c.refunded_at, refunds.c.id)
    products = table_of(Product)
    wanted = select(
        lines.c.refund_id,
        lines.c.product_id,
        products.c.name,
        lines.c.quantity,
        lines.c.amount_minor.label("net_minor"),
        null().label("cost_minor"),
    ).join(products, products.c.id == lines.c.product_id)
    joined = select(refunds, orders.c.number.label("order_number")).outerjoin(orders, orders.c.id == refunds.c.order_id)
    for ids in _in_batches(session.scalars(query).all()):
        of_refund = _grouped(
            session, wanted.where(lines.c.refund_id.in_(_IDS)).order_by(lines.c.refund_id, lines.c.position), ids
        )
        rows = {row.id: row for row in session.execute(joined.where(refunds.c.id.in_(_IDS)), {"ids": ids})}
        for row in (rows[one] for one in ids):
            yield row.refunded_at, "refund", row, of_refund[row.id]


def _in_batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _in_order(session: Session, table: Any, ids: Sequence[int]) -> Iterator[Row[Any]]:
    rows = {row.id: row for row in session.execute(select(table).where(table.c.id.in_(_IDS)), {"ids": ids})}
    return (rows[one] for one in ids)


def _grouped(session: Session, query: Any, ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    groups: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(query, {"ids": ids}).all():
        groups[row[0]].append(row)
    return groups
