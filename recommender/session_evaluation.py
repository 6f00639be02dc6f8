"""Session evaluation: the next product given the clicks so far, and the settings that fit a shop's own log.

HR@20: the share of steps whose next product stood among the first 20; MRR@20: the mean of 1 / its place (Ludewig &
Jannach 2018). Each step of each later visit but its last is a question; products never seen before are not asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from .candidates.session_fitting import ClickLog, fit
from .candidates.session_knn import SessionNeighbours, Settings
from .interactions import Ints

LENGTH = 20
TUNING_SHARE = 0.1
TUNING_QUESTIONS = 1_200
"""Bound the cost of tuning: some hundred thousand clicks or 50 million, it takes the same minute at most."""
SEED = 20111009
Answer = Callable[[Sequence[int], float], Sequence[int]]
STEPS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("rules", (0.0, 0.3, 0.6, 1.0, 2.0)),
    ("again", (0.0, 0.3, 1.0)),
    ("fade_steps", (1.0, 2.0, 4.0, 8.0)),
    ("fade_days", (3.0, 10.0, 30.0, 120.0)),
    ("near", (2.0, 6.0, 20.0)),
    ("rarity", (0.0, 0.5, 1.0)),
    ("neighbours", (60, 150, 400)),
)
"""Tried one after the other, keeping the best: 25 trials instead of 6,480."""


class SessionScores(NamedTuple):
    """Means over the questions."""

    hit_rate: float
    mrr: float
    questions: int


class Question(NamedTuple):
    """A visit so far, the moment of its last step, and what came next."""

    visit: list[int]
    at: float
    wanted: int


def split_log(log: ClickLog, *, share: float) -> tuple[ClickLog, ClickLog]:
    """(earlier, later) visits: the last `share` of the visits by their end are the later ones."""
    visits, number = np.unique(log.session, return_inverse=True)
    ends = np.full(len(visits), -np.inf)
    np.maximum.at(ends, number, log.at)
    later = np.zeros(len(visits), bool)
    later[np.argsort(ends, kind="stable")[len(visits) - round(share * len(visits)) :]] = True
    inside = later[number]
    return _part(log, ~inside), _part(log, inside)


def questions(later: ClickLog, *, seen: Ints, limit: int | None = None) -> list[Question]:
    """Every step but the last of each visit; with a `limit`, so many drawn by a fixed seed."""
    known = set(seen.tolist())
    found = [one for one in _questions(later.in_order()) if one.wanted in known]
    if limit is None or len(found) <= limit:
        return found
    draw = np.random.default_rng(SEED).choice(len(found), limit, replace=False)
    return [found[one] for one in np.sort(draw)]


def score_answers(answer: Answer, asked: Sequence[Question]) -> SessionScores:
    """`answer(visit, now)` gives products, best first."""
    inverse = np.zeros(len(asked))
    for number, question in enumerate(asked):
        ranked = list(answer(question.visit, question.at))[:LENGTH]
        if question.wanted in ranked:
            inverse[number] = 1.0 / (1 + ranked.index(question.wanted))
    if not len(asked):
        return SessionScores(0.0, 0.0, 0)
    return SessionScores(float((inverse > 0).mean()), float(inverse.mean()), len(asked))


def tuned_settings(log: ClickLog, *, products: int) -> Settings:
    """Those that foresee the last tenth of this log's visits best; the defaults where there is too little to tell."""
    earlier, later = split_log(log, share=TUNING_SHARE)
    asked = questions(later, seen=np.unique(earlier.product), limit=TUNING_QUESTIONS)
    best = Settings()
    if len(asked) < TUNING_QUESTIONS // 10:
        return best
    model = fit(earlier, products=products)

    def worth(settings: Settings) -> float:
        model.settings = settings
        found = score_answers(_answers(model), asked)
        return 2 * found.hit_rate + found.mrr

    highest = worth(best)
    for name, values in STEPS:
        for value in values:
            tried = replace(best, **{name: value})  # type: ignore[arg-type]
            if tried != best and (reached := worth(tried)) > highest:
                best, highest = tried, reached
    return best


def fitted(log: ClickLog, *, products: int) -> SessionNeighbours:
    """Tuned on the log's last tenth, then fitted on all of it."""
    return fit(log, products=products, settings=tuned_settings(log, products=products))


def compared(log: ClickLog, *, products: int, share: float = 0.1) -> dict[str, SessionScores]:
    """This model beside implicit's item-item neighbours, both fitted on the earlier visits and asked the same."""
    earlier, later = split_log(log, share=share)
    asked = questions(later, seen=np.unique(earlier.product))
    answers = {"session neighbours": _answers(fitted(earlier, products=products))}
    answers |= {
        f"implicit {name}": implicit_answers(earlier, products=products, name=name) for name in ("Cosine", "BM25")
    }
    return {name: score_answers(answer, asked) for name, answer in answers.items()}


def implicit_answers(log: ClickLog, *, products: int, name: str, fade_steps: float = 2.0) -> Answer:
    """implicit's item-item neighbours on visits × products, asked with a recency-weighted visit."""
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender  # heavy; only comparisons need it

    visits, number = np.unique(log.session, return_inverse=True)
    matrix = csr_matrix((np.ones(len(number), np.float32), (number, log.product)), shape=(len(visits), products))
    model = {"BM25": BM25Recommender, "Cosine": CosineRecommender}[name](K=200)
    with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="blas"):
        warnings.simplefilter("ignore")  # it passes itself the format that it warns of
        model.fit(matrix.tocsr(), show_progress=False)

    def answer(visit: Sequence[int], now: float) -> Sequence[int]:
        weights = {product: np.exp((place + 1 - len(visit)) / fade_steps) for place, product in enumerate(visit)}
        row = csr_matrix((list(weights.values()), ([0] * len(weights), list(weights))), shape=(1, products))
        found, _scores = model.recommend(0, row.astype(np.float32), N=LENGTH, filter_already_liked_items=False)
        ranked: list[int] = found.tolist()
        return ranked

    return answer


def _answers(model: SessionNeighbours) -> Answer:
    def answer(visit: Sequence[int], now: float) -> Sequence[int]:
        ranked: list[int] = model.ranked(visit, n=LENGTH, now=now).tolist()
        return ranked

    return answer


def _questions(log: ClickLog) -> Iterator[Question]:
    for begin, end in pairwise(log.bounds().tolist()):
        visit = log.product[begin:end].tolist()
        for place in range(1, len(visit)):
            yield Question(visit[:place], float(log.at[begin + place - 1]), visit[place])


def _part(log: ClickLog, inside: np.ndarray) -> ClickLog:
    return ClickLog(log.session[inside], log.product[inside], log.at[inside])
