"""Session evaluation: the next product given the clicks so far, beside implicit's item-item neighbours in the same run.

HR@20: the share of steps whose next product stood among the first 20; MRR@20: the mean of 1 / its place; NDCG@20: the
mean of 1 / log2(1 + its place). Intervals are bootstrapped over the questions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from .arrays import Floats
from .candidates.session_fitting import ClickLog
from .candidates.session_knn import SessionNeighbours
from .evaluation import Interval, interval
from .session_questions import Question, questions, split_log
from .session_tuning import fitted

LENGTH = 20
OURS = "session neighbours"
IMPLICIT = ("Cosine", "TFIDF", "BM25")
IMPLICIT_KEPT = 200
IMPLICIT_FADES = (1.0, 3.0, 1e9)
"""Steps after which a click counts 1/e; implicit's neighbours get the best of them and ours none better."""
TUNED_ON = 500
Answer = Callable[[Sequence[int], float], Sequence[int]]


class SessionScores(NamedTuple):
    """One entry a question: 1 / the place of what came next, 0 where it wasn't among the first 20."""

    inverse: NDArray[np.float64]

    @property
    def hits(self) -> NDArray[np.float64]:
        return (self.inverse > 0).astype(float)

    @property
    def ndcg(self) -> NDArray[np.float64]:
        place = 1 / np.where(self.inverse > 0, self.inverse, 1)
        gain: NDArray[np.float64] = np.where(self.inverse > 0, 1 / np.log2(1 + place), 0.0)
        return gain

    @property
    def hit_rate(self) -> float:
        return float(self.hits.mean()) if len(self.inverse) else 0.0

    @property
    def mrr(self) -> float:
        return float(self.inverse.mean()) if len(self.inverse) else 0.0

    @property
    def questions(self) -> int:
        return len(self.inverse)


class Compared(NamedTuple):
    """What each method reached; `seconds` and `milliseconds` are what this model took to train, and to answer (p50)."""

    scores: dict[str, SessionScores]
    seconds: float
    milliseconds: float

    @property
    def best_other(self) -> str:
        """The strongest of implicit's, by HR@20."""
        return max((name for name in self.scores if name != OURS), key=lambda name: self.scores[name].hit_rate)

    def ahead(self) -> dict[str, Interval]:
        """By how much this model is ahead of the strongest other, question by question."""
        ours, other = self.scores[OURS], self.scores[self.best_other]
        return {"HR@20": interval(ours.hits - other.hits), "MRR@20": interval(ours.inverse - other.inverse)}


def score_answers(answer: Answer, asked: Sequence[Question]) -> SessionScores:
    """`answer(visit, now)` gives products, best first."""
    inverse = np.zeros(len(asked))
    for number, question in enumerate(asked):
        ranked = list(answer(question.visit, question.at))[:LENGTH]
        if question.wanted in ranked:
            inverse[number] = 1.0 / (1 + ranked.index(question.wanted))
    return SessionScores(inverse)


def compared(
    log: ClickLog,
    *,
    products: int,
    share: float = 0.1,
    limit: int | None = None,
    progress: Callable[[str], None] = lambda _step: None,
) -> Compared:
    """This model beside implicit's item-item neighbours, all fitted on the earlier visits and asked the same.

    Everybody is tuned on the last tenth of the earlier visits only. `limit`: so many questions at most.
    """
    earlier, later = split_log(log, share=share)
    asked = questions(later, seen=np.unique(earlier.product), limit=limit)
    started = perf_counter()
    progress("training this shop's model")
    model = fitted(earlier, products=products)
    seconds = perf_counter() - started
    progress(f"asking it {len(asked):,} questions")
    times: list[float] = []
    scores = {OURS: score_answers(_timed(answers_of(model), times), asked)}
    for name in IMPLICIT:
        progress(f"implicit's {name}")
        scores[f"implicit {name}"] = score_answers(implicit_answers(earlier, products=products, name=name), asked)
    return Compared(scores, seconds, 1000 * float(np.median(times)) if times else 0.0)


def implicit_answers(log: ClickLog, *, products: int, name: str) -> Answer:
    """implicit's item-item neighbours on visits × products, asked with a recency-weighted visit.

    How fast a visit fades, and whether what was just seen is shown again, is what does best on the last tenth.
    """
    earlier, later = split_log(log, share=0.1)
    asked = questions(later, seen=np.unique(earlier.product), limit=TUNED_ON)
    likeness = _implicit_likeness(earlier, products, name)
    ways = [(fade, again) for fade in IMPLICIT_FADES for again in (True, False)]
    best = max(ways, key=lambda way: score_answers(_asking(likeness, *way), asked).hit_rate)
    return _asking(_implicit_likeness(log, products, name), *best)


def _implicit_likeness(log: ClickLog, products: int, name: str) -> csr_matrix:
    from implicit import nearest_neighbours  # heavy; only comparisons need it

    visits, number = np.unique(log.session, return_inverse=True)
    matrix = csr_matrix((np.ones(len(number), np.float32), (number, log.product)), shape=(len(visits), products))
    model = getattr(nearest_neighbours, f"{name}Recommender")(K=IMPLICIT_KEPT)
    with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="blas"):
        warnings.simplefilter("ignore")  # it passes itself the format that it warns of
        model.fit(matrix.tocsr(), show_progress=False)
    return model.similarity.tocsr()


def _asking(likeness: csr_matrix, fade_steps: float, again: bool) -> Answer:
    """The same sums as implicit's `recommend`, without its detour over a matrix a question."""

    def answer(visit: Sequence[int], now: float) -> Sequence[int]:
        weights = {product: np.exp((place + 1 - len(visit)) / fade_steps) for place, product in enumerate(visit)}
        rows = [(likeness.indptr[one], likeness.indptr[one + 1], weight) for one, weight in weights.items()]
        found = np.concatenate([likeness.indices[begin:end] for begin, end, _weight in rows])
        scores = np.concatenate([likeness.data[begin:end] * weight for begin, end, weight in rows])
        products, of = np.unique(found, return_inverse=True)
        total: Floats = np.bincount(of, weights=scores, minlength=len(products)).astype(np.float32)
        if not again:
            total[np.isin(products, list(weights))] = -1
        ranked: list[int] = products[np.argsort(-total, kind="stable")[:LENGTH]].tolist()
        return ranked

    return answer


def answers_of(model: SessionNeighbours) -> Answer:
    """As the questions want it."""

    def answer(visit: Sequence[int], now: float) -> Sequence[int]:
        ranked: list[int] = model.ranked(visit, n=LENGTH, now=now).tolist()
        return ranked

    return answer


def _timed(answer: Answer, times: list[float]) -> Answer:
    def asked(visit: Sequence[int], now: float) -> Sequence[int]:
        started = process_time()
        found = answer(visit, now)
        times.append(process_time() - started)
        return found

    return asked
