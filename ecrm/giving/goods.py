"""What of the shop is for giving, worked out once an hour: how many buy it, and what sells before holidays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.storefront import catalogue_of
from mailer.calendar import Place
from mailer.giving_days import giving_days
from recommender.gift_range import GiftRange
from recommender.gifts import Present, presents, season_lifts
from tracking.orders import SeenOrder, SeenOrderLine

KEPT = timedelta(hours=1)
SEASON = timedelta(days=28)
YEARS_BACK = 3


@dataclass(frozen=True)
class GiftGoods:
    """By product. `category` and `brand` of everything that the shop lists, for reasons of other flows."""

    presents: Mapping[str, Present]
    range: GiftRange
    category: Mapping[str, str]
    made_at: datetime


def gift_goods(crm: Installation, session: Session, *, holiday: str, place: Place, now: datetime) -> GiftGoods:
    """What is for giving at this holiday; kept for an hour in this process."""
    kept: dict[tuple[str, str], GiftGoods] = crm.app.extensions.setdefault("ecrm_gift_goods", {})
    found = kept.get((holiday, place.country))
    if found is None or not found.made_at <= now < found.made_at + KEPT:
        catalogue = list(catalogue_of(crm.storefront))
        category = {one.product_id: one.category for one in catalogue}
        lifts = _lifts(session, category, holiday=holiday, place=place, now=now)
        goods = presents(
            catalogue, _buyers(session, now=now), lifts=lifts,
            shelves=frozenset(crm.app.config["ECRM_GIFT_SHELVES"]),
        )  # fmt: skip
        found = GiftGoods({one.product: one for one in goods}, GiftRange(goods, holiday=holiday), category, now)
        kept[holiday, place.country] = found
    return found


def _buyers(session: Session, *, now: datetime) -> dict[str, int]:
    """How many customers bought each product."""
    query = (
        select(SeenOrderLine.product, func.count(SeenOrder.customer_id.distinct()))
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrder.placed_at <= now)
        .group_by(SeenOrderLine.product)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _lifts(
    session: Session, category: Mapping[str, str], *, holiday: str, place: Place, now: datetime
) -> dict[str, float]:
    before: Counter[str] = Counter()
    for year in range(now.year - YEARS_BACK, now.year + 1):
        for one in giving_days(place, year):
            end = datetime.combine(one.day, time(), tzinfo=UTC)
            if one.code == holiday and end <= now:
                before += _sold(session, category, since=end - SEASON, until=end)
    return season_lifts(before, _sold(session, category, since=None, until=now))


def _sold(session: Session, category: Mapping[str, str], *, since: datetime | None, until: datetime) -> Counter[str]:
    """Lines sold by category."""
    query = (
        select(SeenOrderLine.product, func.count())
        .join(SeenOrder, SeenOrder.id == SeenOrderLine.order_id)
        .where(SeenOrder.placed_at <= until)
        .group_by(SeenOrderLine.product)
    )
    found: Counter[str] = Counter()
    for product, count in session.execute(query if since is None else query.where(SeenOrder.placed_at > since)):
        if name := category.get(product):
            found[name] += count
    return found
