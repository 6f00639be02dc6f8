"""Products: how often they were shown, looked at, put into the cart and sold; and one product by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Response, url_for
from werkzeug.exceptions import NotFound

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.keywords import terms_to, words_of
from ecrm.marketing.overview import days_in, total
from ecrm.marketing.pages import page_by_day
from ecrm.marketing.period import Period, steps
from ecrm.marketing.products import page_of, product_of, products_by_day, products_seen
from ecrm.storefront import ProductCard
from ecrm.wording import gettext as _
from ecrm.wording import zone

from .blueprint import console
from .figures import Column, Kind, Value, written
from .many_rows import Figures, ratio, rows_of, total_of
from .periods import chosen_period, kept_args
from .product_names import key_names, sold_name
from .queries import LARGEST
from .reports_frame import Report, Row, report_csv, report_page
from .site import simulated_words
from .trends import span_words, trend, within

Days = Mapping[date, Mapping[str, int]]
SHOWN = 20
"""Rows of the smaller tables on a product's own page."""


@console.get("/products")
@needs(Permission.OVERVIEW)
def products() -> str:
    """The products of a period."""
    return report_page(_report())


@console.get("/products.csv")
@needs(Permission.OVERVIEW)
def products_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


@console.get(f"/products/<int(max={LARGEST}):key_id>")
@needs(Permission.OVERVIEW)
def product(key_id: int) -> str:
    """One product by day, the searches that led to it, and its page."""
    report, more = _report_of(key_id)
    return report_page(report, template="ecrm/console/product_report.html", **more)


@console.get(f"/products/<int(max={LARGEST}):key_id>.csv")
@needs(Permission.OVERVIEW)
def product_csv(key_id: int) -> Response:
    """The days as a spreadsheet."""
    return report_csv(_report_of(key_id)[0])


def _report() -> Report:
    chosen = chosen_period()
    with installation().sessions() as session:
        now = products_seen(session, chosen.period)
        before = products_seen(session, chosen.compare) if chosen.compare else None
        days = products_by_day(session, chosen.period)
        days_before = products_by_day(session, chosen.compare) if chosen.compare else {}
        figures = total(days_in(session, chosen.period))
    begin = url_for("console.product", key_id=0).removesuffix("0")
    asked = f"?{urlencode(kept_args(segment=False))}"

    def row(key_id: int, name: str, values: dict[str, Value], earlier: dict[str, Value] | None) -> Row:
        href = f"{begin}{key_id}{asked}"
        return Row(label=name, figures=values, before=earlier, href=href, links=dict.fromkeys(_OPENING, href))

    columns = product_columns()
    return Report(
        name="products",
        title=_("Products"),
        intro=_("From being shown in a list to the money that stays. Views are all views, also without statistics."),
        chosen=chosen,
        by=_("Product"),
        columns=columns,
        rows=rows_of(now, before, derive=_derived, names=key_names, row=row),
        total=Row(_("All products"), total_of(now, _derived) or {}, total_of(before, _derived)),
        sorted_by="-net_minor",
        csv_href=url_for("console.products_csv", **kept_args(segment=False)),
        drawings=[
            trend(columns[1], chosen, now=lambda span: within(span, days, "views"),
                  before=lambda span: within(span, days_before, "views")),
            trend(Column("units", _("Pieces sold")), chosen, now=lambda span: within(span, days, "units"),
                  before=lambda span: within(span, days_before, "units")),
        ],
        simulated=simulated_words(figures.simulated_visits, figures.visits),
        notes=[_days_note()],
    )  # fmt: skip


_OPENING = ("views", "cart_adds", "order_lines", "revenue_minor", "refunds_minor", "net_minor")
"""Figures that lead to the product's own page, where each day leads to its orders and refunds."""


def product_columns() -> list[Column]:
    """In the order in which a sale comes about."""
    return [
        Column("impressions", _("Shown"), help=_("In lists, search results and recommendations.")),
        Column("views", _("Views"), help=_("Of the product's page.")),
        Column("cart_adds", _("Into the cart")),
        Column("to_cart", _("View to cart"), Kind.SHARE, help=_("Times put into the cart, per view.")),
        Column("order_lines", _("Order lines"), help=_("Lines of orders placed in these days.")),
        Column("to_order", _("View to order"), Kind.SHARE, help=_("Order lines per view.")),
        Column("units", _("Pieces")),
        Column("revenue_minor", _("Revenue"), Kind.MONEY, help=_("After discounts, before refunds.")),
        Column("refunds_minor", _("Refunds"), Kind.MONEY, good="down",
               help=_("What went back in these days, also for earlier orders.")),
        Column("net_minor", _("Net"), Kind.MONEY),
    ]  # fmt: skip


def _derived(of: Mapping[str, Any]) -> dict[str, Figures]:
    return {
        "impressions": of["impressions"],
        "views": of["views"],
        "cart_adds": of["cart_adds"],
        "to_cart": ratio(of["cart_adds"], of["views"]),
        "order_lines": of["order_lines"],
        "to_order": ratio(of["order_lines"], of["views"]),
        "units": of["units"],
        "revenue_minor": of["revenue_minor"],
        "refunds_minor": of["refunds_minor"],
        "net_minor": of["revenue_minor"] - of["refunds_minor"],
    }


def _report_of(key_id: int) -> tuple[Report, dict[str, Any]]:
    chosen = chosen_period()
    with installation().sessions() as session:
        number = product_of(session, key_id)
        if number is None:
            raise NotFound(_("There is no such product."))
        days = products_by_day(session, chosen.period, key_id=key_id)
        before = products_by_day(session, chosen.compare, key_id=key_id) if chosen.compare else {}
        found_by = terms_to(session, key_id, chosen.period, zone(), limit=SHOWN)
        words = words_of(session, [one.key_id for one in found_by])
        card = _card(number)
        page_id = page_of(session, card.url) if card else None
        page_days = page_by_day(session, page_id, chosen.period) if page_id is not None else {}
        name = card.name if card else sold_name(session, number)
        figures = total(days_in(session, chosen.period))
    spans, columns = steps(chosen.period), product_columns()
    report = Report(
        name=f"product-{key_id}",
        title=name,
        intro="",
        chosen=chosen,
        by=_("Day") if len(spans) == chosen.period.days else _("Week"),
        columns=columns,
        rows=[
            Row(span_words(span), values, links=_links(number, span))
            for span in spans
            if any((values := _values(span, days)).values())
        ],
        total=Row(
            _("All days"), _values(chosen.period, days), _values(chosen.compare, before) if chosen.compare else None,
            links=_links(number, chosen.period),
        ),
        compared=False,
        csv_href=url_for("console.product_csv", key_id=key_id, **kept_args(segment=False)),
        drawings=[
            trend(columns[1], chosen, now=lambda span: within(span, days, "views"),
                  before=lambda span: within(span, before, "views")),
            trend(columns[6], chosen, now=lambda span: within(span, days, "units"),
                  before=lambda span: within(span, before, "units")),
        ],
        simulated=simulated_words(figures.simulated_visits, figures.visits),
        notes=[_("Days without anything are left out of the table."), _days_note()],
    )  # fmt: skip
    more = {
        "card": card, "number_in_shop": number, "found_by": found_by, "words": words, "page_id": page_id,
        "page_figures": {name: within(chosen.period, page_days, name) for name in ("views", "entries", "entry_orders")},
        "position": lambda value: written(Column("position", "", Kind.RATIO), value),
    }  # fmt: skip
    return report, more


def _card(number: str) -> ProductCard | None:
    return next(iter(installation().storefront.products([number])), None)


def _values(span: Period, days: Days) -> dict[str, Value]:
    views, adds, lines, units, revenue, refunds = (
        within(span, days, name)
        for name in ("views", "cart_adds", "order_lines", "units", "revenue_minor", "refunds_minor")
    )
    return {
        "impressions": within(span, days, "impressions"), "views": views, "cart_adds": adds,
        "to_cart": adds / views if views else None, "order_lines": lines,
        "to_order": lines / views if views else None, "units": units, "revenue_minor": revenue,
        "refunds_minor": refunds, "net_minor": revenue - refunds,
    }  # fmt: skip


def _links(number: str, span: Period) -> dict[str, str]:
    orders = url_for("console.orders", first=span.first, last=span.last, product=number)
    refunds = url_for("console.refunds", first=span.first, last=span.last, product=number)
    return {"order_lines": orders, "units": orders, "revenue_minor": orders, "refunds_minor": refunds}


def _days_note() -> str:
    return _("Orders count on the day they were placed, refunds on the day the money went back.")
