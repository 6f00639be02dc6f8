"""Visits of a period by what brought them and who they were, read from the roll-up of audiences."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import reduce
from operator import add
from typing import TypeVar

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.clickstream import sheets
from tracking.clickstream.rollups import AudienceDay
from tracking.clickstream.sessions import Session as Visit

from .audiences import AudienceFacts, facts_of, within
from .period import Period
from .segment import Segment, audiences_within

G = TypeVar("G", bound=Hashable)


class By(StrEnum):
    """What visits can be grouped by."""

    CHANNEL = "channel"
    SOURCE = "source"
    MEDIUM = "medium"
    CAMPAIGN = "campaign"
    TERM = "term"
    CONTENT = "content"
    REFERRER = "referrer"
    DEVICE = "device"
    COUNTRY = "country"
    VISITORS = "visitors"


UNTAGGED = frozenset({"organic_search", "organic_social", "referral", "ai_assistant"})
"""Channels that are told by the referring site alone."""


Group = tuple[tuple[str, str], ...]
"""What narrows a segment down to the group: fields and their values."""


@dataclass(frozen=True)
class VisitFigures:
    """Sums over visits, named as in `AudienceDay`; money in minor units of the shop's currency.

    All counts on the day on which the visit began, refunds on the day the money went back.
    """

    sessions: int = 0
    simulated_sessions: int = 0
    bounces: int = 0
    page_views: int = 0
    product_views: int = 0
    searches: int = 0
    cart_adds: int = 0
    checkouts: int = 0
    orders: int = 0
    seconds: int = 0
    stage_1: int = 0
    stage_2: int = 0
    stage_3: int = 0
    stage_4: int = 0
    revenue_minor: int = 0
    refunds_minor: int = 0

    @property
    def net_minor(self) -> int:
        """Revenue less what was given back in the period."""
        return self.revenue_minor - self.refunds_minor

    def per_visit(self, name: str) -> float | None:
        """A figure a visit; None without visits."""
        value: int = getattr(self, name)
        return value / self.sessions if self.sessions else None

    def __add__(self, other: VisitFigures) -> VisitFigures:
        return VisitFigures(*map(sum, zip(vars(self).values(), vars(other).values(), strict=True)))


NO_VISITS = VisitFigures()


@dataclass(frozen=True)
class GroupedVisits:
    """The visits of a segment: as a whole, and by group. Not every visit is in a group (not each has a referrer).

    A group is named by what narrows a segment down to it, e.g. `(("channel", "referral"), ("source", "blog.example"))`.
    """

    whole: VisitFigures
    groups: dict[Group, VisitFigures]


def visits_by(session: Session, period: Period, by: By, *, segment: Segment) -> GroupedVisits:
    """The figures of each group that occurs."""
    summed = sheets.sums(session, AudienceDay, period.first, period.last)
    belongs, name = within(segment), _NAMES[by]
    # None: outside of the segment. An empty group: in it, but of no group.
    groups = [
        (name(facts) or ()) if belongs(facts) else None
        for facts in facts_of(session, summed.keys[:, 0].tolist())
    ]  # fmt: skip
    figures = {
        group: VisitFigures(**values) for group, values in grouped(summed, groups).items() if group is not None
    }  # fmt: skip
    whole = reduce(add, figures.values(), NO_VISITS)
    return GroupedVisits(whole, {group: one for group, one in figures.items() if group})


def visits_in(session: Session, period: Period, *, segment: Segment) -> VisitFigures:
    """The figures of all visits of a segment."""
    summed = sheets.sums(session, AudienceDay, period.first, period.last)
    if not segment:
        return VisitFigures(**{name: summed.total(name) for name in summed.columns})
    groups = list(map(within(segment), facts_of(session, summed.keys[:, 0].tolist())))
    return VisitFigures(**grouped(summed, groups).get(True, {}))


def visits_by_day(session: Session, period: Period, *, segment: Segment) -> dict[date, VisitFigures]:
    """The figures of each day that has any."""
    keys = list(session.scalars(audiences_within(segment))) if segment else None
    days = sheets.by_day(session, AudienceDay, period.first, period.last, keys=keys)
    return {day: VisitFigures(**figures) for day, figures in days.items()}


def exact_visitors(session: Session, period: Period, *, segment: Segment) -> int:
    """Different browsers with a visit that began in the period: counted one by one, which takes its time."""
    query = select(func.count(Visit.visitor_id.distinct())).where(Visit.day.between(period.first, period.last))
    if segment:
        query = query.where(Visit.audience_id.in_(audiences_within(segment)))
    return session.scalar(query) or 0


def grouped(summed: sheets.Sums, groups: Sequence[G]) -> dict[G, dict[str, int]]:
    """Add up the rows of each group; `groups` names the group of each row."""
    codes: dict[G, int] = {}
    index = np.fromiter((codes.setdefault(group, len(codes)) for group in groups), np.int64, len(groups))
    added = {}
    for name, column in summed.columns.items():
        total = np.zeros(len(codes), np.int64)
        np.add.at(total, index, column)  # bincount would count money in floats
        added[name] = total.tolist()
    return {group: {name: values[code] for name, values in added.items()} for group, code in codes.items()}


def _named(*fields: str) -> Callable[[AudienceFacts], Group | None]:
    return lambda facts: tuple((field, getattr(facts, field)) for field in fields)


def _referrer(facts: AudienceFacts) -> Group | None:
    if facts.channel not in UNTAGGED or facts.campaign:
        return None
    return (("channel", facts.channel), ("source", facts.source), ("campaign", ""))


_NAMES: dict[By, Callable[[AudienceFacts], Group | None]] = {
    **{by: _named(by.value) for by in By if by not in (By.REFERRER, By.SOURCE)},
    By.SOURCE: _named("channel", "source"),
    By.REFERRER: _referrer,
}
