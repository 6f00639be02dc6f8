"""Ad intensity: spending on advertising beside the shop's sales, and how closely sales go with it, days later too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, url_for
from werkzeug.exceptions import BadRequest

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.ad_intensity import Advertised, Intensity, Sold, Spent, Step, advertised, intensity
from ecrm.marketing.lags import Lag
from ecrm.marketing.period import Period
from ecrm.marketing.segment import Segment
from ecrm.wording import compact_number, number, short_day
from ecrm.wording import gettext as _

from .blueprint import console
from .charts import Point, Series, chart
from .figures import Column, Kind, Value, written
from .periods import chosen_period, kept_args
from .reports_frame import Drawing, Report, Row, report_csv, report_page
from .segments import Filter, channel_name, chosen_segment
from .trends import span_words

DEFAULT_DAYS = 90
_SALES, _SPEND = Column("net_minor", "", Kind.MONEY), Column("spend_minor", "", Kind.MONEY)


@console.get("/ad-intensity")
@needs(Permission.OVERVIEW)
def ad_intensity() -> str:
    """Spending and sales of a period."""
    report, found = _report()
    return report_page(
        report,
        template="ecrm/console/ad_intensity.html",
        spent=found.spent.amount_minor,
        verdicts=[
            (_("Net revenue"), _verdict(found.revenue, found.by_week)),
            (_("Orders"), _verdict(found.orders, found.by_week)),
        ],
        too_little=not found.revenue and not found.orders,
    )


@console.get("/ad-intensity.csv")
@needs(Permission.OVERVIEW)
def ad_intensity_csv() -> Response:
    """The steps as a spreadsheet."""
    return report_csv(_report()[0])


def _report() -> tuple[Report, Intensity]:
    chosen, asked = chosen_period(default_days=DEFAULT_DAYS), chosen_segment()
    # Spending is known by campaign and its channel; what else a segment says belongs to visits.
    segment = Segment(channel=asked.channel or None, campaign=asked.campaign or None)
    with installation().sessions() as session:
        found = intensity(session, chosen.period, channel=segment.channel, campaign=segment.campaign)
        before = (
            intensity(session, chosen.compare, channel=segment.channel, campaign=segment.campaign)
            if chosen.compare else None
        )  # fmt: skip
        campaigns = advertised(session)
    _check(segment, campaigns)
    whose = _whose(segment, campaigns)
    rows = [_row(step, whose) for step in found.steps] if found.spent.amount_minor or found.sold != Sold() else []
    report = Report(
        name="ad-intensity",
        title=_("Ad intensity and sales"),
        intro=_("What was spent on advertising, beside everything that the shop sold in the same days."),
        chosen=chosen,
        by=_("Week") if found.by_week else _("Day"),
        columns=_columns(),
        rows=rows,
        total=Row(
            _("All weeks") if found.by_week else _("All days"), _values(found.spent, found.sold),
            _values(before.spent, before.sold) if before else None,
            links={
                **dict.fromkeys(("orders", "net_minor"), url_for("console.orders", **chosen.first_and_last)),
                "spend_minor": _costs(chosen.period, whose),
            },
        ),
        compared=False,
        segment=segment,
        filters=_filters(segment, campaigns),
        csv_href=url_for("console.ad_intensity_csv", **kept_args()),
        drawings=_drawings(found),
        notes=_notes(found),
        nothing=_("Nothing was spent or sold in these days. Choose a longer period."),
    )  # fmt: skip
    return report, found


def _check(segment: Segment, campaigns: Sequence[Advertised]) -> None:
    if segment.campaign is not None and all(one.code != segment.campaign for one in campaigns):
        raise BadRequest(
            _("No campaign with costs has the code “%(code)s”. Choose one of the list.", code=segment.campaign)
        )


def _columns() -> list[Column]:
    return [
        Column("spend_minor", _("Spent"), Kind.MONEY, good="", help=_("Costs entered or imported for campaigns.")),
        Column("impressions", _("Shown"), good="", help=_("By the advertisers' reports, where they were imported.")),
        Column("clicks", _("Clicks"), good="", help=_("By the advertisers' reports, where they were imported.")),
        Column("orders", _("Orders"), help=_("All of the shop's, by the day they were placed.")),
        Column("net_minor", _("Net revenue"), Kind.MONEY, help=_("All of the shop's, less refunds of these days.")),
        Column("share", _("Spent of net"), Kind.SHARE, good="down", help=_("Spending per net revenue.")),
    ]


def _values(spent: Spent, sold: Sold) -> dict[str, Value]:
    return {
        "spend_minor": spent.amount_minor,
        "impressions": spent.impressions,
        "clicks": spent.clicks,
        "orders": sold.orders,
        "net_minor": sold.net_minor,
        "share": spent.amount_minor / sold.net_minor if sold.net_minor > 0 else None,
    }


def _row(step: Step, whose: Mapping[str, Any]) -> Row:
    orders = url_for("console.orders", first=step.span.first, last=step.span.last)
    links = {"orders": orders, "net_minor": orders, "spend_minor": _costs(step.span, whose)}
    return Row(span_words(step.span), _values(step.spent, step.sold), links=links)


def _whose(segment: Segment, campaigns: Sequence[Advertised]) -> dict[str, Any]:
    """What the list of costs is to be narrowed down to, so that it holds the costs that the figures sum."""
    number = next((one.id for one in campaigns if one.code == segment.campaign), None)
    given = {"channel": segment.channel, "campaign_id": number}
    return {name: value for name, value in given.items() if value is not None}


def _costs(span: Period, whose: Mapping[str, Any]) -> str:
    return url_for("console.costs", first=span.first, last=span.last, **whose)


def _filters(segment: Segment, campaigns: Sequence[Advertised]) -> list[Filter]:
    channels = sorted({one.channel for one in campaigns} | ({segment.channel} if segment.channel else set()))
    named = [(one.code, one.name) for one in campaigns]
    return [
        Filter("channel", _("Channel"), segment.channel or "", tuple((one, channel_name(one)) for one in channels)),
        Filter("campaign", _("Campaign"), segment.campaign or "", tuple(named)),
    ]


def _drawings(found: Intensity) -> list[Drawing]:
    both = [_together(found)] if found.spent.amount_minor > 0 and found.sold.net_minor > 0 else []
    return [*both, *([_by_lag(found)] if found.revenue else [])]


def _together(found: Intensity) -> Drawing:
    """Both on one scale, where 100 is the period's average: money spent is a fraction of money earned."""
    days = sum(step.span.days for step in found.steps)

    def index(value: int, total: int, step: Step) -> float:
        return 100 * value * days / (total * step.span.days)

    points = [
        Point(
            label=span_words(step.span), axis=short_day(step.span.first),
            value=index(step.sold.net_minor, found.sold.net_minor, step), text=written(_SALES, step.sold.net_minor),
        )
        for step in found.steps
    ]  # fmt: skip
    return Drawing(
        key="chart-both",
        title=_("Net revenue and spending, 100 = average"),
        summary=_("Both against their own average of the period; the table below holds the amounts."),
        chart=chart(
            "line", points, axis_text=compact_number,
            series=[
                Series(
                    _("Spent"),
                    [index(step.spent.amount_minor, found.spent.amount_minor, step) for step in found.steps],
                    [written(_SPEND, step.spent.amount_minor) for step in found.steps],
                )
            ],
        ),
        headings=(_("Week") if found.by_week else _("Day"), _("Net revenue")),
    )  # fmt: skip


def _by_lag(found: Intensity) -> Drawing:
    def words(value: float) -> str:
        return number(round(value, 2))

    points = [
        Point(_later(lag.steps, found.by_week), words(lag.correlation), lag.correlation, number(lag.steps))
        for lag in found.revenue
    ]
    bounds = [("low", _("95 % from")), ("high", _("95 % to"))]
    series = [
        Series(
            name, [getattr(lag, bound) for lag in found.revenue], [words(getattr(lag, bound)) for lag in found.revenue]
        )
        for bound, name in bounds
    ]
    return Drawing(
        key="chart-lags",
        title=_("Correlation with net revenue so many weeks later")
        if found.by_week else _("Correlation with net revenue so many days later"),
        summary=_("1: always together, 0: not at all, -1: against one another; with the interval of each."),
        chart=chart("line", points, axis_text=words, series=series),
        headings=(_("Later by"), _("Correlation")),
    )  # fmt: skip


def _later(steps: int, by_week: bool) -> str:
    if not steps:
        return _("the same week") if by_week else _("the same day")
    if by_week:
        return _("one week later") if steps == 1 else _("%(count)s weeks later", count=steps)
    return _("one day later") if steps == 1 else _("%(count)s days later", count=steps)


def _verdict(lags: Sequence[Lag], by_week: bool) -> str:
    if not lags:
        return _("Too few days to tell anything.")
    told = [lag for lag in lags if lag.told]
    if not told:
        return _("No connection can be told from chance at any lag.")
    best = max(told, key=lambda lag: abs(lag.correlation))
    values: dict[str, Any] = {
        "when": _later(best.steps, by_week), "value": number(round(best.correlation, 2)),
        "low": number(round(best.low, 2)), "high": number(round(best.high, 2)),
    }  # fmt: skip
    if best.correlation > 0:
        return _("Higher after more spending, most of all %(when)s: %(value)s (95 %%: %(low)s to %(high)s).", **values)
    return _("Lower after more spending, most of all %(when)s: %(value)s (95 %%: %(low)s to %(high)s).", **values)


def _notes(found: Intensity) -> list[str]:
    how = _(
        "Spearman's rank correlation. The intervals hold for all lags together; they come from drawing whole stretches "
        "of the period again (circular block bootstrap)."
    )
    seasons = (
        _("A year's own seasons are not taken out: spending more before the holidays looks like an effect.")
        if found.by_week else _("What each weekday usually has is taken out first.")
    )  # fmt: skip
    return [how, seasons]
