"""Carts as they can be worked out from what visitors did, for a shop that doesn't tell its carts.

Only visits that agreed throughout to be joined to their customer count, and none that was taken back ("wasn't me"). A
cart is what was put in and not taken out since the last order, within a week.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from tracking.clickstream.sessions import SEVERAL
from tracking.clickstream.sessions import Session as Visit
from tracking.identity import taken_back
from tracking.visitors import Grade

from .flow import OpenCart, Shop
from .purchases import last_order

LASTS = timedelta(days=7)
_IN_CART = (2, 3)  # `Session.stage`: put something in, began the checkout
_MOST_STEPS = 500


def seen_carts(session: Session, shop: Shop, *, since: datetime, until: datetime) -> Iterator[OpenCart]:
    """The carts of visits that ended in this stretch without an order; `customer` is the CRM's number."""
    query = select(Visit.customer_id).where(
        Visit.last_at > since, Visit.last_at <= until, Visit.started_at > since - timedelta(days=1),
        Visit.started_at <= until, Visit.stage.in_(_IN_CART), *_joined(),
    )  # fmt: skip
    for customer in session.scalars(query.distinct().order_by(Visit.customer_id)).all():
        cart = seen_cart(session, shop, customer or 0, now=until)
        if cart is not None and cart.products:
            yield cart


def seen_cart(session: Session, shop: Shop, customer_id: int, *, now: datetime) -> OpenCart | None:
    """What a customer has put into the cart since the last order; None where there was no such visit."""
    ordered = last_order(session, customer_id, now=now)
    since = max(now - LASTS, ordered.placed_at) if ordered else now - LASTS
    query = select(Visit).where(
        Visit.customer_id == customer_id,
        Visit.started_at > since,
        Visit.last_at <= now,
        Visit.cart_adds > 0,
        *_joined(),
    )
    visits = session.scalars(query.order_by(Visit.started_at)).all()
    if not visits:
        return None
    pieces: Counter[str] = Counter()
    steps = shop.log(session).steps(visits, first=_MOST_STEPS)
    for event in sorted((one for some in steps.values() for one in some), key=lambda one: (one.happened_at, one.id)):
        many = int(event.properties.get("quantity", 1))
        if event.name == "Product Added":
            pieces[event.subject] += many
        elif event.name == "Product Removed":
            pieces[event.subject] = max(pieces[event.subject] - many, 0)
    return OpenCart(
        cart_id=f"{customer_id}-{ordered.id if ordered else 0}",
        customer=str(customer_id),
        touched_at=max(visit.last_at for visit in visits),
        products={product: many for product, many in pieces.items() if many > 0},
    )


def _joined() -> tuple[ColumnElement[bool], ...]:
    return (
        Visit.customer_id.is_not(None), Visit.customer_id != SEVERAL, Visit.grade >= int(Grade.PERSONAL),
        ~taken_back(Visit.visitor_id, Visit.customer_id),
    )  # fmt: skip
