"""Speed: the trend of the shop's answers, and the pages that it took longest for."""

from __future__ import annotations

from functools import partial

from flask import Response, url_for
from werkzeug.exceptions import BadRequest

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.period import Period
from ecrm.marketing.speed import NO_SPEEDS, PageSpeeds, pages_by_speed, speed_by_day
from ecrm.wording import gettext as _
from tracking.clickstream.sheets import Sums

from .blueprint import console
from .figures import Column, Value
from .many_rows import rows_of
from .periods import chosen_period, kept_args
from .queries import number_arg
from .reports_frame import Report, Row, report_csv, report_page
from .site_landing import page_names
from .site_pages import buckets_note, speed_columns, speed_drawing
from .trends import trend

LEAST_VIEWS = 20
"""A page seen less often has no 95 of 100 worth reading."""


@console.get("/site/speed")
@needs(Permission.OVERVIEW)
def speed() -> str:
    """How fast the shop answered."""
    report = _report()
    return report_page(report, template="ecrm/console/site_speed.html", least=int(report.more_args["least"]))


@console.get("/site/speed.csv")
@needs(Permission.OVERVIEW)
def speed_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


def _report() -> Report:
    chosen, least = chosen_period(), number_arg("least")
    least = LEAST_VIEWS if least is None else least
    if not 1 <= least <= 1_000_000:
        raise BadRequest(_("Ask for pages with 1 to 1,000,000 views."))
    with installation().sessions() as session:
        days = speed_by_day(session, chosen.period)
        days_before = speed_by_day(session, chosen.compare) if chosen.compare else NO_SPEEDS
        found = pages_by_speed(session, chosen.period, least_views=least)

    def row(page_id: int, path: str, values: dict[str, Value], before: dict[str, Value] | None) -> Row:
        return Row(
            path, values, before, href=url_for("console.page", page_id=page_id, **kept_args(segment=False)),
        )  # fmt: skip

    now, then = days.over(chosen.period), days_before.over(chosen.compare) if chosen.compare else None
    columns = [Column("views", _("Timed views")), *speed_columns()]
    return Report(
        name="speed",
        title=_("Speed"),
        intro=_("How long the shop took to answer, by page and day."),
        chosen=chosen,
        by=_("Page"),
        columns=columns,
        rows=rows_of(
            _columns_of(found), partial(_compared, chosen.compare, least) if chosen.compare else None,
            derive=dict, names=page_names, row=row,
        ),
        total=Row(_("All pages"), dict(vars(now)), dict(vars(then)) if then else None),
        sorted_by="-p95",
        csv_href=url_for("console.speed_csv", **kept_args(segment=False, least=least)),
        drawings=[
            speed_drawing(chosen, days),
            trend(
                Column("p95", _("95 of 100 within, compared"), speed_columns()[1].kind, good="down"), chosen,
                now=lambda span: days.over(span).p95, before=lambda span: days_before.over(span).p95,
            ),
        ],
        more_args={"least": str(least)},
        notes=[buckets_note()],
        nothing=_("No page was timed so often in these days. Ask for fewer views, or choose a longer period."),
    )  # fmt: skip


def _compared(period: Period, least: int, page_ids: list[int]) -> Sums:
    """The comparison's figures of the pages that are shown: all of them would take as long as the report itself."""
    with installation().sessions() as session:
        return _columns_of(pages_by_speed(session, period, least_views=least, pages=page_ids))


def _columns_of(found: PageSpeeds) -> Sums:
    return Sums(found.page_ids[:, None], {"views": found.views, "p50": found.p50, "p95": found.p95})
