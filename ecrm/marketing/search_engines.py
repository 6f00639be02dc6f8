"""Keywords at search engines: what visits tell of them and what they earned, beside the engines' own reports.

Two sources that never add up to one another: a visit names its keyword where the link (utm_term) or the referrer does,
a report counts clicks of a term by the engine's own rules. They share a line where engine and term are spelt alike.
What no visit names stays a line of its own, `term` empty, and is never spread over the known ones.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import BigInteger, case, cast, func, select
from sqlalchemy.orm import Session

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

    `sources`: what the visits' links call the engine; `keys`: of its lines in `roi.returns` by source.
    """

    engine: str
    term: str
    seen: Earnings
    reported: Reported | None
    sources: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()


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
    return [
        Keyword(
            *key, seen.get(key, Earnings()), reported.get(key),
            sources=frozenset(sources.get(key, ())), keys=frozenset(keys.get(key, ())),
        )
        for key in sorted({*seen, *reported})
        if key in reported or seen.get(key, Earnings()) != Earnings()
    ]  # fmt: skip


def engine_of(source: str) -> str:
    """One name an engine, however links and reports call it."""
    name = folded_code(source)
    site = site_named(name)
    return site.name if site is not None and site.kind == "search" else name


def _reported(session: Session, period: Period, search: Search) -> dict[tuple[str, str], Reported]:
    placed = case((SearchReportDay.position.is_not(None), SearchReportDay.impressions), else_=0)
    places = func.sum(cast(func.coalesce(SearchReportDay.position, 0), BigInteger) * SearchReportDay.impressions)
    query = (
        select(
            SearchReportDay.engine, SearchReportDay.term, func.sum(SearchReportDay.clicks),
            func.sum(SearchReportDay.impressions), func.sum(SearchReportDay.cost_minor), places, func.sum(placed),
        )
        .where(SearchReportDay.kind == search.value, SearchReportDay.day.between(period.first, period.last))
        .group_by(SearchReportDay.engine, SearchReportDay.term)
    )  # fmt: skip
    rows: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for engine, term, *sums in session.execute(query):
        row = rows[engine_of(engine), folded_code(term)]
        row[:] = [have + int(more) for have, more in zip(row, sums, strict=True)]
    return {
        key: Reported(clicks, shown, cost, total / shares / 100 if shares else None)
        for key, (clicks, shown, cost, total, shares) in rows.items()
    }
