"""Redemptions: which orders named a campaign's codes, and what these orders paid; the campaign page's answer to "who
brought the coupon along?", beside what attribution credits."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Subquery, func, select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Source
from tracking.clickstream.touchpoints import Touchpoint
from tracking.orders import SeenOrder, SeenRefund

from .code_owners import code_owners
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


def redemptions_of(
    session: Session, period: Period, *, time_zone: str, campaign_id: int | None = None
) -> dict[int, Redemptions]:
    """By campaign id, of orders placed on the period's days in the shop's zone; campaigns without any are missing.

    With a `campaign_id`, of this one alone.
    """
    named = _named(period, time_zone, campaign_id)
    back = _refunds(named)
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


def customers_naming(session: Session, campaign_id: int) -> int:
    """How many different customers ever placed an order that named one of the campaign's codes."""
    query = select(func.count(SeenOrder.customer_id.distinct()))
    return session.scalar(query.where(SeenOrder.id.in_(orders_naming(campaign_id=campaign_id)))) or 0


def orders_naming(*, campaign_id: int | None = None, code: str | None = None) -> Select[int | None]:
    """The ids of the orders that named one of a campaign's codes, this code, or (both given) this code of it."""
    query = select(Touchpoint.order_id).join(Source, Source.id == Touchpoint.source_id)
    query = query.where(Touchpoint.kind == "code", Touchpoint.order_id.is_not(None))
    if code is not None:
        query = query.where(Source.campaign == code)
    return query if campaign_id is None else query.where(Source.campaign.in_(select(code_owners(campaign_id).c.code)))


def _named(period: Period, time_zone: str, campaign_id: int | None) -> Subquery:
    """(campaign_id, order_id, codes): how many codes of the campaign an order of the period named."""
    first, end = bounds(period, ZoneInfo(time_zone))
    owners = code_owners(campaign_id)
    return (
        select(owners.c.campaign_id, Touchpoint.order_id, func.count().label("codes"))
        .join(Source, Source.campaign == owners.c.code)
        .join(Touchpoint, Touchpoint.source_id == Source.id)
        .where(Touchpoint.kind == "code", Touchpoint.at >= first, Touchpoint.at < end)
        .group_by(owners.c.campaign_id, Touchpoint.order_id)
        .subquery()
    )


def _refunds(named: Subquery) -> Subquery:
    """(order_id, amount): what went back of these orders until now."""
    return (
        select(SeenRefund.order_id, func.sum(SeenRefund.amount_minor).label("amount"))
        .where(SeenRefund.order_id.in_(select(named.c.order_id)))
        .group_by(SeenRefund.order_id)
        .subquery()
    )
