"""A search's hits and a category's products in this person's order: what was found stays, each of it once.

The place that the search gave counts as 1 / (K + place); what speaks for the person raises it by a share. Nobody of
whom nothing is known sees another order than before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import Ints
from ..artefact import NUMBER_OF_CODE
from ..asking import Asked, Placement, Recommendation, Strategy
from ..reasons import Code
from . import fold_in, stored
from .known import Known
from .placements import PERSONAL
from .pool import NOBODY, Candidates, K, Pool
from .pool import among as one_of
from .showing import answer
from .since import add_since, support_by_fold_in
from .steering import Steering

SHARE = {Placement.SEARCH: 1.0, Placement.CATEGORY: 3.0}
"""What fits this person best counts so much more than its place: a search keeps its own order mostly."""
OF_TASTE = 0.5
"""Being liked by the fold-in alone, beside standing in a list."""


def reordered(known: Known, asked: Asked, steering: Steering) -> list[Recommendation]:
    """All of `asked.among`, each once."""
    among = np.array([known.number_of(one) for one in dict.fromkeys(asked.among or ())], np.int32)
    if not len(among):
        return []
    size = len(among)
    candidates = Candidates(
        among, 1.0 / (K + np.arange(size)), np.full(size, NUMBER_OF_CODE[Code.FOUND], np.int32),
        np.full(size, NOBODY, np.int32), np.zeros(size, np.int32), np.zeros(size, np.int64),
    )  # fmt: skip
    if asked.strategy is not Strategy.POPULAR:
        _personal(known, asked, candidates)
    steering.move(candidates)
    unwanted = one_of(among, [known.number_of(one) for one in asked.person.not_interested])
    candidates.scores[unwanted] *= 1e-9  # last, as nothing is dropped here
    order = candidates.by_score().tolist()
    for rule in steering.pins:
        held = set(steering.held(rule, candidates))
        pinned = next((place for place in order if place in held and not unwanted[place]), None)
        if pinned is not None and rule.weight >= 1:
            order.remove(pinned)
            order.insert(int(rule.weight) - 1, pinned)
            candidates.rule[pinned] = rule.id
    return [answer(known, one) for one in candidates.each(order)]


def _personal(known: Known, asked: Asked, candidates: Candidates) -> None:
    """Raise what speaks for the person, and say why."""
    pool = Pool()
    if asked.strategy is Strategy.LEARNT:
        pool.add(stored.of_customer(known, PERSONAL[Placement.HOME]))
        pool.add(stored.again(known))
    add_since(pool, known)
    found = pool.fused()
    support_by_fold_in(found, known)
    liked = _taste(known, candidates.products)
    if len(found):
        place = np.minimum(np.searchsorted(found.products, candidates.products), len(found) - 1)
        inside = np.flatnonzero(found.products[place] == candidates.products)
        place = place[inside]
        liked[inside] += found.scores[place] / found.scores.max()
        candidates.why[inside], candidates.source[inside] = found.why[place], found.source[place]
        candidates.times[inside] = found.times[place]
    candidates.scores *= 1.0 + SHARE[asked.placement] * np.minimum(liked, 1.0)


def _taste(known: Known, products: Ints) -> NDArray[np.float64]:
    """From 0 to OF_TASTE, by the fold-in of what was done since."""
    liked = np.zeros(len(products))
    model = known.model
    inside = products < len(model.products)
    if known.weights and model.factors.size and inside.any():
        scores = fold_in.scores(model.factors, model.inverse, known.weights, of=products[inside])
        if scores.max() > 0:
            liked[inside] = OF_TASTE * np.maximum(scores, 0) / scores.max()
    return liked
