"""Cancellations as refunds: each cancelled piece is tied to the latest earlier order of the same customer that had it.

Never more is given back than was bought and paid in that order's line; what finds no such line stays a refund without
an order, because the source doesn't say which order it belongs to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..checkout.order import Order, OrderLine, Refund, RefundLine
from .bulk import insert_columns, take_ids
from .filling import Progress, table_of
from .people import Person
from .report import ImportReport
from .retail_invoice import Invoice
from .sales_file import Sale

SOURCE, CURRENCY = "online-retail", "GBP"


@dataclass
class _Bought:
    """What of a product in an order can still be given back."""

    order_id: int
    at: datetime
    pieces: int
    minor: int


def write_refunds(
    session: Session,
    cancellations: Sequence[Invoice],
    products: dict[str, tuple[int, str]],
    accounts: dict[str, tuple[int, Person, str]],
    report: ImportReport,
    *,
    progress: Progress,
) -> set[str]:
    """Write the cancellations; one that concerns several orders becomes a refund for each. Returns their numbers."""
    progress("Refunds", 0, len(cancellations))
    account_ids = {accounts[invoice.customer][0] for invoice in cancellations if invoice.customer in accounts}
    bought = _bought(session, account_ids)
    refunds: list[tuple[str, int | None, int | None, datetime, list[Sale]]] = []
    for invoice in cancellations:
        account_id = accounts[invoice.customer][0] if invoice.customer in accounts else None
        by_order: dict[int | None, list[Sale]] = defaultdict(list)
        for sale in invoice.sales:
            lines = bought.get((account_id, products[sale.code][0]), ()) if account_id else ()
            by_order[_matching(lines, sale, invoice.at)].append(sale)
        for place, (order_id, sales) in enumerate(by_order.items(), start=1):
            number = f"OR-{invoice.number}" + (f"/{place}" if place > 1 else "")
            refunds.append((number, order_id, account_id, invoice.at, sales))
    _insert(session, refunds, products)
    report.refunds = len(refunds)
    report.refunds_without_order = sum(order_id is None for _, order_id, *_ in refunds)
    progress("Refunds", len(cancellations), len(cancellations))
    return {number for number, *_ in refunds}


def _bought(session: Session, account_ids: set[int]) -> dict[tuple[int | None, int], list[_Bought]]:
    """Per account and product what each order still holds, oldest first; earlier refunds are taken off."""
    if not account_ids:
        return {}
    orders, lines = table_of(Order), table_of(OrderLine)
    back, back_lines = table_of(Refund), table_of(RefundLine)
    sums = (func.sum(lines.c.quantity), func.sum(lines.c.net_minor))
    query = (
        select(orders.c.account_id, lines.c.product_id, orders.c.id, orders.c.placed_at, *sums)
        .join(lines, lines.c.order_id == orders.c.id)
        .where(orders.c.source == SOURCE, orders.c.account_id.is_not(None))
        .group_by(orders.c.account_id, lines.c.product_id, orders.c.id, orders.c.placed_at)
        .order_by(orders.c.placed_at, orders.c.id)
    )
    found: dict[tuple[int | None, int], list[_Bought]] = defaultdict(list)
    by_line: dict[tuple[int, int], _Bought] = {}
    for account_id, product_id, order_id, at, pieces, minor in session.execute(query):
        if account_id in account_ids:
            one = by_line[order_id, product_id] = _Bought(order_id, at, int(pieces), int(minor))
            found[account_id, product_id].append(one)
    given = select(back.c.order_id, back_lines.c.product_id, back_lines.c.quantity, back_lines.c.amount_minor).join(
        back_lines, back_lines.c.refund_id == back.c.id
    )
    for order_id, product_id, pieces, minor in session.execute(given.where(back.c.order_id.is_not(None))):
        if (order_id, product_id) in by_line:
            by_line[order_id, product_id].pieces -= pieces
            by_line[order_id, product_id].minor -= minor
    return found


def _matching(lines: Sequence[_Bought], sale: Sale, at: datetime) -> int | None:
    pieces, minor = -sale.quantity, -sale.cents
    for line in reversed(lines):
        if line.at <= at and line.pieces >= pieces and line.minor >= minor:
            line.pieces -= pieces
            line.minor -= minor
            return line.order_id
    return None


def _insert(
    session: Session,
    refunds: Sequence[tuple[str, int | None, int | None, datetime, list[Sale]]],
    products: dict[str, tuple[int, str]],
) -> None:
    if not refunds:
        return
    connection = session.connection()
    ids = take_ids(connection, table_of(Refund), len(refunds))
    columns: dict[str, list[Any]] = {
        "id": ids,
        "number": [number for number, *_ in refunds],
        "order_id": [order_id for _, order_id, *_ in refunds],
        "account_id": [account_id for _, _, account_id, *_ in refunds],
        "refunded_at": [at for *_, at, _ in refunds],
        "currency": [CURRENCY] * len(ids),
        "amount_minor": [-sum(sale.cents for sale in sales) for *_, sales in refunds],
        "reason": ["cancelled"] * len(ids),
        "source": [SOURCE] * len(ids),
    }
    insert_columns(connection, table_of(Refund), columns)
    lines = [
        (refund_id, position, products[sale.code][0], -sale.quantity, -sale.cents)
        for refund_id, (*_, sales) in zip(ids, refunds, strict=True)
        for position, sale in enumerate(sales, start=1)
    ]
    names = ("refund_id", "position", "product_id", "quantity", "amount_minor")
    insert_columns(connection, table_of(RefundLine), dict(zip(names, zip(*lines, strict=True), strict=True)))
