"""A look at what a rule would change: the same question asked with and without it, for a visitor nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecrm.installation import Installation
from ecrm.marketing.rules import RecommendationRule, as_rule
from ecrm.storefront import ProductCard
from recommender.asking import Asked, Placement, Recommendation, Rule

SHOWN = 12
ALONE = frozenset({Placement.HOME, Placement.NEW, Placement.ACCOUNT, Placement.EMAIL, Placement.SUPPORT,
                   Placement.NOTHING_FOUND})  # fmt: skip
"""Placements that a stranger is shown without a product, a cart or an order to go by."""
OF_PRODUCT = frozenset({Placement.PRODUCT, Placement.SIMILAR, Placement.ALSO_BOUGHT})


@dataclass(frozen=True)
class Place:
    """A product of the list with the rule; `before` is its place without, 0 where it wasn't shown."""

    card: ProductCard
    place: int
    before: int


@dataclass(frozen=True)
class Preview:
    """`seed` is the product whose page was taken as the example; `gone` what is shown no more."""

    placement: Placement
    seed: ProductCard | None
    places: Sequence[Place]
    gone: Sequence[ProductCard]

    @property
    def changes(self) -> bool:
        """Whether it would change anything here."""
        return bool(self.gone) or any(one.place != one.before for one in self.places)


def preview_of(crm: Installation, rule: RecommendationRule) -> Preview | None:
    """What would be shown; None before the first training."""
    model = crm.models.present()
    if model is None:
        return None
    # numpy comes with it, which pages of staff that preview nothing needn't load
    from recommender.serving.recommending import recommend

    asked, seed = _question(crm, rule)
    others = [one for one in crm.rules.in_force() if one.id != rule.id]

    def shown(rules: Sequence[Rule]) -> list[Recommendation]:
        return recommend(model, asked, crm.storefront.products, rules)

    before = {one.product: place for place, one in enumerate(shown(others), start=1)}
    after = [one.product for one in shown([*others, as_rule(rule)])]
    cards = {card.product_id: card for card in crm.storefront.products([*after, *before])}
    return Preview(
        asked.placement, seed,
        [Place(cards[one], place, before.get(one, 0)) for place, one in enumerate(after, start=1) if one in cards],
        [cards[one] for one in before if one not in after and one in cards],
    )  # fmt: skip


def _question(crm: Installation, rule: RecommendationRule) -> tuple[Asked, ProductCard | None]:
    """The placement of the rule where a stranger can be shown it; else the front page."""
    placement = Placement(rule.placement) if rule.placement else Placement.HOME
    if placement in ALONE:
        return Asked(placement=placement, n=SHOWN), None
    sold = [one for one in crm.storefront.products(crm.storefront.best_sellers(limit=SHOWN)) if one.available]
    seed = next((one for one in sold if one.product_id != rule.value), None)
    if seed is None or placement not in OF_PRODUCT | {Placement.CART, Placement.CHECKOUT, Placement.ORDER}:
        return Asked(placement=Placement.HOME, n=SHOWN), None
    if placement in OF_PRODUCT:
        return Asked(placement=placement, product=seed.product_id, n=SHOWN), seed
    if placement is Placement.ORDER:
        return Asked(placement=placement, ordered=(seed.product_id,), n=SHOWN), seed
    return Asked(placement=placement, cart=frozenset({seed.product_id}), n=SHOWN), seed
