"""Recommendations for the present request: who is here, what they looked at, and cards of what may be sold now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from recommender.placements import Recommendation, recommend
from recommender.reasons import Code
from tracking.clickstream.event import Event
from tracking.customers import Customer
from tracking.visitors import Grade, visitor_id_of

from . import identification
from .events import ProductViewed
from .installation import Installation, installation
from .storefront import ProductCard
from .trials import strategy_for
from .wording import gettext as _

SPARE = 4
"""Asked for so many times the cards shown: some are sold out, unlisted or on the page already."""
STEPS_BACK = 60
"""So many of the visitor's latest steps are searched for products looked at."""
ENOUGH = 3
"""With so many products bought together, a product page shows nothing else."""
BEST_SELLER = "best_seller"
"""Reason code of the shop's first day, before anything was learnt."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A product as it is shown: the shop's card, the reason's code and the reason in words, where it has one."""

    product: ProductCard
    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Strip:
    """What a placement shows. `anchor` and `heading` are no other strip's on the same page."""

    placement: str
    anchor: str
    heading: str
    cards: list[Card]


def strip_for(placement: str, *, product_id: str | None = None, n: int = 6) -> Strip | None:
    """Up to `n` cards for a placement: never what lies in the cart, is sold out or unlisted, or is on the page already.

    Returns:
        None where there is nothing to show, or where an experiment's control group goes without.

    Raises:
        ValueError: for an unknown placement.
    """
    crm = installation()
    cart = crm.storefront.cart_product_ids()
    hidden = _shown_on_this_page() | cart | ({product_id} if product_id else set())
    with crm.sessions() as session:
        customer_id = _present_customer(crm, session)
        found = recommend(
            session,
            placement,
            customer_id=customer_id,
            product=product_id,
            cart=cart,
            recent=_looked_at(session),
            n=SPARE * n,
            exclude=hidden,
        )
    if not found:
        return _best_sellers(crm, placement, customer_id=customer_id, hidden=hidden, n=n)
    chosen = _sellable(crm, found, n)
    if placement == "product":
        together = [pair for pair in chosen if pair[0].reason is Code.TOGETHER]
        chosen = together if len(together) >= ENOUGH else chosen
    return _strip(crm, placement, chosen, customer_id=customer_id)


def _strip(
    crm: Installation,
    placement: str,
    chosen: Sequence[tuple[Recommendation, ProductCard]],
    *,
    customer_id: int | None,
) -> Strip | None:
    if not chosen or strategy_for(placement, customer_id=customer_id) is None:
        return None
    named = {entry.because for entry, _card in chosen if entry.because}
    names = {card.product_id: card.name for card in crm.storefront.products(sorted(named))} if named else {}
    cards = [
        Card(product=card, code=entry.reason.value, reason=_in_words(entry, names, placement)) for entry, card in chosen
    ]
    return _on_this_page(placement, _heading(placement, {card.code for card in cards}), cards)


def _on_this_page(placement: str, heading: str, cards: list[Card]) -> Strip:
    """The strip with an id and a heading of its own: people who listen to a page tell its regions by their names."""
    _shown_on_this_page().update(card.product.product_id for card in cards)
    strips: list[Strip] = g.setdefault("ecrm_strips", [])
    taken = {strip.heading for strip in strips}
    numbered = (_("%(heading)s (%(number)d)", heading=heading, number=number) for number in count(2))
    strip = Strip(
        placement=placement,
        anchor=f"ecrm-strip-{len(strips) + 1}",
        heading=next(one for one in chain((heading, _("More for you")), numbered) if one not in taken),
        cards=cards,
    )
    strips.append(strip)
    return strip


def _best_sellers(
    crm: Installation, placement: str, *, customer_id: int | None, hidden: set[str], n: int
) -> Strip | None:
    """A shop's first day: nothing was learnt yet, so what sells best; not in the cart, where it would only distract."""
    if placement == "cart":
        return None
    ids = [one for one in crm.storefront.best_sellers(limit=2 * n + len(hidden)) if one not in hidden]
    cards = [
        Card(product=card, code=BEST_SELLER, reason="") for card in crm.storefront.products(ids) if card.available
    ][:n]
    if not cards or strategy_for(placement, customer_id=customer_id) is None:
        return None
    return _on_this_page(placement, _("Best sellers"), cards)


def _sellable(crm: Installation, found: Sequence[Recommendation], n: int) -> list[tuple[Recommendation, ProductCard]]:
    """The first `n` that the shop can sell now; asked in small portions, as the first ones nearly always can be."""
    chosen: list[tuple[Recommendation, ProductCard]] = []
    for portion in _portions(found, n + 2):
        cards = {card.product_id: card for card in crm.storefront.products([entry.product for entry in portion])}
        chosen += [
            (entry, cards[entry.product])
            for entry in portion
            if entry.product in cards and cards[entry.product].available
        ]
        if len(chosen) >= n:
            break
    return chosen[:n]


def _portions(found: Sequence[Recommendation], size: int) -> Iterator[Sequence[Recommendation]]:
    return (found[start : start + size] for start in range(0, len(found), size))


def _present_customer(crm: Installation, session: Session) -> int | None:
    present = crm.storefront.current_customer()
    if present is None:
        return None
    return session.scalar(select(Customer.id).where(Customer.reference == present.customer_id))


def _looked_at(session: Session) -> list[str]:
    """Products this visitor looked at, the latest first; nothing for who didn't agree to a page of their own."""
    token = identification.visitor_token() if identification.grade() is Grade.PERSONAL else None
    visitor_id = visitor_id_of(session, token) if token else None
    if visitor_id is None:
        return []
    steps = session.execute(
        select(Event.name, Event.subject)
        .where(Event.visitor_id == visitor_id)
        .order_by(Event.happened_at.desc(), Event.id.desc())
        .limit(STEPS_BACK)
    )
    return list(dict.fromkeys(step.subject for step in steps if step.name == ProductViewed.name))


def _shown_on_this_page() -> set[str]:
    shown: set[str] = g.setdefault("ecrm_shown", set())
    return shown


def _heading(placement: str, codes: set[str]) -> str:
    if codes == {Code.TOGETHER.value}:
        return _("Often bought with this") if placement == "product" else _("Goes well with your cart")
    if codes == {Code.POPULAR.value}:
        return _("Popular right now")
    return _("For you") if placement == "home" else _("You may also like")


def _in_words(entry: Recommendation, names: dict[str, str], placement: str) -> str:
    """The reason as a sentence. A product that left the shop is not named."""
    name = names.get(entry.because or "")
    match entry.reason:
        case Code.OFTEN:
            return _("You buy this often")
        case Code.AGAIN:
            return _("You bought this before")
        case Code.BECAUSE:
            return _("Because you bought %(name)s", name=name) if name else _("Goes with what you bought")
        case Code.VIEWED:
            return _("Because you looked at %(name)s", name=name) if name else _("Goes with what you looked at")
        case Code.TOGETHER if placement == "product" or not name:
            return _("Bought together in %(count)s orders", count=entry.count)
        case Code.TOGETHER:
            return _("Often bought with %(name)s", name=name)
        case Code.SIMILAR:
            return _("Customers with purchases like yours buy this")
        case _:
            return _("Popular right now")
