"""Pages: how often they were seen and for how long; and one page by day, with how fast the shop answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, url_for
from werkzeug.exceptions import NotFound

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.overview import days_in, total
from ecrm.marketing.pages import page_by_day, pages_by_day, pages_seen
from ecrm.marketing.period import Period, steps
from ecrm.marketing.speed import NO_SPEEDS, DaySpeeds, speed_by_day
from ecrm.marketing.visit_list import page_path
from ecrm.wording import gettext as _

from .blueprint import console
from .charts import Series
from .figures import Column, Kind, Value, written
from .many_rows import Figures, ratio, rows_of, total_of
from .periods import Chosen, chosen_period, kept_args
from .queries import LARGEST
from .reports_frame import Drawing, Report, Row, report_csv, report_page
from .site import simulated_words
from .site_landing import page_names
from .trends import span_words, trend, within

Days = Mapping[date, Mapping[str, int]]


@console.get("/site/pages")
@needs(Permission.OVERVIEW)
def pages() -> str:
    """The pages that were seen in a period."""
    return report_page(_report())


@console.get("/site/pages.csv")
@needs(Permission.OVERVIEW)
def pages_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


@console.get(f"/site/pages/<int(max={LARGEST}):page_id>")
@needs(Permission.OVERVIEW)
def page(page_id: int) -> str:
    """One page by day."""
    return report_page(_report_of(page_id), template="ecrm/console/site_page.html")


@console.get(f"/site/pages/<int(max={LARGEST}):page_id>.csv")
@needs(Permission.OVERVIEW)
def page_csv(page_id: int) -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report_of(page_id))


def _report() -> Report:
    chosen = chosen_period()
    with installation().sessions() as session:
        now = pages_seen(session, chosen.period)
        before = pages_seen(session, chosen.compare) if chosen.compare else None
        days = pages_by_day(session, chosen.period)
        days_before = pages_by_day(session, chosen.compare) if chosen.compare else {}
        figures = total(days_in(session, chosen.period))

    def row(page_id: int, path: str, values: dict[str, Value], earlier: dict[str, Value] | None) -> Row:
        href = url_for("console.page", page_id=page_id, **kept_args(segment=False))
        visits = url_for("console.visits", entry=page_id, **chosen.first_and_last)
        return Row(label=path, figures=values, before=earlier, href=href, links={"entries": visits, "views": href})

    columns = _columns()
    return Report(
        name="pages",
        title=_("Pages"),
        intro=_("All views, also of visitors who didn't agree to statistics: of them only the page is counted."),
        chosen=chosen,
        by=_("Page"),
        columns=columns,
        rows=rows_of(now, before, derive=_derived, names=page_names, row=row),
        total=Row(_("All pages"), total_of(now, _derived) or {}, total_of(before, _derived)),
        sorted_by="-views",
        csv_href=url_for("console.pages_csv", **kept_args(segment=False)),
        drawings=[
            trend(columns[0], chosen, now=lambda span: within(span, days, "views"),
                  before=lambda span: within(span, days_before, "views")),
            trend(columns[1], chosen, now=lambda span: _seconds(span, days),
                  before=lambda span: _seconds(span, days_before)),
        ],
        simulated=simulated_words(figures.simulated_visits, figures.visits),
    )  # fmt: skip


def _columns() -> list[Column]:
    return [
        Column("views", _("Views")),
        Column("seconds", _("Looked at for"), Kind.SECONDS, good="",
               help=_("On average, where the browser told how long the page was in front.")),
        Column("engagements", _("Times told"), good="", help=_("How often a browser told how long it was in front.")),
        Column("entries", _("Visits begun here"), help=_("Visits that began with this page in these days.")),
    ]  # fmt: skip


def _derived(of: Mapping[str, Any]) -> dict[str, Figures]:
    return {
        "views": of["views"],
        "seconds": ratio(of["seconds"], of["engagements"]),
        "engagements": of["engagements"],
        "entries": of["entries"],
    }


def _report_of(page_id: int) -> Report:
    chosen = chosen_period()
    with installation().sessions() as session:
        path = page_path(session, page_id)
        if path is None:
            raise NotFound(_("There is no such page."))
        days = page_by_day(session, page_id, chosen.period)
        before = page_by_day(session, page_id, chosen.compare) if chosen.compare else {}
        timings = speed_by_day(session, chosen.period, page_id=page_id)
        timings_before = speed_by_day(session, chosen.compare, page_id=page_id) if chosen.compare else NO_SPEEDS
    spans, columns = steps(chosen.period), _day_columns()
    return Report(
        name=f"page-{page_id}",
        title=_("Page %(path)s", path=path),
        intro="",
        chosen=chosen,
        by=_("Day") if len(spans) == chosen.period.days else _("Week"),
        columns=columns,
        rows=[
            Row(span_words(span), _values(span, days, timings), links=_links(page_id, span.first, span.last))
            for span in spans
        ],
        total=Row(
            _("All days"), _values(chosen.period, days, timings),
            _values(chosen.compare, before, timings_before) if chosen.compare else None,
            links=_links(page_id, chosen.period.first, chosen.period.last),
        ),
        compared=False,
        csv_href=url_for("console.page_csv", page_id=page_id, **kept_args(segment=False)),
        drawings=[
            trend(columns[0], chosen, now=lambda span: within(span, days, "views"),
                  before=lambda span: within(span, before, "views")),
            *([speed_drawing(chosen, timings)] if timings else []),
        ],
        notes=[buckets_note()],
    )  # fmt: skip


def speed_drawing(chosen: Chosen, timings: DaySpeeds) -> Drawing:
    """The median, and over it the time within which 95 of 100 views were answered."""
    slow = [timings.over(span).p95 for span in steps(chosen.period)]
    column = Column("p50", _("Half of the views within"), Kind.MILLISECONDS, good="down")
    return trend(
        column, chosen, now=lambda span: timings.over(span).p50,
        further=[Series(_("95 of 100 within"), slow, [written(column, value) for value in slow])],
        title=_("Answered within, in milliseconds"),
    )  # fmt: skip


def buckets_note() -> str:
    """What a percentile is read from."""
    return _(
        "Times are counted in buckets a tenth wide (1 ms up to 10 ms); shown is a bucket's lower edge, so that the "
        "true value may be up to a tenth more. It is the time the shop took, not the way to the browser."
    )


def _day_columns() -> list[Column]:
    entries = [
        Column("entries", _("Visits begun here")),
        Column("bounce_rate", _("Bounced"), Kind.SHARE, good="down"),
        Column("orders", _("Orders"), help=_("Orders placed in visits that began with this page.")),
        Column("revenue_minor", _("Revenue"), Kind.MONEY, help=_("Of these orders, before refunds.")),
    ]
    return [*_columns()[:2], *speed_columns(), *entries]


def speed_columns() -> list[Column]:
    """The two percentiles."""
    return [
        Column("p50", _("Half within"), Kind.MILLISECONDS, good="down"),
        Column("p95", _("95 of 100 within"), Kind.MILLISECONDS, good="down"),
    ]


def _values(span: Period, days: Days, timings: DaySpeeds) -> dict[str, Value]:
    speed, entries = timings.over(span), within(span, days, "entries")
    return {
        "views": within(span, days, "views"),
        "seconds": _seconds(span, days),
        "p50": speed.p50,
        "p95": speed.p95,
        "entries": entries,
        "bounce_rate": within(span, days, "bounces") / entries if entries else None,
        "orders": within(span, days, "entry_orders"),
        "revenue_minor": within(span, days, "entry_revenue_minor"),
    }


def _seconds(span: Period, days: Days) -> float | None:
    told = within(span, days, "engagements")
    return within(span, days, "seconds") / told if told else None


def _links(page_id: int, first: date, last: date) -> dict[str, str]:
    def rows(**having: Any) -> str:
        return url_for("console.visits", entry=page_id, first=first, last=last, **having)

    ordered = rows(having="orders")
    return {"entries": rows(), "bounce_rate": rows(having="bounces"), "orders": ordered, "revenue_minor": ordered}
