"""Reasons and headings in words: for the shopper, who wants to know why, and for staff, who want the figure behind it.

Every sentence is only said where its facts are there; a product that left the shop is not named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from ecrm.wording import country, month_name, ngettext, short_day
from ecrm.wording import day as full_day
from ecrm.wording import gettext as _
from recommender.asking import Placement
from recommender.reasons import Code, Reason

BEST_SELLER = "best_seller"
"""Code of the shop's first day, before anything was learnt."""
RECENTLY = 31
"""Days for which a purchase is named by its day, not by its month."""
EVERYBODY = frozenset({Code.POPULAR, Code.REGION, Code.CATEGORY, Code.ARRIVED, Code.CHOSEN})
"""Reasons that would be the same for any visitor: a list of them isn't "for you"."""
BESIDE_CART = frozenset({Placement.CART, Placement.CHECKOUT})
OF_PAGE = frozenset({Placement.PRODUCT, Placement.SIMILAR, Placement.ALSO_BOUGHT})
Names = Mapping[str, str]


def for_shopper(reason: Reason, names: Names, *, placement: Placement, today: date) -> str:
    """Why, as the shop says it to the person; empty where the heading says it all."""
    name = names.get(reason.product or "", "")
    when = _when(reason.on, today)
    match reason.code:
        case Code.OFTEN:
            return _("You buy this often, last %(when)s", when=when) if when else _("You buy this often")
        case Code.AGAIN:
            return _("You bought this %(when)s", when=when) if when else _("You bought this before")
        case Code.BECAUSE if name and when:
            return _("Goes with %(name)s, which you bought %(when)s", name=name, when=when)
        case Code.BECAUSE:
            return _("Goes with %(name)s, which you bought", name=name) if name else _("Goes with what you bought")
        case Code.VIEWED | Code.SEEN | Code.NEXT | Code.TOGETHER if placement is Placement.EMAIL:
            return ""  # who else reads the mailbox needn't know what somebody looked at
        case Code.VIEWED:
            return _("Because you looked at %(name)s", name=name) if name else _("Goes with what you looked at")
        case Code.TOGETHER if name and placement in BESIDE_CART:
            return _("Often bought with %(name)s in your cart", name=name)
        case Code.TOGETHER if name and placement not in OF_PAGE:
            return _("Often bought with %(name)s", name=name)
        case Code.TOGETHER if reason.count:
            return ngettext("Bought together once", "Bought together in %(num)s orders", reason.count)
        case Code.TOGETHER:
            return _("Often bought together")
        case Code.ALSO_BOUGHT if name and placement not in OF_PAGE:
            return _("Bought by others who looked at %(name)s", name=name)
        case Code.ALSO_BOUGHT if reason.count:
            return ngettext(
                "One customer who looked at this bought it", "%(num)s customers who looked at this bought it",
                reason.count,
            )  # fmt: skip
        case Code.LIKE:
            return _("Like %(name)s", name=name) if name and placement not in OF_PAGE else ""
        case Code.BRAND if reason.word:
            return _("New from %(brand)s, which you buy", brand=reason.word)
        case Code.CATEGORY if reason.word:
            return _("Popular in %(category)s", category=reason.word)
        case Code.SIMILAR:
            return _("Customers with purchases like yours buy this")
        case Code.ARRIVED:
            return _("New in the shop")
        case Code.REGION:
            return (
                _("Popular where you live: %(country)s", country=country(reason.word))
                if reason.word
                else _("Popular near you")
            )
        case Code.POPULAR:
            return _("Popular right now")
        case Code.CHOSEN:
            return _("Our choice")
        case Code.SEEN:
            return _("You looked at this")
        case Code.NEXT if name:
            return _("Visitors who looked at %(name)s looked at this too", name=name)
        case _:
            return ""


def for_staff(reason: Reason, names: Names) -> str:
    """The same for marketers and agents, with the figures behind it."""
    name = names.get(reason.product or "", reason.product or "?")
    count = reason.count or 0
    last = full_day(date.fromordinal(reason.on)) if reason.on else ""
    match reason.code:
        case Code.OFTEN | Code.AGAIN:
            days = ngettext("Bought on one day before", "Bought on %(num)s days before", count or 1)
            return _("%(days)s, last on %(day)s", days=days, day=last) if last else days
        case Code.BECAUSE:
            bought = _("Bought together with %(name)s, which this customer bought", name=name)
            return _("%(bought)s on %(day)s", bought=bought, day=last) if last else bought
        case Code.VIEWED:
            return _("Goes with %(name)s, which this visitor looked at", name=name)
        case Code.TOGETHER:
            together = ngettext("Together in one order", "Together in %(num)s orders", count)
            return _("%(together)s with %(name)s", together=together, name=name) if reason.product else together
        case Code.ALSO_BOUGHT:
            return ngettext(
                "Bought by one visitor who looked at %(name)s", "Bought by %(num)s visitors who looked at %(name)s",
                count, name=name,
            )  # fmt: skip
        case Code.LIKE:
            return _("Described like %(name)s", name=name)
        case Code.BRAND:
            brand = reason.word or "?"
            return ngettext(
                "New from %(brand)s, bought on one day before", "New from %(brand)s, bought on %(num)s days before",
                count, brand=brand,
            ) if count else _("New from %(brand)s, which this customer buys", brand=brand)  # fmt: skip
        case Code.CATEGORY:
            return _("Popular in %(category)s", category=reason.word or "?")
        case Code.SIMILAR:
            return _("Bought by customers with similar purchases")
        case Code.ARRIVED:
            return _("New in the shop")
        case Code.REGION:
            return (
                _("Popular where they live: %(country)s", country=country(reason.word))
                if reason.word
                else _("Popular nearby")
            )
        case Code.CHOSEN:
            return _("By a rule of yours")
        case Code.SEEN:
            return _("Looked at")
        case Code.NEXT:
            return _("Looked at in the same visits as %(name)s", name=name)
        case _:
            return _("Popular at present")


def heading(placement: Placement, codes: Collection[Code]) -> str:
    """What stands above a strip of products with these reasons; true of every one of them."""
    reasons = frozenset(codes)
    if placement is Placement.PRODUCT:
        return _("Often bought together") if reasons == {Code.TOGETHER} else _("You may also like")
    if placement is Placement.RECENT:
        return _("Recently viewed") if reasons == {Code.SEEN} else _("Recently viewed, and more like it")
    if own := _own_heading(placement):
        return own
    if reasons == {Code.ARRIVED}:
        return _("New in the shop")
    if reasons <= EVERYBODY:
        return _("Popular right now")
    return _("New for you") if placement is Placement.NEW else _("For you")


def _own_heading(placement: Placement) -> str:
    """Of placements whose heading fits whatever they show."""
    match placement:
        case Placement.AGAIN:
            return _("Buy it again")
        case Placement.SIMILAR:
            return _("Similar products")
        case Placement.ALSO_BOUGHT:
            return _("Customers who looked at this bought")
        case Placement.CART:
            return _("Goes well with your cart")
        case Placement.CHECKOUT:
            return _("Anything forgotten?")
        case Placement.ORDER:
            return _("Goes well with your order")
        case _:
            return ""


def _when(on: int | None, today: date) -> str:
    """ "on Nov 14" of a purchase of the last weeks, "in May" of an older one."""
    if not on:
        return ""
    day = date.fromordinal(on)
    if (today - day).days < RECENTLY:
        return _("on %(day)s", day=short_day(day))
    return _("in %(month)s", month=month_name(day, today=today))
