"""What isn't booked yet, or not any more as it should be: found and put right, many orders a transaction.

For histories (orders told in bulk cause no reactions), for what a crash left, and each night for orders whose chain
changed since: a browser was claimed later, a late step arrived, a campaign got another channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select

from ecrm.installation import Installation
from ecrm.marketing.period import Period, bounds
from tracking.bulk import loading
from tracking.orders import SeenOrder, SeenRefund

from .booking import Booked, book_loose_refunds, correct_days, rebook
from .credits import Credit
from .data_driven import DAYS, ENOUGH, Learnt, learn, learnt, weights_now
from .due import credit_due
from .rules import Rules, rules_of

BATCH = 20_000  # orders a transaction, some two seconds; fewer would read the same visits more often
AGAIN = timedelta(days=2)
Progress = Callable[[int, int], None]


@dataclass
class Report:
    """What a run did. `orders`: those whose postings changed; `refunds`: of those without an order."""

    orders: int = 0
    refunds: int = 0
    postings: int = 0
    learnt: Learnt | None = None

    def __str__(self) -> str:
        words = f"{self.orders} orders and {self.refunds} refunds without an order credited anew"
        if self.learnt is None:
            return words
        if self.learnt.enough:
            return f"{words}; the data-driven model learnt from {self.learnt.paths} paths to an order"
        had = f"{self.learnt.paths} paths to an order in {DAYS} days, {ENOUGH} are needed"
        return f"{words}; the data-driven model is linear: {had}"

    def add(self, booked: Booked) -> None:
        self.orders += booked.changed
        self.postings += booked.postings


def book_missing(crm: Installation, *, progress: Progress | None = None) -> Report:
    """Book every order and refund that has no postings, in batches with a transaction each; the end of a history.

    Where the data-driven model never learnt, it learns from them first, so that they are shared out by it.

    Args:
        progress: called with the number of orders done and of all.
    """
    with crm.app.app_context():
        rules = rules_of(crm)
        report = Report()
        with crm.sessions() as session:
            first = learnt(session).on is None and session.scalar(_unbooked_orders().limit(1)) is not None
        if first:
            _learn(crm, report, rules)
        _book(crm, report, _unbooked_orders(), rules=rules, progress=progress)
        _book_loose(crm, report, rules)
    return report


def attribute_nightly(crm: Installation) -> Report:
    """Book what is missing, learn the data-driven weights, and put the orders of the last days right."""
    book_due(crm)
    report = book_missing(crm)
    with crm.app.app_context():
        rules = rules_of(crm)
        if report.learnt is None:
            _learn(crm, report, rules)
        since = datetime.now(UTC) - AGAIN
        _book(crm, report, select(SeenOrder.id).where(SeenOrder.placed_at >= since), rules=rules)
    return report


def book_due(crm: Installation) -> int:
    """Credit the orders anew that a campaign or a cost file concerns; returns how many, some a transaction."""
    with crm.app.app_context():
        rules, done = rules_of(crm), 0
        while True:
            with crm.sessions.begin() as session:
                orders, _ = credit_due(session, rules=rules)
            if not orders:
                return done
            done += orders


def book_again(crm: Installation, period: Period, *, progress: Progress | None = None) -> Report:
    """Put orders placed or refunded in a period right, e.g. after a window was changed, and the sums of its days."""
    with crm.app.app_context():
        rules = rules_of(crm)
        report = Report()
        start, end = bounds(period, ZoneInfo(rules.zone))
        given = (SeenRefund.refunded_at >= start, SeenRefund.refunded_at < end)
        refunded = select(SeenRefund.order_id).where(*given, SeenRefund.order_id.is_not(None))
        placed = and_(SeenOrder.placed_at >= start, SeenOrder.placed_at < end)
        meant = select(SeenOrder.id).where(or_(placed, SeenOrder.id.in_(refunded)))
        _book(crm, report, meant, rules=rules, progress=progress, learnt_anew=True)
        with crm.sessions.begin() as session:
            loose = session.scalars(select(SeenRefund.id).where(*given, SeenRefund.order_id.is_(None))).all()
            report.refunds += book_loose_refunds(session, loose, rules=rules).changed
            correct_days(session, period)
    return report


def _learn(crm: Installation, report: Report, rules: Rules) -> None:
    """The first weights ever re-share the days they were learnt from; later ones count for orders to come (and those
    that are put right), as a figure that was read shall not change each night."""
    today = datetime.now(ZoneInfo(rules.zone)).date()
    with crm.sessions.begin() as session:
        before = learnt(session)
        report.learnt = learn(session, today=today, rules=rules)
    if report.learnt.enough and not before.enough:
        start, end = bounds(Period(today - timedelta(days=DAYS), today), ZoneInfo(rules.zone))
        booked = select(Credit.id).where(Credit.order_id == SeenOrder.id).exists()
        recent = select(SeenOrder.id).where(SeenOrder.placed_at >= start, SeenOrder.placed_at < end, booked)
        _book(crm, report, recent, rules=rules, learnt_anew=True)


def _unbooked_orders() -> Select[int]:
    return select(SeenOrder.id).where(~select(Credit.id).where(Credit.order_id == SeenOrder.id).exists())


def _book(
    crm: Installation,
    report: Report,
    which: Select[int],
    *,
    rules: Rules,
    progress: Progress | None = None,
    learnt_anew: bool = False,
) -> None:
    """In the order of time: a batch adds to the sums of its own days only."""
    with crm.sessions() as session:
        order_ids = session.scalars(which.order_by(SeenOrder.placed_at, SeenOrder.id)).all()
        weights = weights_now(session)
    if not order_ids:
        return
    with loading(crm.sessions) as sessions:
        for start in range(0, len(order_ids), BATCH):
            some = order_ids[start : start + BATCH]
            with sessions.begin() as session:
                report.add(rebook(session, some, rules=rules, weights=weights, learnt_anew=learnt_anew))
            if progress:
                progress(start + len(some), len(order_ids))


def _book_loose(crm: Installation, report: Report, rules: Rules) -> None:
    unbooked = ~select(Credit.id).where(Credit.refund_id == SeenRefund.id).exists()
    with crm.sessions() as session:
        ids = session.scalars(select(SeenRefund.id).where(SeenRefund.order_id.is_(None), unbooked)).all()
        behind = session.scalars(select(SeenRefund.order_id).where(SeenRefund.order_id.is_not(None), unbooked)).all()
    with crm.sessions.begin() as session:
        booked = book_loose_refunds(session, ids, rules=rules)
        report.refunds += booked.changed
        report.postings += booked.postings
    late = [order_id for order_id in behind if order_id is not None]
    for start in range(0, len(late), BATCH):
        with crm.sessions.begin() as session:
            report.add(rebook(session, late[start : start + BATCH], rules=rules))
