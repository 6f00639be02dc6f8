"""Crediting: what an order earned by recommendations, as postings that can be worked out again at any time.

The rule: of an order, what was paid for a product is credited to the latest click on a recommendation of it, up to
ECRM_RECOMMENDATION_DAYS before the order, in a visit of the same person. Whose visits those are, attribution's rule
says (`attribution/visits.py`); besides them the browser in which the order is placed counts at that moment, also where
the order may not name it (DECISIONS 10): that posting names no click, and is kept as it is from then on. A refund takes
its part back on the day on which the money went back.

`rebook` compares what should be with what is there and writes the difference: twice is once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, exists, false, insert, select, update
from sqlalchemy.orm import Session

from ecrm.installation import Installation, installation
from ecrm.marketing.attribution.visits import in_chunks, visits_of_many
from tracking.clickstream.dimension_ids import ids_of
from tracking.clickstream.dimensions import ProductKey
from tracking.clickstream.rollups import day_of
from tracking.clickstream.sessions import Session as Visit
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine

from .money import Line, Paid, paid_of, taken_back
from .tables import RecommendationClick, RecommendationCredit


@dataclass(frozen=True)
class Rules:
    """`zone`: the shop's. `window`: how long before an order a click counts. `identity_window`: see attribution."""

    zone: str
    window: timedelta = timedelta(days=7)
    identity_window: timedelta = timedelta(days=30)


class Posting(NamedTuple):
    """A row of `RecommendationCredit`, but for its id."""

    order_id: int
    refund_id: int | None
    product_key_id: int
    slot_id: int
    click_id: int | None
    day: date
    quantity: int
    amount_minor: int


class Click(NamedTuple):
    """A click as crediting sees it. `named`: the order may say that it came from there."""

    id: int
    session_id: int
    slot_id: int
    product_key_id: int
    first_at: datetime
    last_at: datetime
    named: bool = True

    def until(self, moment: datetime) -> datetime:
        """Its latest time up to a moment: a click that came again afterwards counts with its first time."""
        return self.last_at if self.last_at <= moment else self.first_at


def rules_of(crm: Installation | None = None) -> Rules:
    """The rules as this shop has set them. Needs the app's context: the shop is asked for its zone."""
    crm = crm or installation()
    config = crm.app.config
    return Rules(
        zone=crm.storefront.facts().time_zone,
        window=timedelta(days=config["ECRM_RECOMMENDATION_DAYS"]),
        identity_window=timedelta(days=config["ECRM_IDENTITY_DAYS"]),
    )


def credit_order(session: Session, order_id: int, *, visitor_id: int | None, rules: Rules | None = None) -> int:
    """Credit an order that was just remembered; commits nothing. Returns how many postings changed.

    Args:
        visitor_id: the browser in which it was placed, also where the order may not name it.
    """
    rules = rules or rules_of()
    if not _may_be_credited(session, order_id, rules):  # most orders: spares them all the other questions
        return 0
    present = {order_id: visitor_id} if visitor_id is not None else {}
    return rebook(session, [order_id], rules=rules, present=present)


def rebook_customer(
    session: Session, customer_id: int, *, since: datetime | None = None, rules: Rules | None = None
) -> int:
    """Put a customer's orders (placed since a moment) right, after it changed whose browser is whose."""
    query = select(SeenOrder.id).where(SeenOrder.customer_id == customer_id)
    if since is not None:
        query = query.where(SeenOrder.placed_at >= since)
    return rebook(session, session.scalars(query).all(), rules=rules)


def rebook(
    session: Session,
    order_ids: Collection[int],
    *,
    rules: Rules | None = None,
    present: Mapping[int, int] | None = None,
) -> int:
    """Make the postings of these orders and of their refunds what they should be; commits nothing.

    Args:
        present: order → the browser in which it is being placed.

    Returns:
        How many postings were written or taken away.
    """
    if not order_ids:
        return 0
    rules = rules or rules_of()
    session.execute(delete(RecommendationCredit).where(false()))  # takes SQLite's write lock before the reading
    changed = 0
    for some in in_chunks(order_ids):
        query = select(SeenOrder).where(SeenOrder.id.in_(some)).order_by(SeenOrder.id).with_for_update()
        orders = session.scalars(query.execution_options(populate_existing=True)).all()
        changed += _rebook(session, orders, rules, present or {})
    return changed


def wanted_postings(
    session: Session,
    orders: Sequence[SeenOrder],
    *,
    rules: Rules,
    stored: Iterable[Posting] = (),
    present: Mapping[int, int] | None = None,
) -> list[Posting]:
    """What the postings of these orders and their refunds should be; writes nothing.

    Args:
        stored: those on file; what names no click is kept with its slot.
        present: see `rebook`.
    """
    kept = {
        (one.order_id, one.product_key_id): one.slot_id
        for one in stored
        if one.refund_id is None and one.click_id is None
    }
    lines = _lines(session, orders)
    clicks = _clicks(session, orders, rules, present or {})
    bought = {line.product for some in lines.values() for line in some}
    numbers = ids_of(session, ProductKey, bought) if clicks or kept else {}
    returned = _refunds(session, [order.id for order in orders]) if clicks or kept else {}
    wanted: list[Posting] = []
    for order in orders:
        latest = _latest(clicks.get(order.id, ()), order.placed_at, rules)
        paid = paid_of(lines.get(order.id, ()), discount_minor=order.discount_minor)
        credited: dict[str, tuple[int, int | None]] = {}
        for product in paid:
            number = numbers.get(product, 0)
            if (slot := kept.get((order.id, number))) is not None:
                credited[product] = slot, None
            elif (click := latest.get(number)) is not None:
                credited[product] = click.slot_id, click.id if click.named else None
        wanted += _postings(order, paid, credited, numbers, returned.get(order.id, ()), rules)
    return wanted


def _postings(
    order: SeenOrder,
    paid: dict[str, Paid],
    credited: Mapping[str, tuple[int, int | None]],
    numbers: Mapping[str, int],
    refunds: Sequence[tuple[int, datetime, list[Line]]],
    rules: Rules,
) -> list[Posting]:
    day = day_of(order.placed_at, rules.zone)
    wanted = [
        Posting(order.id, None, numbers[one], slot, click, day, paid[one].quantity, paid[one].minor)
        for one, (slot, click) in credited.items()
    ]
    for refund_id, at, back in refunds:
        for product, (pieces, money) in taken_back(paid, back).items():
            if product in credited:
                slot, click = credited[product]
                on = day_of(at, rules.zone)
                wanted.append(Posting(order.id, refund_id, numbers[product], slot, click, on, -pieces, -money))
    return wanted


def _rebook(session: Session, orders: Sequence[SeenOrder], rules: Rules, present: Mapping[int, int]) -> int:
    columns = [getattr(RecommendationCredit, name) for name in Posting._fields]
    ids = [order.id for order in orders]
    rows = session.execute(select(RecommendationCredit.id, *columns).where(RecommendationCredit.order_id.in_(ids)))
    stored = [(row[0], Posting(*row[1:])) for row in rows]
    wanted = wanted_postings(session, orders, rules=rules, stored=[one for _id, one in stored], present=present)
    missing, gone = Counter(wanted), []
    for id_, posting in stored:
        if missing[posting] > 0:
            missing[posting] -= 1
        else:
            gone.append((id_, posting))
    new = list(missing.elements())
    for some in in_chunks(id_ for id_, _posting in gone):
        session.execute(delete(RecommendationCredit).where(RecommendationCredit.id.in_(some)))
    if new:
        session.execute(insert(RecommendationCredit), [one._asdict() for one in new])
    _mark_bought(session, {one.click_id for one in (*new, *(posting for _id, posting in gone)) if one.click_id})
    return len(new) + len(gone)


def _mark_bought(session: Session, clicks: Collection[int]) -> None:
    """Say of these clicks whether an order is credited to them, whatever went back of it."""
    earned = exists().where(
        RecommendationCredit.click_id == RecommendationClick.id, RecommendationCredit.refund_id.is_(None)
    )
    for some in in_chunks(clicks):
        statement = update(RecommendationClick).where(RecommendationClick.id.in_(some)).values(bought=earned)
        session.execute(statement.execution_options(synchronize_session=False))


def _may_be_credited(session: Session, order_id: int, rules: Rules) -> bool:
    """Whether anybody clicked on a recommendation of one of its products within the window."""
    clicked = (
        select(RecommendationClick.id)
        .join(ProductKey, ProductKey.id == RecommendationClick.product_key_id)
        .join(SeenOrderLine, SeenOrderLine.product == ProductKey.product)
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrder.id == order_id, RecommendationClick.clicked_at <= SeenOrder.placed_at)
    )
    placed_at = session.scalar(select(SeenOrder.placed_at).where(SeenOrder.id == order_id))
    if placed_at is None:
        return False
    return session.scalar(clicked.where(RecommendationClick.last_at >= placed_at - rules.window).limit(1)) is not None


def _latest(clicks: Iterable[Click], placed_at: datetime, rules: Rules) -> dict[int, Click]:
    """The click on each product that earned it, by the product's number."""
    within = [one for one in clicks if placed_at - rules.window <= one.until(placed_at) <= placed_at]
    return {one.product_key_id: one for one in sorted(within, key=lambda one: (one.until(placed_at), one.id))}


def _clicks(
    session: Session, orders: Sequence[SeenOrder], rules: Rules, present: Mapping[int, int]
) -> dict[int, list[Click]]:
    """The clicks in the visits of whoever placed each order, from a window before it on."""
    if not orders:
        return {}
    since = min(order.placed_at for order in orders) - rules.window
    until = max(order.placed_at for order in orders)
    joined = [order for order in orders if order.joined]
    visits = visits_of_many(
        session, {order.customer_id for order in joined}, window=rules.identity_window, since=since,
        until=until + timedelta(seconds=1),
    )  # fmt: skip
    named: dict[int, set[int]] = {}
    for order in joined:
        own = {order.session_id} if order.session_id is not None else set()
        named[order.id] = own | {visit.id for visit in visits.get(order.customer_id, ())}
    unnamed = _visits_in(session, set(present.values()), since=since, until=until)
    wanted = {id_ for some in (*named.values(), *unnamed.values()) for id_ in some}
    by_visit: defaultdict[int, list[Click]] = defaultdict(list)
    columns = (
        RecommendationClick.id, RecommendationClick.session_id, RecommendationClick.slot_id,
        RecommendationClick.product_key_id, RecommendationClick.clicked_at, RecommendationClick.last_at,
    )  # fmt: skip
    for some in in_chunks(wanted):
        for row in session.execute(select(*columns).where(RecommendationClick.session_id.in_(some))):
            by_visit[row.session_id].append(Click(*row))
    found: dict[int, list[Click]] = {}
    for order in orders:
        theirs = named.get(order.id, set())
        others = unnamed.get(present.get(order.id, 0), set()) - theirs
        mine = [click for id_ in theirs for click in by_visit[id_]]
        mine += [click._replace(named=False) for id_ in others for click in by_visit[id_]]
        if mine:
            found[order.id] = mine
    return found


def _visits_in(session: Session, visitors: Collection[int], *, since: datetime, until: datetime) -> dict[int, set[int]]:
    """The visits of some browsers that went on since a moment and began before another."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for some in in_chunks(visitors):
        query = select(Visit.visitor_id, Visit.id).where(
            Visit.visitor_id.in_(some), Visit.last_at >= since, Visit.started_at <= until
        )
        for visitor_id, id_ in session.execute(query):
            found[visitor_id].add(id_)
    return found


def _lines(session: Session, orders: Sequence[SeenOrder]) -> dict[int, list[Line]]:
    found: defaultdict[int, list[Line]] = defaultdict(list)
    query = select(SeenOrderLine.order_id, SeenOrderLine.product, SeenOrderLine.quantity, SeenOrderLine.net_minor)
    query = query.where(SeenOrderLine.order_id.in_([order.id for order in orders]))
    for row in session.execute(query.order_by(SeenOrderLine.order_id, SeenOrderLine.position)):
        found[row.order_id].append(Line(row.product, row.quantity, row.net_minor))
    return found


def _refunds(session: Session, order_ids: Collection[int]) -> dict[int, list[tuple[int, datetime, list[Line]]]]:
    """Each order's refunds in the order of their ids, with their lines."""
    query = (
        select(
            SeenRefund.order_id, SeenRefund.id, SeenRefund.refunded_at,
            SeenRefundLine.product, SeenRefundLine.quantity, SeenRefundLine.amount_minor,
        )
        .join(SeenRefundLine, SeenRefundLine.refund_id == SeenRefund.id)
        .where(SeenRefund.order_id.in_(order_ids))
        .order_by(SeenRefund.id, SeenRefundLine.position)
    )  # fmt: skip
    found: defaultdict[int, dict[int, tuple[int, datetime, list[Line]]]] = defaultdict(dict)
    for row in session.execute(query):
        back = found[row.order_id].setdefault(row.id, (row.id, row.refunded_at, []))
        back[2].append(Line(row.product, row.quantity, row.amount_minor))
    return {order_id: list(refunds.values()) for order_id, refunds in found.items()}
