"""Orders: which visit of the history each remembered order belongs to, and what it adds there.

A browser's own report of an order (`Order Completed (reported)`, its subject the shop's order number) says in which
visit it was placed. Grade decides as it does live: where a step of the visit is below PERSONAL, the visit counts an
order, and neither row names the other. The rules of what is counted are those of `earnings.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine

from ..dimensions import ProductKey
from ..rollups import AudienceDay, DayFigures, PageDay, Tally, TermDay, day_of
from ..searches import SearchClick
from ..sessions import Session as Visit
from .reading import Engine
from .tables import register

REPORTED = "Order Completed (reported)"
_CHUNK = 4000


def find_orders(session: Session, engine: Engine) -> int:
    """Make `orders` (id, visit number, joined, …) of the reports, and add them to `visits`; how many there are."""
    placed = select(SeenOrder.reference, SeenOrder.id, SeenOrder.total_minor).where(SeenOrder.visitor_id.is_(None))
    rows = session.execute(placed).all()
    register(
        engine, "remembered",
        {"reference": [r[0] for r in rows], "id": [r[1] for r in rows], "total": [r[2] for r in rows]},
        {"reference": "string", "id": "int64", "total": "int64"},
    )  # fmt: skip
    engine.execute(_ORDERS)
    (count,) = engine.execute("SELECT count(*) FROM orders").fetchall()[0]
    return int(count)


_ORDERS = """
CREATE TABLE orders AS
SELECT r.id, r.total, v.number, v.token, steps.grade = 2 AS joined, v.grade = 2 AS named
FROM steps JOIN subjects ON subjects.number = steps.subject JOIN remembered r ON r.reference = subjects.stored
JOIN placed USING (seq) JOIN visits v USING (opener)
WHERE steps.name = 'Order Completed (reported)'
QUALIFY row_number() OVER (PARTITION BY r.id ORDER BY seq) = 1;
UPDATE visits SET orders = sums.n, revenue_minor = sums.total
FROM (SELECT number, count(*) AS n, sum(total) AS total FROM orders GROUP BY number) sums
WHERE sums.number = visits.number;
"""


def join_orders(session: Session, engine: Engine, tally: Tally, *, first_visit: int, time_zone: str) -> None:
    """Orders name their visits, and searches earn; visits must be written. Their counters are counted already."""
    rows = engine.execute(
        "SELECT o.id, o.number, o.joined, o.named, v.id FROM orders o JOIN visitor_ids v USING (token)"
    ).fetchall()
    joined = [
        (visitor_id, first_visit + number if is_named else None, order_id)
        for order_id, number, is_joined, is_named, visitor_id in rows
        if is_joined
    ]
    _update(session, joined)
    searched = set(
        session.scalars(select(SearchClick.session_id).where(SearchClick.session_id >= first_visit).distinct())
    )
    visits = {order_id: (first_visit + number, is_named) for order_id, number, _, is_named, _ in rows}
    ids = sorted(visits)
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        placed = _placed(session, some)
        for order_id in some:
            tally[DayFigures][(day_of(placed[order_id], time_zone),)]["visit_orders"] += 1
        _earn(session, tally, {one: visits[one] for one in some if visits[one][0] in searched}, placed, time_zone)
        _give_back(session, tally, [one for one in some if visits[one][1]], searched=searched, time_zone=time_zone)


def _update(session: Session, joined: Sequence[tuple[int, int | None, int]]) -> None:
    if not joined:
        return
    if session.get_bind().dialect.name == "postgresql":
        statement = "UPDATE ecrm_order SET visitor_id = %s, session_id = %s, joined = true WHERE id = %s"
    else:
        statement = "UPDATE ecrm_order SET visitor_id = ?, session_id = ?, joined = 1 WHERE id = ?"
    session.connection().exec_driver_sql(statement, list(joined))


def _placed(session: Session, ids: Sequence[int]) -> dict[int, datetime]:
    query = select(SeenOrder.id, SeenOrder.placed_at).where(SeenOrder.id.in_(ids))
    return {row.id: row.placed_at for row in session.execute(query)}


def _earn(
    session: Session,
    tally: Tally,
    visits: Mapping[int, tuple[int, bool]],
    placed: Mapping[int, datetime],
    time_zone: str,
) -> None:
    """What searches of visits with an order earned; as `earnings` does it, many orders at once."""
    if not visits:
        return
    net: defaultdict[int, Counter[str]] = defaultdict(Counter)
    query = select(SeenOrderLine.order_id, SeenOrderLine.product, SeenOrderLine.net_minor)
    for order_id, product, amount in session.execute(query.where(SeenOrderLine.order_id.in_(visits))):
        net[order_id][product] += amount
    clicks = _clicks(session, {visit_id for visit_id, _ in visits.values()})
    earned: list[tuple[int, int | None, int]] = []
    for order_id in sorted(net, key=lambda one: (placed[one], one)):
        visit_id, named = visits[order_id]
        latest = {
            click.product: click
            for click in clicks.get(visit_id, ())
            if click.product in net[order_id] and click.searched_at <= placed[order_id]
        }
        terms: set[int] = set()
        for product, click in sorted(latest.items(), key=lambda item: item[1]):
            figures = {"orders": int(click.term_id not in terms), "revenue_minor": net[order_id][product]}
            tally.add(TermDay, (day_of(click.searched_at, time_zone), click.term_id), figures)
            terms.add(click.term_id)
            earned.append((net[order_id][product], order_id if named else None, click.id))
    if earned:
        mark, known = ("%s", "%s::bigint") if session.get_bind().dialect.name == "postgresql" else ("?", "?")
        session.connection().exec_driver_sql(
            f"UPDATE ecrm_search_click SET revenue_minor = revenue_minor + {mark}, "  # noqa: S608 (marks only)
            f"order_id = coalesce({known}, order_id) WHERE id = {mark}",
            earned,
        )


class _Click(NamedTuple):
    searched_at: datetime
    id: int
    term_id: int
    product: str


def _clicks(session: Session, visit_ids: Collection[int]) -> dict[int, list[_Click]]:
    """Visit → its clicks in the order of their searches."""
    query = (
        select(SearchClick.session_id, SearchClick.searched_at, SearchClick.id, SearchClick.term_id, ProductKey.product)
        .join(ProductKey, ProductKey.id == SearchClick.product_key_id)
        .where(SearchClick.session_id.in_(visit_ids))
        .order_by(SearchClick.searched_at, SearchClick.id)
    )
    found: dict[int, list[_Click]] = {}
    for session_id, at, id_, term_id, product in session.execute(query):
        found.setdefault(session_id, []).append(_Click(at, id_, term_id, product))
    return found


def _give_back(
    session: Session, tally: Tally, order_ids: Sequence[int], *, searched: Collection[int], time_zone: str
) -> None:
    """What was given back of the orders, for their visits and searches; as `earnings` does it, many refunds at once."""
    columns = (SeenRefund.id, SeenRefund.order_id, SeenRefund.refunded_at, SeenRefund.amount_minor)
    mine = select(*columns).where(SeenRefund.order_id.in_(order_ids))
    refunds = session.execute(mine.order_by(SeenRefund.id)).all()
    if not refunds:
        return
    visits = _visits_of(session, {refund.order_id for refund in refunds})
    back = _back_for_products(session, [refund.id for refund in refunds])
    clicks = _clicks(session, {visit.id for visit in visits.values()} & set(searched))
    of_visits: list[tuple[int, int]] = []
    of_clicks: list[tuple[int, int]] = []
    for refund in refunds:
        visit = visits[refund.order_id]
        day = day_of(refund.refunded_at, time_zone)
        of_visits.append((refund.amount_minor, visit.id))
        if visit.audience_id is not None:
            tally[AudienceDay][day, visit.audience_id]["refunds_minor"] += refund.amount_minor
        if visit.entry_page_id is not None:
            tally[PageDay][day, visit.entry_page_id]["entry_refunds_minor"] += refund.amount_minor
        lines: Mapping[str, int] = back.get(refund.id, {})
        latest = {
            click.product: click
            for click in clicks.get(visit.id, ())
            if click.product in lines and click.searched_at <= visit.placed_at
        }
        for product, click in latest.items():
            tally[TermDay][day, click.term_id]["refunds_minor"] += lines[product]
            of_clicks.append((lines[product], click.id))
    _grow(session, "ecrm_session", of_visits)
    _grow(session, "ecrm_search_click", of_clicks)


def _visits_of(session: Session, order_ids: Collection[int]) -> dict[int, Any]:
    """The visit of each order, and when the order was placed."""
    query = select(SeenOrder.id.label("order"), Visit.id, Visit.audience_id, Visit.entry_page_id, SeenOrder.placed_at)
    query = query.join(Visit, Visit.id == SeenOrder.session_id).where(SeenOrder.id.in_(order_ids))
    return {row.order: row for row in session.execute(query)}


def _back_for_products(session: Session, refund_ids: Collection[int]) -> dict[int, Counter[str]]:
    """Refund → product → money."""
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    query = select(SeenRefundLine.refund_id, SeenRefundLine.product, SeenRefundLine.amount_minor)
    for refund_id, product, amount in session.execute(query.where(SeenRefundLine.refund_id.in_(refund_ids))):
        found[refund_id][product] += amount
    return found


def _grow(session: Session, table: str, rows: Sequence[tuple[int, int]]) -> None:
    """Add money given back to rows by their ids."""
    if rows:
        mark = "%s" if session.get_bind().dialect.name == "postgresql" else "?"
        grown = f"UPDATE {table} SET refunds_minor = refunds_minor + {mark} WHERE id = {mark}"  # noqa: S608 (our tables)
        session.connection().exec_driver_sql(grown, list(rows))
