"""Booking: orders and refunds become postings (`Credit`) and the day's sums (`CreditDay`), in the caller's transaction.

Everything goes one way, `rebook`: work out what the postings should be, compare with those that are there, write the
difference. So booking twice changes nothing, and an order whose chain, codes, cost or refunds changed is put right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import delete, false, select
from sqlalchemy.orm import Session

from ecrm.marketing.period import Period
from tracking.bulk import insert_columns
from tracking.clickstream.rollups import add_rows, day_of
from tracking.orders import SeenOrder, SeenRefund

from .chain import Why, chains_of
from .credits import Credit, CreditDay
from .data_driven import weights_now
from .goods import Goods, goods_of, refund_lines
from .kept import cut_off, divisions_on_file, with_codes_now, with_learnt_of
from .models import Model, Weights
from .order_facts import facts_of, orders_by_id
from .postings import Bill, Money, Posting, Refund, division_of, loose_refund, postings_of
from .redeemed import CodesOf, Redeemed, forget_others, redeemed_by
from .rules import Rules, rules_of
from .visits import in_chunks

_FIELDS = Posting._fields
_FIGURES = ("orders_ppm", "new_customers_ppm", "revenue_minor", "refunds_minor", "costed_minor", "cost_minor")
_NO_GOODS = Goods()
_UNEXPLAINED = {str(why): why.key for why in Why}


class Booked(NamedTuple):
    """What a booking did: orders (or refunds without one) whose postings changed, and postings written."""

    changed: int = 0
    postings: int = 0


def book_order(session: Session, order_id: int, *, rules: Rules | None = None) -> Booked:
    """Credit a remembered order to what brought it."""
    return rebook(session, [order_id], rules=rules)


def book_refund(session: Session, refund_id: int, *, rules: Rules | None = None) -> Booked:
    """Take a remembered refund from what its order was credited to; one without an order from nothing known."""
    order_id = session.scalar(select(SeenRefund.order_id).where(SeenRefund.id == refund_id))
    if order_id is not None:
        return rebook(session, [order_id], rules=rules)
    return book_loose_refunds(session, [refund_id], rules=rules)


def rebook_customer(
    session: Session, customer_id: int, *, rules: Rules | None = None, since: datetime | None = None
) -> Booked:
    """Put a customer's orders (placed since a moment) right after it changed whose browser is whose."""
    query = select(SeenOrder.id).where(SeenOrder.customer_id == customer_id)
    if since is not None:
        query = query.where(SeenOrder.placed_at >= since)
    return rebook(session, session.scalars(query).all(), rules=rules)


def rebook(
    session: Session,
    order_ids: Collection[int],
    *,
    rules: Rules | None = None,
    weights: Weights | None = None,
    learnt_anew: bool = False,
) -> Booked:
    """Make the postings of these orders and of their refunds what they should be; does nothing where they are.

    Args:
        rules: windows and zone; by default as the shop has set them.
        weights: of the data-driven model; by default those learnt last.
        learnt_anew: share orders out by these weights also where they were booked by others and nothing else changed.
    """
    if not order_ids:
        return Booked()
    rules = rules or rules_of()
    weights = weights_now(session) if weights is None else weights
    orders = _locked(session, order_ids)
    codes = [CodesOf(order.id, order.customer_id, order.placed_at, tuple(order.codes)) for order in orders]
    redeemed = redeemed_by(session, codes, write=True)
    stored = _stored(session, Credit.order_id, [order.id for order in orders])
    wanted = wanted_postings(
        session, orders, redeemed=redeemed, rules=rules, weights=weights,
        posted=[posting for _, posting in stored], learnt_anew=learnt_anew,
    )  # fmt: skip
    booked = _write(session, wanted, stored)
    forget_others(session, redeemed)
    return booked


def book_loose_refunds(session: Session, refund_ids: Collection[int], *, rules: Rules | None = None) -> Booked:
    """Book refunds that name no order: unattributed money, taken back on its day."""
    if not refund_ids:
        return Booked()
    rules = rules or rules_of()
    session.execute(delete(Credit).where(false()))  # deletes nothing, but takes SQLite's write lock before the reading
    wanted = []
    for some in in_chunks(refund_ids):
        query = select(SeenRefund).where(SeenRefund.id.in_(some), SeenRefund.order_id.is_(None))
        rows = session.scalars(query.order_by(SeenRefund.id).with_for_update())
        wanted += [loose_refund(row.id, day_of(row.refunded_at, rules.zone), row.amount_minor) for row in rows]
    ids = [posting.refund_id for posting in wanted if posting.refund_id is not None]
    return _write(session, wanted, _stored(session, Credit.refund_id, ids))


def correct_days(session: Session, period: Period) -> int:
    """Make the day's sums of a period those of its postings again; returns how many rows were wrong.

    For damage only: bookings keep both in step. What others book at the same moment may be counted wrongly by this.
    """
    session.execute(delete(Credit).where(false()))  # deletes nothing, but takes SQLite's write lock before the reading
    columns = [getattr(Credit, name) for name in _FIELDS]
    rows = session.execute(select(*columns).where(Credit.day.between(period.first, period.last)))
    right = day_sums(Posting(*row) for row in rows)
    there = {
        (row.model, row.day, row.source_id): {name: getattr(row, name) for name in _FIGURES}
        for row in session.scalars(select(CreditDay).where(CreditDay.day.between(period.first, period.last)))
    }
    zeros = dict.fromkeys(_FIGURES, 0)
    off = {
        key: {name: right.get(key, zeros)[name] - there.get(key, zeros)[name] for name in _FIGURES}
        for key in right.keys() | there.keys()
    }
    off = {key: more for key, more in off.items() if any(more.values())}
    add_rows(session, CreditDay, off)
    return len(off)


def wanted_postings(
    session: Session,
    orders: Sequence[Any],
    *,
    redeemed: Mapping[int, Sequence[Redeemed]],
    rules: Rules,
    weights: Weights,
    posted: Iterable[Posting] = (),
    learnt_anew: bool = False,
) -> list[Posting]:
    """What the postings of these orders (rows of `ecrm_order`) and their refunds should be; writes nothing.

    Args:
        posted: those on file, in the order of their ids; what they say of forgotten visits stays (`kept`).
        learnt_anew: see `rebook`.
    """
    chains = chains_of(session, [facts_of(order) for order in orders], redeemed=redeemed, rules=rules)
    divisions = {order.id: division_of(chains[order.id], weights) for order in orders}
    on_file = divisions_on_file(posted)
    differ = [order for order in orders if order.id in on_file and on_file[order.id] != divisions[order.id]]
    lost = cut_off(session, differ, on_file, rules=rules)
    divisions |= with_codes_now(session, {order_id: on_file[order_id] for order_id in lost}, redeemed)
    if not learnt_anew:
        others = [order.id for order in differ if order.id not in lost]
        divisions |= {id_: with_learnt_of(on_file[id_], divisions[id_]) for id_ in others}
    goods = goods_of(session, {order.id: (order.goods_minor, order.discount_minor) for order in orders})
    refunds = _refunds(session, [order.id for order in orders])
    named = refund_lines(
        session, (refund.id for rows in refunds.values() for refund in rows if refund.order_id in goods)
    )
    result: list[Posting] = []
    for order in orders:
        bill = _bill(order, goods.get(order.id), refunds.get(order.id, ()), named, rules.zone)
        result += postings_of(bill, divisions[order.id])
    return result


def _bill(
    order: Any, goods: Goods | None, refunds: Sequence[Any], named: Mapping[int, list[tuple[str, int, int]]], zone: str
) -> Bill:
    day = day_of(order.placed_at, zone)
    if goods is None:
        goods, money = _NO_GOODS, Money(order.total_minor)
    else:
        money = Money(order.total_minor, goods.costed_minor, goods.cost_minor)
    given = tuple(
        Refund(row.id, day_of(row.refunded_at, zone), goods.refund(row.amount_minor, named.get(row.id, ())))
        for row in refunds
    )
    return Bill(order.id, day, money, is_first=order.is_first, refunds=given)


def _locked(session: Session, order_ids: Collection[int]) -> list[Any]:
    """The orders, locked in the order of their ids: two bookings of one order come one after the other."""
    session.execute(delete(Credit).where(false()))  # deletes nothing, but takes SQLite's write lock before the reading
    return orders_by_id(session, order_ids, lock=True)


def _refunds(session: Session, order_ids: Collection[int]) -> dict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    columns = (SeenRefund.id, SeenRefund.order_id, SeenRefund.refunded_at, SeenRefund.amount_minor)
    for some in in_chunks(order_ids):
        for row in session.execute(select(*columns).where(SeenRefund.order_id.in_(some)).order_by(SeenRefund.id)):
            found[row.order_id].append(row)
    return found


def _stored(session: Session, column: Any, ids: Iterable[int]) -> list[tuple[int, Posting]]:
    columns = [getattr(Credit, name) for name in _FIELDS]
    return [
        (id_, Posting(*row))
        for some in in_chunks(ids)
        for id_, *row in session.execute(select(Credit.id, *columns).where(column.in_(some)).order_by(Credit.id))
    ]


def stored_postings(session: Session, order_ids: Iterable[int]) -> list[Posting]:
    """The postings on file of these orders and their refunds."""
    return [posting for _, posting in _stored(session, Credit.order_id, order_ids)]


def _write(session: Session, wanted: Sequence[Posting], stored: Sequence[tuple[int, Posting]]) -> Booked:
    """Write the difference, and add it to the days."""
    missing = Counter(wanted) if stored else Counter()
    gone: list[tuple[int, Posting]] = []
    for id_, posting in stored:
        if missing[posting] > 0:
            missing[posting] -= 1
        else:
            gone.append((id_, posting))
    new = list(missing.elements()) if stored else wanted
    if not new and not gone:
        return Booked()
    for some in in_chunks(id_ for id_, _ in gone):
        session.execute(delete(Credit).where(Credit.id.in_(some)))
    if new:
        columns = dict(zip(_FIELDS, zip(*new, strict=True), strict=True))
        insert_columns(session.connection(), Credit.metadata.tables[Credit.__tablename__], columns)
    add_rows(session, CreditDay, day_sums(new, [posting for _, posting in gone]))
    changed = {(one.order_id, one.refund_id if one.order_id is None else None) for one in (*new, *(p for _, p in gone))}
    return Booked(len(changed), len(new))


def day_sums(added: Iterable[Posting], removed: Iterable[Posting] = ()) -> dict[tuple[str, date, int], dict[str, int]]:
    """What postings add to the days: (model, day, source) → figures, as `CreditDay` has them."""
    by_mask: defaultdict[tuple[int, date, int], list[int]] = defaultdict(lambda: [0] * 6)
    for sign, postings in ((1, added), (-1, removed)):
        for kind, _, _, day, models, _, source_id, why, share, amount, costed, cost, is_new, _ in postings:
            sums = by_mask[models, day, source_id if source_id is not None else _UNEXPLAINED[why]]
            if kind == "order":
                sums[0] += sign * share
                sums[1] += sign * share * is_new
                sums[2] += sign * amount
            else:
                sums[3] -= sign * amount
            sums[4] += sign * costed
            sums[5] += sign * cost
    found: dict[tuple[str, date, int], list[int]] = {}
    for (mask, day, of), sums in by_mask.items():
        for model in _models_of(mask):
            row = found.get((model, day, of))
            found[model, day, of] = sums if row is None else [a + b for a, b in zip(row, sums, strict=True)]
    return {key: dict(zip(_FIGURES, sums, strict=True)) for key, sums in found.items()}


@cache
def _models_of(mask: int) -> tuple[str, ...]:
    return tuple(model.value for model in Model if mask & model.bit)
