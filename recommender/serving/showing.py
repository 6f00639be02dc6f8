"""From ranked candidates to what is shown: asked of the shop in small portions, filtered, pinned, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import isfinite

from ..asking import Asked, Good, Goods, Placement, Recommendation
from ..reasons import Code, Reason, bought
from .known import Known
from .placements import ALREADY_OWNED
from .pool import Candidate, Hint
from .steering import Steering

SPARE = 2
"""The first portion is so much longer than what is shown: nearly always it is enough."""
PORTIONS = 6
"""Each is twice as long as the one before; then it is accepted that there is no more to show."""
SMALL = 0.5
"""In the checkout nothing is shown that costs more than this share of the dearest thing in the cart."""


class Showing:
    """One question's filters, and what was chosen so far."""

    def __init__(self, known: Known, asked: Asked, goods: Goods, steering: Steering) -> None:
        self._known, self._asked, self._goods, self._steering = known, asked, goods, steering
        self._hidden = {*asked.cart, *asked.exclude, *asked.person.not_interested, *asked.ordered, *known.bought_since}
        if asked.product:
            self._hidden.add(asked.product)
        self._of_category: dict[str, int] = {}
        self._dearest = self._small_enough() if asked.placement is Placement.CHECKOUT else None

    def shown(self, ranked: Sequence[Candidate], rest: Iterable[Candidate]) -> list[Recommendation]:
        """Up to `n`, the pinned ones at their places; `rest` is asked only where `ranked` isn't enough."""
        pinned = self._pinned(ranked)
        taken = {candidate.product for candidate in pinned.values()}
        chosen = self._take((one for one in _each_once(ranked, rest) if one.product not in taken),
                            self._asked.n - len(pinned))  # fmt: skip
        for place in sorted(pinned):
            chosen.insert(place - 1, pinned[place])
        return [
            Recommendation(one.product, reason_of(self._known, one.product, one.hint), score=one.score, rule=one.rule)
            for one in chosen
        ]

    def _pinned(self, ranked: Sequence[Candidate]) -> dict[int, Candidate]:
        """By place. What can't be shown leaves its place to the others."""
        found: dict[int, Candidate] = {}
        for rule in self._steering.pins:
            place = int(rule.weight)
            taken = {candidate.product for candidate in found.values()}
            if not 1 <= place <= self._asked.n or place in found or len(found) >= self._asked.n:
                continue
            held = [one for one in ranked if one.product not in taken and self._steering.holds(rule, one.product)]
            if not held and rule.of == "product" and self._steering.brings_in and rule.value not in taken:
                held = [Candidate(rule.value, Hint(Code.CHOSEN))]
            for candidate in self._take(iter(held), 1):
                candidate.rule = rule.id
                found[place] = candidate
        return found

    def _take(self, candidates: Iterator[Candidate], n: int) -> list[Candidate]:
        """The first `n` that may be shown, asked of the shop portion by portion."""
        chosen: list[Candidate] = []
        wanted = (one for one in candidates if not self._is_hidden(one.product))
        size = n + SPARE
        for _portion in range(PORTIONS):
            portion = list(islice(wanted, size)) if len(chosen) < n else []
            if not portion:
                break
            goods = {good.product_id: good for good in self._goods([one.product for one in portion])}
            for one in portion:
                good = goods.get(one.product)
                if good is not None and len(chosen) < n and self._may_show(good):
                    self._of_category[good.category] = self._of_category.get(good.category, 0) + 1
                    chosen.append(one)
            size *= 2
        return chosen

    def _is_hidden(self, product: str) -> bool:
        if product in self._hidden:
            return True
        return self._asked.placement in ALREADY_OWNED and self._known.owns(product)

    def _may_show(self, good: Good) -> bool:
        asked = self._asked
        if not good.available or (good.age_limited and not asked.adult) or self._steering.excludes(good):
            return False
        if self._dearest is not None and not good.price_minor <= self._dearest:
            return False
        most = asked.most_of_category
        return most is None or not good.category or self._of_category.get(good.category, 0) < most

    def _small_enough(self) -> float | None:
        """The highest price that may be shown beside this cart; None where its prices aren't known."""
        prices = [good.price_minor for good in self._goods(sorted(self._asked.cart)) if isfinite(good.price_minor)]
        return SMALL * max(prices) if prices else None


def reason_of(known: Known, product: str, hint: Hint) -> Reason:
    """The hint with the facts that are read only for what is shown."""
    code, source, number = hint.code, hint.source, known.model.number
    if code in (Code.AGAIN, Code.OFTEN):
        habit = known.days_and_last(number[product])
        return bought(habit[0], on=habit[1]) if habit else Reason(code=Code.AGAIN)
    on = hint.on
    if code is Code.BECAUSE and source is not None and (habit := known.days_and_last(number[source])):
        on = habit[1]
    return Reason(code=code, product=source, count=hint.times, word=hint.word, on=on)


def _each_once(*parts: Iterable[Candidate]) -> Iterator[Candidate]:
    given: set[str] = set()
    for part in parts:
        for one in part:
            if one.product not in given:
                given.add(one.product)
                yield one
