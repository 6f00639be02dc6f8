"""What the product says of campaigns, cohorts and the books, under the names that `expected_money` gives."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.reconcile import reconcile
from ecrm.marketing.period import Period
from ecrm.marketing.roi import By, Line, side_by_side
from tracking.clickstream.rollups import CohortMonth, DayFigures

from .expected import Numbers

_FIGURES = ("visits", "orders_ppm", "new_customers_ppm", "revenue_minor", "refunds_minor", "costed_minor", "cost_minor",
            "spend_minor")  # fmt: skip


def money(session: Session, period: Period, zone: str) -> Numbers:
    numbers: Numbers = {}
    for by in By:
        for model, report in side_by_side(session, period, models=list(Model), by=by).items():
            for line in report.lines:
                values = {name: getattr(line.earnings, name) for name in _FIGURES}
                key = ("returns", model.value, by.value, _name(line))
                for name, value in values.items():
                    if value:
                        numbers[*key, name] = numbers.get((*key, name), 0) + value
    for row in session.scalars(select(DayFigures).where(DayFigures.day.between(period.first, period.last))):
        if row.orders:
            new = row.new_customers, row.new_revenue_minor
            others = row.orders - row.new_customers, row.revenue_minor - row.new_revenue_minor
            numbers["new and returning", row.day] = (*new, *others)
    for cell in session.scalars(select(CohortMonth)):
        for name in ("customers", "orders", "revenue_minor", "refunds_minor"):
            if value := getattr(cell, name):
                numbers["cohorts", cell.cohort, cell.month, name] = value
    for one in reconcile(session, period, models=list(Model), zone=zone):
        assert one.holds, one.differences
        numbers["booked",] = one.booked_minor
        assert one.credited_minor == one.booked_minor
    return numbers


def _name(line: Line) -> str:
    if line.campaign is not None:
        return f"campaign:{line.campaign.code}"
    if line.source is not None:
        row = line.source
        return "/".join((row.channel, row.source, row.medium, row.campaign, row.term, row.content, row.click_id))
    return line.key
