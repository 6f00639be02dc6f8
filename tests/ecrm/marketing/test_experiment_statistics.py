"""What two groups' figures say: seldom wrong however often one looks, and silent where there is too little."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ecrm.marketing.experiment_statistics import (
    ALPHA,
    LEAST_BUYERS,
    LEAST_UNITS,
    Group,
    Verdict,
    boundary,
    compare_conversion,
    compare_net,
    orders_needed,
    split_chance,
)

RUNS, UNITS, STEP = 1_000, 8_000, 20


def group(units: int, buyers: int, each: int = 5_000) -> Group:
    return Group(units, buyers, buyers, buyers * each, float(buyers * each * each))


def wrong_alarms(share_of_control: float, conversion: float) -> tuple[float, float]:
    """A/A runs in which conversion, and revenue, was called better or worse at any of 400 looks."""
    rng = np.random.default_rng(20261122)
    looks = np.arange(STEP, UNITS + 1, STEP)
    false = [0, 0]
    for _run in range(RUNS):
        control = rng.random(UNITS) < share_of_control
        bought = rng.random(UNITS) < conversion
        money = np.where(bought, np.round(rng.lognormal(8.5, 0.9, UNITS)), 0.0)
        sums = [_sums(one, bought, money)[looks - 1] for one in (~control, control)]
        called = [False, False]
        for treated, other in zip(sums[0], sums[1], strict=True):
            one, two = (
                Group(int(row[0]), int(row[1]), int(row[1]), int(row[2]), float(row[3])) for row in (treated, other)
            )
            for place, compare in enumerate((compare_conversion, compare_net)):
                if not called[place]:
                    called[place] = compare(one, two).verdict in (Verdict.BETTER, Verdict.WORSE)
        false[0] += called[0]
        false[1] += called[1]
    return false[0] / RUNS, false[1] / RUNS


def _sums(mask: NDArray[np.bool_], bought: NDArray[np.bool_], money: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(
        [np.cumsum(mask), np.cumsum(mask & bought), np.cumsum(money * mask), np.cumsum(money**2 * mask)]
    )


@pytest.mark.parametrize(("share_of_control", "conversion"), [(0.5, 0.05), (0.1, 0.04), (0.2, 0.3)])
def test_two_equal_groups_are_seldom_called_different_with_400_looks(
    share_of_control: float, conversion: float
) -> None:
    by_conversion, by_money = wrong_alarms(share_of_control, conversion)
    assert by_conversion <= 0.06
    assert by_money <= 0.06


def test_a_usual_interval_would_be_wrong_far_more_often_with_the_same_looks() -> None:
    """Why the width isn't 1.96: the same looks at a usual interval."""
    rng = np.random.default_rng(7)
    looks = np.arange(200, UNITS + 1, STEP)
    wrong = 0
    for _run in range(300):
        each = [np.cumsum(rng.random(UNITS) < 0.05)[looks - 1] / looks for _group in range(2)]
        error = np.sqrt((each[0] * (1 - each[0]) + each[1] * (1 - each[1])) / looks)
        wrong += bool(np.any(np.abs(each[0] - each[1]) > 1.96 * error))
    assert wrong / 300 > 0.2


def test_a_true_difference_is_found_and_lies_within_the_interval() -> None:
    found = compare_conversion(group(20_000, 1_400), group(20_000, 1_000))
    assert found.verdict is Verdict.BETTER
    assert found.lift == pytest.approx(0.4)
    assert found.difference == pytest.approx(0.02)
    assert found.interval is not None
    assert found.lift_interval is not None
    assert found.interval[0] < 0.02 < found.interval[1]
    assert 0 < found.lift_interval[0] < 0.4 < found.lift_interval[1]


def test_the_groups_the_other_way_round_say_the_opposite() -> None:
    one, two = group(20_000, 1_400), group(20_000, 1_000)
    there, back = compare_net(one, two), compare_net(two, one)
    assert (there.verdict, back.verdict) == (Verdict.BETTER, Verdict.WORSE)
    assert there.interval is not None
    assert back.interval is not None
    assert there.interval[0] == pytest.approx(-back.interval[1])


def test_fiellers_ends_are_the_ratios_that_the_width_just_allows() -> None:
    one, two = group(5_000, 400), group(3_000, 200)
    found = compare_conversion(one, two)
    assert found.lift_interval is not None
    for end in found.lift_interval:
        ratio = 1 + end
        shares = [(each.buyers + 0.5) / (each.units + 1) for each in (one, two)]
        errors = [share * (1 - share) / each.units for share, each in zip(shares, (one, two), strict=True)]
        distance = abs(400 / 5_000 - ratio * 200 / 3_000)
        assert distance == pytest.approx(boundary(8_000) * math.sqrt(errors[0] + ratio**2 * errors[1]), rel=1e-9)


def test_a_shop_with_fifty_customers_is_told_that_they_are_too_few() -> None:
    for one, two in (
        (group(25, 3), group(25, 1)),
        (Group(), Group()),
        (group(50, 0), Group()),
        (group(500, 9), group(500, 99)),
    ):
        for compare in (compare_conversion, compare_net):
            found = compare(one, two)
            assert (found.verdict, found.interval, found.lift) == (Verdict.TOO_FEW, None, None)


def test_no_percentage_is_claimed_where_the_control_may_have_earned_nothing() -> None:
    lucky = Group(LEAST_UNITS, LEAST_BUYERS, LEAST_BUYERS, 0, 1e12)
    found = compare_net(lucky, lucky)
    assert (found.verdict, found.lift, found.lift_interval) == (Verdict.UNDECIDED, None, None)


def test_everybody_buying_breaks_nothing() -> None:
    found = compare_conversion(group(100, 100), group(100, 100))
    assert found.verdict is Verdict.UNDECIDED
    assert found.lift == 0


def test_the_width_is_never_below_that_of_a_single_look() -> None:
    assert min(boundary(units) for units in range(1, 200_000, 97)) > 2.9
    assert ALPHA == 0.05


def test_so_many_orders_decide_in_four_of_five_cases() -> None:
    """Simulated: at the number told, a true lift of half as much again is found in at least 80 of 100 runs."""
    start = group(1_000, 50), group(1_000, 50)
    needed = orders_needed(*start, 0.5)
    assert needed is not None
    units = round((needed.orders + 100) / 0.05)
    rng = np.random.default_rng(3)
    treated, control = rng.binomial(units // 2, 0.075, 400), rng.binomial(units // 2, 0.05, 400)
    verdicts = [
        compare_conversion(group(units // 2, int(one)), group(units // 2, int(two))).verdict
        for one, two in zip(treated, control, strict=True)
    ]
    found = verdicts.count(Verdict.BETTER) / 400
    assert 0.75 <= found <= 0.9


def test_smaller_differences_need_more_orders_and_none_is_needed_when_there_are_enough() -> None:
    figures = [orders_needed(group(1_000, 50), group(200, 10), one) for one in (0.05, 0.2, 0.5)]
    assert all(figures)
    numbers = [one.orders for one in figures if one]
    assert numbers == sorted(numbers, reverse=True)
    enough = orders_needed(group(900_000, 50_000), group(900_000, 50_000), 0.5)
    assert enough is not None
    assert enough.orders == 0


def test_without_an_order_nothing_can_be_reckoned() -> None:
    assert orders_needed(group(100, 0), group(100, 0), 0.2) is None
    assert orders_needed(group(100, 5), Group(), 0.2) is None
    everybody = orders_needed(group(100, 100), group(100, 100), 0.2)
    assert everybody is not None
    assert everybody.orders == 0


def test_a_split_that_chance_does_not_explain_is_seen() -> None:
    assert split_chance(0, 0, 10) == 1
    assert split_chance(900, 100, 10) == 1
    assert split_chance(905, 95, 10) == pytest.approx(0.598, abs=0.001)  # chi-square 0.2778, from a table
    assert split_chance(9_300, 700, 10) < 1e-20
