"""What was done since the training, as ranked lists: the visit's neighbours, the seeds' neighbours, and a fold-in."""

from __future__ import annotations

from math import exp

import numpy as np

from ..reasons import Code
from ..signals import Kind
from . import fold_in, stored
from .known import SEEDS, Known
from .pool import Hint, Pool

VISIT = 1.0
VISIT_FADE_DAYS = 3.0
VISIT_KEPT = 60
SEED = {Kind.VIEW: 0.35, Kind.CART: 0.5, Kind.PURCHASE: 0.6}
SEED_FADE = 0.85
"""Each older seed counts this much of the one before."""
SEED_KEPT = 12
ALIKE = 0.5
"""Likeness of the description beside being bought together."""
FOLD_IN = 0.4
ENOUGH = {Kind.VIEW: 0.5, Kind.CART: 0.7, Kind.PURCHASE: 0.7}
"""Beside a stored list the deeds weigh 1 - exp(-the sum of these): one look moves a page, a visit turns it over."""


def add_since(pool: Pool, known: Known) -> None:
    """Everything that was done since speaks; nobody who did nothing pays for it."""
    if not known.seeds:
        return
    strength = 1.0 if known.row is None else 1.0 - exp(-sum(ENOUGH[seed.kind] for seed in known.seeds))
    add_visit(pool, known, strength=strength)
    add_seeds(pool, known, strength=strength)
    support_by_fold_in(pool, known, strength=strength)


def add_visit(pool: Pool, known: Known, *, strength: float = 1.0) -> None:
    """What came next in visits like this one."""
    neighbours = known.model.session
    if neighbours is None or not known.visit:
        return
    products = known.model.products
    visit = set(known.visit)
    found = neighbours.foreseen(known.visit)
    best = np.argsort(-found.scores, kind="stable")[:VISIT_KEPT]
    ranked = [
        (products[number], Hint(Code.VIEWED, source=products[because]))
        for number, because in zip(found.products[best].tolist(), found.because[best].tolist(), strict=True)
        if number not in visit and because >= 0
    ]
    pool.add(ranked, weight=strength * VISIT * exp(-max(known.person.steps[0].age, 0.0) / VISIT_FADE_DAYS))


def add_seeds(pool: Pool, known: Known, *, views_only: bool = False, strength: float = 1.0) -> None:
    """What goes with each product that was bought or looked at since."""
    seeds = [seed for seed in known.seeds if seed.kind is Kind.VIEW] if views_only else known.seeds
    for place, seed in enumerate(seeds[:SEEDS]):
        code = Code.BECAUSE if seed.kind is Kind.PURCHASE else Code.VIEWED
        weight = strength * SEED[seed.kind] * SEED_FADE**place
        with_it = stored.together(known.model, seed.number, source=seed.product, code=code)
        pool.add([one for one, _ in zip(with_it, range(SEED_KEPT), strict=False)], weight=weight)
        like_it = stored.alike(known.model, seed.number, source=seed.product)
        pool.add([one for one, _ in zip(like_it, range(SEED_KEPT), strict=False)], weight=weight * ALIKE)


def support_by_fold_in(pool: Pool, known: Known, *, strength: float) -> None:
    """The products of the pool in the order that the deeds since suggest."""
    model = known.model
    if not known.weights or not pool.candidates or not model.factors.size:
        return
    number = model.number
    inside = [product for product in pool.candidates if product in number]
    of = np.fromiter((number[product] for product in inside), np.int32, len(inside))
    scores = fold_in.scores(model.factors, model.inverse, known.weights, of=of)
    pool.support((inside[one] for one in np.argsort(-scores, kind="stable").tolist()), weight=strength * FOLD_IN)
