"""Writing completejourney's campaigns: mailings, their coupons with products, and the coupons that orders named."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ..checkout.order import CouponUse
from ..coupons.coupon import Coupon, CouponProduct, Mailing
from .bulk import insert_columns, take_ids
from .filling import table_of
from .journey_campaigns import JourneyCampaign, JourneyCampaigns, code_of
from .journey_source import TIME_ZONE


def write_campaigns(
    connection: Connection,
    journey: JourneyCampaigns,
    *,
    source: str,
    products: dict[int, int],
    orders: dict[int, int],
    now: datetime,
) -> None:
    """Write mailings, coupons and uses. The coupons are stopped: nobody knows what they were worth.

    Args:
        products: the shop's id by the source's product; products that weren't loaded are left out of the coupons.
        orders: the shop's id by basket.
    """
    mailings = _write_mailings(connection, journey.campaigns, source)
    coupon_ids = _write_coupons(connection, journey, mailings, now=now)
    _write_products(connection, journey.coupons, coupon_ids, products)
    _write_uses(connection, journey.redemptions, coupon_ids, orders)


def _write_mailings(connection: Connection, campaigns: list[JourneyCampaign], source: str) -> dict[int, int]:
    table = table_of(Mailing)
    ids = take_ids(connection, table, len(campaigns))
    columns: dict[str, list[Any]] = {
        "id": ids,
        "source": [source] * len(ids),
        "reference": [str(campaign.number) for campaign in campaigns],
        "name": [campaign.name for campaign in campaigns],
        "first_day": [campaign.first_day for campaign in campaigns],
        "last_day": [campaign.last_day for campaign in campaigns],
        "reached": [campaign.reached for campaign in campaigns],
    }
    insert_columns(connection, table, columns)
    return dict(zip((campaign.number for campaign in campaigns), ids, strict=True))


def _write_coupons(
    connection: Connection, journey: JourneyCampaigns, mailings: dict[int, int], *, now: datetime
) -> dict[tuple[int, int], int]:
    """Returns the shop's id of each (campaign, coupon)."""
    table = table_of(Coupon)
    named = {campaign.number: campaign for campaign in journey.campaigns}
    pairs = [(int(one), int(upc)) for one, upc in _unique(journey.coupons)]
    ids, count = take_ids(connection, table, len(pairs)), len(pairs)
    begins = [_midnight(named[campaign].first_day) for campaign, _ in pairs]
    columns: dict[str, list[Any]] = {
        "id": ids,
        "code": [code_of(campaign, upc) for campaign, upc in pairs],
        "label": [named[campaign].name for campaign, _ in pairs],
        "percent": [None] * count,
        "amount_minor": [None] * count,
        "minimum_minor": [0] * count,
        "starts_at": begins,
        "ends_at": [_midnight(named[campaign].last_day + timedelta(days=1)) for campaign, _ in pairs],
        "uses_left": [None] * count,
        "stopped_at": [now] * count,
        "made_at": begins,
        "mailing_id": [mailings[campaign] for campaign, _ in pairs],
    }
    insert_columns(connection, table, columns)
    return dict(zip(pairs, ids, strict=True))


def _write_products(
    connection: Connection, coupons: Any, coupon_ids: dict[tuple[int, int], int], products: dict[int, int]
) -> None:
    known = coupons[coupons.product_id.isin(products)]
    rows = zip(known.campaign_id.tolist(), known.coupon_upc.tolist(), strict=True)
    columns = {
        "coupon_id": [coupon_ids[pair] for pair in rows],
        "product_id": [products[product] for product in known.product_id.tolist()],
    }
    insert_columns(connection, table_of(CouponProduct), columns)


def _write_uses(
    connection: Connection, redemptions: Any, coupon_ids: dict[tuple[int, int], int], orders: dict[int, int]
) -> None:
    pairs = list(zip(redemptions.campaign_id.tolist(), redemptions.coupon_upc.tolist(), strict=True))
    columns: dict[str, list[Any]] = {
        "order_id": [orders[basket] for basket in redemptions.basket_id.tolist()],
        "coupon_id": [coupon_ids[pair] for pair in pairs],
        "code": [code_of(*pair) for pair in pairs],
        "discount_minor": [0] * len(pairs),
    }
    insert_columns(connection, table_of(CouponUse), columns)


def _unique(coupons: Any) -> list[tuple[int, int]]:
    distinct = coupons[["campaign_id", "coupon_upc"]].drop_duplicates()
    return list(zip(distinct.campaign_id.tolist(), distinct.coupon_upc.tolist(), strict=True))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(TIME_ZONE))
