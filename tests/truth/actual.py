"""What the product's reports show of a period, under the names that `expected` gives to the figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.marketing import keywords, products
from ecrm.marketing.funnel import funnel
from ecrm.marketing.overview import days_in, total
from ecrm.marketing.pages import landing_pages, pages_by_day, pages_seen, paths_of
from ecrm.marketing.period import Period
from ecrm.marketing.segment import Segment
from ecrm.marketing.site import By, exact_visitors, visits_by, visits_by_day, visits_in
from ecrm.marketing.speed import pages_by_speed, speed_by_day
from tracking.clickstream.dimensions import ProductKey, Term
from tracking.clickstream.rollups import BotDay, DayFigures
from tracking.clickstream.sheets import Sums
from tracking.clickstream.uniques import unique_visitors

from .expected import Numbers

_OVERVIEW = ("visits", "page_views", "product_views", "searches", "cart_adds", "checkouts", "orders", "visit_orders",
             "gross_minor", "refunds_minor", "registrations")  # fmt: skip


def overview(session: Session, period: Period) -> Numbers:
    numbers: Numbers = {}
    days = days_in(session, period)
    for day in days:
        _put(numbers, ("overview", day.day), {name: getattr(day.figures, name) for name in _OVERVIEW})
    assert total(days).gross_minor == sum(day.figures.gross_minor for day in days)
    for row in session.scalars(select(DayFigures).where(DayFigures.day.between(period.first, period.last))):
        _put(numbers, ("overview", row.day), {"visitors": row.visitors, "bot_views": row.bot_views})
    for bot in session.scalars(select(BotDay).where(BotDay.day.between(period.first, period.last))):
        _put(numbers, ("bots", bot.day), {bot.name: bot.views})
    return numbers


def visits(session: Session, period: Period, filters: Mapping[str, str]) -> Numbers:
    numbers: Numbers = {}
    segment = Segment(**filters)
    whole = visits_in(session, period, segment=segment)
    for by in By:
        found = visits_by(session, period, by, segment=segment)
        assert found.whole == whole
        for group, figures in found.groups.items():
            key = tuple(value for name, value in group if not (by is By.REFERRER and name == "campaign"))
            shown = {name: value for name, value in vars(figures).items() if not name.startswith("stage")}
            for name, value in shown.items():
                if value:
                    numbers["visits", by.value, name, *key] = value
    by_day = visits_by_day(session, period, segment=segment)
    assert sum(day.revenue_minor for day in by_day.values()) == whole.revenue_minor
    assert sum(day.sessions for day in by_day.values()) == whole.sessions
    for step in funnel(whole):
        numbers["funnel", int(step.stage)] = (step.visits, step.lost)
    numbers["uniques",] = exact_visitors(session, period, segment=segment)
    if not segment:
        assert unique_visitors(session, period.first, period.last, exact=True).count == numbers["uniques",]
        assert unique_visitors(session, period.first, period.last).count == numbers["uniques",]  # so few, it is exact
    found = landing_pages(session, period, segment=segment)
    _sums(numbers, "landing", found, paths_of(session, _ids(found)))
    return numbers


def site(session: Session, period: Period) -> Numbers:
    numbers: Numbers = {}
    found = pages_seen(session, period)
    paths = paths_of(session, _ids(found))
    _sums(numbers, "pages", found, paths, only=("views", "engagements", "seconds"))
    by_day = pages_by_day(session, period)
    assert sum(day["views"] for day in by_day.values()) == found.total("views")
    every = speed_by_day(session, period).over(period)
    if every.views:
        numbers["speed", "all"] = (every.views, every.p50, every.p95)
    speeds = pages_by_speed(session, period, least_views=1)
    for page, views, p50, p95 in zip(speeds.page_ids, speeds.views, speeds.p50, speeds.p95, strict=True):
        numbers["speed", paths[int(page)]] = (int(views), int(p50), int(p95))
        alone = speed_by_day(session, period, page_id=int(page)).over(period)
        assert (alone.views, alone.p50, alone.p95) == (views, p50, p95)
    return numbers


def goods(session: Session, period: Period, zone: str) -> Numbers:
    numbers: Numbers = {}
    names = {row.id: row.product for row in session.scalars(select(ProductKey))}
    words = {row.id: row.term for row in session.scalars(select(Term))}
    _sums(numbers, "products", products.products_seen(session, period), names)
    _sums(numbers, "terms", keywords.terms_searched(session, period), words)
    for (term, following), times in _rows(keywords.refinements(session, period), "times"):
        numbers["refined", "times", words[term], words[following]] = times
    place = ZoneInfo(zone)
    for term_id, word in words.items():
        for one in keywords.opened_from(session, term_id, period, place, limit=100):
            shown = {"clicks": one.clicks, "position_sum": round(one.position * one.clicks), "cart_adds": one.cart_adds,
                     "revenue": one.revenue_minor, "refunds": one.refunds_minor}  # fmt: skip
            for name, value in shown.items():
                if value:
                    numbers["opened", name, word, names[one.key_id]] = value
    return numbers


def _ids(found: Sums) -> Iterable[int]:
    return (int(key) for key in found.keys[:, 0])


def _rows(found: Sums, figure: str) -> Iterable[tuple[tuple[int, ...], int]]:
    for key, value in zip(found.keys.tolist(), found.columns[figure].tolist(), strict=True):
        yield tuple(key), value


def _sums(
    numbers: Numbers, report: str, found: Sums, labels: Mapping[int, str], *, only: Iterable[str] | None = None
) -> None:
    for figure in only or found.columns:
        for (key,), value in _rows(found, figure):
            if value:
                numbers[report, figure, labels[key]] = value


def _put(numbers: Numbers, key: tuple[Any, ...], figures: Mapping[str, int]) -> None:
    numbers.update({(*key, name): value for name, value in figures.items() if value})
