"""What a reaction builds on: an order that another reaction must have remembered before."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tracking.orders import SeenOrder, order_by_reference

from .ledger import NotYet


def remembered_order(session: Session, order_id: str) -> SeenOrder:
    """The order of the shop's number.

    Raises:
        NotYet: where its own reaction hasn't run; the one that asks is tried again later.
    """
    order = order_by_reference(session, order_id)
    if order is None:
        raise NotYet(f"order {order_id} isn't remembered yet")
    return order
