"""Cohorts: customers by the month of their first order, and how they came back in the months after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from urllib.parse import urlencode

from flask import Response, url_for
from werkzeug.exceptions import BadRequest

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.cohorts import Cell, Cohort, later, together
from ecrm.marketing.cohorts import cohorts as read_cohorts
from ecrm.marketing.order_list import month_of
from ecrm.wording import gettext as _
from ecrm.wording import month, today

from .blueprint import console
from .charts import Point, chart
from .figures import Column, Kind, Value, written
from .periods import chosen_period, kept_args
from .queries import choice_arg
from .reports_frame import Choice, Drawing, Report, Row, report_csv, report_page
from .trends import axis_text

DEFAULT_DAYS = 365
MOST_MONTHS = 36
SHADES = 5


class Show(StrEnum):
    """What stands in the cells."""

    RETENTION = "retention"
    CUSTOMERS = "customers"
    ORDERS = "orders"
    NET = "net"
    NET_EACH = "net_each"


@dataclass(frozen=True)
class _Measure:
    label: str
    kind: Kind
    help: str


@console.get("/cohorts")
@needs(Permission.OVERVIEW)
def cohorts() -> str:
    """The cohorts of a period, month by month."""
    report, shades = _report()
    return report_page(report, template="ecrm/console/cohorts.html", shade=shades)


@console.get("/cohorts.csv")
@needs(Permission.OVERVIEW)
def cohorts_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report()[0])


def _report() -> tuple[Report, dict[tuple[str, str], int]]:
    asked, show = chosen_period(default_days=DEFAULT_DAYS), choice_arg("show", Show) or Show.RETENTION
    chosen = replace(asked, compare=None)  # each row stands beside the others
    with installation().sessions() as session:
        found = read_cohorts(session, chosen.period)
    longest = max((len(one.cells) for one in found), default=1)
    if longest > MOST_MONTHS + 1:
        raise BadRequest(_("Ask for three years at most."))
    measure = _measures()[show]
    keys = [f"m{n}" for n in range(longest)]
    columns = [
        Column("size", _("Customers"), good="", help=_("Whose first order was placed in this month.")),
        *(Column(key, _("+%(months)s", months=n) if n else _("same month"), measure.kind, good="")
          for n, key in enumerate(keys)),
    ]  # fmt: skip
    rows = [_row(one, show) for one in found]
    whole: dict[str, Value] = {"size": sum(one.size for one in found)}
    before = today().replace(day=1) if show in _AVERAGES else None
    for n, key in enumerate(keys):
        whole[key] = _value(*together(found, n, before=before), show)
    known = [column for column in columns[2:] if whole[column.key] is not None]
    report = Report(
        name=f"cohorts-{show}",
        title=_("Cohorts"),
        intro=_("Customers by the month of their first order, and what they did so many months later."),
        chosen=chosen,
        by=_("First order in"),
        columns=columns,
        rows=rows,
        total=Row(_("All cohorts"), whole, note=_("those old enough")),
        sorted_by="",
        compared=False,
        csv_href=url_for("console.cohorts_csv", **kept_args(segment=False, show=show.value)),
        choices=[
            Choice(one.label, url_for("console.cohorts", **kept_args(segment=False, show=key.value)), key is show)
            for key, one in _measures().items()
        ],
        drawings=[_curve(known, whole, measure)] if show in _AVERAGES and len(known) > 1 else [],
        more_args={"show": show.value},
        notes=[
            measure.help,
            _("Months are counted whole, also where the period begins or ends within one."),
            _("This month isn't over yet; averages over all cohorts leave it out.")
            if before
            else _("This month isn't over yet."),
            _("People whom the sales data don't name belong to no cohort."),
        ],
        nothing=_("Nobody ordered for the first time in these months. Choose a longer period."),
    )
    return report, _shades(rows, keys)


_AVERAGES = frozenset({Show.RETENTION, Show.NET_EACH})
"""Figures that compare months of which not all cohorts are old enough for each."""


def _curve(columns: list[Column], whole: Mapping[str, Value], measure: _Measure) -> Drawing:
    """All cohorts together, from the month after the first order on."""
    currency = installation().storefront.facts().currency
    points = [
        Point(label=column.label, text=written(column, whole[column.key]), value=whole[column.key], axis=column.label)
        for column in columns
    ]
    return Drawing(
        key="chart-curve",
        title=_("%(what)s by months after the first order, all cohorts", what=measure.label),
        summary=_("The figures stand in the table below."),
        chart=chart("line", points, axis_text=axis_text(columns[0], currency)),
        headings=(_("Months later"), measure.label),
    )


def _measures() -> dict[Show, _Measure]:
    return {
        Show.RETENTION: _Measure(
            _("Retention"), Kind.SHARE, _("The part of the cohort's customers who ordered in the month.")
        ),
        Show.CUSTOMERS: _Measure(_("Customers"), Kind.COUNT, _("Different customers who ordered in the month.")),
        Show.ORDERS: _Measure(_("Orders"), Kind.COUNT, _("Orders placed in the month.")),
        Show.NET: _Measure(_("Net"), Kind.MONEY, _("Revenue of the month less what was given back in it.")),
        Show.NET_EACH: _Measure(
            _("Net per customer"), Kind.MONEY,
            _("Net of the month, per customer of the cohort, whether they ordered or not."),
        ),
    }  # fmt: skip


def _value(cell: Cell, size: int, show: Show) -> Value:
    if show is Show.NET:
        return cell.net_minor
    if show is Show.NET_EACH:
        return cell.net_minor / size if size else None
    if show is Show.RETENTION:
        return cell.customers / size if size else None
    return cell.customers if show is Show.CUSTOMERS else cell.orders


def _row(one: Cohort, show: Show) -> Row:
    figures: dict[str, Value] = {"size": one.size}
    links = {"size": _orders_of(one.month, one.month)}
    for n, cell in enumerate(one.cells):
        figures[f"m{n}"] = _value(cell, one.size, show)
        if cell.orders:
            links[f"m{n}"] = _orders_of(one.month, later(one.month, n))
        elif cell.refunds_minor:
            links[f"m{n}"] = _refunds_of(one.month, later(one.month, n))
    return Row(month(one.month), figures, links=links)


def _orders_of(cohort: date, within: date) -> str:
    return f"{url_for('console.orders')}?{urlencode(_span(cohort, within))}"


def _refunds_of(cohort: date, within: date) -> str:
    return f"{url_for('console.refunds')}?{urlencode(_span(cohort, within))}"


def _span(cohort: date, within: date) -> dict[str, str]:
    days = month_of(within)
    return {"first": f"{days.first}", "last": f"{days.last}", "cohort": f"{cohort:%Y-%m}"}


def _shades(rows: list[Row], keys: list[str]) -> dict[tuple[str, str], int]:
    """How dark each cell of a later month is, 0 to `SHADES`, against the largest of them; by row and column.

    The month of the first order is left out: its retention is always 100 %, and would pale all others.
    """
    values = {(row.label, key): row.figures.get(key) or 0 for row in rows for key in keys[1:]}
    largest = max(values.values(), default=0)
    if largest <= 0:
        return {}
    return {place: max(round(value / largest * SHADES), int(value > 0)) for place, value in values.items()}
