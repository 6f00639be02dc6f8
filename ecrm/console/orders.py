"""Orders behind the figures: each number of the overview leads to the rows that it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Response, render_template

from ecrm.access.audit import Action, record
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.customers.profile import with_lines
from ecrm.installation import Installation, installation
from ecrm.marketing.order_list import ordered_in, orders_behind, refunded_in
from ecrm.wording import zone

from .blueprint import console
from .order_filters import Asked, asked_orders
from .queries import cursor, cursor_arg
from .spreadsheets import Cell, csv_response, major

PAGE = 50
EXPORT_BATCH = 1000


@console.get("/orders")
@needs(Permission.OVERVIEW)
def orders() -> str:
    """The orders placed between two days, newest first."""
    asked = asked_orders()
    with installation().sessions() as session:
        rows = list(orders_behind(session, asked.period, zone(), asked.narrowed, before=cursor_arg(), limit=PAGE + 1))
        on_file = with_lines(session, rows[:PAGE])
        narrowed = asked.words(session)
        whole = ordered_in(session, asked.period, zone(), asked.narrowed)
        back = refunded_in(session, asked.period, zone(), asked.narrowed)[1] if asked.nets_by_day else None
    more = cursor(rows[PAGE - 1].placed_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return render_template(
        "ecrm/console/orders.html", asked=asked, narrowed=narrowed, orders=on_file, more=more, whole=whole, back=back
    )


@console.get("/orders.csv")
@needs(Permission.OVERVIEW)
def orders_sheet() -> Response:
    """The same orders as a spreadsheet; without persons, for every role that may see figures."""
    crm, asked = installation(), asked_orders()
    period = asked.period
    with crm.sessions.begin() as session:
        span = f"{period.first}..{period.last}"
        record(session, signed_in_staff(), Action.ORDERS_EXPORTED, subject=span, now=datetime.now(UTC))
    filename = f"orders-{period.first}-{period.last}.csv"
    return csv_response(_rows(crm, asked, crm.storefront.facts().currency), filename=filename)


def _rows(crm: Installation, asked: Asked, currency: str) -> Iterator[tuple[Cell, ...]]:
    yield ("order", "placed at (UTC)", "currency", "goods", "shipping", "discount", "total", "refunded", "net")
    before: tuple[datetime, int] | None = None
    while True:
        with crm.sessions() as session:
            batch = orders_behind(session, asked.period, zone(), asked.narrowed, before=before, limit=EXPORT_BATCH)
        for order in batch:
            money = (
                order.goods_minor, order.shipping_minor, order.discount_minor, order.total_minor, order.refunded_minor,
                order.total_minor - order.refunded_minor,
            )  # fmt: skip
            amounts = (major(minor, order.currency or currency) for minor in money)
            yield (order.reference, order.placed_at.isoformat(), order.currency, *amounts)
        if len(batch) < EXPORT_BATCH:
            return
        before = (batch[-1].placed_at, batch[-1].id)
