"""Redemptions: which orders named a campaign's codes, and what these orders paid; the campaign page's answer to "who
brought the coupon along?", beside what attribution credits."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Subquery, func, select, union
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Source
from tracking.clickstream.touchpoints import Touchpoint
from tracking.orders import SeenOrder, SeenRefund

from .campaigns import Campaign, CampaignCode
from .period import Period, bounds


@dataclass(frozen=True)
class Redemptions:
    """Of one campaign: codes redeemed (an order may name several), the orders that did, and their money.

    `revenue_minor` sums `SeenOrder.total_minor`, each order once; `refunded_minor` what went back of these orders until
    now, whenever that was. An order that names codes of two campaigns counts whole in both: these sums don't add up to
    the shop's revenue, attribution's do.
    """

    redemptions: int
    orders: int
    revenue_minor: int
    refunded_minor: int


def redemptions_of(session: Session, period: Period, *, time_zone: str) -> dict[int, Redemptions]:
    """By campaign id, of orders placed on the period's days in the shop's zone; campaigns without any are missing."""
    named, back = _named(period, time_zone), _refunds()
    query = (
        select(
            named.c.campaign_id,
            func.sum(named.c.codes),
            func.count(),
            func.sum(SeenOrder.total_minor),
            func.sum(func.coalesce(back.c.amount, 0)),
        )
        .join(SeenOrder, SeenOrder.id == named.c.order_id)
        .outerjoin(back, back.c.order_id == named.c.order_id)
        .group_by(named.c.campaign_id)
    )
    return {row[0]: Redemptions(*(int(value) for value in row[1:])) for row in session.execute(query)}


def orders_naming(session: Session, campaign_id: int, period: Period, *, time_zone: str) -> list[int]:
    """The orders behind the figures of a campaign, latest first: ids of `SeenOrder`."""
    named = _named(period, time_zone)
    query = select(SeenOrder.id).join(named, named.c.order_id == SeenOrder.id)
    query = query.where(named.c.campaign_id == campaign_id)
    return list(session.scalars(query.order_by(SeenOrder.placed_at.desc(), SeenOrder.id.desc())))


def _owners() -> Subquery:
    """(code, campaign_id): a campaign's own code and its further ones."""
    return union(select(Campaign.code, Campaign.id), select(CampaignCode.code, CampaignCode.campaign_id)).subquery()


def _named(period: Period, time_zone: str) -> Subquery:
    """(campaign_id, order_id, codes): how many codes of the campaign an order of the period named."""
    first, end = bounds(period, ZoneInfo(time_zone))
    owners = _owners()
    return (
        select(owners.c[1].label("campaign_id"), Touchpoint.order_id, func.count().label("codes"))
        .join(Source, Source.campaign == owners.c[0])
        .join(Touchpoint, Touchpoint.source_id == Source.id)
        .where(Touchpoint.kind == "code", Touchpoint.at >= first, Touchpoint.at < end)
        .group_by(owners.c[1], Touchpoint.order_id)
        .subquery()
    )


def _refunds() -> Subquery:
    return (
        select(SeenRefund.order_id, func.sum(SeenRefund.amount_minor).label("amount"))
        .where(SeenRefund.order_id.is_not(None))
        .group_by(SeenRefund.order_id)
        .subquery()
    )
