"""Diversity: of two products alike, one steps back (after maximal marginal relevance, Carbonell & Goldstein 1998)."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from ..artefact import Artefact
from .pool import Candidates

LIKE = 10
"""So many products described most alike count as likenesses."""
LOOKED_AT = 4
"""Times what is shown: what stands further behind doesn't come to the front by being different."""


def spread(model: Artefact, candidates: Candidates, *, diversity: float, n: int) -> list[int]:
    """Places of the candidates. The first `n` are chosen one by one: each product of the same category and each that
    is described alike costs a candidate the share `diversity` of its score. The others follow in their order.
    """
    order = candidates.by_score()
    diversity = min(max(diversity, 0.0), 1.0)
    if not diversity or len(order) < 3 or not model.products:
        return [int(one) for one in order]
    looked_at, rest = order[: LOOKED_AT * n], order[LOOKED_AT * n :].tolist()
    products = candidates.products[looked_at]
    there = products < len(model.products)
    known = products * there  # what came after the training stands for the first product, and is passed over below
    inside = there.tolist()
    category = [one if there else -1 for one, there in zip(model.category[known].tolist(), inside, strict=True)]
    place_of = {product: place for place, product in enumerate(products.tolist())}
    members: dict[int, list[int]] = {}
    for place, one in enumerate(category):
        if one >= 0:
            members.setdefault(one, []).append(place)
    scores = candidates.scores[looked_at].tolist()
    present = list(scores)
    waiting = [(-score, place) for place, score in enumerate(scores)]
    heapify(waiting)
    chosen: list[int] = []
    taken = [False] * len(scores)
    while waiting and len(chosen) < n:
        value, place = heappop(waiting)
        if present[place] < -value:  # it stepped back since it was put there
            heappush(waiting, (-present[place], place))
            continue
        chosen.append(place)
        taken[place] = True
        for other in members.get(category[place], ()):
            present[other] *= 1.0 - diversity
        if inside[place]:
            for like in model.similar[known[place], :LIKE].tolist():
                if like in place_of:
                    present[place_of[like]] *= 1.0 - diversity
    behind = [place for place in range(len(scores)) if not taken[place]]
    return [*looked_at[[*chosen, *behind]].tolist(), *rest]
