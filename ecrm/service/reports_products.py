"""Which products cause which questions: cases that name a product, against the orders of that product."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrder, SeenOrderLine

from .case_facts import CaseFacts

AT_ONCE = 500


@dataclass(frozen=True)
class ProductCases:
    """Of one product in the stretch: cases by kind, and orders with it."""

    product: str
    kinds: Counter[str] = field(default_factory=Counter)
    orders: int = 0

    @property
    def cases(self) -> int:
        return self.kinds.total()

    @property
    def per_hundred(self) -> float | None:
        """Cases for each hundred orders with it; None where it wasn't ordered then."""
        return 100 * self.cases / self.orders if self.orders else None


def by_product(
    session: Session, cases: Iterable[CaseFacts], *, since: datetime, until: datetime
) -> dict[str, ProductCases]:
    """Products that cases of the stretch name, with the orders placed in it (end excluded)."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        if case.product:
            kinds[case.product][case.kind] += 1
    orders = _orders(session, sorted(kinds), since=since, until=until)
    return {product: ProductCases(product, counts, orders.get(product, 0)) for product, counts in kinds.items()}


def _orders(session: Session, products: list[str], *, since: datetime, until: datetime) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(products), AT_ONCE):
        query = (
            select(SeenOrderLine.product, func.count(SeenOrderLine.order_id.distinct()))
            .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
            .where(
                SeenOrderLine.product.in_(products[start : start + AT_ONCE]), SeenOrder.placed_at >= since,
                SeenOrder.placed_at < until,
            )
            .group_by(SeenOrderLine.product)
        )  # fmt: skip
        found.update((product, count) for product, count in session.execute(query))
    return found
