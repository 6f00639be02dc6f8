"""Earnings: what an order or a refund adds to its visit, its products and the searches that led to them.

- A visit's order counts for the visit's audience and entry page on the day the visit began; it makes the visit's stage
  4, and a bounce is none any more.
- A product's lines count on the day the order was placed.
- An order's lines of a product are earned by the last search (at or before the order) of the same visit from whose
  results it was opened; they count on the search's day, and an order once for each term.
- A refund counts on the day the money went back, for the products it names (`refunds.shares_of`), and for the visit and
  the searches that its order was counted for, where they are known: an order doesn't know its visit where a step of it
  agreed to statistics alone (DECISIONS 10, 37), so what the visit earned stays before refunds there. It stays with the
  source and the entry page that the visit had by then, also where its first page view arrives later still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from ..orders import LineFacts, ReturnedFacts, SeenOrder, SeenRefund
from ..visitors import lock_visitors
from .dimensions import ProductKey, ids_of
from .rollups import AudienceDay, PageDay, ProductDay, Tally, TermDay, day_of
from .searches import SearchClick
from .sessions import Session

ORDERED = 4
"""The stage of a visit with an order."""

_UNSEEN = {"synchronize_session": False}  # a visit in memory isn't read again in this transaction


def count_order(
    session: OrmSession,
    tally: Tally,
    *,
    order_id: int,
    visit_id: int | None,
    placed_at: datetime,
    total_minor: int,
    lines: Sequence[LineFacts],
    joined: bool,
    time_zone: str,
) -> None:
    """Count an order that was just remembered: its visit and clicks here, the roll-ups in `tally`.

    Args:
        visit_id: the visit in which it was placed, also where the order may not name it.
        joined: the order names the visit: all of the visit agreed to be joined to its customer.
    """
    if visit_id is not None:
        _lock_visitor(session, visit_id)
    keys = ids_of(session, ProductKey, sorted({line.product for line in lines}))
    count_products(tally, lines, keys, day_of(placed_at, time_zone))
    if visit_id is not None:
        _count_visit(session, tally, visit_id, total_minor)
        by_product: Counter[int] = Counter()
        for line in lines:
            by_product[keys[line.product]] += line.net_minor
        earner = order_id if joined else None
        _count_searches(session, tally, visit_id, by_product, placed_at, time_zone=time_zone, order_id=earner)


def count_refund(
    session: OrmSession,
    tally: Tally,
    refund: SeenRefund,
    *,
    order: SeenOrder | None,
    lines: Sequence[ReturnedFacts],
    time_zone: str,
) -> None:
    """Count a refund that was just remembered, with its lines by product: for the products and for the visit."""
    if order is not None and order.session_id is not None:
        _lock_visitor(session, order.session_id)
    keys = ids_of(session, ProductKey, sorted({line.product for line in lines}))
    day = day_of(refund.refunded_at, time_zone)
    for line in lines:
        figures = {"returned_units": line.quantity, "refunds_minor": line.amount_minor}
        tally.add(ProductDay, (day, keys[line.product]), figures)
    if order is not None:
        count_refund_of_visit(session, tally, refund, order=order, lines=lines, time_zone=time_zone)


def count_refund_of_visit(
    session: OrmSession,
    tally: Tally,
    refund: SeenRefund,
    *,
    order: SeenOrder,
    lines: Sequence[ReturnedFacts],
    time_zone: str,
) -> None:
    """Count a refund for the visit and the searches of its order, where the order knows its visit."""
    if order.session_id is None:
        return
    day = day_of(refund.refunded_at, time_zone)
    visit = session.get_one(Session, order.session_id)
    grown = {"refunds_minor": Session.refunds_minor + refund.amount_minor}
    session.execute(update(Session).where(Session.id == visit.id).values(grown).execution_options(**_UNSEEN))
    if visit.audience_id is not None:
        tally[AudienceDay][day, visit.audience_id]["refunds_minor"] += refund.amount_minor
    if visit.entry_page_id is not None:
        tally[PageDay][day, visit.entry_page_id]["entry_refunds_minor"] += refund.amount_minor
    keys = ids_of(session, ProductKey, sorted({line.product for line in lines}))
    back: Counter[int] = Counter()
    for line in lines:
        back[keys[line.product]] += line.amount_minor
    for product, click in earning_clicks(session, visit.id, back, order.placed_at).items():
        tally[TermDay][day, click.term_id]["refunds_minor"] += back[product]
        earned = {"refunds_minor": SearchClick.refunds_minor + back[product]}
        session.execute(update(SearchClick).where(SearchClick.id == click.id).values(earned))


def earning_clicks(
    session: OrmSession, visit_id: int, products: Collection[int], until: datetime
) -> dict[int, SearchClick]:
    """For each product's key the click from the visit's last search (at or before `until`) that showed it."""
    if not products:
        return {}
    query = select(SearchClick).where(
        SearchClick.session_id == visit_id,
        SearchClick.product_key_id.in_(products),
        SearchClick.searched_at <= until,
    )
    return {
        click.product_key_id: click
        for click in session.scalars(query.order_by(SearchClick.searched_at, SearchClick.id))
    }


def count_products(tally: Tally, lines: Sequence[LineFacts], keys: Mapping[str, int], day: date) -> None:
    """Count an order's lines for their products; `keys` as `ids_of` gives them."""
    for line in lines:
        figures = {"order_lines": 1, "units": line.quantity, "revenue_minor": line.net_minor}
        tally.add(ProductDay, (day, keys[line.product]), figures)


def _lock_visitor(session: OrmSession, visit_id: int) -> None:
    """As `ingest` does, and before any other row: stage and bounce aren't changed by a step meanwhile."""
    lock_visitors(session, session.scalars(select(Session.visitor_id).where(Session.id == visit_id)).all())


def _count_visit(session: OrmSession, tally: Tally, visit_id: int, total_minor: int) -> None:
    visit = session.get_one(Session, visit_id, populate_existing=True)
    bounced = int(visit.bounced)
    if visit.day is not None and visit.audience_id is not None:
        figures = {"orders": 1, "revenue_minor": total_minor, "bounces": -bounced}
        figures |= {f"stage_{stage}": 1 for stage in range(visit.stage + 1, ORDERED + 1)}
        tally.add(AudienceDay, (visit.day, visit.audience_id), figures)
    if visit.day is not None and visit.entry_page_id is not None:
        figures = {"entry_orders": 1, "entry_revenue_minor": total_minor, "bounces": -bounced}
        tally.add(PageDay, (visit.day, visit.entry_page_id), figures)
    grown = {
        "orders": Session.orders + 1, "revenue_minor": Session.revenue_minor + total_minor, "stage": ORDERED,
        "bounced": False,
    }  # fmt: skip
    session.execute(update(Session).where(Session.id == visit_id).values(grown).execution_options(**_UNSEEN))


def _count_searches(
    session: OrmSession,
    tally: Tally,
    visit_id: int,
    by_product: Mapping[int, int],
    placed_at: datetime,
    *,
    time_zone: str,
    order_id: int | None,
) -> None:
    counted: set[int] = set()
    clicks = earning_clicks(session, visit_id, by_product, placed_at)
    for product, click in sorted(clicks.items(), key=lambda item: (item[1].searched_at, item[1].id)):
        figures = {"orders": int(click.term_id not in counted), "revenue_minor": by_product[product]}
        tally.add(TermDay, (day_of(click.searched_at, time_zone), click.term_id), figures)
        counted.add(click.term_id)
        earned: dict[str, Any] = {"revenue_minor": SearchClick.revenue_minor + by_product[product]}
        if order_id is not None:
            earned["order_id"] = order_id
        session.execute(update(SearchClick).where(SearchClick.id == click.id).values(earned))
