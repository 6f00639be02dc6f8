"""One function for every place where the shop recommends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..artefact import Artefact
from ..asking import Arrival, Asked, Good, Goods, Placement, Recommendation, Rule
from . import placements
from .diversity import spread
from .known import Known
from .pool import Candidate, Listed, Pool
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
    steering = Steering(known, asked, rules)
    if asked.placement in (Placement.SEARCH, Placement.CATEGORY):
        return reordered(known, asked, steering)
    if asked.n <= 0:
        return []
    pool = Pool()
    placements.fill(pool, known, asked)
    candidates = pool.fused()
    if asked.placement in placements.SPREAD:
        support_by_fold_in(candidates, known)
    steering.move(candidates)
    diversity = asked.diversity if asked.placement in placements.SPREAD else 0.0
    order = spread(model, candidates, diversity=diversity, n=asked.n + SPARE)
    return Showing(known, asked, goods, steering).shown(candidates, order, _candidates(placements.rest(known, asked)))


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
