"""What recommendations earned in a period: shown, clicked, put into the cart, ordered, and the money that stays.

Impressions, clicks and cart adds come from the slots' days, money from the postings; both are sums of whole numbers
over the same slots, so that every line adds up to the total (orders don't: an order may have come by several slots).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, distinct, func, or_, select
from sqlalchemy.orm import Session

from ecrm.marketing.period import Period
from recommender.asking import Placement
from tracking.clickstream.dimensions import ProductKey
from tracking.clickstream.rollups import AudienceDay
from tracking.clickstream.sessions import Session as Visit
from tracking.clickstream.sheets import by_day as sums_by_day
from tracking.orders import SeenOrder, SeenRefund

from .tables import RecommendationClick, RecommendationCredit, RecommendedDay, Slot


class By(StrEnum):
    """What the figures are grouped by."""

    PLACEMENT = "placement"
    POSITION = "position"
    STRATEGY = "strategy"


@dataclass(frozen=True)
class Which:
    """The slots that count; None where all do."""

    placement: str | None = None
    position: int | None = None
    strategy: str | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on `Slot`."""
        return [
            getattr(Slot, name) == value
            for name, value in (
                ("placement", self.placement), ("position", self.position), ("strategy", self.strategy),
            )
            if value is not None
        ]  # fmt: skip


@dataclass(frozen=True)
class Earned:
    """Counts and money of some slots. Money in minor units; `orders` are different ones.

    `mailed_clicks` and `mailed_minor` are the part (of clicks, of what stays) that e-mails brought: nobody can say how
    often those were looked at, so that they stand in no rate per impression.
    """

    impressions: int = 0
    clicks: int = 0
    cart_adds: int = 0
    orders: int = 0
    revenue_minor: int = 0
    refunds_minor: int = 0
    mailed_clicks: int = 0
    mailed_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What stays."""
        return self.revenue_minor - self.refunds_minor

    @property
    def click_rate(self) -> float | None:
        """Clicks an impression; None where nothing was shown."""
        return (self.clicks - self.mailed_clicks) / self.impressions if self.impressions else None

    @property
    def net_per_thousand(self) -> float | None:
        """Net revenue a thousand impressions, minor units."""
        return 1000 * (self.net_minor - self.mailed_minor) / self.impressions if self.impressions else None


class CreditRow(NamedTuple):
    """A posting with its booking; `refund` is None for an order, `click` where none may be named."""

    credit: RecommendationCredit
    slot: Slot
    product_key: ProductKey
    order: SeenOrder
    refund: SeenRefund | None
    click: RecommendationClick | None


class VisitsWith(NamedTuple):
    """Visits that began in a period, those with an order among them, and their revenue before refunds."""

    visits: int
    buying: int
    revenue_minor: int

    @property
    def conversion(self) -> float | None:
        """Visits with an order, as a share."""
        return self.buying / self.visits if self.visits else None

    @property
    def revenue_each(self) -> float | None:
        """Revenue a visit, minor units."""
        return self.revenue_minor / self.visits if self.visits else None


def earned_by(session: Session, period: Period, *, by: By, which: Which | None = None) -> dict[Any, Earned]:
    """The figures of each placement, position or strategy on which there is something."""
    return _earned(session, period, getattr(Slot, by.value), which or Which())


def earned_in(session: Session, period: Period, *, which: Which | None = None) -> Earned:
    """The figures of all these slots together."""
    found = _earned(session, period, None, which or Which())
    return found.get(None, Earned())


def earned_by_day(session: Session, period: Period, *, which: Which | None = None) -> dict[date, dict[str, int]]:
    """Impressions, clicks, revenue and refunds of each day on which there is something."""
    conditions = (which or Which()).conditions
    days: dict[date, dict[str, int]] = {}
    names = ("impressions", "clicks", "revenue_minor", "refunds_minor")
    counts = select(RecommendedDay.day, func.sum(RecommendedDay.impressions), func.sum(RecommendedDay.clicks))
    counts = counts.join(Slot, Slot.id == RecommendedDay.slot_id).where(
        RecommendedDay.day.between(period.first, period.last), *conditions
    )
    for day, impressions, clicks in session.execute(counts.group_by(RecommendedDay.day)):
        days[day] = dict(zip(names, (int(impressions), int(clicks), 0, 0), strict=True))
    money = select(RecommendationCredit.day, _ordered, _returned).join(Slot, Slot.id == RecommendationCredit.slot_id)
    money = money.where(RecommendationCredit.day.between(period.first, period.last), *conditions)
    for day, revenue, refunds in session.execute(money.group_by(RecommendationCredit.day)):
        of_day = days.setdefault(day, dict.fromkeys(names, 0))
        of_day |= {"revenue_minor": int(revenue), "refunds_minor": int(refunds)}
    return days


def credits_of(
    session: Session,
    period: Period,
    *,
    which: Which,
    before: tuple[date, int] | None = None,
    limit: int,
) -> list[CreditRow]:
    """The postings behind a figure, newest day first.

    Args:
        before: (day, id) of the last row of the page before.
    """
    query = (
        select(RecommendationCredit, Slot, ProductKey, SeenOrder, SeenRefund, RecommendationClick)
        .join(Slot, Slot.id == RecommendationCredit.slot_id)
        .join(ProductKey, ProductKey.id == RecommendationCredit.product_key_id)
        .join(SeenOrder, SeenOrder.id == RecommendationCredit.order_id)
        .outerjoin(SeenRefund, SeenRefund.id == RecommendationCredit.refund_id)
        .outerjoin(RecommendationClick, RecommendationClick.id == RecommendationCredit.click_id)
        .where(RecommendationCredit.day.between(period.first, period.last), *which.conditions)
    )
    if before is not None:
        day, id_ = before
        earlier = and_(RecommendationCredit.day == day, RecommendationCredit.id < id_)
        query = query.where(or_(RecommendationCredit.day < day, earlier))
    rows = query.order_by(RecommendationCredit.day.desc(), RecommendationCredit.id.desc()).limit(limit)
    return [CreditRow(*row) for row in session.execute(rows)]


def visits_with_click(session: Session, period: Period) -> tuple[VisitsWith, VisitsWith]:
    """The visits in which a recommendation was clicked, and all others."""
    clicked = select(RecommendationClick.id).where(RecommendationClick.session_id == Visit.id).exists()
    query = select(
        func.count(), func.coalesce(func.sum(case((Visit.orders > 0, 1), else_=0)), 0),
        func.coalesce(func.sum(Visit.revenue_minor), 0),
    ).where(Visit.day.between(period.first, period.last), clicked)  # fmt: skip
    with_click = VisitsWith(*(int(value) for value in session.execute(query).one()))
    names = ("sessions", "stage_4", "revenue_minor")
    days = sums_by_day(session, AudienceDay, period.first, period.last, only=names).values()
    every = [sum(day[name] for day in days) for name in names]
    return with_click, VisitsWith(*(max(whole - part, 0) for whole, part in zip(every, with_click, strict=True)))


_is_mailed = Slot.placement == Placement.EMAIL
_is_order = RecommendationCredit.refund_id.is_(None)
_ordered = func.sum(case((_is_order, RecommendationCredit.amount_minor), else_=0))
_returned = func.sum(case((_is_order, 0), else_=-RecommendationCredit.amount_minor))


def _earned(session: Session, period: Period, key: Any, which: Which) -> dict[Any, Earned]:
    keys: Sequence[Any] = () if key is None else (key,)
    names = ("impressions", "clicks", "cart_adds")
    counts = (
        select(
            *(func.coalesce(func.sum(getattr(RecommendedDay, name)), 0) for name in names),
            func.coalesce(func.sum(case((_is_mailed, RecommendedDay.clicks), else_=0)), 0),
            *keys,
        )
        .join(Slot, Slot.id == RecommendedDay.slot_id)
        .where(RecommendedDay.day.between(period.first, period.last), *which.conditions)
        .group_by(*keys)
    )
    money = (
        select(
            func.count(distinct(case((_is_order, RecommendationCredit.order_id)))),
            func.coalesce(_ordered, 0), func.coalesce(_returned, 0),
            func.coalesce(func.sum(case((_is_mailed, RecommendationCredit.amount_minor), else_=0)), 0), *keys,
        )
        .join(Slot, Slot.id == RecommendationCredit.slot_id)
        .where(RecommendationCredit.day.between(period.first, period.last), *which.conditions)
        .group_by(*keys)
    )  # fmt: skip
    counted = {_key(row): [int(value) for value in row[:4]] for row in session.execute(counts)}
    booked = {_key(row): [int(value) for value in row[:4]] for row in session.execute(money)}
    nothing = [0, 0, 0, 0]
    found: dict[Any, Earned] = {}
    for one in counted | booked:
        (*seen, mailed_clicks), (*paid, mailed_minor) = counted.get(one, nothing), booked.get(one, nothing)
        found[one] = replace(Earned(*seen, *paid), mailed_clicks=mailed_clicks, mailed_minor=mailed_minor)
    return found


def _key(row: Any) -> Any:
    return row[4] if len(row) > 4 else None
