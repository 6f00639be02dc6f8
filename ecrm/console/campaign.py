"""One campaign: its figures by every model, by day, by what brought people, and its codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, current_app, url_for
from werkzeug.exceptions import NotFound

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.campaign_book import codes_of, spent_so_far
from ecrm.marketing.campaign_days import CampaignDay, campaign_days, codes_used, sources_within
from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.period import Period
from ecrm.marketing.redemptions import Redemptions, customers_naming, redemptions_of
from ecrm.marketing.roi import By, Earnings, Line, side_by_side
from ecrm.wording import gettext as _

from .blueprint import console
from .campaigns import span_words
from .figures import Column, Kind
from .periods import Chosen, chosen_period, kept_args
from .queries import LARGEST
from .reports_frame import Drawing, Report, Row, report_csv, report_page
from .return_columns import (
    chosen_model,
    coverage_words,
    credit_links,
    line_name,
    return_columns,
    return_values,
    source_args,
)
from .segments import channel_name
from .trends import trend

MOST_SOURCES = 50
MOST_CODES = 100


@dataclass(frozen=True)
class Budget:
    """How much of a campaign's budget is spent, on all its days."""

    budget_minor: int
    spent_minor: int

    @property
    def share(self) -> float | None:
        return self.spent_minor / self.budget_minor if self.budget_minor else None


@console.get(f"/campaigns/<int(max={LARGEST}):campaign_id>")
@needs(Permission.OVERVIEW)
def campaign(campaign_id: int) -> str:
    """All models side by side for a period, and what stands within the campaign."""
    row = campaign_or_404(campaign_id)
    chosen, model = chosen_period(), chosen_model()
    time_zone = installation().storefront.facts().time_zone
    with installation().sessions() as session:
        codes = codes_of(session, row.id)
        sources = sources_within(session, row, chosen.period, model=model)
        used = codes_used(session, row, chosen.period, time_zone=time_zone)
        found = redemptions_of(session, chosen.period, time_zone=time_zone, campaign_id=row.id)
        redeemed = found.get(row.id, Redemptions(0, 0, 0, 0))
        people = customers_naming(session, row.id) if row.reached else 0
        spent = spent_so_far(session, [row.id]).get(row.id, 0)
    report = _report(row, chosen, model)
    return report_page(
        report, template="ecrm/console/campaign.html", campaign=row, span=span_words(row), codes=codes,
        channel=channel_name(row.channel),
        sources=[_source_row(line, chosen, model) for line in sources[:MOST_SOURCES]],
        more_sources=max(len(sources) - MOST_SOURCES, 0), source_columns=_source_columns(), used=used[:MOST_CODES],
        more_codes=max(len(used) - MOST_CODES, 0), redeemed=redeemed, people=people, model=model,
        budget=Budget(row.budget_minor, spent) if row.budget_minor is not None else None, spent=spent,
        vanity=vanity_address(row), days=chosen.first_and_last,
    )  # fmt: skip


@console.get(f"/campaigns/<int(max={LARGEST}):campaign_id>.csv")
@needs(Permission.OVERVIEW)
def campaign_csv(campaign_id: int) -> Response:
    """Its models side by side as a spreadsheet."""
    return report_csv(_report(campaign_or_404(campaign_id), chosen_period(), chosen_model()))


def campaign_or_404(campaign_id: int) -> Campaign:
    """The campaign of this number.

    Raises:
        NotFound: in words.
    """
    with installation().sessions() as session:
        row = session.get(Campaign, campaign_id)
    if row is None:
        raise NotFound(_("There is no such campaign."))
    return row


def vanity_address(row: Campaign) -> str:
    """The address to print; empty where the campaign has no word."""
    if row.vanity is None:
        return ""
    home = installation().storefront.facts().base_url.rstrip("/")
    return f"{home}{current_app.config['ECRM_PUBLIC_PREFIX'].rstrip('/')}/go/{row.vanity}"


def _report(row: Campaign, chosen: Chosen, model: Model) -> Report:
    key, currency = f"campaign:{row.id}", installation().storefront.facts().currency
    with installation().sessions() as session:
        now = side_by_side(session, chosen.period, models=list(Model), by=By.CAMPAIGN)
        before = side_by_side(session, chosen.compare, models=list(Model), by=By.CAMPAIGN) if chosen.compare else {}
        days = campaign_days(session, row, chosen.period, model=model)
        days_before = campaign_days(session, row, chosen.compare, model=model) if chosen.compare else {}
    figures = {one: _of(report.lines, key) for one, report in now.items()}
    earlier = {one: _of(report.lines, key) for one, report in before.items()}
    rows = [
        Row(
            one.label, return_values(figures[one]), return_values(earlier[one]) if one in earlier else None,
            href=url_for("console.campaign", campaign_id=row.id, **kept_args(segment=False, model=one.value)),
            links={
                **credit_links(one, **chosen.first_and_last)(key), "visits": "#sources",
                "spend": url_for("console.costs", campaign_id=row.id, **chosen.first_and_last),
            },
            note=_("shown below") if one is model else "", simulated=bool(figures[one].simulated_visits),
        )
        for one in Model
    ]  # fmt: skip
    notes = [_("Spending and visits are the same by every model; what they are credited with isn't.")]
    if covered := coverage_words(figures[model]):
        notes.append(covered)
    return Report(
        name=f"campaign-{row.id}", title=row.name, intro="", chosen=chosen, by=_("Attribution model"),
        columns=return_columns(), rows=rows, notes=notes, more_args={"model": model.value},
        csv_href=url_for("console.campaign_csv", campaign_id=row.id, **kept_args(segment=False)),
        drawings=_drawings(row, chosen, model, days, days_before, currency),
    )  # fmt: skip


def _drawings(
    row: Campaign,
    chosen: Chosen,
    model: Model,
    days: dict[date, CampaignDay],
    days_before: dict[date, CampaignDay],
    currency: str,
) -> list[Drawing]:
    def net(span: Period) -> int:
        return sum(days[one].net_minor for one in span if one in days)

    def net_before(span: Period) -> int:
        return sum(days_before[one].net_minor for one in span if one in days_before)

    def spend(span: Period) -> int:
        return sum(days[one].spend_minor for one in span if one in days)

    key = f"campaign:{row.id}"
    rows: dict[str, Any] = {"model": model.value, "key": key}
    drawings = [
        trend(
            Column("net", _("Net revenue"), Kind.MONEY), chosen, now=net, before=net_before, currency=currency,
            href=lambda span: url_for("console.credits", first=span.first, last=span.last, **rows),
        )
    ]  # fmt: skip
    if any(one.spend_minor for one in days.values()):
        drawings.append(trend(
            Column("spend", _("Spent"), Kind.MONEY), chosen, now=spend, currency=currency,
            href=lambda span: url_for("console.costs", first=span.first, last=span.last, campaign_id=row.id),
        ))  # fmt: skip
    return drawings


def _of(lines: tuple[Line, ...], key: str) -> Earnings:
    return next((line.earnings for line in lines if line.key == key), Earnings())


def _source_columns() -> list[Column]:
    return [column for column in return_columns() if column.key in ("visits", "orders", "net", "new_customers")]


def _source_row(line: Line, chosen: Chosen, model: Model) -> Row:
    label, note = line_name(line)
    assert line.source is not None  # noqa: S101 (`sources_within` promises it)
    links = credit_links(model, **chosen.first_and_last)(line.key)
    links["visits"] = url_for("console.visits", **chosen.first_and_last, **source_args(line.source))
    more = " · ".join(part for part in (note, line.source.content) if part)
    return Row(
        label, return_values(line.earnings), links=links, note=more, simulated=bool(line.earnings.simulated_visits)
    )
