"""Visits: what brought them, on what and from where they came, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce
from operator import add
from typing import Any

from flask import Response, request, url_for

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.period import Period
from ecrm.marketing.segment import Segment
from ecrm.marketing.site import NO_VISITS, By, GroupedVisits, VisitFigures, exact_visitors, visits_by, visits_by_day
from ecrm.wording import gettext as _
from ecrm.wording import number
from tracking.clickstream.uniques import Uniques, unique_visitors

from .blueprint import console
from .figures import Column, Kind
from .many_rows import rows_of_groups
from .periods import Chosen, chosen_period, kept_args
from .queries import choice_arg
from .reports_frame import Choice, Report, Row, report_csv, report_page
from .segments import (
    channel_name,
    chosen_segment,
    country_name,
    device_name,
    filters,
    in_address,
    segment_args,
    unknown,
    visitors_name,
)
from .trends import trend
from .visit_columns import refund_links, visit_columns, visit_links, visit_values

DRAWN = ("sessions", "simulated_sessions", "orders")
"""The figures of a day that the charts show."""


@console.get("/site")
@needs(Permission.OVERVIEW)
def site() -> str:
    """The visits of a period, grouped as asked for."""
    report, exact = _report(), "exact" in request.args
    period, segment = report.chosen.period, report.segment
    visitors: Uniques | None = None
    with installation().sessions() as session:
        if not segment:
            visitors = unique_visitors(session, period.first, period.last, exact=exact)
        elif exact:  # sketches don't know of what segment somebody was
            visitors = Uniques(exact_visitors(session, period, segment=segment), exact=True, error=0.0)
    return report_page(report, template="ecrm/console/site_visits.html", visitors=visitors)


@console.get("/site.csv")
@needs(Permission.OVERVIEW)
def site_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


def group_words(group: Mapping[str, str]) -> tuple[str, str]:
    """A group's name, and what is said beside it."""
    if "source" in group and "channel" in group:
        return group["source"] or unknown(), channel_name(group["channel"])
    ((name, value),) = group.items()
    named = {"channel": channel_name, "device": device_name, "country": country_name, "visitors": visitors_name}
    return (named[name](value) if name in named else value or _("(none)")), ""


def simulated_words(simulated: int, visits: int) -> str:
    """What is said above a report in which visits are simulated."""
    if not simulated:
        return ""
    if simulated == visits:
        return _("All %(all)s visits are simulated: the loaded sales data hold no visits.", all=number(visits))
    return _(
        "%(count)s of the %(all)s visits are simulated: the loaded sales data hold no visits.",
        count=number(simulated), all=number(visits),
    )  # fmt: skip


def _report() -> Report:
    chosen, segment, by = chosen_period(), chosen_segment(), choice_arg("by", By) or By.CHANNEL
    with installation().sessions() as session:
        now = visits_by(session, chosen.period, by, segment=segment)
        before = visits_by(session, chosen.compare, by, segment=segment) if chosen.compare else None
        days = visits_by_day(session, chosen.period, segment=segment, only=DRAWN)
        days_before = visits_by_day(session, chosen.compare, segment=segment, only=DRAWN) if chosen.compare else {}
        choices = filters(session)

    def visits_of(span: Period) -> VisitFigures:
        return _over(span, days)

    def visits_before(span: Period) -> VisitFigures:
        return _over(span, days_before)

    currency = installation().storefront.facts().currency
    columns = visit_columns()
    return Report(
        name=f"visits-by-{by}",
        title=_("Visits"),
        intro=_("Visits are counted where the visitor agreed to statistics; orders without such a visit are not in."),
        chosen=chosen,
        by=by_words()[by],
        columns=columns,
        rows=rows_of_groups(
            {group: visit_values(figures) for group, figures in now.groups.items()},
            lambda group: _row(dict(group), now.groups[group], before=before, chosen=chosen, segment=segment),
        ),
        total=Row(
            _("All visits"), visit_values(now.whole), visit_values(before.whole) if before else None,
            links=_links(segment_args(segment), chosen),
        ),
        sorted_by="-sessions",
        segment=segment,
        filters=choices,
        csv_href=url_for("console.site_csv", **kept_args(by=by.value)),
        choices=by_choices("console.site", by),
        drawings=[
            trend(
                columns[0], chosen, now=lambda span: visits_of(span).sessions,
                before=lambda span: visits_before(span).sessions,
                faint=lambda span: visits_of(span).simulated_sessions,
                href=lambda span: url_for("console.visits", first=span.first, last=span.last, **segment_args(segment)),
            ),
            trend(
                Column("conversion", _("Conversion"), Kind.SHARE), chosen,
                now=lambda span: visits_of(span).per_visit("orders"),
                before=lambda span: visits_before(span).per_visit("orders"), currency=currency,
            ),
        ],
        simulated=simulated_words(now.whole.simulated_sessions, now.whole.sessions),
        more_args={"by": by.value},
        notes=[_("What a visit leads to counts on the day on which it began; refunds on the day the money went back.")],
    )  # fmt: skip


def by_words() -> dict[By, str]:
    """What visits can be grouped by, in words."""
    return {
        By.CHANNEL: _("Channel"), By.SOURCE: _("Source"), By.MEDIUM: _("Medium"), By.CAMPAIGN: _("Campaign code"),
        By.TERM: _("Keyword of the link"), By.CONTENT: _("Content of the link"), By.REFERRER: _("Referring site"),
        By.DEVICE: _("Device"), By.COUNTRY: _("Country"), By.VISITORS: _("New or returning"),
    }  # fmt: skip


def by_choices(endpoint: str, by: By) -> list[Choice]:
    """A report's links to itself, grouped by something else."""
    return [Choice(words, url_for(endpoint, **kept_args(by=one.value)), one is by) for one, words in by_words().items()]


def _row(
    group: dict[str, str],
    figures: VisitFigures,
    *,
    before: GroupedVisits | None,
    chosen: Chosen,
    segment: Segment,
) -> Row:
    label, note = group_words({name: value for name, value in group.items() if name != "campaign" or len(group) == 1})
    narrowed = segment_args(segment) | {name: in_address(value) for name, value in group.items()}
    earlier = before.groups.get(tuple(group.items())) if before is not None else None
    return Row(
        label=label,
        note=note,
        figures=visit_values(figures),
        before=visit_values(earlier) if earlier is not None else None,
        href=url_for("console.site", **{**kept_args(segment=False), **narrowed}),
        links=_links(narrowed, chosen),
        simulated=bool(figures.simulated_sessions),
    )


def _links(segment: Mapping[str, Any], chosen: Chosen) -> dict[str, str]:
    """The visits behind each figure."""

    rows = visit_links(**chosen.first_and_last, **segment)
    ordered = rows(having="orders")
    return {
        "sessions": rows(), "bounce_rate": rows(having="bounces"),
        "product_views": rows(having="product_views"), "cart_adds": rows(having="cart_adds"),
        "orders": ordered, "conversion": ordered, "revenue_minor": ordered, "net_minor": ordered,
        "refunds_minor": refund_links(**chosen.first_and_last, **segment)(), "pages": rows(),
    }  # fmt: skip


def _over(span: Period, days: Mapping[date, VisitFigures]) -> VisitFigures:
    found = [days[one] for one in span if one in days]
    return reduce(add, found, NO_VISITS)
