"""A search's hits and a category's products in this person's order: what was found stays, each of it once.

The place that the search gave counts as 1 / (K + place); what speaks for the person raises it by a share. Nobody of
whom nothing is known sees another order than before.
"""

from __future__ import annotations

import numpy as np

from ..asking import Asked, Placement, Recommendation, Strategy
from ..reasons import Code
from . import fold_in, stored
from .known import Known
from .placements import PERSONAL
from .pool import Candidate, Hint, K, Pool
from .showing import reason_of
from .since import add_since
from .steering import Steering

SHARE = {Placement.SEARCH: 1.0, Placement.CATEGORY: 3.0}
"""What fits this person best counts so much more than its place: a search keeps its own order mostly."""
OF_TASTE = 0.5
"""Being liked by the fold-in alone, beside standing in a list."""


def reordered(known: Known, asked: Asked, steering: Steering) -> list[Recommendation]:
    """All of `asked.among`, each once."""
    among = list(dict.fromkeys(asked.among or ()))
    pool = _pool(known, asked)
    liked = _liked(known, asked, among, pool)
    candidates = []
    for place, product in enumerate(among, start=K):
        of_person = pool.candidates.get(product)
        candidate = Candidate(product, of_person.hint if of_person and product in liked else Hint(Code.FOUND))
        candidate.score = (1.0 + SHARE[asked.placement] * liked.get(product, 0.0)) / place
        if product in asked.person.not_interested:
            candidate.score = -1.0 / (1.0 + candidate.score)  # last, as nothing is dropped here
        candidates.append(candidate)
    steering.move(candidates)
    ranked = sorted(candidates, key=lambda one: -one.score)
    for rule in steering.pins:
        _pin(ranked, rule.id, int(rule.weight), [one for one in ranked if steering.holds(rule, one.product)])
    return [
        Recommendation(one.product, reason_of(known, one.product, one.hint), score=one.score, rule=one.rule)
        for one in ranked
    ]


def _pool(known: Known, asked: Asked) -> Pool:
    pool = Pool()
    if asked.strategy is Strategy.POPULAR:
        return pool
    if asked.strategy is Strategy.LEARNT:
        pool.add(stored.of_customer(known, PERSONAL[Placement.HOME]), weight=1.0)
        pool.add(stored.again(known), weight=1.0)
    add_since(pool, known)
    return pool


def _liked(known: Known, asked: Asked, among: list[str], pool: Pool) -> dict[str, float]:
    """From 0 to 1, for what something speaks for."""
    best = max((one.score for one in pool.candidates.values()), default=0.0)
    liked = {product: pool.candidates[product].score / best for product in among if product in pool.candidates}
    model, number = known.model, known.model.number
    if asked.strategy is Strategy.POPULAR or not known.weights or not model.factors.size:
        return liked
    inside = [product for product in among if product in number]
    if inside:
        of = np.fromiter((number[product] for product in inside), np.int32, len(inside))
        scores = fold_in.scores(model.factors, model.inverse, known.weights, of=of)
        top = float(scores.max())
        for product, score in zip(inside, scores.tolist(), strict=True):
            if top > 0 and score > 0:
                liked[product] = min(liked.get(product, 0.0) + OF_TASTE * score / top, 1.0)
    return liked


def _pin(ranked: list[Candidate], rule: int, place: int, held: list[Candidate]) -> None:
    if held and place >= 1:
        ranked.remove(held[0])
        ranked.insert(place - 1, held[0])
        held[0].rule = rule
