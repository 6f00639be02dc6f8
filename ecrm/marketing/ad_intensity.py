"""Ad intensity: what was spent on advertising step by step, beside what the whole shop sold then and later.

Sales are the shop's, not those credited to the campaigns: credited sales follow the clicks by their making, so that
comparing them with the spending would prove nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .campaigns import Campaign, CostEntry
from .lags import LEAST_STEPS, Lag, lags
from .overview import days_in
from .period import Period, steps

LONGEST_DAYS, LONGEST_WEEKS = 14, 6
LEAST_WEEKS = 20
WEEK = 7


@dataclass(frozen=True)
class Spent:
    """Advertising of a day or more. Clicks and impressions as the advertisers count them; None where none told."""

    amount_minor: int = 0
    clicks: int | None = None
    impressions: int | None = None

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.amount_minor + other.amount_minor, _sum(self.clicks, other.clicks),
            _sum(self.impressions, other.impressions),
        )  # fmt: skip


NOTHING = Spent()


@dataclass(frozen=True)
class Sold:
    """What the shop sold: orders placed, and revenue less refunds of these days."""

    orders: int = 0
    net_minor: int = 0

    def __add__(self, other: Sold) -> Sold:
        return Sold(self.orders + other.orders, self.net_minor + other.net_minor)


@dataclass(frozen=True)
class Step:
    """A day, or a week of a long period."""

    span: Period
    spent: Spent
    sold: Sold


@dataclass(frozen=True)
class Intensity:
    """A period step by step. `revenue` and `orders`: how spending goes with each, by lag in steps (days or weeks);
    empty where there is too little to go by."""

    steps: tuple[Step, ...]
    by_week: bool
    revenue: tuple[Lag, ...]
    orders: tuple[Lag, ...]
    spent: Spent
    sold: Sold


@dataclass(frozen=True)
class Advertised:
    """A campaign that cost something in a period."""

    id: int
    code: str
    name: str
    channel: str


def intensity(
    session: Session, period: Period, *, channel: str | None = None, campaign: str | None = None
) -> Intensity:
    """Spending (of a channel, or of the campaign with this code) and the shop's sales in a period."""
    spans = steps(period)
    by_week = len(spans) < period.days
    longest, length = (LONGEST_WEEKS, WEEK) if by_week else (LONGEST_DAYS, 1)
    # The first week of a long period has up to 13 days: it isn't comparable with the others, neither as a week of sales
    # nor as what went before the next one's.
    skip = int(by_week and spans[0].days != WEEK)
    earlier = _earlier(spans[skip].first, longest * length, length)
    costs = _costs(session, Period(earlier[0].first, period.last), channel=channel, campaign=campaign)
    sales = {one.day: Sold(one.figures.orders, one.figures.net_minor) for one in days_in(session, period)}
    found = tuple(Step(span, _spent(span, costs), sum((sales[day] for day in span), Sold())) for span in spans)
    spending = [_spent(span, costs).amount_minor for span in [*earlier, *spans[skip:]]]

    def of(values: Sequence[int]) -> tuple[Lag, ...]:
        least, season = (LEAST_WEEKS, 1) if by_week else (LEAST_STEPS, WEEK)
        return tuple(lags(spending, values[skip:], longest=longest, season=season, least=least))

    return Intensity(
        found, by_week,
        revenue=of([step.sold.net_minor for step in found]), orders=of([step.sold.orders for step in found]),
        spent=sum((step.spent for step in found), NOTHING), sold=sum((step.sold for step in found), Sold()),
    )  # fmt: skip


def advertised(session: Session) -> list[Advertised]:
    """All campaigns with costs, by name."""
    query = select(Campaign.id, Campaign.code, Campaign.name, Campaign.channel).where(
        Campaign.id.in_(select(CostEntry.campaign_id).distinct())
    )
    return [Advertised(*row) for row in session.execute(query.order_by(Campaign.name, Campaign.code))]


def _costs(session: Session, period: Period, *, channel: str | None, campaign: str | None) -> dict[date, Spent]:
    query = (
        select(
            CostEntry.day, func.sum(CostEntry.amount_minor), func.sum(CostEntry.clicks), func.sum(CostEntry.impressions)
        )
        .where(CostEntry.day.between(period.first, period.last))
        .group_by(CostEntry.day)
    )
    if channel is not None or campaign is not None:
        query = query.join(Campaign, Campaign.id == CostEntry.campaign_id)
    if channel is not None:
        query = query.where(Campaign.channel == channel)
    if campaign is not None:
        query = query.where(Campaign.code == campaign)
    return {
        day: Spent(int(amount), None if clicks is None else int(clicks), None if shown is None else int(shown))
        for day, amount, clicks, shown in session.execute(query)
    }


def _earlier(first: date, days: int, length: int) -> list[Period]:
    """The steps before a day that the lags reach back to, all equally long."""
    start = first - timedelta(days=days)
    return [Period(start + timedelta(days=n), start + timedelta(days=n + length - 1)) for n in range(0, days, length)]


def _spent(span: Period, costs: Mapping[date, Spent]) -> Spent:
    return sum((costs[day] for day in span if day in costs), NOTHING)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
