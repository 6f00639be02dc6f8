"""The ranking stage's ladder: how much it learns is decided by how much there is to learn from.

`Trees` (gradient-boosted LambdaRank: Burges 2010, by LightGBM), `Weighted` (a linear blend, its weights fitted but
held near sensible ones), `Fixed` (those weights as they are). All three answer with a score a pair.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .interactions import Floats, Ints

log = logging.getLogger(__name__)

ENOUGH_FOR_TREES = 800
"""Questions (customer × time cut) with an answer; below, trees learn the noise."""
ENOUGH_FOR_WEIGHTS = 60
SEED = 20111009
PRIOR_NEXT = {"share_own": 8.0, "share_als": 2.4, "share_trend": 0.8, "share_looked": 1.0}
PRIOR_NEW = {"share_als": 4.0, "share_lately": 2.0, "share_text": 0.4, "share_trend": 2.0, "share_looked": 1.0}
"""By column; tuned on Online Retail before 2011-10-10 (but `looked`: that data has no clicks). Their sum is a
temperature: how sure the prior is."""
SHRINKAGE = 20.0
"""The prior weighs as much as so many questions."""
TREES: dict[str, Any] = {
    "learning_rate": 0.1,
    "num_leaves": 7,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "bin_construct_sample_cnt": 50_000,
    "metric": "None",
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": SEED,
}
MIXTURE: tuple[tuple[int, dict[str, Any]], ...] = (
    (150, {"objective": "lambdarank", "lambdarank_truncation_level": 20, "label_gain": [0, 1]}),
    (150, {"objective": "binary", "learning_rate": 0.05, "num_leaves": 15}),
)
"""Rounds and parameters of each ensemble; their standardised scores are added: they err differently."""


FIRST_TREES = 10
STANDARDISED_BY = 20_000
"""Pairs from which the mean and deviation of an ensemble's scores are taken."""


@dataclass(frozen=True)
class Questions:
    """Training material: candidates of many customers at several cuts, and which of them were then bought.

    `group` (sorted) numbers the questions; `x` has a row a pair and a column a name.
    """

    group: Ints
    x: Floats
    bought: Floats
    names: Sequence[str]

    @property
    def answered(self) -> int:
        """Questions of whose candidates at least one was bought."""
        return len(np.unique(self.group[self.bought > 0]))


class Ranker(Protocol):
    """Turns features into one score a pair; higher is better, comparable within one customer only."""

    kind: str

    def scores(self, x: Floats) -> Floats:
        """`x` has the columns that the ranker was trained with."""

    def rough(self, x: Floats) -> Floats | None:
        """Cheap scores that tell which candidates are worth the real ones; None where these are cheap themselves."""

    def as_text(self) -> dict[str, Any]:
        """What `ranker_from` makes the same ranker of."""


def learn(questions: Questions, *, new: bool, threads: int = 1) -> Ranker:
    """The highest rung that the questions carry."""
    answered = questions.answered
    if answered >= ENOUGH_FOR_TREES:
        try:
            return Trees.fit(questions, threads=threads)
        except (ImportError, OSError) as missing:  # OSError: LightGBM is there, the machine's libgomp isn't
            log.warning("no gradient boosting on this machine (%s); a linear blend ranks instead", missing)
    if answered >= ENOUGH_FOR_WEIGHTS:
        return Weighted.fit(questions, new=new)
    return Weighted.prior(questions.names, new=new)


def ranker_from(stored: dict[str, Any]) -> Ranker:
    """The inverse of `as_text`."""
    if stored["kind"] == Trees.kind:
        return Trees.read(stored)
    return Weighted(stored["kind"], stored["columns"], np.array(stored["weights"], np.float64))


class Weighted:
    """A linear blend of bounded columns. Fitted by conditional logit with a pull towards the prior weights."""

    def __init__(self, kind: str, columns: Sequence[int], weights: np.ndarray) -> None:
        self.kind, self.columns, self.weights = kind, list(columns), weights

    @classmethod
    def prior(cls, names: Sequence[str], *, new: bool) -> Weighted:
        """Nothing learnt."""
        columns, weights = _prior(names, new=new)
        return cls("fixed", columns, weights)

    @classmethod
    def fit(cls, questions: Questions, *, new: bool) -> Weighted:
        """Learn from the questions that have an answer (McFadden 1974, ridge towards the prior)."""
        from scipy.optimize import minimize  # costs start-up time, and only a training needs it

        columns, prior = _prior(questions.names, new=new)
        z = _bounded(questions.x, columns)
        group, bought = questions.group, questions.bought
        starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
        number = np.cumsum(np.append(False, group[1:] != group[:-1]))
        hits = np.add.reduceat(bought, starts)
        share = bought / np.maximum(hits, 1)[number]
        asked = hits > 0

        def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
            utility = z @ weights
            utility -= np.maximum.reduceat(utility, starts)[number]
            odds = np.exp(utility)
            total = np.add.reduceat(odds, starts)
            chance = odds / total[number]
            fit = -np.sum(share * (utility - np.log(total)[number]))
            slope = z.T @ (chance * asked[number] - share)
            away = weights - prior
            return float(fit + SHRINKAGE * away @ away), slope + 2 * SHRINKAGE * away

        found = minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": 200})
        return cls("weighted", columns, found.x)

    def scores(self, x: Floats) -> Floats:
        """Weighted sum."""
        total: Floats = (_bounded(x, self.columns) @ self.weights).astype(np.float32)
        return total

    def rough(self, x: Floats) -> Floats | None:
        """A weighted sum is cheap."""
        return None

    def as_text(self) -> dict[str, Any]:
        """A few numbers."""
        return {"kind": self.kind, "columns": self.columns, "weights": self.weights.tolist()}


class Trees:
    """Ensembles of gradient-boosted trees."""

    kind = "trees"

    def __init__(self, parts: Sequence[tuple[Any, float, float]]) -> None:
        self._parts = parts  # booster, mean and deviation of its scores on the training pairs

    @classmethod
    def fit(cls, questions: Questions, *, threads: int = 1) -> Trees:
        """Learn from the questions that have an answer."""
        import lightgbm  # costs half a second, and a shop with few sales never needs it

        answered = np.zeros(int(questions.group.max(initial=0)) + 1, bool)
        answered[questions.group[questions.bought > 0]] = True
        used = answered[questions.group]
        x, bought = questions.x[used], questions.bought[used]
        sizes = np.unique(questions.group[used], return_counts=True)[1]
        parameters = TREES | {"num_threads": threads}
        material = lightgbm.Dataset(x, bought, group=sizes, params=parameters, free_raw_data=False)
        some = x[:: max(len(x) // STANDARDISED_BY, 1)]
        parts = []
        for rounds, more in MIXTURE:
            booster = lightgbm.train(parameters | more, material, rounds)
            raw = np.asarray(booster.predict(some, raw_score=True, num_threads=threads))
            parts.append((booster, float(raw.mean()), max(float(raw.std()), 1e-9)))
        return cls(parts)

    def rough(self, x: Floats) -> Floats | None:
        """What the first trees say: enough to tell the first fifty from the rest."""
        return np.asarray(
            self._parts[0][0].predict(x, raw_score=True, num_threads=1, num_iteration=FIRST_TREES), np.float32
        )

    def scores(self, x: Floats) -> Floats:
        """The sum of the standardised scores."""
        total = np.zeros(len(x), np.float32)
        for booster, mean, deviation in self._parts:
            total += ((booster.predict(x, raw_score=True, num_threads=1) - mean) / deviation).astype(np.float32)
        return total

    def as_text(self) -> dict[str, Any]:
        """LightGBM's own text format."""
        parts = [{"trees": booster.model_to_string(), "mean": mean, "deviation": deviation}
                 for booster, mean, deviation in self._parts]  # fmt: skip
        return {"kind": self.kind, "parts": parts}

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Trees:
        """The inverse of `as_text`."""
        import lightgbm  # only where trees are really served

        return cls([
            (lightgbm.Booster(model_str=part["trees"]), part["mean"], part["deviation"]) for part in stored["parts"]
        ])  # fmt: skip


def _prior(names: Sequence[str], *, new: bool) -> tuple[list[int], np.ndarray]:
    """Every share; those that the prior doesn't name begin at 0."""
    prior = PRIOR_NEW if new else PRIOR_NEXT
    columns = [number for number, name in enumerate(names) if name.startswith("share_")]
    return columns, np.array([prior.get(names[one], 0.0) for one in columns])


def _bounded(x: Floats, columns: Sequence[int]) -> np.ndarray:
    """Shares are at most 1; a factorisation's may fall far below 0 where it has little to say."""
    return np.clip(np.nan_to_num(x[:, columns].astype(np.float64)), -1, 1)
