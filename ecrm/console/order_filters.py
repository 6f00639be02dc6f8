"""What the lists of orders and refunds are narrowed down to, as the address says, and how a page says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from ecrm.installation import installation
from ecrm.marketing.campaigns import Campaign
from ecrm.marketing.keywords import words_of
from ecrm.marketing.order_list import Customers, Narrowed
from ecrm.marketing.period import Period
from ecrm.marketing.visit_list import page_path
from ecrm.wording import gettext as _
from ecrm.wording import month, today
from tracking.clickstream.sources import folded_code

from .product_names import sold_name
from .queries import LARGEST_INTEGER, choice_arg, day_arg, number_arg, text_arg
from .segments import chosen_segment, segment_args, segment_words

LONGEST = timedelta(days=3700)


@dataclass(frozen=True)
class Asked:
    """The days, and what else was asked for. `args`: the latter as arguments of links."""

    period: Period
    narrowed: Narrowed
    args: dict[str, Any]

    @property
    def nets_by_day(self) -> bool:
        """Whether what went back in the days can be told of the same orders, so that reports take it off their net."""
        one = self.narrowed
        return all(value is None for value in (one.product, one.term, one.customers, one.redeemed, one.code))

    def words(self, session: Session) -> list[str]:
        """What it is narrowed down to, in words."""
        one, found = self.narrowed, []
        if one.product is not None:
            card = next(iter(installation().storefront.products([one.product])), None)
            found.append(_("with “%(product)s”", product=card.name if card else sold_name(session, one.product)))
        if one.term is not None:
            term = words_of(session, [one.term]).get(one.term, "–")
            found.append(_("found by searching “%(term)s” in these days", term=term))
        if one.cohort is not None:
            found.append(_("of customers who first ordered in %(month)s", month=month(one.cohort)))
        if one.customers is not None:
            found.append(_("first orders") if one.customers is Customers.NEW else _("all but first orders"))
        if one.visits:
            found.append(_("ordered in visits of: %(segment)s", segment=", ".join(segment_words(one.visits))))
        if one.entry is not None:
            path = page_path(session, one.entry) or "–"
            found.append(_("ordered in visits that began with %(path)s", path=path))
        if one.redeemed is not None:
            campaign = session.get(Campaign, one.redeemed)
            found.append(_("that named a code of “%(campaign)s”", campaign=campaign.name if campaign else "–"))
        if one.code is not None:
            found.append(_("that named the code “%(code)s”", code=one.code))
        return found


def asked_orders() -> Asked:
    """The days from `first` to `last` (a week up to today), and `product`, `searched`, `cohort`, `customers`,
    `redeemed` (a campaign's number), `code`, and a segment and `entry` for the visits in which they were placed.

    Raises:
        BadRequest: in words, for what can't be read.
    """
    last = day_arg("last") or today()
    first = day_arg("first") or last - timedelta(days=6)
    if first > last:
        raise BadRequest(_("The first day lies after the last one."))
    if last - first > LONGEST:
        raise BadRequest(_("Ask for ten years at most."))
    product, term = text_arg("product", longest=64), number_arg("searched")
    customers = choice_arg("customers", Customers)
    cohort, visits, entry = text_arg("cohort"), chosen_segment(), number_arg("entry", largest=LARGEST_INTEGER)
    redeemed, code = number_arg("redeemed"), text_arg("code", longest=100)
    given = {
        "product": product or None, "searched": term, "cohort": cohort or None,
        "customers": customers.value if customers else None, "entry": entry, **segment_args(visits),
        "redeemed": redeemed, "code": code or None,
    }  # fmt: skip
    narrowed = Narrowed(
        product=product or None, term=term, cohort=_month(cohort) if cohort else None, customers=customers,
        visits=visits, entry=entry, redeemed=redeemed, code=folded_code(code) if code else None,
    )  # fmt: skip
    return Asked(Period(first, last), narrowed, {name: value for name, value in given.items() if value is not None})


def _month(text: str) -> date:
    try:
        found = date.fromisoformat(f"{text}-01") if len(text) == len("2026-11") else date.min
    except ValueError:
        found = date.min
    if not 1970 <= found.year <= 9000:
        raise BadRequest(_("“%(value)s” is not a month. Write it like 2026-11.", value=text))
    return found
