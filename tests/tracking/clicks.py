"""Steps of visitors for tests, and what was counted of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from tracking.clickstream.dimensions import Audience, Page, ProductKey, Source, Term
from tracking.clickstream.ingest import ingest
from tracking.clickstream.rollups import AudienceDay, PageDay, ProductDay, TermDay
from tracking.clickstream.sightings import Sighting
from tracking.record import Record
from tracking.visitors import Grade

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
ZONE = "Europe/Berlin"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
ADA = "a" * 32
BOB = "b" * 32


def seen(name: str = "Page Viewed", subject: str = "/tea", *, minutes: float = 0, **facts: Any) -> Sighting:
    given = {"user_agent": FIREFOX, "path": "/tea", "visitor_token": ADA, "grade": Grade.ANALYTICS}
    return Sighting(at=NOON + timedelta(minutes=minutes), name=name, subject=subject, **{**given, **facts})


def searched(
    term: str, *shown: str, minutes: float = 0, first: int = 1, results: int | None = None, **facts: Any
) -> Sighting:
    properties = {
        "query": term, "product_ids": list(shown), "first_position": first,
        "results": len(shown) if results is None else results,
    }  # fmt: skip
    return seen("Products Searched", term, minutes=minutes, properties=properties, **facts)


def store(session: OrmSession, *sightings: Sighting) -> None:
    ingest(session, sightings, ZONE)
    session.commit()


def store_apart(session: OrmSession, *sightings: Sighting) -> None:
    """Each step in a batch of its own."""
    for sighting in sightings:
        store(session, sighting)


def audiences(session: OrmSession, *names: str, day: date = TODAY) -> dict[str, tuple[Any, ...]]:
    """Source → figures of a day."""
    session.expire_all()
    query = (
        select(AudienceDay, Source)
        .join(Audience, Audience.id == AudienceDay.audience_id)
        .join(Source, Source.id == Audience.source_id)
        .where(AudienceDay.day == day)
    )
    rows: dict[str, tuple[Any, ...]] = {}
    for figures, source in session.execute(query):
        found = tuple(getattr(figures, name) for name in names)
        if any(found):
            rows[source.source or source.channel] = found
    return rows


def pages(session: OrmSession, *names: str, day: date = TODAY) -> dict[str, tuple[Any, ...]]:
    return _by_name(session, PageDay, Page, Page.path, names, day)


def products(session: OrmSession, *names: str, day: date = TODAY) -> dict[str, tuple[Any, ...]]:
    return _by_name(session, ProductDay, ProductKey, ProductKey.product, names, day)


def terms(session: OrmSession, *names: str, day: date = TODAY) -> dict[str, tuple[Any, ...]]:
    return _by_name(session, TermDay, Term, Term.term, names, day)


def _by_name(
    session: OrmSession, record: Any, dimension: type[Record], name: Any, names: tuple[str, ...], day: date
) -> dict[str, tuple[Any, ...]]:
    session.expire_all()
    key = next(column for column in record.__table__.primary_key if column.name != "day")
    query = select(record, name).join(dimension, dimension.__table__.c.id == key).where(record.day == day)
    rows = {label: tuple(getattr(row, one) for one in names) for row, label in session.execute(query)}
    return {label: figures for label, figures in rows.items() if any(figures)}
