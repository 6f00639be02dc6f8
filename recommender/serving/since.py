"""What was done since the training, as ranked lists: the visit's neighbours, the seeds' neighbours, and a fold-in."""

from __future__ import annotations

from math import exp

import numpy as np

from ..artefact import NUMBER_OF_CODE
from ..reasons import Code
from ..signals import Kind
from . import fold_in
from .known import Known
from .pool import Candidates, Listed, Pool, among, by_rank

VISIT = 1.0
VISIT_FADE_DAYS = 3.0
VISIT_KEPT = 60
SEED = {Kind.VIEW: 0.35, Kind.CART: 0.5, Kind.PURCHASE: 0.6}
SEED_FADE = 0.85
"""Each older seed counts this much of the one before."""
SEEDS = 10
SEED_KEPT = 12
ALIKE = 0.5
"""Likeness of the description beside being bought together."""
FOLD_IN = 0.4
ENOUGH = {Kind.VIEW: 0.5, Kind.CART: 0.7, Kind.PURCHASE: 0.7}
"""Beside a stored list the deeds weigh 1 - exp(-the sum of these): one look moves a page, a visit turns it over."""


def add_since(pool: Pool, known: Known) -> None:
    """What goes with everything that was done since; nobody who did nothing pays for it."""
    if known.seeds:
        add_visit(pool, known, strength=strength(known))
        add_seeds(pool, known, strength=strength(known))


def strength(known: Known) -> float:
    """How much the deeds weigh beside what was learnt of the person."""
    return 1.0 if known.row is None else 1.0 - exp(-sum(ENOUGH[seed.kind] for seed in known.seeds))


def add_visit(pool: Pool, known: Known, *, strength: float = 1.0) -> None:
    """What came next in visits like this one."""
    add_visit_of(pool, known, known.visit, weight=strength * VISIT * _freshness(known))


def add_visit_of(pool: Pool, known: Known, visit: list[int], *, weight: float = VISIT) -> None:
    """The same for a visit that leads to here, e.g. with the product of the page as its last step."""
    if known.model.session is None or not visit:
        return
    found = known.model.foreseen(tuple(visit))
    best = np.argsort(-found.scores, kind="stable")[:VISIT_KEPT]
    products, because = found.products[best], found.because[best]
    fresh = (because >= 0) & ~among(products, visit)
    looked = among(because[fresh], known.seen)
    why = np.where(looked, NUMBER_OF_CODE[Code.VIEWED], NUMBER_OF_CODE[Code.NEXT])
    pool.add(Listed(products[fresh], why, because[fresh]), weight=weight)


def add_seeds(pool: Pool, known: Known, *, views_only: bool = False, strength: float = 1.0) -> None:
    """What goes with each product that was bought or looked at since."""
    seeds = [seed for seed in known.seeds if seed.kind is Kind.VIEW or not views_only][:SEEDS]
    if not seeds:
        return
    model = known.model
    numbers = np.array([seed.product for seed in seeds], np.int32)
    weights = strength * np.array([SEED[seed.kind] for seed in seeds]) * SEED_FADE ** np.arange(len(seeds))
    bought = np.array([seed.kind is Kind.PURCHASE for seed in seeds])
    by_cart = ~bought & ~among(numbers, known.seen)  # put there from a list, without a look
    code = np.where(bought, NUMBER_OF_CODE[Code.BECAUSE], NUMBER_OF_CODE[Code.VIEWED])
    code[by_cart] = NUMBER_OF_CODE[Code.TOGETHER]
    orders = np.where(by_cart[:, None], model.together.times[numbers, :SEED_KEPT], 0)
    for others, share, why, times in (
        (model.together.products, 1.0, code, orders.ravel()),
        (model.similar, ALIKE, np.full(len(seeds), NUMBER_OF_CODE[Code.LIKE]), 0),
    ):
        kept = others[numbers, :SEED_KEPT]
        width = kept.shape[1]
        pool.add(
            Listed(kept.ravel(), np.repeat(why, width), np.repeat(numbers, width), times),
            weight=np.repeat(weights * share, width),
            place=np.tile(np.arange(width), len(seeds)),
        )


def _freshness(known: Known) -> float:
    return exp(-max(known.person.steps[0].age, 0.0) / VISIT_FADE_DAYS) if known.visit else 0.0


def support_by_fold_in(candidates: Candidates, known: Known) -> None:
    """What is in the pool already moves by what the deeds since say of it; nothing is explained by that."""
    model = known.model
    if not known.seeds or not known.weights or not len(candidates) or not model.factors.size:
        return
    inside = int(np.searchsorted(candidates.products, len(model.products)))  # what came after the training is behind
    scores = fold_in.scores(model.factors, model.inverse, known.weights, of=candidates.products[:inside])
    candidates.scores[:inside] += strength(known) * FOLD_IN * by_rank(scores)
