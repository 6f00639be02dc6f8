"""A marketer's rules as they bear on one question: what is pinned, moved or left out (`asking.Rule`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from ..artefact import Artefact
from ..asking import Asked, Good, Placement, Rule
from .pool import Candidate

PIN, BOOST, BURY, EXCLUDE = "pin", "boost", "bury", "exclude"
TRUE_OF_ALL = frozenset({Placement.AGAIN, Placement.RECENT, Placement.ALSO_BOUGHT})
"""Their headings say something of each product: a pin moves what is there and brings nothing else in."""


class Steering:
    """The rules that hold for a placement; costs nothing where there are none."""

    def __init__(self, model: Artefact, asked: Asked, rules: Sequence[Rule]) -> None:
        self._model = model
        here = [rule for rule in rules if rule.placement is None or rule.placement == asked.placement]
        usable = [rule for rule in here if isfinite(rule.weight)]
        self.pins = sorted((rule for rule in usable if rule.what == PIN), key=lambda rule: (rule.weight, rule.id))
        self._factors = [rule for rule in usable if rule.what in (BOOST, BURY)]
        self._excluding = [rule for rule in here if rule.what == EXCLUDE]
        self.brings_in = asked.placement not in TRUE_OF_ALL

    def move(self, candidates: Iterable[Candidate]) -> None:
        """Multiply or divide the scores; of several rules for one product each counts, the last one is named."""
        if not self._factors:
            return
        for candidate in candidates:
            for rule in self._factors:
                if self.holds(rule, candidate.product):
                    weight = max(rule.weight, 1e-6)
                    candidate.score *= weight if rule.what == BOOST else 1 / weight
                    candidate.rule = rule.id

    def excludes(self, good: Good) -> bool:
        """Whether a rule leaves it out, by what the shop says of it now."""
        return any(
            rule.value == {"product": good.product_id, "brand": good.brand, "category": good.category}.get(rule.of)
            for rule in self._excluding
        )

    def holds(self, rule: Rule, product: str) -> bool:
        """Whether the rule is about this product, by what the training knew of it."""
        if rule.of == "product":
            return rule.value == product
        number = self._model.number.get(product)
        if number is None:
            return False
        return rule.value == (self._model.brand_of(number) if rule.of == "brand" else self._model.category_of(number))
