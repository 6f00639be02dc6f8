"""The dry run of a search report against what is known, and its writing in the place of earlier ones on its days."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ecrm.marketing.campaigns import SearchReportDay
from ecrm.marketing.period import Period
from ecrm.wording import gettext as _

from .cost_import import Moved
from .export import Unreadable
from .search_rows import SINCE, SearchExport

_BATCH = 1000
_FIGURES = ("clicks", "impressions", "cost_minor", "position")


@dataclass(frozen=True)
class SearchPlan:
    """A dry run: how many (term, day) are new, changed and as they were. `gone`: earlier ones that it takes away."""

    export: SearchExport
    new: int
    changed: int
    same: int
    gone: int
    clicks: int
    impressions: int
    cost_minor: int
    fingerprint: str


def plan(session: Session, export: SearchExport) -> SearchPlan:
    """Hold a report against what is known; changes nothing.

    Raises:
        Unreadable: it is about days of which a report that is held has a part, in words.
    """
    known = _known(session, export)
    counts = {"new": 0, "changed": 0, "same": 0, "gone": len(known)}
    digest = hashlib.blake2b(digest_size=16)
    for one in export.terms:
        figures = (one.clicks, one.impressions, one.cost_minor, one.position)
        there = known.get((one.day, one.term, one.campaign))
        counts["new" if there is None else "same" if there == figures else "changed"] += 1
        counts["gone"] -= there is not None
        digest.update(repr((one.day, one.term, one.campaign, figures, there)).encode())
    digest.update(repr(sorted(known)).encode())
    return SearchPlan(
        export, **counts, clicks=sum(one.clicks for one in export.terms),
        impressions=sum(one.impressions for one in export.terms),
        cost_minor=sum(one.cost_minor for one in export.terms), fingerprint=digest.hexdigest(),
    )  # fmt: skip


def write(session: Session, export: SearchExport, *, fingerprint: str) -> SearchPlan:
    """Write a report in the place of what is known of its days; commits nothing.

    Raises:
        Moved: what would be written isn't what was shown.
    """
    planned = plan(session, export)
    if planned.fingerprint != fingerprint:
        raise Moved
    session.execute(delete(SearchReportDay).where(*_replaced(session, export)))
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
    query = select(
        SearchReportDay.day, SearchReportDay.term, SearchReportDay.campaign, SearchReportDay.clicks,
        SearchReportDay.impressions, SearchReportDay.cost_minor, SearchReportDay.position,
    ).where(*_replaced(session, export))  # fmt: skip
    known = {(row[0], row[1], row[2]): (row[3], row[4], row[5], row[6]) for row in session.execute(query)}
    if known and export.span and export.refused:
        line, why = export.refused[0]
        raise Unreadable(
            _("Line %(line)s: %(why)s Mend the file: a part of a report would replace a whole one.", line=line, why=why)
        )
    return known


def _replaced(session: Session, export: SearchExport) -> list[ColumnElement[bool]]:
    """Which rows a report replaces: all terms of its days, whichever campaigns they are told apart by.

    Days' sums over all terms are another report beside the terms.
    """
    ours = _ours(export)
    if not export.by_term:
        return [*ours, SearchReportDay.day.in_({one.day for one in export.terms})]
    spans = _spans_within(session, export)
    if export.span:
        days = SearchReportDay.day.between(export.span.first, export.span.last)
    else:
        days = SearchReportDay.day.in_({one.day for one in export.terms} | {span.last for span in spans})
    return [*ours, days]


def _spans_within(session: Session, export: SearchExport) -> list[Period]:
    """The reports of several days that this one is about as well, each as a whole.

    Raises:
        Unreadable: there is one of which it has only a part; both would count, or a part would be lost.
    """
    if not export.engine.undated or not export.terms:
        return []
    about, within = export.span or export.period, []
    query = select(SearchReportDay.day, SearchReportDay.campaign).distinct()
    for last, since in session.execute(query.where(*_ours(export), SearchReportDay.campaign.startswith(SINCE))):
        held = Period(date.fromisoformat(since.removeprefix(SINCE)), last)
        if held.last < about.first or about.last < held.first:
            continue
        if held.first < about.first or about.last < held.last:
            raise Unreadable(
                _("A report about %(first)s to %(last)s is held already, and this file has a part of those days. Export"
                  " days before or after them, or all of them together.", first=held.first.isoformat(),
                  last=held.last.isoformat())
            )  # fmt: skip
        within.append(held)
    return within


def _ours(export: SearchExport) -> list[ColumnElement[bool]]:
    named = SearchReportDay.term != "" if export.by_term else SearchReportDay.term == ""
    return [SearchReportDay.engine == export.engine.engine, SearchReportDay.kind == export.engine.sort, named]
