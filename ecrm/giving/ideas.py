"""Ideas for a customer and a holiday: what is in stock where they live, in time, not theirs and not last year's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ecrm.installation import Installation
from ecrm.letters import shop_context
from ecrm.storefront import ProductCard, products_for
from mailer.calendar import Place
from recommender.gift_words import Circle
from recommender.gifts import EACH, Giver, Idea, gift_lists
from tracking.customers import Customer

from .givers import giver_of
from .goods import gift_goods
from .words import idea_words

LOOKED_AT = 12
"""Ideas a circle asked of the shop, so that enough are left when some can't be sold there."""


@dataclass(frozen=True)
class Shown:
    """An idea with the shop's card and its reason in words."""

    idea: Idea
    card: ProductCard
    why: str


def ideas_for(
    crm: Installation, session: Session, customer: Customer, *, holiday: str, place: Place, now: datetime
) -> tuple[Giver, dict[Circle, list[Shown]]]:
    """The giver and the lists, each product available and open to all ages where the customer lives."""
    goods = gift_goods(crm, session, holiday=holiday, place=place, now=now)
    giver = giver_of(session, customer, goods=goods.presents, holiday=holiday, place=place, now=now)
    wide = gift_lists(goods.range.promising(giver), giver, holiday=holiday, each=LOOKED_AT)
    wanted = [idea.product for ideas in wide.values() for idea in ideas]
    pointed = [idea.about for ideas in wide.values() for idea in ideas if idea.about in goods.presents]
    with shop_context(crm):
        known = products_for(crm.storefront, list(dict.fromkeys(wanted + pointed)), region=place.country, adult=False)
    cards = {card.product_id: card for card in known}
    names = {card.product_id: card.name for card in known}
    sold = [one for one in wanted if one in cards and cards[one].available and not cards[one].age_limited]
    lists = gift_lists([goods.presents[one] for one in sold], giver, holiday=holiday, each=EACH)
    return giver, {
        circle: [Shown(idea, cards[idea.product], idea_words(idea, holiday=holiday, names=names)) for idea in ideas]
        for circle, ideas in lists.items()
    }
