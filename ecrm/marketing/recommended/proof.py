"""Proof: what recommendations were credited with is what a recount of orders, refunds and clicks says, to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ecrm.marketing.attribution.visits import in_chunks
from ecrm.marketing.period import Period, bounds
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund

from .crediting import Posting, Rules, rebook, wanted_postings
from .tables import RecommendationCredit


@dataclass(frozen=True)
class Proof:
    """What was compared. `credited_minor`: of the period's orders, refunds taken off; `differences`: in words."""

    orders: int
    credited_minor: int
    goods_minor: int
    differences: tuple[str, ...]


def prove(session: Session, period: Period, *, rules: Rules) -> Proof:
    """Compare the postings of orders placed or refunded in a period with a recount; changes nothing."""
    ids = orders_of(session, period, zone=rules.zone)
    differences: list[str] = []
    credited = goods = 0
    for some in in_chunks(ids):
        orders = session.scalars(select(SeenOrder).where(SeenOrder.id.in_(some))).all()
        stored = list(_stored(session, some))
        wanted = wanted_postings(session, orders, rules=rules, stored=stored)
        names = {order.id: order.reference for order in orders}
        missing, extra = Counter(wanted) - Counter(stored), Counter(stored) - Counter(wanted)
        differences += [_words(names, one, "is missing") for one in missing.elements()]
        differences += [_words(names, one, "is too much") for one in extra.elements()]
        net = Counter[int]()
        for posting in stored:
            net[posting.order_id] += posting.amount_minor
        sold = select(SeenOrderLine.order_id, func.sum(SeenOrderLine.net_minor)).where(SeenOrderLine.order_id.in_(some))
        lines = {of: int(total) for of, total in session.execute(sold.group_by(SeenOrderLine.order_id))}
        differences += [
            f"order {names[of]}: {amount} credited of goods for {lines.get(of, 0)}"
            for of, amount in net.items()
            if not 0 <= amount <= lines.get(of, 0)
        ]
        credited += sum(net.values())
        goods += sum(lines.values())
    return Proof(len(ids), credited, goods, tuple(differences))


def credit_anew(session: Session, period: Period, *, rules: Rules) -> int:
    """Make the postings of a period's orders what they should be; commits nothing. Returns how many changed."""
    return rebook(session, orders_of(session, period, zone=rules.zone), rules=rules)


def credit_late_clicks(session: Session, *, since: datetime, rules: Rules) -> int:
    """Put orders placed since a moment right: a click may have been stored after its order. Returns how many changed.

    Commits nothing. Of an order that may not name its browser nobody knows whose late clicks these were; what it was
    credited with at once stays.
    """
    return rebook(session, session.scalars(select(SeenOrder.id).where(SeenOrder.placed_at >= since)).all(), rules=rules)


def orders_of(session: Session, period: Period, *, zone: str) -> list[int]:
    """The orders that were placed or refunded in a period."""
    start, end = bounds(period, ZoneInfo(zone))
    refunded = select(SeenRefund.order_id).where(SeenRefund.refunded_at >= start, SeenRefund.refunded_at < end)
    placed = (SeenOrder.placed_at >= start) & (SeenOrder.placed_at < end)
    query = select(SeenOrder.id).where(or_(placed, SeenOrder.id.in_(refunded.where(SeenRefund.order_id.is_not(None)))))
    return list(session.scalars(query.order_by(SeenOrder.id)))


def _stored(session: Session, order_ids: list[int]) -> Iterator[Posting]:
    columns = [getattr(RecommendationCredit, name) for name in Posting._fields]
    for row in session.execute(select(*columns).where(RecommendationCredit.order_id.in_(order_ids))):
        yield Posting(*row)


def _words(names: dict[int, str], posting: Posting, what: str) -> str:
    return (
        f"order {names[posting.order_id]}: {posting.amount_minor} of product key {posting.product_key_id} "
        f"in slot {posting.slot_id} on {posting.day} {what}"
    )
