"""A marketer's rules as they bear on one question: what is pinned, moved or left out (`asking.Rule`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from ..asking import Asked, Good, Rule
from .known import Known
from .placements import OF_DEEDS
from .pool import Candidates

PIN, BOOST, BURY, EXCLUDE = "pin", "boost", "bury", "exclude"
SMALLEST = 1e-6


class Steering:
    """The rules that hold for a placement; costs nothing where there are none."""

    def __init__(self, known: Known, asked: Asked, rules: Sequence[Rule]) -> None:
        self._known = known
        here = [rule for rule in rules if rule.placement is None or rule.placement == asked.placement]
        usable = [rule for rule in here if isfinite(rule.weight)]
        self.pins = sorted((rule for rule in usable if rule.what == PIN), key=lambda rule: (rule.weight, rule.id))
        self._moving = [rule for rule in usable if rule.what in (BOOST, BURY)]
        self._excluding = [rule for rule in here if rule.what == EXCLUDE]
        self.brings_in = asked.placement not in OF_DEEDS  # their headings say something of each product

    def move(self, candidates: Candidates) -> None:
        """Multiply or divide the scores; of several rules for one product each counts, the last one is named."""
        for rule in self._moving:
            places = self.held(rule, candidates)
            weight = max(rule.weight, SMALLEST)
            candidates.scores[places] *= weight if rule.what == BOOST else 1 / weight
            candidates.rule[places] = rule.id

    def held(self, rule: Rule, candidates: Candidates) -> list[int]:
        """Places of the candidates that the rule is about, by what the training (or an arrival) says of them."""
        known, products = self._known, candidates.products
        model, size = known.model, len(known.model.products)
        if rule.of == "product":
            wanted = model.number.get(rule.value)
            number = known.number_of(rule.value) if wanted is None else wanted
            return [int(one) for one in (products == number).nonzero()[0]]
        brand = rule.of == "brand"
        names = model.brand_number if brand else model.category_number
        found = names.get(rule.value)
        of = model.brand if brand else model.category
        inside = products < size
        places: list[int] = []
        if found is not None:
            places = (inside.nonzero()[0][of[products[inside]] == found]).tolist()
        name_of = known.brand_of if brand else known.category_of
        return places + [place for place in (~inside).nonzero()[0].tolist() if name_of(products[place]) == rule.value]

    def excludes(self, good: Good) -> bool:
        """Whether a rule leaves it out, by what the shop says of it now."""
        return any(
            rule.value == {"product": good.product_id, "brand": good.brand, "category": good.category}.get(rule.of)
            for rule in self._excluding
        )
