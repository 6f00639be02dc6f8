"""Correlation by lag: it finds what was put in, tells nothing from noise, and is honest about too few days."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from ecrm.marketing.lags import lags


def sluggish(random: np.random.Generator, steps: int, memory: float) -> list[int]:
    """Amounts that resemble those of the day before."""
    value, found = 0.0, []
    for _n in range(steps + 50):
        value = memory * value + random.normal()
        found.append(round(100_000 * float(np.exp(0.3 * value))))
    return found[50:]


def test_sales_that_follow_spending_after_three_days_are_found_there() -> None:
    random = np.random.default_rng(7)
    spent = sluggish(random, 74, 0)
    sold = [2 * spent[14 + day - 3] + int(random.normal() * 5_000) for day in range(60)]
    found = lags(spent, sold, longest=14, season=7)
    best = max(found, key=lambda lag: lag.correlation)
    assert best.steps == 3
    assert best.told
    assert best.low > 0.5
    assert sum(lag.told for lag in found) <= 3


def test_less_is_sold_after_more_was_spent_is_told_as_such() -> None:
    random = np.random.default_rng(8)
    spent = sluggish(random, 64, 0)
    sold = [1_000_000 - spent[14 + day] for day in range(50)]
    found = lags(spent, sold, longest=14)
    assert found[0].high < -0.5


def test_it_is_spearmans_correlation() -> None:
    random = np.random.default_rng(9)
    spent, sold = random.integers(1, 9, 40).tolist(), random.integers(1, 30, 40).tolist()
    found = lags(spent, sold, longest=0)
    assert found[0].correlation == pytest.approx(spearmanr(spent, sold).statistic)
    assert found[0].low < found[0].correlation < found[0].high


def test_a_weeks_own_pattern_is_no_connection() -> None:
    random = np.random.default_rng(10)
    weekend = [200_000 if day % 7 in (5, 6) else 50_000 for day in range(98)]
    spent = [level + int(random.normal() * 5_000) for level in weekend]
    sold = [3 * level + int(random.normal() * 20_000) for level in weekend[14:]]
    assert not any(lag.told for lag in lags(spent, sold, longest=14, season=7))
    assert lags(spent, sold, longest=14, season=1)[0].told


@pytest.mark.parametrize(("memory", "most"), [(0.0, 0.08), (0.5, 0.10), (0.8, 0.14)])
def test_series_that_have_nothing_to_do_with_each_other_are_rarely_told_to(memory: float, most: float) -> None:
    random = np.random.default_rng(11)
    told = [
        any(lag.told for lag in lags(sluggish(random, 74, memory), sluggish(random, 60, memory), longest=14, season=7))
        for _n in range(200)
    ]
    assert sum(told) / len(told) <= most


@pytest.mark.parametrize(
    ("spent", "sold"),
    [
        ([5, 6, 7] * 8, list(range(24))),  # too few days
        ([0] * 40, list(range(40))),  # nothing spent
        ([500] * 40, list(range(40))),  # always the same
        ([0] * 36 + [5, 6, 7, 8], list(range(40))),  # spent on four days
        ([5, 6, 7, 8] * 10, [0] * 40),  # nothing sold
    ],
)
def test_too_little_to_go_by_gives_no_answer(spent: list[int], sold: list[int]) -> None:
    assert lags(spent, sold, longest=0) == []


def test_series_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="don't fit"):
        lags([1, 2, 3], [1, 2, 3], longest=2)
