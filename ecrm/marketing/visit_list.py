"""The visits behind a figure, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from tracking.clickstream.dimensions import Page
from tracking.clickstream.sessions import Session as Visit

from .audiences import AudienceFacts, facts_of
from .period import Period
from .segment import Segment, audiences_within


class Having(StrEnum):
    """What visits may have led to, named as the figures are."""

    BOUNCES = "bounces"
    PRODUCT_VIEWS = "product_views"
    SEARCHES = "searches"
    CART_ADDS = "cart_adds"
    CHECKOUTS = "checkouts"
    ORDERS = "orders"
    REFUNDS = "refunds"


@dataclass(frozen=True)
class Asked:
    """Which visits: of some days and a segment; `stage` is the least they reached, `entry` the page they began with."""

    period: Period
    segment: Segment
    having: Having | None = None
    stage: int | None = None
    entry: int | None = None


@dataclass(frozen=True)
class ListedVisit:
    """A visit, with what its audience is made of (None for visits from before audiences were kept)."""

    visit: Visit
    audience: AudienceFacts | None


def visits_of(
    session: Session, asked: Asked, *, before: tuple[datetime, int] | None = None, limit: int
) -> list[ListedVisit]:
    """The visits that began in the period, newest first, from below (started_at, id) on."""
    query = select(Visit).where(Visit.day.between(asked.period.first, asked.period.last), *_conditions(asked))
    if before is not None:
        at, id_ = before
        query = query.where(or_(Visit.started_at < at, and_(Visit.started_at == at, Visit.id < id_)))
    rows: Sequence[Visit] = session.scalars(query.order_by(Visit.started_at.desc(), Visit.id.desc()).limit(limit)).all()
    ids = [row.audience_id for row in rows if row.audience_id is not None]
    by_id = dict(zip(ids, facts_of(session, ids), strict=True))
    return [ListedVisit(row, by_id.get(row.audience_id) if row.audience_id is not None else None) for row in rows]


def page_path(session: Session, page_id: int) -> str | None:
    """The path of a page by its number."""
    return session.scalar(select(Page.path).where(Page.id == page_id))


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if asked.segment:
        wanted.append(Visit.audience_id.in_(audiences_within(asked.segment)))
    if asked.stage is not None:
        wanted.append(Visit.stage >= asked.stage)
    if asked.entry is not None:
        wanted.append(Visit.entry_page_id == asked.entry)
    if asked.having is Having.BOUNCES:
        wanted.append(Visit.bounced.is_(True))
    elif asked.having is Having.REFUNDS:
        wanted.append(Visit.refunds_minor > 0)
    elif asked.having is not None:
        wanted.append(getattr(Visit, asked.having.value) > 0)
    return wanted
