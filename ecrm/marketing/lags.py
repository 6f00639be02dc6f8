"""How closely one series goes with another some steps later: Spearman's rank correlation with an honest interval.

Ranks (Spearman 1904), since spending and sales have outliers and no straight line between them. Steps next to each
other are alike, so an interval that takes them as independent is far too narrow. Here both series are drawn again in
whole stretches (circular block bootstrap: Politis & Romano 1992, "A circular block-resampling procedure for stationary
data"), each on its own, so that nothing but chance joins them; how large the largest correlation of all lags gets by
that alone, in 95 of 100 draws, is the interval's half width on Fisher's scale. So all intervals hold together. With
series that have nothing to do with each other some lag is told in 4 to 8 of 100 cases, with very sluggish ones in 10
(28 to 100 steps; see the tests).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

DRAWS = 500
LEAST_STEPS = 28
LEAST_SPENT = 8
"""Steps with spending, and different amounts: below that there is nothing to see a pattern in."""

_CONFIDENCE = 0.95
_ALMOST_ONE = 0.999999


@dataclass(frozen=True)
class Lag:
    """The correlation with the sales `steps` later, and its interval; -1 to 1."""

    steps: int
    correlation: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether the interval leaves out zero: more than chance would do, all lags considered."""
        return self.low > 0 or self.high < 0


def lags(
    spent: Sequence[int], sold: Sequence[int], *, longest: int, season: int = 1, least: int = LEAST_STEPS
) -> list[Lag]:
    """The correlation at each lag from 0 to `longest`; empty where there is too little to go by (`too_little`).

    Args:
        spent: `longest` steps more than `sold`, at its beginning, so that each lag compares equally many steps.
        season: what repeats itself after so many steps (7 for days) is taken out of both first: the mean of the same
            weekday is deducted. 1 takes nothing out.

    Raises:
        ValueError: the lengths don't fit.
    """
    import numpy as np  # imported here: a page without this report needs none of it

    if len(spent) != len(sold) + longest:
        raise ValueError(f"{len(spent)} steps of spending don't fit {len(sold)} of sales at {longest} lags")
    if too_little(spent, sold, longest=longest, least=least):
        return []
    n = len(sold)
    causes, effect = _ranks(_without_season(_floats(spent), season)), _ranks(_without_season(_floats(sold), season))
    found = _at_lags(causes[None], effect[None], longest=longest, season=season)[0]
    drawn = _at_lags(
        causes[_draws(n + longest, season=season, seed=1)], effect[_draws(n, season=season, seed=2)],
        longest=longest, season=season,
    )  # fmt: skip
    width = np.quantile(np.abs(np.arctanh(drawn)).max(axis=1), _CONFIDENCE)
    low, high = np.tanh(np.arctanh(found) - width), np.tanh(np.arctanh(found) + width)
    return [Lag(lag, float(found[lag]), float(low[lag]), float(high[lag])) for lag in range(longest + 1)]


def too_little(spent: Sequence[int], sold: Sequence[int], *, longest: int, least: int = LEAST_STEPS) -> bool:
    """Whether there are too few steps, or too little of a change in them, to compare."""
    within = spent[longest:]
    return (
        len(sold) < least
        or sum(amount > 0 for amount in within) < LEAST_SPENT
        or len(set(within)) < 3
        or len(set(sold)) < LEAST_SPENT
    )


def _floats(values: Sequence[int]) -> Any:
    import numpy as np

    return np.array(values, dtype=np.float64)


def _without_season(values: Any, season: int) -> Any:
    """Less the mean of every step at the same place of the season; along the last axis."""
    import numpy as np

    if season < 2:
        return values
    level = np.empty_like(values)
    for place in range(season):
        level[..., place::season] = values[..., place::season].mean(axis=-1, keepdims=True)
    return values - level


def _ranks(values: Any) -> Any:
    """Ranks from 1; equal values share the mean of theirs. Rounded first, as a mean's last digits make no order."""
    import numpy as np

    _, inverse, counts = np.unique(np.round(values, 6), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _draws(n: int, *, season: int, seed: int) -> Any:
    """Places of `DRAWS` series made of stretches; the same for the same length, so that a page doesn't flicker."""
    import numpy as np

    block = max(2 * season, math.ceil(n**0.4))
    starts = np.random.default_rng([n, seed]).integers(0, n, size=(DRAWS, math.ceil(n / block)))
    return ((starts[:, :, None] + np.arange(block)) % n).reshape(DRAWS, -1)[:, :n]


def _at_lags(causes: Any, effects: Any, *, longest: int, season: int) -> Any:
    """The correlations at lag 0 to `longest` of each pair of series, one a row: (rows, longest + 1)."""
    import numpy as np

    n = effects.shape[1]
    effects = _centred(_without_season(effects, season))
    columns = [
        _correlations(_centred(_without_season(causes[:, longest - lag : longest - lag + n], season)), effects)
        for lag in range(longest + 1)
    ]
    return np.stack(columns, axis=1)


def _centred(values: Any) -> Any:
    return values - values.mean(axis=1, keepdims=True)


def _correlations(left: Any, right: Any) -> Any:
    """Pearson's correlation of each pair of centred rows (of ranks: Spearman's); 0 where one of them doesn't change."""
    import numpy as np

    size = np.sqrt((left**2).sum(axis=1) * (right**2).sum(axis=1))
    both = (left * right).sum(axis=1)
    found = np.divide(both, size, out=np.zeros_like(both), where=size > 1e-9)
    return np.clip(found, -_ALMOST_ONE, _ALMOST_ONE)
