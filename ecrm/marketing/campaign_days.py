"""One campaign over time and by what brought people within it: by day, by source, by code."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Source
from tracking.clickstream.touchpoints import Touchpoint
from tracking.orders import SeenOrder

from .attribution.credits import MILLION, CreditDay
from .attribution.models import Model
from .campaigns import Campaign, CostEntry
from .code_owners import meaning_codes
from .period import Period, bounds
from .roi import By, Line, returns

T = TypeVar("T", int, str)
_CHUNK = 400  # values a statement; below the number of parameters that either database takes


@dataclass
class CampaignDay:
    """Of a day: net revenue credited, orders' shares in parts per million, and what was spent."""

    net_minor: int = 0
    orders_ppm: int = 0
    spend_minor: int = 0

    @property
    def orders(self) -> float:
        return self.orders_ppm / MILLION


@dataclass(frozen=True)
class CodeUse:
    """A code of the campaign: how many orders named it in the period, and what these paid in all."""

    code: str
    orders: int
    revenue_minor: int


def campaign_days(session: Session, campaign: Campaign, period: Period, *, model: Model) -> dict[date, CampaignDay]:
    """By day of the shop's; days without anything are missing."""
    days: defaultdict[date, CampaignDay] = defaultdict(CampaignDay)
    for some in _chunks(sorted(_source_ids(session, campaign))):
        query = (
            select(
                CreditDay.day, func.sum(CreditDay.revenue_minor - CreditDay.refunds_minor),
                func.sum(CreditDay.orders_ppm),
            )
            .where(
                CreditDay.model == model.value, CreditDay.source_id.in_(some),
                CreditDay.day.between(period.first, period.last),
            )
            .group_by(CreditDay.day)
        )  # fmt: skip
        for day, net, orders in session.execute(query):
            days[day].net_minor += int(net)
            days[day].orders_ppm += int(orders)
    spent = (
        select(CostEntry.day, func.sum(CostEntry.amount_minor))
        .where(CostEntry.campaign_id == campaign.id, CostEntry.day.between(period.first, period.last))
        .group_by(CostEntry.day)
    )
    for day, amount in session.execute(spent):
        days[day].spend_minor += int(amount)
    return dict(days)


def sources_within(session: Session, campaign: Campaign, period: Period, *, model: Model) -> list[Line]:
    """The sources, terms and contents that carry one of the campaign's codes, largest net revenue first."""
    codes = meaning_codes(session, campaign.id)
    report = returns(session, period, model=model, by=By.SOURCE)
    return [line for line in report.lines if line.source is not None and line.source.campaign in codes]


def codes_used(session: Session, campaign: Campaign, period: Period, *, time_zone: str) -> list[CodeUse]:
    """The campaign's codes that orders of the period named, most orders first; an order of two codes counts in both."""
    first, end = bounds(period, ZoneInfo(time_zone))
    found = []
    for some in _chunks(sorted(meaning_codes(session, campaign.id))):
        query = (
            select(Source.campaign, func.count(), func.sum(SeenOrder.total_minor))
            .join(Touchpoint, Touchpoint.source_id == Source.id)
            .join(SeenOrder, SeenOrder.id == Touchpoint.order_id)
            .where(Source.campaign.in_(some), Touchpoint.kind == "code", Touchpoint.at >= first, Touchpoint.at < end)
            .group_by(Source.campaign)
        )
        found += [CodeUse(code, orders, int(revenue)) for code, orders, revenue in session.execute(query)]
    return sorted(found, key=lambda one: (-one.orders, -one.revenue_minor, one.code))


def _source_ids(session: Session, campaign: Campaign) -> set[int]:
    codes = sorted(meaning_codes(session, campaign.id))
    return {
        id_ for some in _chunks(codes) for id_ in session.scalars(select(Source.id).where(Source.campaign.in_(some)))
    }


def _chunks(values: list[T]) -> list[list[T]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]
