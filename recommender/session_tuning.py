"""Session tuning: how much each witness of `session_knn` is believed, and the settings that fit a shop's own log.

The last tenth of the log's visits are asked of a model of the others. The weights are those of a multinomial logit
over the candidates (McFadden 1974), held near those that suit most logs: a hundred questions move them little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from .candidates.session_fitting import ClickLog, fit
from .candidates.session_knn import WEIGHTS, SessionNeighbours, Settings
from .candidates.session_votes import DAY, Doubles
from .session_questions import Question, questions, split_log

TUNING_SHARE = 0.1
ASKED, ASKED_OF_A_TRIAL = 1_500, 500
"""Questions: bound the cost of tuning, some hundred thousand clicks or 50 million."""
FEWEST = 60
"""Below, nothing is tuned."""
SHRINKAGE = 3.0
"""How firmly the weights are held near `WEIGHTS`."""
ROUNDS = 80
CLEARLY = 0.003
"""A setting is changed for a gain of at least so much, the mean gain in log-likelihood a question."""
FADES = (0.05, 0.2, 1.0)
"""Tried for `fade_days`, as shares of the time that the log spans."""
TRIED: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("fade_steps", (1.5, 8.0)),
    ("near", (2.5, 15.0)),
    ("before", (0.3, 1.0)),
    ("rarity", (0.0, 0.7)),
)
LOST = np.log(1e-4)
"""The log-likelihood of what wasn't among the candidates."""


class Choices(NamedTuple):
    """All candidates of all questions that hold the right one: their features, the question of each, the right ones."""

    features: Doubles
    begin: NDArray[np.int64]
    right: NDArray[np.int64]
    missed: int


def tuned_settings(log: ClickLog, *, products: int) -> Settings:
    """Those that foresee the last tenth of this log's visits best; the defaults where there is too little to tell."""
    earlier, later = split_log(log, share=TUNING_SHARE)
    asked = questions(later, seen=np.unique(earlier.product), limit=ASKED)
    best = Settings()
    if len(asked) < FEWEST:
        return best
    model = fit(earlier, products=products)
    few = asked[:: max(len(asked) // ASKED_OF_A_TRIAL, 1)]
    span = max(float(np.ptp(log.at)) / DAY, 1e-3)
    highest = _likelihood(model, best, few)
    for name, values in (("fade_days", tuple(share * span for share in FADES)), *TRIED):
        for value in values:
            tried = replace(best, **{name: value})  # type: ignore[arg-type]
            if (reached := _likelihood(model, tried, few)) > highest + CLEARLY:
                best, highest = tried, reached
    weights, _worth = learnt_weights(_choices(model, best, asked))
    return replace(best, weights=tuple(round(weight, 4) for weight in weights.tolist()))


def fitted(log: ClickLog, *, products: int) -> SessionNeighbours:
    """Tuned on the log's last tenth, then fitted on all of it."""
    return fit(log, products=products, settings=tuned_settings(log, products=products))


def learnt_weights(choices: Choices) -> tuple[Doubles, float]:
    """The weights, and the log-likelihood of the right candidates under them."""
    from scipy.optimize import minimize  # costs start-up time, and only a training needs it

    prior = np.array(WEIGHTS)
    if not len(choices.right):
        return prior, 0.0
    x, begin, right = choices.features, choices.begin, choices.right
    of = np.repeat(np.arange(len(begin)), np.diff(np.append(begin, len(x))))
    at_right = x[right].sum(axis=0)

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        utility = x @ weights
        utility -= np.maximum.reduceat(utility, begin)[of]
        odds = np.exp(utility)
        total = np.add.reduceat(odds, begin)
        fit = float(np.log(total).sum() - utility[right].sum())
        away = weights - prior
        return fit + SHRINKAGE * float(away @ away), x.T @ (odds / total[of]) - at_right + 2 * SHRINKAGE * away

    with threadpool_limits(limits=1, user_api="blas"):  # two threads only wait for each other here
        found = minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    away = found.x - prior
    return found.x, -(float(found.fun) - SHRINKAGE * float(away @ away))


def _likelihood(model: SessionNeighbours, settings: Settings, asked: Sequence[Question]) -> float:
    choices = _choices(model, settings, asked)
    _weights, worth = learnt_weights(choices)
    return (worth + choices.missed * float(LOST)) / len(asked)


def _choices(model: SessionNeighbours, settings: Settings, asked: Sequence[Question]) -> Choices:
    asking = SessionNeighbours(model.arrays, settings=settings)
    parts: list[Doubles] = []
    right: list[int] = []
    begin, missed = [0], 0
    for question in asked:
        found = asking.weighed(question.visit, now=question.at)
        place = np.flatnonzero(found.products == question.wanted)
        if not len(place):
            missed += 1
            continue
        parts.append(found.features)
        right.append(begin[-1] + int(place[0]))
        begin.append(begin[-1] + len(found.products))
    features = np.concatenate(parts) if parts else np.empty((0, len(WEIGHTS)))
    return Choices(features, np.array(begin[:-1], np.int64), np.array(right, np.int64), missed)
