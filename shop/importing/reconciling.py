"""Reconciliation at any later time: what the imports of a source brought, against what the shop holds of it now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..checkout.order import Order, OrderLine, Refund, RefundLine
from .run import ImportRun


@dataclass(frozen=True)
class Balance:
    """Sums of one source in minor units: as imported, and as its orders, lines, refunds and refund lines say now."""

    source: str
    imported_minor: int
    orders_minor: int
    lines_minor: int
    refunds_minor: int
    refund_lines_minor: int

    @property
    def agrees(self) -> bool:
        """Whether every sum says the same, to the cent."""
        return (
            self.imported_minor == self.orders_minor - self.refunds_minor
            and self.orders_minor == self.lines_minor
            and self.refunds_minor == self.refund_lines_minor
        )

    def text(self) -> str:
        """For a terminal."""
        rows = {
            "imported (orders less refunds)": self.imported_minor,
            "in the shop (orders less refunds)": self.orders_minor - self.refunds_minor,
            "  orders": self.orders_minor,
            "  their lines": self.lines_minor,
            "  refunds": self.refunds_minor,
            "  their lines ": self.refund_lines_minor,
        }
        lines = [f"  {name:36}{minor / 100:>18,.2f}" for name, minor in rows.items()]
        return "\n".join([self.source, *lines, f"  {'agrees to the cent' if self.agrees else 'DIFFERS'}"])


def reconcile(session: Session) -> Iterator[Balance]:
    """A balance of every source that was imported."""
    imported: dict[str, int] = defaultdict(int)
    for source, minor in session.execute(select(ImportRun.source, ImportRun.new_minor)):
        imported[source] += minor
    for source, minor in sorted(imported.items()):
        orders = select(func.coalesce(func.sum(Order.goods_minor), 0)).where(Order.source == source)
        lines = select(func.coalesce(func.sum(OrderLine.net_minor), 0)).join(Order).where(Order.source == source)
        refunds = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(Refund.source == source)
        back = select(func.coalesce(func.sum(RefundLine.amount_minor), 0)).join(Refund).where(Refund.source == source)
        yield Balance(source, minor, *(int(session.scalar(query) or 0) for query in (orders, lines, refunds, back)))
