"""New and returning customers: whose orders a period's were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce
from operator import add

from flask import Response, url_for

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.cohorts import NewAndReturning, new_and_returning
from ecrm.marketing.order_list import Customers
from ecrm.marketing.period import Period, steps
from ecrm.wording import gettext as _

from .blueprint import console
from .charts import Series
from .figures import Column, Kind, Value, written
from .periods import Chosen, chosen_period, kept_args
from .reports_frame import Report, Row, report_csv, report_page
from .trends import trend

Days = Mapping[date, NewAndReturning]


@console.get("/cohorts/new-and-returning")
@needs(Permission.OVERVIEW)
def new_customers() -> str:
    """First orders beside all others."""
    return report_page(_report())


@console.get("/cohorts/new-and-returning.csv")
@needs(Permission.OVERVIEW)
def new_customers_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


def _report() -> Report:
    chosen = chosen_period()
    with installation().sessions() as session:
        days = new_and_returning(session, chosen.period)
        days_before = new_and_returning(session, chosen.compare) if chosen.compare else {}
    now, before = _over(chosen.period, days), _over(chosen.compare, days_before) if chosen.compare else None
    orders = _columns()[0]
    return Report(
        name="new-and-returning",
        title=_("New and returning customers"),
        intro=_("A first order makes a new customer; every further one is a returning customer's."),
        chosen=chosen,
        by=_("Customers"),
        columns=_columns(),
        rows=[
            Row(words, _values(kind, now), _values(kind, before) if before else None, links=_links(kind, chosen))
            for kind, words in ((Customers.NEW, _("New customers")), (Customers.RETURNING, _("Returning customers")))
        ] if now != NewAndReturning() else [],
        total=Row(_("All orders"), _values(None, now), _values(None, before) if before else None,
                  links=_links(None, chosen)),
        csv_href=url_for("console.new_customers_csv", **kept_args(segment=False)),
        drawings=[
            trend(
                orders, chosen, now=lambda span: _of(None, _over(span, days))[0],
                further=[_series(_("new customers"), chosen, days)],
                href=lambda span: url_for("console.orders", first=span.first, last=span.last),
                title=_("Orders, and those of new customers"),
            ),
            trend(
                Column("new_share", _("Share of new customers"), Kind.SHARE), chosen,
                now=lambda span: _share(_over(span, days)), before=lambda span: _share(_over(span, days_before)),
            ),
        ],
        notes=[
            _("Orders of people whom the sales data don't name are counted among those of returning customers."),
        ],
        nothing=_("No order was placed in these days. Choose a longer period."),
    )  # fmt: skip


def _columns() -> list[Column]:
    return [
        Column("orders", _("Orders")),
        Column("share", _("of all orders"), Kind.SHARE, good="", help=_("By the day the order was placed.")),
        Column("revenue_minor", _("Revenue"), Kind.MONEY, help=_("Before refunds.")),
        Column("revenue_share", _("of all revenue"), Kind.SHARE, good=""),
        Column("average_minor", _("Average order"), Kind.MONEY),
    ]


def _values(kind: Customers | None, figures: NewAndReturning) -> dict[str, Value]:
    orders, revenue = _of(kind, figures)
    all_orders, all_revenue = _of(None, figures)
    return {
        "orders": orders,
        "share": orders / all_orders if all_orders else None,
        "revenue_minor": revenue,
        "revenue_share": revenue / all_revenue if all_revenue else None,
        "average_minor": (2 * revenue + orders) // (2 * orders) if orders else None,
    }


def _of(kind: Customers | None, figures: NewAndReturning) -> tuple[int, int]:
    """Orders and revenue of a kind of customers, or of both."""
    new = (figures.new_orders, figures.new_revenue_minor)
    others = (figures.other_orders, figures.other_revenue_minor)
    if kind is None:
        return new[0] + others[0], new[1] + others[1]
    return new if kind is Customers.NEW else others


def _share(figures: NewAndReturning) -> float | None:
    orders = figures.new_orders + figures.other_orders
    return figures.new_orders / orders if orders else None


def _series(name: str, chosen: Chosen, days: Days) -> Series:
    column = _columns()[0]
    values = [_over(span, days).new_orders for span in steps(chosen.period)]
    return Series(name, values, [written(column, value) for value in values])


def _links(kind: Customers | None, chosen: Chosen) -> dict[str, str]:
    href = url_for("console.orders", **chosen.first_and_last, customers=kind.value if kind else None)
    return dict.fromkeys(("orders", "revenue_minor"), href)


def _over(span: Period, days: Days) -> NewAndReturning:
    return reduce(add, [days[one] for one in span if one in days], NewAndReturning())
