"""Earning: what made-up searches and visits earn by the orders that they are joined to, by the rules of `earnings`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session as OrmSession

from ...orders import ReturnedFacts, SeenOrder, SeenRefund, SeenRefundLine
from ...record import Record
from ..dimensions import ProductKey
from ..earnings import count_refund_of_visit
from ..rollups import Tally, TermDay, day_of
from ..searches import SearchClick
from ..visits import Visit
from .making import Made
from .purchases import read_net

_CHUNK = 4000


def earn(session: OrmSession, tally: Tally, visits: Sequence[tuple[Made, Visit]], *, time_zone: str) -> None:
    """Credit the searches of visits with an order, and take away what was given back of those orders before."""
    searched = [(made, visit) for made, visit in visits if made.purchases and visit.searches]
    clicks = _clicks(session, [visit.id for _, visit in searched])
    net = read_net(
        session, [purchase.id for made, visit in searched if visit.id in clicks for purchase in made.purchases]
    )
    earned: dict[int, dict[str, Any]] = {}
    for made, visit in searched:
        for purchase in made.purchases:
            terms: set[int] = set()
            latest = {
                product: (searched_at, click_id, term_id)
                for searched_at, click_id, term_id, product in clicks.get(visit.id, ())
                if product in net.get(purchase.id, {})
            }
            for product, (searched_at, click_id, term_id) in sorted(latest.items(), key=lambda item: item[1]):
                figures = tally[TermDay][day_of(searched_at, time_zone), term_id]
                figures["orders"] += term_id not in terms
                figures["revenue_minor"] += net[purchase.id][product]
                terms.add(term_id)
                row = earned.setdefault(click_id, {"of": click_id, "more": 0})
                row["more"] += net[purchase.id][product]
                row["order"] = purchase.id
    if earned:
        table = Record.metadata.tables[SearchClick.__tablename__]
        statement = update(table).where(table.c.id == bindparam("of"))
        statement = statement.values(revenue_minor=bindparam("more"), order_id=bindparam("order"))
        session.connection().execute(statement, list(earned.values()))
    given_back = [purchase.id for made, _ in visits for purchase in made.purchases if purchase.refunded_minor]
    if given_back:
        _count_refunds(session, tally, given_back, time_zone=time_zone)


def _clicks(session: OrmSession, session_ids: Sequence[int]) -> dict[int, list[tuple[datetime, int, int, str]]]:
    """Visit → its clicks in the order of their searches: when, the click, the term, the product."""
    found: dict[int, list[tuple[datetime, int, int, str]]] = {}
    query = select(
        SearchClick.session_id, SearchClick.searched_at, SearchClick.id, SearchClick.term_id, ProductKey.product
    ).join(ProductKey, ProductKey.id == SearchClick.product_key_id)
    for start in range(0, len(session_ids), _CHUNK):
        some = query.where(SearchClick.session_id.in_(session_ids[start : start + _CHUNK]))
        rows = session.execute(some.order_by(SearchClick.searched_at, SearchClick.id))
        for session_id, searched_at, click_id, term_id, product in rows:
            found.setdefault(session_id, []).append((searched_at, click_id, term_id, product))
    return found


def _count_refunds(session: OrmSession, tally: Tally, order_ids: Sequence[int], *, time_zone: str) -> None:
    """A history told them before; now that the orders know their visits, the visits give back, too."""
    for start in range(0, len(order_ids), _CHUNK):
        some = order_ids[start : start + _CHUNK]
        orders = select(SeenOrder).where(SeenOrder.id.in_(some)).execution_options(populate_existing=True)
        known = {order.id: order for order in session.scalars(orders)}
        lines: dict[int, list[ReturnedFacts]] = {}
        for row in session.scalars(
            select(SeenRefundLine)
            .join(SeenRefund, SeenRefund.id == SeenRefundLine.refund_id)
            .where(SeenRefund.order_id.in_(some))
            .order_by(SeenRefundLine.refund_id, SeenRefundLine.position)
        ):
            lines.setdefault(row.refund_id, []).append(ReturnedFacts(row.product, row.quantity, row.amount_minor))
        refunds = select(SeenRefund).where(SeenRefund.order_id.in_(some)).order_by(SeenRefund.id)
        for refund in session.scalars(refunds):
            assert refund.order_id is not None  # noqa: S101 (the query says so; mypy can't know)
            count_refund_of_visit(
                session,
                tally,
                refund,
                order=known[refund.order_id],
                lines=lines.get(refund.id, []),
                time_zone=time_zone,
            )
