"""From ranked candidates to what is shown: asked of the shop in small portions, filtered, pinned, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from math import isfinite

from ..artefact import CODES, NUMBER_OF_CODE
from ..asking import Asked, Good, Goods, Placement, Recommendation
from ..reasons import Code, Reason, bought
from .known import Known
from .placements import ALREADY_OWNED
from .pool import NOBODY, Candidate, Candidates
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
        hidden = {*asked.cart, *asked.exclude, *asked.person.not_interested, *asked.ordered, asked.product or ""}
        self._hidden = {known.number_of(product) for product in hidden} | known.bought_since
        self._own = known.own if asked.placement in ALREADY_OWNED else {}
        self._of_category: dict[str, int] = {}
        self._dearest = self._small_enough() if asked.placement is Placement.CHECKOUT else None

    def shown(self, candidates: Candidates, order: list[int], rest: Iterable[Candidate]) -> list[Recommendation]:
        """Up to `n`, the pinned ones at their places; `rest` is asked only where `candidates` aren't enough."""
        pinned = self._pinned(candidates, order)
        taken = {candidate.product for candidate in pinned.values()}
        others = (one for one in _each_once(candidates.each(order), rest) if one.product not in taken)
        chosen = self._take(others, self._asked.n - len(pinned))
        for place in sorted(pinned):
            chosen.insert(place - 1, pinned[place])
        return [answer(self._known, one) for one in chosen]

    def _pinned(self, candidates: Candidates, order: list[int]) -> dict[int, Candidate]:
        """By place. What can't be shown leaves its place to the others."""
        found: dict[int, Candidate] = {}
        for rule in self._steering.pins:
            place = int(rule.weight)
            taken = {candidate.product for candidate in found.values()}
            if not 1 <= place <= self._asked.n or place in found:
                continue
            held = set(self._steering.held(rule, candidates))
            best = candidates.each([one for one in order if one in held])
            if not held and rule.of == "product" and self._steering.brings_in:
                number = self._known.number_of(rule.value)
                best = iter([Candidate(number, 0.0, NUMBER_OF_CODE[Code.CHOSEN])])
            for candidate in self._take((one for one in best if one.product not in taken), 1):
                found[place] = candidate._replace(rule=rule.id)
        return found

    def _take(self, candidates: Iterator[Candidate], n: int) -> list[Candidate]:
        """The first `n` that may be shown, asked of the shop portion by portion."""
        chosen: list[Candidate] = []
        wanted = (one for one in candidates if one.product not in self._hidden and one.product not in self._own)
        size, product_of = n + SPARE, self._known.product_of
        for _portion in range(PORTIONS):
            portion = {product_of(one.product): one for one in islice(wanted, size)} if len(chosen) < n else {}
            if not portion:
                break
            goods = {good.product_id: good for good in self._goods(list(portion))}
            for product, one in portion.items():
                good = goods.get(product)
                if good is not None and len(chosen) < n and self._may_show(good):
                    self._of_category[good.category] = self._of_category.get(good.category, 0) + 1
                    chosen.append(one)
            size *= 2
        return chosen

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


def answer(known: Known, one: Candidate) -> Recommendation:
    """In the shop's ids, with the facts of the reason that are read only for what is shown."""
    return Recommendation(known.product_of(one.product), _reason(known, one), score=one.score, rule=one.rule)


def _reason(known: Known, one: Candidate) -> Reason:
    code = CODES[one.why]
    if code in (Code.AGAIN, Code.OFTEN):
        habit = known.days_and_last(one.product)
        return bought(habit[0], on=habit[1]) if habit else Reason(code=Code.AGAIN)
    source = known.product_of(one.source) if one.source != NOBODY else None
    habit = known.days_and_last(one.source) if code is Code.BECAUSE else None
    return Reason(
        code=code, product=source, count=one.times or None, word=_word(known, one, code), on=habit[1] if habit else None
    )


def _word(known: Known, one: Candidate, code: Code) -> str | None:
    if code is Code.BRAND:
        return known.brand_of(one.product)
    if code is Code.CATEGORY:
        return known.category_of(one.product)
    return known.person.region if code is Code.REGION else None


def _each_once(*parts: Iterable[Candidate]) -> Iterator[Candidate]:
    given: set[int] = set()
    for part in parts:
        for one in part:
            if one.product not in given:
                given.add(one.product)
                yield one
