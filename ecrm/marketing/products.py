"""Products of a period: how often they were shown, looked at, put into the cart and sold, and what came back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.clickstream import sheets
from tracking.clickstream.dimensions import Page, ProductKey
from tracking.clickstream.rollups import ProductDay
from tracking.orders import SeenOrderLine

from .keywords import picked
from .period import Period

BATCH = 500


def products_seen(session: Session, period: Period) -> sheets.Sums:
    """Products with any figure in the period; keys are the products' numbers in the roll-up (`ProductKey.id`)."""
    summed = sheets.sums(session, ProductDay, period.first, period.last)
    return picked(summed, np.any([column != 0 for column in summed.columns.values()], axis=0))


def products_by_day(session: Session, period: Period, *, key_id: int | None = None) -> dict[date, dict[str, int]]:
    """The figures by day: of all products, or of one."""
    keys = None if key_id is None else [key_id]
    return sheets.by_day(session, ProductDay, period.first, period.last, keys=keys)


def product_of(session: Session, key_id: int) -> str | None:
    """The shop's id of the product with this number."""
    return session.scalar(select(ProductKey.product).where(ProductKey.id == key_id))


def products_of(session: Session, key_ids: Iterable[int]) -> dict[int, str]:
    """The shop's ids of some products, by number."""
    wanted = list(key_ids)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), BATCH):
        query = select(ProductKey.id, ProductKey.product).where(ProductKey.id.in_(wanted[start : start + BATCH]))
        found.update((id_, product) for id_, product in session.execute(query))
    return found


def names_as_sold(session: Session, products: Iterable[str]) -> dict[str, str]:
    """The names under which products were last sold, for those that the shop doesn't know any more."""
    wanted = list(products)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        last = (
            select(SeenOrderLine.product, func.max(SeenOrderLine.order_id).label("order_id"))
            .where(SeenOrderLine.product.in_(some))
            .group_by(SeenOrderLine.product)
            .subquery()
        )
        query = (
            select(SeenOrderLine.product, func.max(SeenOrderLine.name))
            .join(last, (last.c.product == SeenOrderLine.product) & (last.c.order_id == SeenOrderLine.order_id))
            .group_by(SeenOrderLine.product)
        )
        found.update((product, name) for product, name in session.execute(query))
    return found


def page_of(session: Session, url: str) -> int | None:
    """The number of the page at this address of the shop, if it was ever seen."""
    return session.scalar(select(Page.id).where(Page.path == urlsplit(url).path))
