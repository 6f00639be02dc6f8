"""Strips: what a placement shows on the present page and why; no product twice, no empty strip, no false word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain, count
from types import MappingProxyType

from ecrm.clicked import tagged
from ecrm.storefront import ProductCard
from ecrm.trials import Trial, meet, trial_of
from ecrm.wording import gettext as _
from ecrm.wording import today
from recommender.asking import Asked, Placement, Recommendation, Strategy
from recommender.fitting import fitting
from recommender.reasons import Code

from .page import Page, present_page
from .words import BEST_SELLER, for_shopper, heading

OF_A_PERSON = frozenset({Placement.AGAIN, Placement.NEW, Placement.RECENT})
"""Placements whose heading would be untrue for somebody of whom nothing is known."""
SAID_ABOVE = frozenset({Code.SEEN, Code.POPULAR, Code.REGION, Code.ARRIVED})
"""Reasons that needn't stand on each card where all have the same: six times "You looked at this" tells nothing."""
ON_THE_FIRST_DAY = frozenset({Placement.HOME, Placement.PRODUCT, Placement.ORDER})
"""Placements that show best sellers while nothing was learnt; elsewhere they would only distract."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A product as it is shown: the shop's card, the reason's code, the reason in words where it has one, and its
    address, which says where it was clicked. `seed`: the product that "don't use this" is about, empty where nothing
    of this person led here; `seed_name` names it where it is another one.
    """

    product: ProductCard
    code: str
    reason: str
    url: str
    position: int
    seed: str = ""
    seed_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Strip:
    """What a placement shows. `anchor` and `heading` are no other strip's on the same page; `strategy` chose the cards
    from what was learnt as `model`. `may_choose`: there is somebody whose "not interested" can be kept. `said_above`:
    the heading tells as much as the one reason of all cards, which then stands in their menus only.
    """

    placement: str
    anchor: str
    heading: str
    cards: list[Card]
    strategy: str = ""
    model: str = ""
    may_choose: bool = False
    said_above: bool = False


def strip_for(
    placement: str,
    *,
    product_id: str | None = None,
    ordered: Sequence[str] = (),
    category: str = "",
    n: int = 6,
) -> Strip | None:
    """Up to `n` cards for a placement: never what lies in the cart, is sold out or unlisted, or is on the page already.

    Returns:
        None where there is nothing to show, or where an experiment's control group goes without.

    Raises:
        ValueError: for an unknown placement.
    """
    page, where = present_page(), _placement(placement)
    if product_id:
        page.expect([product_id])
    if where in OF_A_PERSON and not page.present.known:
        return None
    trial = trial_of(where, customer_id=page.present.customer_id)
    asked = Asked(
        placement=where,
        person=page.present.person,
        n=n,
        product=product_id,
        cart=page.cart,
        category=category,
        ordered=tuple(ordered),
        exclude=frozenset(page.shown),
        strategy=trial.strategy,
        adult=page.adult,
    )
    found = fitting(where, recommended(page, asked))
    if found:
        return _strip(page, found, asked=asked, trial=trial)
    return _best_sellers(page, asked=asked, trial=trial) if where in ON_THE_FIRST_DAY else None


def recommended(page: Page, asked: Asked) -> list[Recommendation]:
    """The recommender's answer, with the shop's rules and its newest products; nothing before the first training."""
    if page.model is None:
        return []
    # numpy costs a tenth of a second: loaded where something was learnt, not where a shop opens
    from recommender.serving import recommend

    newcomers = page.crm.newcomers.since(page.trained_at) if page.trained_at else ()
    return recommend(page.model, asked, page.goods, page.crm.rules.in_force(), arrivals=newcomers)


def _placement(name: str) -> Placement:
    try:
        return Placement(name)
    except ValueError:
        known = ", ".join(Placement)
        raise ValueError(f"no placement is called {name!r}; there are {known}") from None


def _strip(page: Page, found: Sequence[Recommendation], *, asked: Asked, trial: Trial) -> Strip | None:
    meet(trial)
    if trial.held_out:
        return None
    cards = {card.product_id: card for card in page.goods([one.product for one in found])}
    names = page.names(one.reason.product for one in found if one.reason.product)
    day = today()
    shown = [
        _card(
            cards[one.product], position, asked=asked, code=one.reason.code.value,
            reason=for_shopper(one.reason, names, placement=asked.placement, today=day),
            seed=seed_of(one), names=names,
        )
        for position, one in enumerate(found, start=1)
    ]  # fmt: skip
    codes = {one.reason.code for one in found}
    above = heading(asked.placement, codes)
    return _on_this_page(page, asked, above, shown, model=page.model.name if page.model else "", codes=codes)


def _best_sellers(page: Page, *, asked: Asked, trial: Trial) -> Strip | None:
    """A shop's first day: nothing was learnt yet, so what sells best."""
    person = asked.person
    hidden = {*asked.exclude, *asked.cart, *person.not_interested, *([asked.product] if asked.product else [])}
    ids = [one for one in page.crm.storefront.best_sellers(limit=2 * asked.n + len(hidden)) if one not in hidden]
    sold = [card for card in page.goods(ids) if card.available and (asked.adult or not card.age_limited)][: asked.n]
    if not sold:
        return None
    meet(trial)
    if trial.held_out:
        return None
    asked = replace(asked, strategy=Strategy.POPULAR)
    shown = [
        _card(card, position, asked=asked, code=BEST_SELLER, reason="") for position, card in enumerate(sold, start=1)
    ]
    return _on_this_page(page, asked, _("Best sellers"), shown)


def seed_of(found: Recommendation) -> str:
    """The product of this person's that speaks for the recommendation; empty where none does."""
    if found.reason.code in (Code.BECAUSE, Code.VIEWED):
        return found.reason.product or ""
    return found.product if found.reason.code in (Code.AGAIN, Code.OFTEN, Code.SEEN) else ""


def _card(
    product: ProductCard,
    position: int,
    *,
    asked: Asked,
    code: str,
    reason: str,
    seed: str = "",
    names: Mapping[str, str] = MappingProxyType({}),
) -> Card:
    url = tagged(product.url, placement=asked.placement, position=position, strategy=asked.strategy)
    return Card(
        product=product, code=code, reason=reason, url=url, position=position,
        seed=seed, seed_name="" if seed == product.product_id else names.get(seed, ""),
    )  # fmt: skip


def _on_this_page(
    page: Page, asked: Asked, above: str, cards: list[Card], *, model: str = "", codes: Set[Code] = frozenset()
) -> Strip:
    """The strip with an id and a heading of its own: people who listen to a page tell its regions by their names."""
    page.shown.update(card.product.product_id for card in cards)
    numbered = (_("%(heading)s (%(number)d)", heading=above, number=number) for number in count(2))
    own = next(one for one in chain((above, _("More for you")), numbered) if one not in page.headings)
    page.headings.append(own)
    return Strip(
        placement=asked.placement.value,
        anchor=f"ecrm-strip-{len(page.headings)}",
        heading=own,
        cards=cards,
        strategy=asked.strategy.value,
        model=model,
        may_choose=page.present.may_choose,
        said_above=len(codes) == 1 < len(cards) and codes <= SAID_ABOVE,
    )
