"""What several arms' figures say: each against the first, with intervals that hold at every look, and who is best.

- Shares that stay: a unit keeps its arm, so its successes are compared as two groups' are (`experiment_statistics`),
  each comparison with its part of the 5 percent (Bonferroni).
- Shares that follow what is seen: arms are drawn anew for each unit's day by that day's shares, and what was seen
  before moved the shares. Plain means would mix good days with large shares. Each success is weighted by one over the
  share that its arm had on its day (D. G. Horvitz, D. J. Thompson, JASA 47, 1952); the differences of these scores have
  the true difference as their mean whatever moved the shares, so that the same confidence sequence holds
  (I. Waudby-Smith and others, "Anytime-valid off-policy inference for contextual bandits", ACM/IMS J. Data Science 1,
  2024).
- The chance to be the best is that of Beta posteriors (`bandit.chances`); it is no test, and promises no error rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .arms import WHOLE, Shares
from .bandit import Tally, chances
from .experiment_statistics import (
    ALPHA,
    LEAST_BUYERS,
    LEAST_UNITS,
    WORTH_KNOWING,
    Comparison,
    Mean,
    Verdict,
    boundary,
    compare_means,
    units_needed,
)

ByDay = Mapping[tuple[date, str], Tally]
"""What was seen of an arm on a day."""


@dataclass(frozen=True)
class ArmResult:
    """An arm's figures. `rate`: weighted where shares moved; `comparison`: with the first arm, None for the first."""

    arm: str
    tally: Tally
    rate: float | None
    best: float
    comparison: Comparison | None


def compare_fixed(tallies: Mapping[str, Tally]) -> list[ArmResult]:
    """Arms whose units stay with them; the first is what the others are compared with."""
    reference = next(iter(tallies), "")
    best = chances(tallies)
    alpha = ALPHA / max(len(tallies) - 1, 1)

    def compare(arm: str) -> Comparison:
        if not _enough(tallies[arm], tallies[reference]):
            return Comparison(Verdict.TOO_FEW)
        return compare_means(_mean(tallies[arm]), _mean(tallies[reference]), alpha=alpha)

    return _results(tallies, best, reference, {arm: one.rate for arm, one in tallies.items()}, compare)


def compare_adaptive(by_day: ByDay, arms: Sequence[str], shares_of: Callable[[date], Shares]) -> list[ArmResult]:
    """Arms that are drawn anew each day.

    Args:
        shares_of: the shares of a day in percent, as they were.
    """
    tallies = {arm: _together(by_day, arm) for arm in arms}
    weighted = {arm: _weighted(by_day, arm, shares_of) for arm in arms}
    units = sum(one.trials for one in tallies.values())
    reference = next(iter(arms), "")
    alpha = ALPHA / max(len(arms) - 1, 1)

    def compare(arm: str) -> Comparison:
        if not _enough(tallies[arm], tallies[reference]):
            return Comparison(Verdict.TOO_FEW)
        difference = (weighted[arm].successes - weighted[reference].successes) / units
        square = (weighted[arm].squares + weighted[reference].squares) / units
        half = boundary(units, alpha=alpha) * math.sqrt(max(square - difference**2, 0.0) / units)
        ends = difference - half, difference + half
        verdict = Verdict.BETTER if ends[0] > 0 else Verdict.WORSE if ends[1] < 0 else Verdict.UNDECIDED
        base = weighted[reference].rate
        return Comparison(verdict, difference, ends, difference / base if base else None)

    rates = {arm: one.rate for arm, one in weighted.items()}
    return _results(tallies, chances(tallies), reference, rates, compare)


def units_to_go(tallies: Mapping[str, Tally], *, difference: float = WORTH_KNOWING) -> int | None:
    """About how many more units show a relative difference of two arms in 4 of 5 cases; None before any success.

    Reckoned with equal shares and the rate that all arms have together; a bandit that settles on one arm takes longer.
    """
    units, successes = sum(one.trials for one in tallies.values()), sum(one.successes for one in tallies.values())
    if not successes or len(tallies) < 2:
        return None
    base = successes / units
    other = min(base * (1 + difference), 1.0)
    if other <= base:
        return 0
    spread = len(tallies) * (other * (1 - other) + base * (1 - base))
    return max(units_needed(other - base, spread=spread, alpha=ALPHA / (len(tallies) - 1)) - units, 0)


@dataclass(frozen=True)
class _Weighted:
    """Sums over an arm's turns, each weighted by one over its share; `squares`: of the weighted successes."""

    trials: float
    successes: float
    squares: float

    @property
    def rate(self) -> float | None:
        return self.successes / self.trials if self.trials else None


def _weighted(by_day: ByDay, arm: str, shares_of: Callable[[date], Shares]) -> _Weighted:
    trials = successes = squares = 0.0
    for (day, one), tally in by_day.items():
        if one == arm and (share := shares_of(day).get(arm, 0.0) / WHOLE):
            trials += tally.trials / share
            successes += tally.successes / share
            squares += tally.successes / share**2
    return _Weighted(trials, successes, squares)


def _together(by_day: ByDay, arm: str) -> Tally:
    mine = [tally for (_day, one), tally in by_day.items() if one == arm]
    return Tally(sum(one.trials for one in mine), sum(one.successes for one in mine))


def _results(
    tallies: Mapping[str, Tally],
    best: Mapping[str, float],
    reference: str,
    rates: Mapping[str, float | None],
    compare: Callable[[str], Comparison],
) -> list[ArmResult]:
    return [
        ArmResult(arm, one, rates[arm], best[arm], compare(arm) if arm != reference else None)
        for arm, one in tallies.items()
    ]


def _enough(one: Tally, other: Tally) -> bool:
    return all(some.trials >= LEAST_UNITS and some.successes >= LEAST_BUYERS for some in (one, other))


def _mean(tally: Tally) -> Mean:
    """Half a success more on either side keeps a small group's variance from 0."""
    share = (tally.successes + 0.5) / (tally.trials + 1)
    return Mean(tally.successes / tally.trials, share * (1 - share), tally.trials)
