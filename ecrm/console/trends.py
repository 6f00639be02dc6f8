"""A figure over the days of a period (weeks of a long one), beside its comparison, as a drawing of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from ecrm.marketing.period import Period, steps
from ecrm.wording import compact_money, compact_number, day, percent, short_day
from ecrm.wording import gettext as _

from .charts import Point, Series, chart
from .figures import Column, Kind, Value, written
from .periods import Chosen
from .reports_frame import Drawing

Reader = Callable[[Period], Value]
"""Reads a figure off for a span of days: a day, or a week."""


def trend(
    column: Column,
    chosen: Chosen,
    *,
    now: Reader,
    before: Reader | None = None,
    href: Callable[[Period], str] | None = None,
    faint: Callable[[Period], int] | None = None,
    currency: str = "",
    further: Sequence[Series] = (),
    title: str = "",
) -> Drawing:
    """The figure by day, or by week where the period is long.

    Args:
        before: reads the comparison; drawn as a line over the same places. Left out where nothing is compared.
        href: leads a step to its rows.
        faint: how much of the figure is simulated and drawn paler.
        further: more lines over the same steps.
        title: instead of the column's label with "by day".
    """
    spans = steps(chosen.period)
    points = [_point(column, span, now=now, href=href, faint=faint) for span in spans]
    series = list(further)
    if before is not None and chosen.compare is not None:
        values = [before(span) for span in steps(chosen.compare)]
        series = [Series(_("before"), values, [written(column, value) for value in values])]
    by_week = len(spans) < chosen.period.days
    return Drawing(
        key=f"chart-{column.key}",
        title=title
        or (_("%(what)s by week", what=column.label) if by_week else _("%(what)s by day", what=column.label)),
        summary=_("The figures stand in the table below."),
        chart=chart(
            "bars" if column.kind in (Kind.COUNT, Kind.MONEY) else "line",
            points, axis_text=axis_text(column, currency), whole=column.kind is Kind.COUNT, series=series,
        ),
        headings=(_("Week") if by_week else _("Day"), column.label),
    )  # fmt: skip


def span_words(span: Period) -> str:
    """A day, or the first and last day of several."""
    return day(span.first) if span.days == 1 else f"{day(span.first)} – {day(span.last)}"


def axis_text(column: Column, currency: str) -> Callable[[float], str]:
    """How the column's values are written beside the grid."""
    if column.kind is Kind.MONEY:
        return lambda value: compact_money(value, currency)
    return (lambda value: percent(value, "#,##0.#%")) if column.kind is Kind.SHARE else compact_number


def within(span: Period, days: Mapping[date, Mapping[str, int]], name: str) -> int:
    """A figure of `sheets.by_day` over a span."""
    return sum(days[one][name] for one in span if one in days)


def _point(
    column: Column,
    span: Period,
    *,
    now: Reader,
    href: Callable[[Period], str] | None,
    faint: Callable[[Period], int] | None,
) -> Point:
    value, pale = now(span), faint(span) if faint else 0
    return Point(
        label=span_words(span), axis=short_day(span.first), value=value, text=written(column, value), faint=pale,
        faint_text=_("%(count)s simulated", count=compact_number(pale)) if pale else "",
        href=href(span) if href and value else "",
    )  # fmt: skip
