"""The pool: products proposed for one question, their ranked lists fused into one order, each with a hint at why.

Reciprocal rank fusion, weight / (K + rank) summed over the lists (Cormack, Clarke & Büttcher, SIGIR 2009): scores of
different origin need no common scale.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..reasons import Code

K = 10
"""Small, as our lists are short."""


class Hint(NamedTuple):
    """What becomes the reason: `source` is a product's id, `times` its count."""

    code: Code
    source: str | None = None
    times: int | None = None
    word: str | None = None
    on: int | None = None


class Candidate:
    """A proposed product: its fused score, the hint of the list that speaks for it most, the rule that moved it."""

    __slots__ = ("hint", "product", "rule", "score", "strongest")

    def __init__(self, product: str, hint: Hint) -> None:
        self.product, self.hint = product, hint
        self.score = self.strongest = 0.0
        self.rule: int | None = None


class Pool:
    """Grows list by list; whoever adds a list leaves out what must not be shown."""

    def __init__(self) -> None:
        self.candidates: dict[str, Candidate] = {}

    def add(self, ranked: Iterable[tuple[str, Hint]], *, weight: float) -> None:
        """A ranked list, best first."""
        candidates = self.candidates
        for place, (product, hint) in enumerate(ranked, start=K):
            found = candidates.get(product)
            if found is None:
                found = candidates[product] = Candidate(product, hint)
            share = weight / place
            found.score += share
            if share > found.strongest:
                found.strongest, found.hint = share, hint

    def support(self, ranked: Iterable[str], *, weight: float) -> None:
        """A ranked list of what is in the pool already: it moves products and explains none."""
        for place, product in enumerate(ranked, start=K):
            self.candidates[product].score += weight / place

    def ranked(self) -> list[Candidate]:
        """Best first; ties in the order they were proposed."""
        return sorted(self.candidates.values(), key=_by_score)


def _by_score(candidate: Candidate) -> float:
    return -candidate.score
