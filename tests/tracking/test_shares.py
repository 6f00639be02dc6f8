"""Parts of an amount are whole units, add up to it, and are fair to within one unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.shares import split

WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=20)


@given(st.integers(-(10**12), 10**12), WEIGHTS)
def test_the_parts_add_up_and_are_within_one_unit_of_their_share(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        exact = amount * weight if whole else amount
        assert abs(part * (whole or len(weights)) - exact) < (whole or len(weights))


@given(WEIGHTS)
def test_the_whole_gives_everybody_their_weight(weights: list[int]) -> None:
    assert split(sum(weights), weights) == weights


@given(WEIGHTS, st.data())
def test_nobody_gets_more_than_their_weight_of_less_than_the_whole(weights: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(weights)))
    assert all(part <= weight for part, weight in zip(split(amount, weights), weights, strict=True))


def test_the_first_of_equals_gets_the_odd_cent() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(7, [0, 0]) == [4, 3]


def test_nobody_can_get_nothing_only() -> None:
    assert split(0, []) == []
    with pytest.raises(ValueError, match="among nobody"):
        split(1, [])
