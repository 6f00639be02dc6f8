"""Visits of a period by what brought them and who they were, read from the roll-up of audiences."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.clickstream import sheets
from tracking.clickstream.rollups import AudienceDay
from tracking.clickstream.sessions import Session as Visit

from .audiences import audiences
from .period import Period
from .segment import Segment, audiences_within


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
    known = audiences(session, summed.keys[:, 0])
    belongs = known.within(segment)
    whole = _whole(summed, belongs)
    fields = _FIELDS.get(by, (by.value,))
    if by is By.REFERRER:
        belongs &= known.having("channel", UNTAGGED) & known.having("campaign", ("",))
    names, group = known.grouped_by(fields)
    groups = {
        tuple(zip(fields, names[place], strict=True)): figures
        for place, figures in _added(summed, np.where(belongs, group, -1)).items()
    }
    return GroupedVisits(whole, groups)


def visits_in(session: Session, period: Period, *, segment: Segment) -> VisitFigures:
    """The figures of all visits of a segment."""
    summed = sheets.sums(session, AudienceDay, period.first, period.last)
    if not segment:
        return VisitFigures(**{name: summed.total(name) for name in summed.columns})
    return _whole(summed, audiences(session, summed.keys[:, 0]).within(segment))


def visits_by_day(
    session: Session, period: Period, *, segment: Segment, only: Collection[str] | None = None
) -> dict[date, VisitFigures]:
    """The figures of each day that has any; `only`: those wanted, the others stay 0."""
    keys = list(session.scalars(audiences_within(segment))) if segment else None
    days = sheets.by_day(session, AudienceDay, period.first, period.last, keys=keys, only=only)
    return {day: VisitFigures(**figures) for day, figures in days.items()}


def exact_visitors(session: Session, period: Period, *, segment: Segment) -> int:
    """Different browsers with a visit that began in the period: counted one by one, which takes its time."""
    query = select(func.count(Visit.visitor_id.distinct())).where(Visit.day.between(period.first, period.last))
    if segment:
        query = query.where(Visit.audience_id.in_(audiences_within(segment)))
    return session.scalar(query) or 0


def _whole(summed: sheets.Sums, belongs: NDArray[np.bool_]) -> VisitFigures:
    return VisitFigures(**{name: int(column[belongs].sum()) for name, column in summed.columns.items()})


def _added(summed: sheets.Sums, groups: NDArray[np.int64]) -> dict[int, VisitFigures]:
    """The rows of each group added up; `groups` names the group of each row, -1 for none."""
    order = np.argsort(groups, kind="stable")
    order = order[np.searchsorted(groups[order], 0) :]
    if not order.size:
        return {}
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    names = list(summed.columns)
    # Added as whole numbers: bincount would count money in floats.
    added = [np.add.reduceat(summed.columns[name][order], starts).tolist() for name in names]
    return {
        group: VisitFigures(**dict(zip(names, values, strict=True)))
        for group, *values in zip(groups[order][starts].tolist(), *added, strict=True)
    }


_FIELDS = {By.SOURCE: ("channel", "source"), By.REFERRER: ("channel", "source", "campaign")}
"""What names a group, where it isn't the field of the same name."""
