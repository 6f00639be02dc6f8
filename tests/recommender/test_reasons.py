"""A reason's code says how much it claims."""

from recommender.reasons import Code, Reason, bought


def test_often_is_said_from_three_days_on() -> None:
    assert bought(2).code is Code.AGAIN
    assert bought(3) == Reason(code=Code.OFTEN, count=3)
