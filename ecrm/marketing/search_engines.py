"""Keywords at search engines: what visits tell of them and what they earned, beside the engines' own reports.

Two sources that never add up to one another: a visit names its keyword where the link (utm_term) or the referrer does,
a report counts clicks of a term by the engine's own rules. They share a line where engine and term are spelt alike.
What no visit names stays a line of its own, `term` empty, and is never spread over the known ones; so do the clicks
that a report counts on a day without naming their terms.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from tracking.clickstream.referrers import site_named
from tracking.clickstream.sources import folded_code

from .attribution.models import Model
from .campaigns import SearchReportDay
from .period import Period
from .roi import By, Earnings, returns


class Search(StrEnum):
    """Which results were clicked."""

    PAID = "paid"
    ORGANIC = "organic"

    @property
    def channel(self) -> str:
        """The channel of such visits."""
        return f"{self}_search"


@dataclass(frozen=True)
class Reported:
    """What an engine's report says of a term; money in minor units. `position` is the mean place, by impressions."""

    clicks: int = 0
    impressions: int = 0
    cost_minor: int = 0
    position: float | None = None


@dataclass(frozen=True)
class Keyword:
    """A term at an engine. `seen`: from our visits and orders. `reported` is None where no report holds the term.

    `unnamed`: no term, but what the engine reports of all terms together above those that it names; `seen` is empty.
    `sources`: what the visits' links call the engine; `keys`: of its lines in `roi.returns` by source.
    """

    engine: str
    term: str
    seen: Earnings
    reported: Reported | None
    sources: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    unnamed: bool = False


def keywords_at(session: Session, period: Period, search: Search, *, model: Model) -> list[Keyword]:
    """The keywords of a period; by engine and term."""
    seen: defaultdict[tuple[str, str], Earnings] = defaultdict(Earnings)
    sources: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for line in returns(session, period, model=model, by=By.SOURCE).lines:
        if line.source is not None and line.source.channel == search.channel:
            key = engine_of(line.source.source), line.source.term
            seen[key] += replace(line.earnings, spend_minor=0)
            sources[key].add(line.source.source)
            keys[key].add(line.key)
    reported = _reported(session, period, search)
    keywords = [
        Keyword(
            *key, seen.get(key, Earnings()), reported.get(key),
            sources=frozenset(sources.get(key, ())), keys=frozenset(keys.get(key, ())),
        )
        for key in sorted({*seen, *reported})
        if key in reported or seen.get(key, Earnings()) != Earnings()
    ]  # fmt: skip
    unnamed = [
        Keyword(engine, "", Earnings(), told, unnamed=True)
        for engine, told in sorted(_unnamed(session, period, search).items())
    ]
    return sorted([*keywords, *unnamed], key=lambda one: (one.engine, one.term, one.unnamed))


def engine_of(source: str) -> str:
    """One name an engine, however links and reports call it."""
    name = folded_code(source)
    site = site_named(name)
    return site.name if site is not None and site.kind == "search" else name


def _reported(session: Session, period: Period, search: Search) -> dict[tuple[str, str], Reported]:
    """By engine and term; the day's sums over all terms (an empty term) are left out."""
    query = _sums(period, search, SearchReportDay.term).where(SearchReportDay.term != "")
    rows: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for engine, term, *sums in session.execute(query):
        row = rows[engine_of(engine), folded_code(term)]
        row[:] = [have + int(more) for have, more in zip(row, sums, strict=True)]
    return {key: _told(row) for key, row in rows.items()}


def _unnamed(session: Session, period: Period, search: Search) -> dict[str, Reported]:
    """By engine: a day's sum over all terms less the terms named for that day; days without a sum count nothing.

    Less over the whole period, not day by day: the rows of a report without days all count on its last one.
    """
    whole = aliased(SearchReportDay)
    has_sum = (
        select(whole.day)
        .where(
            whole.engine == SearchReportDay.engine, whole.kind == SearchReportDay.kind,
            whole.day == SearchReportDay.day, whole.campaign == SearchReportDay.campaign, whole.term == "",
        )
        .exists()
    )  # fmt: skip
    named = SearchReportDay.term != ""
    rows: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 5)
    for engine, is_named, *sums in session.execute(_sums(period, search, named).where(has_sum)):
        row, sign = rows[engine_of(engine)], -1 if is_named else 1
        row[:] = [have + sign * int(more) for have, more in zip(row, sums, strict=True)]
    left = {engine: [max(value, 0) for value in row] for engine, row in rows.items()}
    return {engine: _told(row) for engine, row in left.items() if any(row[:3])}


def _sums(period: Period, search: Search, by: ColumnElement[Any] | InstrumentedAttribute[Any]) -> Select[Any]:
    """Clicks, times shown, cost, and the places with the times shown that have one; by engine and another column."""
    placed = case((SearchReportDay.position.is_not(None), SearchReportDay.impressions), else_=0)
    places = cast(func.coalesce(SearchReportDay.position, 0), BigInteger) * SearchReportDay.impressions
    return (
        select(
            SearchReportDay.engine, by, func.sum(SearchReportDay.clicks), func.sum(SearchReportDay.impressions),
            func.sum(SearchReportDay.cost_minor), func.sum(places), func.sum(placed),
        )
        .where(SearchReportDay.kind == search.value, SearchReportDay.day.between(period.first, period.last))
        .group_by(SearchReportDay.engine, by)
    )  # fmt: skip


def _told(sums: list[int]) -> Reported:
    clicks, shown, cost, places, shares = sums
    return Reported(clicks, shown, cost, places / shares / 100 if shares and places else None)
