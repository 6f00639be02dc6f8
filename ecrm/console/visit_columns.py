"""The columns that reports about visits have in common, and a group's figures as a row of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from ecrm.marketing.site import NO_VISITS, VisitFigures
from ecrm.wording import gettext as _

from .figures import Column, Kind, Value


def visit_columns() -> list[Column]:
    """In the order in which a visit goes on."""
    return [
        Column("sessions", _("Visits"), help=_("Steps of one browser with less than 30 minutes between them.")),
        Column("bounce_rate", _("Bounced"), Kind.SHARE, good="down",
               help=_("Visits of one page in which nothing was put into the cart or ordered.")),
        Column("pages", _("Pages a visit"), Kind.RATIO, good=""),
        Column("product_views", _("Product views")),
        Column("cart_adds", _("Into the cart")),
        Column("orders", _("Orders"), help=_("Orders placed in these visits.")),
        Column("conversion", _("Conversion"), Kind.SHARE, help=_("Orders placed in a visit, per visit.")),
        Column("revenue_minor", _("Revenue"), Kind.MONEY, help=_("Of these orders, before refunds.")),
        Column("refunds_minor", _("Refunds"), Kind.MONEY, good="down",
               help=_("Given back in these days, for orders of these or earlier visits.")),
        Column("net_minor", _("Net"), Kind.MONEY, help=_("Revenue less these refunds.")),
    ]  # fmt: skip


def visit_links(**args: Any) -> Callable[..., str]:
    """Makes links to the visits behind figures; all have `args`, and each what it is called with.

    A table holds hundreds of such links, and the router would take longer for them than the figures did.
    """
    return _links("console.visits", args)


def refund_links(**args: Any) -> Callable[..., str]:
    """The same to the refunds of orders placed in such visits."""
    return _links("console.refunds", args)


def _links(endpoint: str, args: dict[str, Any]) -> Callable[..., str]:
    begin = f"{url_for(endpoint)}?"
    return lambda **more: begin + urlencode({**args, **more})


def visit_values(figures: VisitFigures | None) -> dict[str, Value]:
    """The columns' values."""
    one = figures or NO_VISITS
    return {
        "sessions": one.sessions, "bounce_rate": one.per_visit("bounces"), "pages": one.per_visit("page_views"),
        "product_views": one.product_views, "cart_adds": one.cart_adds, "orders": one.orders,
        "conversion": one.per_visit("orders"), "revenue_minor": one.revenue_minor,
        "refunds_minor": one.refunds_minor, "net_minor": one.net_minor,
    }  # fmt: skip
