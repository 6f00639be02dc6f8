"""Reasons are stored as words and come back as they were."""

import pytest

from recommender.reasons import Code, Reason, bought, parse


@pytest.mark.parametrize(
    ("reason", "stored"),
    [
        (Reason(code=Code.OFTEN, count=7), "often:7"),
        (Reason(code=Code.BECAUSE, product="a:b"), "because:a:b"),
        (Reason(code=Code.TOGETHER, count=14), "together:14"),
        (Reason(code=Code.SIMILAR), "similar"),
        (Reason(code=Code.POPULAR), "popular"),
    ],
)
def test_a_stored_reason_comes_back_as_it_was(reason: Reason, stored: str) -> None:
    assert str(reason) == stored
    assert parse(stored) == reason


def test_often_is_said_from_three_days_on() -> None:
    assert bought(2).code is Code.AGAIN
    assert bought(3) == Reason(code=Code.OFTEN, count=3)


def test_an_unknown_code_is_an_error() -> None:
    with pytest.raises(ValueError, match="hunch"):
        parse("hunch:3")
