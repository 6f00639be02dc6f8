"""Writes orders straight into the CRM's memory, so that a test reads as who bought what and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from tracking.customers import Customer
from tracking.orders import SeenOrder, SeenOrderLine

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def customer(session: Session, name: str) -> int:
    """A customer; returns their id."""
    row = Customer(reference=name, email=f"{name}@example.com", created_at=NOW)
    session.add(row)
    session.flush()
    return row.id


def order(session: Session, customer_id: int, products: Sequence[str], *, days_ago: float) -> None:
    """An order of one piece each; negative days lie after `NOW`."""
    placed_at = NOW - timedelta(days=days_ago)
    count = session.query(SeenOrder).count()
    row = SeenOrder(
        reference=f"R-{count + 1}", customer_id=customer_id, placed_at=placed_at, currency="EUR",
        goods_minor=100 * len(products), total_minor=100 * len(products),
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add_all(
        SeenOrderLine(order_id=row.id, position=place, product=product, name=product, quantity=1, net_minor=100)
        for place, product in enumerate(products, start=1)
    )
    session.flush()


def checkerboard(session: Session, *, people: int = 8) -> dict[str, list[int]]:
    """Half of the people buy tea things, half buy tool things; each leaves out one thing of their half.

    So the right recommendation is obvious: what is left out, and nothing of the other half.
    """
    halves = {"tea": ["tea", "cup", "pot", "spoon"], "tool": ["saw", "nail", "plank", "glue"]}
    ids: dict[str, list[int]] = {}
    for half, products in halves.items():
        for number in range(people):
            one = customer(session, f"{half}-{number}")
            left_out = products[number % len(products)]
            order(session, one, [product for product in products if product != left_out], days_ago=1 + number)
            ids.setdefault(half, []).append(one)
    session.commit()
    return ids
