"""The columns of reports about money spent and earned, and a line of `roi.Returns` as a row of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from ecrm.marketing.attribution.chain import Why
from ecrm.marketing.attribution.models import DEFAULT_MODEL, Model
from ecrm.marketing.roi import NO_CAMPAIGN, Earnings, Line
from ecrm.wording import gettext as _
from ecrm.wording import percent
from tracking.clickstream.dimensions import Source

from .figures import Column, Kind, Value
from .queries import choice_arg
from .receipts import source_words
from .segments import channel_name, in_address

SOURCE = ("channel", "source", "medium", "campaign", "term", "content")
HELD = 0.9995  # of the net revenue; below, it is said for how much the margin speaks


def chosen_model() -> Model:
    """The attribution model of this request.

    Raises:
        BadRequest: for one that doesn't exist.
    """
    return choice_arg("model", Model) or DEFAULT_MODEL


def return_columns() -> list[Column]:
    """From what was spent to what it brought."""
    return [
        Column("visits", _("Visits"), good=""),
        Column("spend", _("Spent"), Kind.MONEY, good="", help=_("Costs of the days of the period.")),
        Column("orders", _("Orders"), Kind.RATIO,
               help=_("Shares of orders: where several touches are credited, each has its part.")),
        Column("net", _("Net revenue"), Kind.MONEY,
               help=_("Orders placed in the period less what was given back in it, as the model credits them.")),
        Column("roi", _("ROI"), Kind.SHARE, help=_("Net revenue less spending, per money spent.")),
        Column("roi_margin", _("ROI on margin"), Kind.SHARE,
               help=_("The same with what goods of a known cost brought above it; goods whose cost isn't known are out."
                      " “Margin known” says for how much of the net revenue it speaks.")),
        Column("coverage", _("Margin known"), Kind.SHARE, good=""),
        Column("roas", _("ROAS"), Kind.RATIO, help=_("Net revenue per money spent.")),
        Column("per_order", _("Cost per order"), Kind.MONEY, good="down"),
        Column("new_customers", _("New customers"), Kind.RATIO,
               help=_("First orders of a customer, shared out as the money is.")),
        Column("per_new", _("Cost per new customer"), Kind.MONEY, good="down"),
    ]  # fmt: skip


def return_values(earnings: Earnings | None) -> dict[str, Value]:
    """The columns' values."""
    one = earnings or Earnings()
    return {
        "visits": one.visits, "spend": one.spend_minor, "orders": one.orders, "net": one.net_minor, "roi": one.roi,
        "roi_margin": one.roi_on_margin, "coverage": one.coverage, "roas": one.roas,
        "per_order": one.cost_per_order_minor, "new_customers": one.new_customers,
        "per_new": one.cost_per_new_customer_minor,
    }  # fmt: skip


def line_name(line: Line) -> tuple[str, str]:
    """What a line is called, and what is said beside it."""
    if line.campaign is not None:
        return line.campaign.name, channel_name(line.campaign.channel)
    if line.source is not None:
        words = source_words(line.source)
        return words.more or words.channel, words.channel if words.more else ""
    if line.why is not None:
        return {
            Why.DIRECT: _("Direct visits"),
            Why.UNKNOWN: _("No visit known"),
            Why.NOT_JOINED: _("Visits not joined to the customer"),
        }[line.why], _("unattributed")
    if line.key == NO_CAMPAIGN:
        return _("Sources without a campaign code"), ""
    if line.key.startswith("code:"):
        return line.words, _("code without a campaign")
    return channel_name(line.words), ""


def credit_links(model: Model, **days: Any) -> Callable[[str], dict[str, str]]:
    """Makes the links of a line's figures to the postings behind them."""
    begin = f"{url_for('console.credits')}?"

    def links(key: str) -> dict[str, str]:
        address = begin + urlencode({**days, "model": model.value, **({"key": key} if key else {})})
        return dict.fromkeys(("orders", "net", "new_customers"), address)

    return links


def source_args(source: Source) -> dict[str, Any]:
    """The segment of a source, as arguments of a link to its visits."""
    return {name: in_address(getattr(source, name)) for name in SOURCE}


def coverage_words(earnings: Earnings) -> str:
    """For how much of the net revenue the margin speaks, where it isn't all of it."""
    if earnings.coverage is None or earnings.coverage >= HELD:
        return ""
    return _(
        "The cost of goods is known for %(share)s of the net revenue; ROI on margin speaks for that part only.",
        share=percent(earnings.coverage),
    )
