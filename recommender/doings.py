"""Doings: what customers did beside buying — looked at, put into the cart, sent back, didn't want to see — as `Deeds`.

Whose a visit was is only said where the browser agreed to be joined to its customer, only one signed in, and nobody
said since that it wasn't them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
from scipy.sparse import csr_matrix
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.clickstream.sessions import Session as Visit
from tracking.identity import taken_back
from tracking.orders import SeenRefund, SeenRefundLine
from tracking.visitors import Grade

from .candidates.session_fitting import ClickLog
from .candidates.viewed_bought import viewed_bought
from .clicks import Clicks
from .deeds import KINDS, Deeds
from .interactions import Interactions, Ints
from .signals import Kind

DAY = 86_400.0
UNKNOWN = -1


def customers_of(session: Session, clicks: Clicks, *, since: datetime, customers: Sequence[int]) -> Ints:
    """Each click's customer by number, -1 where nobody is known."""
    number = {customer: place for place, customer in enumerate(customers)}
    query = select(Visit.id, Visit.customer_id).where(
        Visit.customer_id > 0,
        Visit.grade == int(Grade.PERSONAL),
        Visit.last_at >= since,
        ~taken_back(Visit.visitor_id, Visit.customer_id),
    )
    known = {row.id: number.get(row.customer_id or 0, UNKNOWN) for row in session.execute(query)}
    visits, place = np.unique(clicks.visit, return_inverse=True)
    of_visit = np.array([known.get(visit, UNKNOWN) for visit in visits.tolist()], np.int32)
    return of_visit[place] if len(visits) else np.empty(0, np.int32)


def read_deeds(
    session: Session,
    clicks: Clicks,
    who: Ints,
    *,
    interactions: Interactions,
    until: datetime,
    unwanted: Iterable[tuple[int, str]] = (),
) -> Deeds:
    """Clicks of known customers, what they sent back, and what they don't want to see.

    Args:
        who: each click's customer (`customers_of`).
        unwanted: customers (their ids) and products (the shop's) of which they said "not interested".
    """
    customers = {customer: place for place, customer in enumerate(interactions.customers)}
    products = {product: place for place, product in enumerate(interactions.products)}
    end = until.timestamp()
    known = who >= 0
    kind = np.where(clicks.into_cart[known], KINDS.index(Kind.CART), KINDS.index(Kind.VIEW))
    looked = Deeds(
        who[known], clicks.product[known], kind.astype(np.int8), ((end - clicks.at[known]) / DAY).astype(np.float32)
    )
    others = Deeds.of([*_sent_back(session, customers, products, end), *_unwanted(unwanted, customers, products)])
    return Deeds(*(np.concatenate([getattr(one, part) for one in (looked, others)]) for part in PARTS))


PARTS = ("customer", "product", "kind", "age")


def led_to(clicks: Clicks, who: Ints, interactions: Interactions, *, until: datetime) -> csr_matrix:
    """products × products: how many customers looked at the row, then bought the column."""
    looked = (who >= 0) & ~clicks.into_cart
    looks = ClickLog(who[looked].astype(np.int64), clicks.product[looked], clicks.at[looked])
    at = until.timestamp() - interactions.order_age.astype(np.float64) * DAY
    first = float(clicks.at.min()) if len(clicks.at) else np.inf
    recent = (at[interactions.line_order] >= first) & np.isin(interactions.line_customer, looks.session)
    purchases = ClickLog(
        interactions.line_customer[recent].astype(np.int64), interactions.line_product[recent],
        at[interactions.line_order][recent],
    )  # fmt: skip
    return viewed_bought(looks, purchases, products=len(interactions.products))


Row = tuple[int, int, Kind, float]


def _sent_back(
    session: Session, customers: Mapping[int, int], products: Mapping[str, int], end: float
) -> Iterable[Row]:
    query = (
        select(SeenRefund.customer_id, SeenRefundLine.product, SeenRefund.refunded_at)
        .join(SeenRefundLine, SeenRefundLine.refund_id == SeenRefund.id)
        .where(SeenRefundLine.quantity > 0)
        .order_by(SeenRefund.id, SeenRefundLine.position)
    )
    for row in session.execute(query):
        if row.customer_id in customers and row.product in products and row.refunded_at.timestamp() <= end:
            age = (end - row.refunded_at.timestamp()) / DAY
            yield customers[row.customer_id], products[row.product], Kind.RETURN, age


def _unwanted(
    unwanted: Iterable[tuple[int, str]], customers: Mapping[int, int], products: Mapping[str, int]
) -> Iterable[Row]:
    for customer, product in unwanted:
        if customer in customers and product in products:
            yield customers[customer], products[product], Kind.NOT_INTERESTED, 0.0
