"""The dry run of a search report against what is known, and its writing: later figures replace earlier ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ecrm.marketing.campaigns import SearchReportDay

from .cost_import import Moved
from .search_rows import SearchExport

_BATCH = 1000
_FIGURES = ("clicks", "impressions", "cost_minor", "position")


@dataclass(frozen=True)
class SearchPlan:
    """A dry run: how many (term, day) are new, changed and as they were."""

    export: SearchExport
    new: int
    changed: int
    same: int
    clicks: int
    impressions: int
    cost_minor: int
    fingerprint: str


def plan(session: Session, export: SearchExport) -> SearchPlan:
    """Hold a report against what is known; changes nothing."""
    known = _known(session, export)
    counts = {"new": 0, "changed": 0, "same": 0}
    digest = hashlib.blake2b(digest_size=16)
    for one in export.terms:
        figures = (one.clicks, one.impressions, one.cost_minor, one.position)
        there = known.get((one.day, one.term, one.campaign))
        counts["new" if there is None else "same" if there == figures else "changed"] += 1
        digest.update(repr((one.day, one.term, one.campaign, figures, there)).encode())
    return SearchPlan(
        export, **counts, clicks=sum(one.clicks for one in export.terms),
        impressions=sum(one.impressions for one in export.terms),
        cost_minor=sum(one.cost_minor for one in export.terms), fingerprint=digest.hexdigest(),
    )  # fmt: skip


def write(session: Session, export: SearchExport, *, fingerprint: str) -> SearchPlan:
    """Write a report; commits nothing.

    Raises:
        Moved: what would be written isn't what was shown.
    """
    planned = plan(session, export)
    if planned.fingerprint != fingerprint:
        raise Moved
    table: Any = SearchReportDay.__table__
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=["engine", "kind", "day", "term", "campaign"],
        set_={name: statement.excluded[name] for name in _FIGURES},
    )
    rows = [
        {
            "engine": export.engine.engine, "kind": export.engine.sort, "day": one.day, "term": one.term,
            "campaign": one.campaign, "clicks": one.clicks, "impressions": one.impressions,
            "cost_minor": one.cost_minor, "position": one.position,
        }
        for one in export.terms
    ]  # fmt: skip
    for start in range(0, len(rows), _BATCH):
        session.connection().execute(statement, rows[start : start + _BATCH])
    return planned


def _known(session: Session, export: SearchExport) -> Mapping[tuple[date, str, str], tuple[int, int, int, int | None]]:
    if not export.terms:
        return {}
    period = export.period
    query = select(
        SearchReportDay.day, SearchReportDay.term, SearchReportDay.campaign, SearchReportDay.clicks,
        SearchReportDay.impressions, SearchReportDay.cost_minor, SearchReportDay.position,
    ).where(
        SearchReportDay.engine == export.engine.engine, SearchReportDay.kind == export.engine.sort,
        SearchReportDay.day.between(period.first, period.last),
    )  # fmt: skip
    return {(row[0], row[1], row[2]): (row[3], row[4], row[5], row[6]) for row in session.execute(query)}
