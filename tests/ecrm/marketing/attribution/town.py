"""A small town for the tests of attribution: customers, their browsers, visits, codes, orders and refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.marketing.attribution.booking import Booked, rebook
from ecrm.marketing.attribution.credits import Credit, CreditDay
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.rules import Rules
from tracking.clickstream.dimension_ids import ids_of
from tracking.clickstream.dimensions import Source
from tracking.clickstream.event import Event
from tracking.clickstream.rollups import DayFigures, add_rows, day_of
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.touchpoints import Touchpoint
from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine, SeenRefund, SeenRefundLine
from tracking.visitors import Visitor, VisitorClaim

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RULES = Rules(zone="Europe/Berlin")


@dataclass
class Town:
    """Everything lies some days before `NOON`."""

    session: Session
    rules: Rules = RULES
    _made: int = field(default=0)

    def customer(self, *, browser: bool = True) -> int:
        self._made += 1
        row = Customer(reference=f"c{self._made}", email=f"c{self._made}@example.com", traits={}, created_at=NOON)
        self.session.add(row)
        self.session.flush()
        if browser:
            self.browser(row.id)
        return row.id

    def browser(self, *customers: int, claimed: float = 10) -> int:
        self._made += 1
        at = NOON - timedelta(days=90)
        row = Visitor(token=f"{self._made:032}", first_seen_at=at)
        self.session.add(row)
        self.session.flush()
        for customer in customers:
            claim = VisitorClaim(
                visitor_id=row.id, customer_id=customer, claimed_at=NOON - timedelta(days=claimed), how="signed in"
            )
            self.session.add(claim)
        self.session.flush()
        return row.id

    def browser_of(self, customer: int) -> int:
        query = select(VisitorClaim.visitor_id).where(VisitorClaim.customer_id == customer)
        return self.session.scalars(query.order_by(VisitorClaim.id)).all()[0]

    def source(self, channel: str, campaign: str = "") -> int:
        return ids_of(self.session, Source, [(channel, channel, "", campaign, "", "", "")]).popitem()[1]

    def visit(
        self, browser: int, days: float, *channels: str, customer: int | None = None, campaign: str = "", grade: int = 2
    ) -> int:
        """A visit so many days before noon, with a touch by each channel, a minute apart; directly without any."""
        at = NOON - timedelta(days=days)
        row = Visit(
            visitor_id=browser, started_at=at, last_at=at + timedelta(minutes=9), page_views=2, day=at.date(),
            customer_id=customer, grade=grade,
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        for minute, channel in enumerate(channels):
            touch = Touchpoint(
                kind="visit", at=at + timedelta(minutes=minute), source_id=self.source(channel, campaign),
                visitor_id=browser, session_id=row.id,
            )  # fmt: skip
            self.session.add(touch)
        self.session.flush()
        return row.id

    def order(self, customer: int, total: int = 10_000, *, days: float = 0, **more: Any) -> int:
        """An order without delivery, counted for its day; `lines` are (product, pieces, net, cost)."""
        self._made += 1
        lines: Sequence[tuple[str, int, int, int | None]] = more.pop("lines", [("tea", 1, total, None)])
        at = NOON - timedelta(days=days)
        values = {"joined": True, "codes": [], "goods_minor": total, "total_minor": total} | more
        row = SeenOrder(reference=f"O{self._made}", customer_id=customer, placed_at=at, currency="EUR", **values)
        self.session.add(row)
        self.session.flush()
        for position, (product, quantity, net, cost) in enumerate(lines, start=1):
            self.session.add(
                SeenOrderLine(
                    order_id=row.id, position=position, product=product, name=product, quantity=quantity,
                    net_minor=net, cost_minor=cost,
                )
            )  # fmt: skip
        self.session.flush()
        self._count(at, orders=1, revenue_minor=row.total_minor)
        return row.id

    def told(self, order: int, *, grade: int | None) -> None:
        """The order's event, as a browser of this grade caused it; None as history tells it."""
        reference = self.session.get_one(SeenOrder, order).reference
        properties = {} if grade is None else {"grade": grade}
        self.session.add(
            Event(
                message_id=f"order-completed:{reference}", name="Order Completed", happened_at=NOON,
                order_reference=reference, subject=reference, properties=properties,
            )
        )  # fmt: skip
        self.session.flush()

    def refund(
        self, order: int | None, amount: int, *, days: float = 0, lines: Sequence[tuple[str, int, int]] = ()
    ) -> int:
        """`lines` are (product, pieces, money)."""
        self._made += 1
        at = NOON - timedelta(days=days)
        row = SeenRefund(reference=f"R{self._made}", order_id=order, refunded_at=at, amount_minor=amount)
        self.session.add(row)
        self.session.flush()
        for position, (product, quantity, money) in enumerate(lines, start=1):
            self.session.add(
                SeenRefundLine(
                    refund_id=row.id, position=position, product=product, quantity=quantity, amount_minor=money
                )
            )
        self.session.flush()
        self._count(at, refunds_minor=amount)
        return row.id

    def book(self, *orders: int) -> Booked:
        return rebook(self.session, orders, rules=self.rules)

    def credits(self, model: Model = Model.LAST_NON_DIRECT, *, order: int | None = None) -> dict[str, int]:
        """Money by channel, or by the reason why nothing is credited."""
        rows = self.session.execute(select(Credit, Source.channel).outerjoin(Source, Source.id == Credit.source_id))
        found: dict[str, int] = {}
        for row, channel in rows:
            if row.models & model.bit and (order is None or row.order_id == order):
                found[channel or row.why] = found.get(channel or row.why, 0) + row.amount_minor
        return {name: amount for name, amount in found.items() if amount}

    def days(self) -> dict[tuple[str, str, int], tuple[int, ...]]:
        """The day's sums as they stand, rows of zeros left out."""
        rows = self.session.scalars(select(CreditDay).execution_options(populate_existing=True))
        found = {
            (row.model, str(row.day), row.source_id): (
                row.orders_ppm, row.new_customers_ppm, row.revenue_minor, row.refunds_minor, row.costed_minor,
                row.cost_minor,
            )
            for row in rows
        }  # fmt: skip
        return {key: sums for key, sums in found.items() if any(sums)}

    def _count(self, at: datetime, **figures: int) -> None:
        add_rows(self.session, DayFigures, {(day_of(at, self.rules.zone),): figures})
