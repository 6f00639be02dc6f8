"""Arms against each other in simulated shops: equals look different seldom, the better one is found, and it pays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pytest

from ecrm.marketing.arm_statistics import ArmResult, compare_adaptive, compare_fixed, units_to_go
from ecrm.marketing.arms import LEAST_SHARE, Shares
from ecrm.marketing.bandit import LEAST_TRIALS, Tally, chances, shares_by
from ecrm.marketing.experiment_statistics import Verdict

START = date(2026, 11, 1)
EQUAL = {"learnt": 34.0, "session": 33.0, "popular": 33.0}


def spell(drawn: np.random.Generator, trials: int, rate: float) -> Tally:
    return Tally(trials, int(drawn.binomial(trials, rate)))


def decided(results: list[ArmResult]) -> bool:
    return any(one.comparison and one.comparison.verdict in (Verdict.BETTER, Verdict.WORSE) for one in results)


def days_of(
    drawn: np.random.Generator, rates: Mapping[str, float], *, days: int, visitors: int, adapts: bool = True,
    looks: bool = False, busy: float = 1.0,
) -> tuple[dict[tuple[date, str], Tally], dict[date, Shares], bool]:  # fmt: skip
    """So many days of a shop, by a bandit or by equal shares; `busy`: on every other day all rates are so many times
    as high. With `looks`, also whether any day's look said that two arms differ."""
    seen: dict[tuple[date, str], Tally] = {}
    shares: Shares = dict.fromkeys(rates, 100 / len(rates))
    made: dict[date, Shares] = {}
    found = False
    for number in range(days):
        day = START + timedelta(days=number)
        made[day] = shares
        rise = busy if number % 2 else 1.0
        chosen = drawn.multinomial(visitors, np.array(list(shares.values())) / sum(shares.values()))
        arms = dict(zip(shares, chosen.tolist(), strict=True))
        for arm, rate in rates.items():
            seen[day, arm] = spell(drawn, arms[arm], min(rate * rise, 1.0))
        if looks:
            found = found or decided(compare_adaptive(seen, list(rates), made.__getitem__))
        if adapts:
            together = {arm: _sum(seen, arm) for arm in rates}
            shares = shares_by(together, shares, seed=number)
    return seen, made, found


def _sum(seen: Mapping[tuple[date, str], Tally], arm: str) -> Tally:
    mine = [one for (_day, of), one in seen.items() if of == arm]
    return Tally(sum(one.trials for one in mine), sum(one.successes for one in mine))


def test_equal_arms_look_different_in_at_most_five_of_a_hundred_however_often_one_looks() -> None:
    drawn, false_alarms = np.random.default_rng(7), 0
    for _shop in range(60):
        totals = {arm: [0, 0] for arm in EQUAL}
        alarm = False
        for _look in range(10):
            for counts in totals.values():
                more = spell(drawn, 100, 0.1)
                counts[0] += more.trials
                counts[1] += more.successes
            alarm = alarm or decided(compare_fixed({arm: Tally(*counts) for arm, counts in totals.items()}))
        false_alarms += alarm
    assert false_alarms <= 8, "5 % of 60 and three standard errors"


def test_equal_arms_look_different_seldom_also_where_shares_follow_what_was_seen() -> None:
    """Also where every other day is twice as busy: plain means would follow the days on which an arm had a large
    share."""
    drawn, alarms = np.random.default_rng(11), 0
    for _shop in range(60):
        _seen, _made, found = days_of(
            drawn, {"learnt": 0.1, "popular": 0.1}, days=14, visitors=300, looks=True, busy=2.0
        )  # fmt: skip
        alarms += found
    assert alarms <= 8, "5 % of 60 and three standard errors"


def test_an_arm_that_is_better_by_half_is_found() -> None:
    drawn = np.random.default_rng(3)
    results = compare_fixed({"learnt": spell(drawn, 6000, 0.12), "popular": spell(drawn, 6000, 0.08)})
    assert results[1].comparison is not None
    assert results[1].comparison.verdict is Verdict.WORSE
    low, high = results[1].comparison.interval or (0, 0)
    assert low < -0.04 < high
    assert results[0].best > 0.99


def test_the_weighted_difference_is_the_true_one_where_days_and_shares_move_together() -> None:
    drawn = np.random.default_rng(5)
    seen, made, _found = days_of(drawn, {"learnt": 0.10, "popular": 0.06}, days=40, visitors=400, busy=2.0)
    learnt, popular = compare_adaptive(seen, ["learnt", "popular"], made.__getitem__)
    assert learnt.comparison is None
    assert popular.comparison is not None
    low, high = popular.comparison.interval or (0, 0)
    assert low < -0.06 < high, "0.04 on quiet days and 0.08 on busy ones"
    assert popular.comparison.verdict is Verdict.WORSE


def test_a_bandit_goes_to_the_better_arm_and_costs_less_than_equal_shares() -> None:
    rates = {"learnt": 0.06, "session": 0.05, "popular": 0.10}
    lost = {True: 0.0, False: 0.0}
    for number in range(10):
        for adapts in (True, False):
            seen, made, _found = days_of(np.random.default_rng(number), rates, days=30, visitors=300, adapts=adapts)
            lost[adapts] += sum(one.trials * (0.10 - rates[arm]) for (_day, arm), one in seen.items())
            if adapts:
                assert made[max(made)]["popular"] > 70
    assert lost[True] < 0.6 * lost[False]


def test_no_arm_is_given_up() -> None:
    shares = shares_by({"learnt": Tally(10_000, 100), "popular": Tally(10_000, 2_000)}, {"learnt": 50, "popular": 50})
    assert shares == {"learnt": LEAST_SHARE, "popular": 100 - LEAST_SHARE}


def test_shares_stay_while_an_arm_was_hardly_seen() -> None:
    few = {"learnt": Tally(LEAST_TRIALS - 1, 50), "popular": Tally(5_000, 10)}
    assert shares_by(few, {"learnt": 50, "popular": 50}) == {"learnt": 50, "popular": 50}


@pytest.mark.parametrize("wins", [0, 5, 10])
def test_the_chance_to_be_best_is_that_of_the_posteriors(wins: int) -> None:
    """P(Beta(1+w, 11-w) > Beta(6, 6)), by a sum over the second one's grid."""
    grid = [(number + 0.5) / 2_000 for number in range(2_000)]

    def weight(x: float, a: int, b: int) -> float:
        return x ** (a - 1) * (1 - x) ** (b - 1)

    first, second = ([weight(x, 1 + one, 11 - one) for x in grid] for one in (wins, 5))
    below, chance = 0.0, 0.0
    for one, other in zip(first, second, strict=True):
        chance += one * (below + other / 2)
        below += other
    expected = chance / sum(first) / sum(second)
    assert chances({"a": Tally(10, wins), "b": Tally(10, 5)})["a"] == pytest.approx(expected, abs=0.015)


def test_how_many_more_are_needed_falls_as_they_come() -> None:
    early = units_to_go({"learnt": Tally(200, 20), "popular": Tally(200, 20)})
    late = units_to_go({"learnt": Tally(2_000, 200), "popular": Tally(2_000, 200)})
    assert early is not None
    assert late is not None
    assert early > late > 0
    assert early - late == 3_600
    assert units_to_go({"learnt": Tally(200, 0), "popular": Tally(200, 0)}) is None


def test_with_too_few_nothing_is_said() -> None:
    results = compare_fixed({"learnt": Tally(99, 20), "popular": Tally(500, 90)})
    assert results[1].comparison is not None
    assert results[1].comparison.verdict is Verdict.TOO_FEW
    assert compare_fixed({}) == []
