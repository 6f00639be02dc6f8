"""Overview: visits, orders, revenue and what follows from them, by day, beside the period before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request, url_for

from ecrm.access.roles import Permission, needs
from ecrm.events import SignedUp
from ecrm.installation import installation
from ecrm.marketing.overview import Day, Figures, change, days_in, failed_searches, top_searches, total
from ecrm.marketing.period import Period, steps
from ecrm.wording import compact_money, compact_number, money, number, percent, short_day
from ecrm.wording import gettext as _
from tracking.clickstream.uniques import unique_visitors

from .blueprint import console
from .charts import Chart, Point, Series, chart
from .periods import chosen_period
from .spreadsheets import Cell, csv_response, major
from .trends import span_words


@dataclass(frozen=True)
class Card:
    """A figure of the period, how it changed, and its chart. `change` is a share (0.12 = 12 % more).

    `href` opens the rows behind the figure, `note_href` those behind the note.
    """

    key: str
    label: str
    value: str
    before: str
    change: float | None
    note: str
    chart: Chart
    href: str = ""
    note_href: str = ""


@dataclass(frozen=True)
class _Measure:
    """How a figure is read off, written and drawn."""

    key: str
    label: str
    kind: str
    value: Callable[[Figures], float | None]
    text: Callable[[float], str]
    axis_text: Callable[[float], str]
    note: str = ""
    whole: bool = False


@dataclass(frozen=True)
class _Before:
    """The comparison: as a whole, and as columns of the charts."""

    whole: Figures
    spans: Sequence[tuple[Period, Figures]]


@console.get("/overview")
@needs(Permission.OVERVIEW)
def overview() -> str:
    """The figures of a period beside what it is compared with."""
    crm, chosen = installation(), chosen_period()
    period = chosen.period
    with crm.sessions() as session:
        by_day = days_in(session, period)
        earlier = days_in(session, chosen.compare) if chosen.compare else []
        searched, failed = top_searches(session, period), failed_searches(session, period)
        visitors = unique_visitors(session, period.first, period.last, exact="exact" in request.args)
    now, spans = total(by_day), _spans(by_day, period)
    before = _Before(total(earlier), _spans(earlier, chosen.compare)) if chosen.compare else None
    return render_template(
        "ecrm/console/overview.html",
        chosen=chosen,
        period=period,
        now=now,
        visitors=visitors,
        by_week=len(spans) < len(by_day),
        cards=[
            _card(one, spans, now, before, period=period) for one in _measures(crm.storefront.facts().currency, now)
        ],
        searched=searched,
        failed=failed,
    )


@console.get("/overview/days.csv")
@needs(Permission.OVERVIEW)
def overview_days() -> Response:
    """The same days as a spreadsheet."""
    crm, period = installation(), chosen_period().period
    with crm.sessions() as session:
        by_day = days_in(session, period)
    rows = _rows(by_day, crm.storefront.facts().currency)
    return csv_response(rows, filename=f"days-{period.first}-{period.last}.csv")


def _measures(currency: str, now: Figures) -> tuple[_Measure, ...]:
    def in_money(minor: float) -> str:
        return money(round(minor), currency)

    def money_axis(minor: float) -> str:
        return compact_money(minor, currency)

    simulated = _("of which %(count)s simulated", count=number(now.simulated_visits)) if now.simulated_visits else ""
    refunds = _("after %(amount)s of refunds", amount=in_money(now.refunds_minor)) if now.refunds_minor else ""
    return (
        _Measure("visits", _("Visits"), "bars", lambda f: f.visits, number, compact_number, simulated, whole=True),
        _Measure("orders", _("Orders"), "bars", lambda f: f.orders, number, compact_number, whole=True),
        _Measure("revenue", _("Revenue"), "bars", lambda f: f.net_minor, in_money, money_axis, refunds),
        _Measure(
            "conversion", _("Conversion"), "line", lambda f: f.conversion, percent, lambda v: percent(v, "#,##0.#%"),
            _("orders placed in a visit, per visit"),
        ),
        _Measure(
            "average", _("Average order"), "line", lambda f: f.average_minor, in_money, money_axis, _("before refunds"),
        ),
        _Measure("registrations", _("Accounts opened"), "bars", lambda f: f.registrations, number, compact_number,
                 whole=True),
    )  # fmt: skip


def _card(
    measure: _Measure, spans: Sequence[tuple[Period, Figures]], now: Figures, before: _Before | None, *, period: Period
) -> Card:
    value, earlier = measure.value(now), measure.value(before.whole) if before else None
    series = [_series(measure, before)] if before else []
    return Card(
        key=measure.key,
        label=measure.label,
        value="–" if value is None else measure.text(value),
        before="–" if earlier is None else measure.text(earlier),
        change=change(value, earlier),
        note=measure.note,
        chart=chart(
            measure.kind,
            [_point(measure, span, figures) for span, figures in spans],
            axis_text=measure.axis_text,
            whole=measure.whole,
            series=series,
        ),
        href=_rows_behind(measure, period) if value else "",
        note_href=url_for("console.refunds", **_days(period)) if measure.key == "revenue" and measure.note else "",
    )


def _rows_behind(measure: _Measure, span: Period) -> str:
    """The visits, the orders, or (for accounts) the events that the figure counts."""
    if measure.key == "visits":
        return url_for("console.visits", **_days(span))
    if measure.key == "conversion":
        return url_for("console.visits", having="orders", **_days(span))
    if measure.key == "registrations":  # the list of events knows days, not periods
        return url_for("console.events", name=SignedUp.name, day=span.last) if span.days == 1 else ""
    return url_for("console.orders", **_days(span))


def _days(span: Period) -> dict[str, Any]:
    return {"first": span.first, "last": span.last}


def _series(measure: _Measure, before: _Before) -> Series:
    values = [measure.value(figures) for _span, figures in before.spans]
    return Series(_("before"), values, ["–" if value is None else measure.text(value) for value in values])


def _point(measure: _Measure, span: Period, figures: Figures) -> Point:
    value = measure.value(figures)
    simulated = figures.simulated_visits if measure.key == "visits" else 0
    return Point(
        label=span_words(span),
        axis=short_day(span.first),
        value=value,
        text="–" if value is None else measure.text(value),
        faint=simulated,
        faint_text=_("%(count)s simulated", count=number(simulated)) if simulated else "",
        href=_rows_behind(measure, span) if value else "",
    )


def _spans(by_day: list[Day], period: Period) -> list[tuple[Period, Figures]]:
    """The columns of the charts: days, or the weeks of a long period."""
    known = {one.day: one for one in by_day}
    return [(span, total(known[one] for one in span)) for span in steps(period)]


def _rows(by_day: list[Day], currency: str) -> Iterator[tuple[Cell, ...]]:
    yield (
        "day", "visits", "of which simulated", "page views", "product views", "searches", "added to cart", "checkouts",
        "orders", f"revenue {currency}", f"refunds {currency}", f"net {currency}", "accounts opened",
    )  # fmt: skip
    for one in by_day:
        figures = one.figures
        yield (
            one.day, figures.visits, figures.simulated_visits, figures.page_views, figures.product_views,
            figures.searches, figures.cart_adds, figures.checkouts, figures.orders,
            major(figures.gross_minor, currency),
            major(figures.refunds_minor, currency), major(figures.net_minor, currency), figures.registrations,
        )  # fmt: skip
