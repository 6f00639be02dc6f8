"""Diversity: of two products alike, one steps back (after maximal marginal relevance, Carbonell & Goldstein 1998)."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from ..artefact import Artefact
from .pool import Candidate

LIKE = 10
"""So many products described most alike count as likenesses."""


def spread(model: Artefact, ranked: Sequence[Candidate], *, diversity: float, n: int) -> list[Candidate]:
    """The first `n` chosen one by one: each product of the same category and each that is described alike
    costs a candidate the share `diversity` of its score. The others follow in their order.
    """
    diversity = min(max(diversity, 0.0), 1.0)
    if not diversity or len(ranked) < 3:
        return list(ranked)
    kept = 1.0 - diversity
    number = model.number
    numbers = [number.get(one.product, -1) for one in ranked]
    category = [int(model.category[one]) if one >= 0 else -1 for one in numbers]
    place_of = {one: place for place, one in enumerate(numbers)}
    members: dict[int, list[int]] = {}
    for place, one in enumerate(category):
        if one >= 0:
            members.setdefault(one, []).append(place)
    penalty = [1.0] * len(ranked)
    chosen: list[int] = []
    taken = [False] * len(ranked)
    waiting = [(-one.score, place) for place, one in enumerate(ranked)]
    heapify(waiting)
    while waiting and len(chosen) < n:
        value, place = heappop(waiting)
        present = -ranked[place].score * penalty[place]
        if present > value:  # it stepped back since it was put there
            heappush(waiting, (present, place))
            continue
        chosen.append(place)
        taken[place] = True
        for other in members.get(category[place], ()):
            penalty[other] *= kept
        if numbers[place] >= 0:
            for like in model.similar[numbers[place], :LIKE].tolist():
                if like in place_of:
                    penalty[place_of[like]] *= kept
    return [ranked[place] for place in chosen] + [one for place, one in enumerate(ranked) if not taken[place]]
