"""Landing pages: with which pages visits begin, and what comes of these visits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, url_for

from ecrm.access.roles import Permission, needs
from ecrm.installation import installation
from ecrm.marketing.pages import landing_pages as read_landing_pages
from ecrm.marketing.pages import paths_of
from ecrm.marketing.site import visits_in
from ecrm.wording import gettext as _

from .blueprint import console
from .figures import Column, Kind, Value
from .many_rows import Figures, ratio, rows_of, total_of
from .periods import Chosen, chosen_period, kept_args
from .reports_frame import Report, Row, report_csv, report_page
from .segments import chosen_segment, filters, segment_args
from .site import simulated_words
from .visit_columns import refund_links, visit_links


@console.get("/site/landing-pages")
@needs(Permission.OVERVIEW)
def landing_pages() -> str:
    """The pages with which the visits of a period began."""
    return report_page(_report())


@console.get("/site/landing-pages.csv")
@needs(Permission.OVERVIEW)
def landing_pages_csv() -> Response:
    """The same as a spreadsheet."""
    return report_csv(_report())


def _report() -> Report:
    chosen, segment = chosen_period(), chosen_segment()
    with installation().sessions() as session:
        now = read_landing_pages(session, chosen.period, segment=segment)
        before = read_landing_pages(session, chosen.compare, segment=segment) if chosen.compare else None
        all_visits = visits_in(session, chosen.period, segment=segment)
        choices = filters(session)

    def row(page_id: int, path: str, figures: dict[str, Value], earlier: dict[str, Value] | None) -> Row:
        href = url_for("console.page", page_id=page_id, **kept_args(segment=False))
        links = _links(chosen, segment_args(segment), entry=page_id)
        return Row(label=path, figures=figures, before=earlier, href=href, links=links)

    return Report(
        name="landing-pages",
        title=_("Landing pages"),
        intro=_("The first page of each visit, and what the visits that began with it led to."),
        chosen=chosen,
        by=_("Page"),
        columns=landing_columns(),
        rows=rows_of(now, before, derive=_columns, names=page_names, row=row),
        total=Row(
            _("All pages"), total_of(now, _columns) or {}, total_of(before, _columns),
            links=_links(chosen, segment_args(segment)),
        ),
        sorted_by="-entries",
        segment=segment,
        filters=choices,
        csv_href=url_for("console.landing_pages_csv", **kept_args()),
        simulated=simulated_words(all_visits.simulated_sessions, all_visits.sessions),
        notes=[_segment_note()] if segment else [_refunds_note()],
    )  # fmt: skip


def landing_columns() -> list[Column]:
    """What came of visits that began with a page."""
    return [
        Column("entries", _("Visits"), help=_("Visits that began with this page.")),
        Column("bounce_rate", _("Bounced"), Kind.SHARE, good="down",
               help=_("Visits of one page in which nothing was put into the cart or ordered.")),
        Column("product_views", _("Product views")),
        Column("cart_adds", _("Into the cart")),
        Column("orders", _("Orders")),
        Column("conversion", _("Conversion"), Kind.SHARE, help=_("Orders placed in a visit, per visit.")),
        Column("revenue_minor", _("Revenue"), Kind.MONEY, help=_("Of these orders, before refunds.")),
        Column("refunds_minor", _("Refunds"), Kind.MONEY, good="down", help=_("Given back for orders of such visits.")),
        Column("net_minor", _("Net"), Kind.MONEY, help=_("Revenue less these refunds.")),
    ]  # fmt: skip


def _refunds_note() -> str:
    return _("What a visit leads to counts on the day on which it began; refunds on the day the money went back.")


def _segment_note() -> str:
    return _(
        "Within a segment, net is revenue less all that was given back for orders of these visits until now; visits"
        " that were forgotten are left out, as they no longer say where they began."
    )


def page_names(page_ids: list[int]) -> dict[int, str]:
    """The paths of pages, asked in a session of their own: a spreadsheet asks while it is being sent."""
    with installation().sessions() as session:
        return paths_of(session, page_ids)


def _columns(of: Mapping[str, Any]) -> dict[str, Figures]:
    return {
        "entries": of["entries"],
        "bounce_rate": ratio(of["bounces"], of["entries"]),
        "product_views": of["entry_product_views"],
        "cart_adds": of["entry_cart_adds"],
        "orders": of["entry_orders"],
        "conversion": ratio(of["entry_orders"], of["entries"]),
        "revenue_minor": of["entry_revenue_minor"],
        "refunds_minor": of["entry_refunds_minor"],
        "net_minor": of["entry_revenue_minor"] - of["entry_refunds_minor"],
    }


def _links(chosen: Chosen, segment: dict[str, Any], **more: Any) -> dict[str, str]:
    rows = visit_links(**chosen.first_and_last, **segment, **more)
    # Within a segment the refunds are those of the visits, whenever the money went back.
    refunded = rows(having="refunds") if segment else refund_links(**chosen.first_and_last, **more)()
    ordered = rows(having="orders")
    return {
        "entries": rows(), "bounce_rate": rows(having="bounces"), "product_views": rows(having="product_views"),
        "cart_adds": rows(having="cart_adds"), "orders": ordered, "conversion": ordered, "revenue_minor": ordered,
        "refunds_minor": refunded, "net_minor": ordered,
    }  # fmt: skip
