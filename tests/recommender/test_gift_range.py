"""The gift range: from a few hundred presents the same lists come out as from all."""

from __future__ import annotations

from random import Random

import pytest

from recommender.gift_range import GiftRange
from recommender.gift_words import Circle, Givable
from recommender.gifts import Giver, Present, gift_lists

DRAWN = Random(7)
KINDS = [
    Givable("toy", 1.0, 0.1, True, ""), Givable("sweets", 0.7, 1.0, False, "", shared=True),
    Givable("book", 0.9, 0.4, False, ""), Givable("eggs", 0.6, 0.6, False, "easter"),
    Givable("tree", 0.6, 0.6, False, "christmas"),
]  # fmt: skip
GOODS = [
    Present(
        f"p{number:05}", f"thing {number} {'garden' if number % 97 == 0 else 'house'}", f"brand{number % 50}",
        f"shelf{number % 40}", int(100 * 60 ** DRAWN.random()), int(DRAWN.paretovariate(1)), DRAWN.choice(KINDS),
        0.5 + DRAWN.random() * 3,
    )
    for number in range(8_000)
]  # fmt: skip
RANGE = GiftRange(GOODS, holiday="easter")


@pytest.mark.parametrize(
    "giver",
    [
        Giver("1"),
        Giver("2", usual_minor=180, children=2),
        Giver("3", usual_minor=1500, interests=["Garden"]),
        Giver("4", usual_minor=700, bought={one.product for one in GOODS[::3]}),
    ],
)
def test_the_promising_few_hundred_make_the_lists_that_all_would_make(giver: Giver) -> None:
    few = RANGE.promising(giver)
    assert len(few) < 1500
    whole, short = (gift_lists(goods, giver, holiday="easter") for goods in (GOODS, few))
    for circle in Circle:
        assert [one.product for one in short[circle]] == [one.product for one in whole[circle]]
        assert len(short[circle]) == 4


def test_what_they_have_and_what_is_for_another_holiday_is_not_promising() -> None:
    bought = {one.product for one in RANGE.promising(Giver("1"))}
    few = RANGE.promising(Giver("1", bought=bought))
    assert few
    assert not bought & {one.product for one in few}
    assert {one.kind.season for one in few} <= {"", "easter"}
