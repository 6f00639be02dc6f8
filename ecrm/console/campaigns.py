"""Campaigns, channels and sources: what each cost and earned, down to the booked net revenue."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.campaign_book import campaigns as all_campaigns
from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.overview import days_in, total
from ecrm.marketing.roi import By, Earnings, Line, Returns, returns
from ecrm.wording import day, money, number
from ecrm.wording import gettext as _

from .blueprint import console
from .periods import Chosen, chosen_period, kept_args
from .queries import choice_arg
from .reports_frame import Choice, Report, Row, report_csv, report_page
from .return_columns import (
    chosen_model,
    coverage_words,
    credit_links,
    line_name,
    return_columns,
    return_values,
    source_args,
)


@console.get("/campaigns")
@needs(Permission.OVERVIEW)
def campaigns() -> str:
    """A period by one attribution model, grouped as asked for."""
    report, model = _report()
    with installation().sessions() as session:
        archived = all_campaigns(session, archived=True)
    return report_page(
        report, template="ecrm/console/campaigns.html", model=model, models=list(Model), archived=archived,
        span_words=span_words,
    )  # fmt: skip


@console.get("/campaigns.csv")
@needs(Permission.OVERVIEW)
def campaigns_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report()[0])


def _report() -> tuple[Report, Model]:
    chosen, model, by = chosen_period(), chosen_model(), choice_arg("by", By) or By.CAMPAIGN
    with installation().sessions() as session:
        now = returns(session, chosen.period, model=model, by=by)
        before = returns(session, chosen.compare, model=model, by=by) if chosen.compare else None
        on_file = all_campaigns(session) if by is By.CAMPAIGN else []
        booked_minor = total(days_in(session, chosen.period)).net_minor
    earlier = {line.key: line.earnings for line in before.lines} if before else {}
    quiet = [
        _quiet(campaign) for campaign in on_file if f"campaign:{campaign.id}" not in {one.key for one in now.lines}
    ]
    complete = booked_minor == now.total.net_minor
    last = next((at for at, line in enumerate(now.lines) if line.why is not None), len(now.lines))
    lines = [*now.lines[:last], *quiet, *now.lines[last:]]
    args: dict[str, Any] = {"model": model.value, "by": by.value}
    words = {By.CAMPAIGN: _("Campaign"), By.CHANNEL: _("Channel"), By.SOURCE: _("Source")}
    return Report(
        name=f"returns-by-{by}",
        title=_("Campaigns"),
        intro=_(
            "What was spent and what it brought, credited by “%(model)s”: %(rule)s", model=model.label, rule=model.rule
        ),
        chosen=chosen,
        by=words[by],
        columns=return_columns(),
        rows=[_row(line, earlier.get(line.key), chosen, model, compared=before is not None) for line in lines],
        total=Row(
            _("Booked net revenue") if complete else _("Credited so far"), return_values(now.total),
            return_values(before.total) if before else None,
            links=credit_links(model, **chosen.first_and_last)(""),
        ),
        csv_href=url_for("console.campaigns_csv", **kept_args(segment=False), **args),
        choices=[
            Choice(
                label,
                url_for("console.campaigns", **kept_args(segment=False, model=model.value, by=one.value)),
                one is by,
            )
            for one, label in words.items()
        ],
        notes=_notes(now, complete=complete),
        simulated=_simulated(now.total),
        warning=_uncredited(booked_minor, now.total.net_minor),
        more_args=args,
    ), model  # fmt: skip


def _quiet(campaign: Campaign) -> Line:
    """A campaign of which the period has nothing: it is listed all the same, since it was planned."""
    return Line(f"campaign:{campaign.id}", Earnings(), words=campaign.name, campaign=campaign)


def _row(line: Line, before: Earnings | None, chosen: Chosen, model: Model, *, compared: bool) -> Row:
    label, note = line_name(line)
    links, href = credit_links(model, **chosen.first_and_last)(line.key), ""
    if (campaign := line.campaign) is not None:
        href = url_for("console.campaign", campaign_id=campaign.id, **kept_args(segment=False, model=model.value))
        links |= {
            "visits": f"{href}#sources",
            "spend": url_for("console.costs", campaign_id=campaign.id, **chosen.first_and_last),
        }
        note = f"{note} · {span_words(campaign)}"
    elif line.source is not None:
        links["visits"] = url_for("console.visits", **chosen.first_and_last, **source_args(line.source))
    elif line.key.startswith("code:"):
        links["visits"] = url_for("console.visits", campaign=line.words, **chosen.first_and_last)
    elif line.why is None and line.words:
        links |= {
            "visits": url_for("console.visits", channel=line.words, **chosen.first_and_last),
            "spend": url_for("console.costs", channel=line.words, **chosen.first_and_last),
        }
    return Row(
        label=label, note=note, figures=return_values(line.earnings),
        before=return_values(before) if compared and before is not None else None, href=href, links=links,
        simulated=bool(line.earnings.simulated_visits),
    )  # fmt: skip


def span_words(campaign: Campaign) -> str:
    """When a campaign runs."""
    if campaign.last_day is None:
        return _("from %(day)s", day=day(campaign.first_day))
    if campaign.last_day == campaign.first_day:
        return day(campaign.first_day)
    return f"{day(campaign.first_day)} – {day(campaign.last_day)}"


def _notes(now: Returns, *, complete: bool) -> list[str]:
    currency = installation().storefront.facts().currency
    unattributed = sum(line.earnings.net_minor for line in now.lines if line.why is not None)
    sums = {
        "whole": money(now.total.net_minor, currency), "unattributed": money(unattributed, currency),
        "attributed": money(now.total.net_minor - unattributed, currency),
    }  # fmt: skip
    notes = [
        _(
            "All lines together are the booked net revenue of these days, %(whole)s: %(attributed)s with a source and"
            " %(unattributed)s unattributed.",
            **sums,
        )
        if complete
        else _(
            "All lines together are what is credited so far, %(whole)s: %(attributed)s with a source and"
            " %(unattributed)s unattributed.",
            **sums,
        )
    ]
    return [*notes, covered] if (covered := coverage_words(now.total)) else notes


def _uncredited(booked_minor: int, credited_minor: int) -> str:
    if booked_minor == credited_minor:
        return ""
    currency = installation().storefront.facts().currency
    return _(
        "Orders and refunds of these days come to %(booked)s; %(credited)s of it are credited so far. The rest follows"
        " in the background; if it doesn't, “flask ecrm attribute” credits it and “flask ecrm reconcile” names the"
        " rows.",
        booked=money(booked_minor, currency), credited=money(credited_minor, currency),
    )  # fmt: skip


def _simulated(all_lines: Earnings) -> str:
    if not all_lines.simulated_visits:
        return ""
    return _(
        "%(count)s of the %(all)s visits are simulated: the loaded sales data hold no visits. Orders and coupons are"
        " real data; what is credited to visits is not.",
        count=number(all_lines.simulated_visits), all=number(all_lines.visits),
    )  # fmt: skip
