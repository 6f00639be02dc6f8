"""One function for every place where the shop recommends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..artefact import Artefact
from ..asking import Arrival, Asked, Good, Goods, Placement, Recommendation, Rule
from . import placements
from .diversity import spread
from .known import Known
from .pool import Candidate, Candidates, Listed, Pool
from .reordering import reordered
from .showing import SPARE, Showing
from .since import support_by_fold_in
from .steering import Steering

REMEMBERED_FOR = 300
"""A mailing lasts: after so many people the shop is asked again what it sells."""


def recommend(
    model: Artefact | None,
    asked: Asked,
    goods: Goods,
    rules: Sequence[Rule] = (),
    *,
    arrivals: Sequence[Arrival] = (),
) -> list[Recommendation]:
    """Up to `asked.n` products for a placement, best first, each with a reason that is true; the same question gets
    the same answer. SEARCH and CATEGORY answer with all of `asked.among`.

    Args:
        model: what was learnt; without any (a shop's first day) nothing is recommended.
        goods: the shop's answer for some products at this moment; what it leaves out or says isn't available, or is
            age-limited where the visitor isn't known to be an adult, is never shown. Asked once in nearly all cases.
        rules: the marketer's, those in force.
        arrivals: products that came after the training: candidates of NEW and SIMILAR at once.
    """
    if model is None:
        return []
    known = Known(model, asked, arrivals)
    if asked.placement in (Placement.SEARCH, Placement.CATEGORY):
        return reordered(known, asked, Steering(known, asked, rules))
    return _ranked(known, asked, rules).shown(goods) if asked.n > 0 else []


class _Ranked:
    """One question's candidates in their order: everything but the shop's own answer."""

    def __init__(
        self, known: Known, asked: Asked, steering: Steering, candidates: Candidates, order: list[int]
    ) -> None:
        self._known, self._asked, self._steering = known, asked, steering
        self._candidates, self._order = candidates, order

    def expected(self) -> list[str]:
        """Products that the shop will be asked for first, nearly always all of them."""
        first = self._candidates.products[self._order[: self._asked.n + 2 * SPARE]].tolist()
        return [self._known.product_of(one) for one in first]

    def shown(self, goods: Goods) -> list[Recommendation]:
        """Of them, what the shop sells."""
        rest = _candidates(placements.rest(self._known, self._asked))
        return Showing(self._known, self._asked, goods, self._steering).shown(self._candidates, self._order, rest)


def _ranked(known: Known, asked: Asked, rules: Sequence[Rule]) -> _Ranked:
    steering = Steering(known, asked, rules)
    pool = Pool()
    placements.fill(pool, known, asked)
    candidates = pool.fused()
    if asked.placement in placements.SPREAD:
        support_by_fold_in(candidates, known)
    steering.move(candidates)
    diversity = asked.diversity if asked.placement in placements.SPREAD else 0.0
    order = spread(known.model, candidates, diversity=diversity, n=asked.n + SPARE)
    return _Ranked(known, asked, steering, candidates, order)


def recommend_together(
    model: Artefact,
    many: Sequence[tuple[Asked, Goods]],
    rules: Sequence[Rule] = (),
    *,
    arrivals: Sequence[Arrival] = (),
) -> list[list[Recommendation]]:
    """The same answers for some people, each with the goods of their country, in few questions to the shop.

    Args:
        many: goods must remember what they were asked: they are asked for what all are likely to see, then one by one.
    """
    ranked = [_ranked(Known(model, asked, arrivals), asked, rules) for asked, _goods in many]
    expected: dict[Goods, dict[str, None]] = {}
    for one, (_asked, goods) in zip(ranked, many, strict=True):
        expected.setdefault(goods, {}).update(dict.fromkeys(one.expected()))
    for goods, products in expected.items():
        goods(list(products))
    return [one.shown(goods) if asked.n > 0 else [] for one, (asked, goods) in zip(ranked, many, strict=True)]


def recommend_many(
    model: Artefact | None,
    many: Iterable[Asked],
    goods: Goods,
    rules: Sequence[Rule] = (),
    *,
    arrivals: Sequence[Arrival] = (),
) -> Iterator[list[Recommendation]]:
    """The same for many people, e.g. of one e-mail: a product is asked of the shop once for `REMEMBERED_FOR`."""
    seen: dict[str, Good | None] = {}

    def remembered(products: Sequence[str]) -> Sequence[Good]:
        unknown = [product for product in products if product not in seen]
        if unknown:
            seen.update(dict.fromkeys(unknown))
            seen.update((good.product_id, good) for good in goods(unknown))
        return [good for product in products if (good := seen[product]) is not None]

    for place, asked in enumerate(many):
        if place % REMEMBERED_FOR == 0:
            seen.clear()
        yield recommend(model, asked, remembered, rules, arrivals=arrivals)


def _candidates(rest: Iterable[Listed]) -> Iterator[Candidate]:
    return (Candidate(product, 0.0, listed.why) for listed in rest for product in listed.products.tolist())
