"""What was paid for each product of an order, and what refunds leave of it, to the cent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecrm.marketing.recommended.money import Line, paid_of, taken_back

LINES = st.lists(
    st.builds(Line, st.sampled_from("abcd"), st.integers(0, 5), st.integers(0, 10_000)), max_size=6
)  # fmt: skip


def test_a_discount_is_spread_over_the_lines() -> None:
    paid = paid_of([Line("a", 1, 1000), Line("b", 2, 500), Line("a", 1, 500)], discount_minor=200)
    assert {product: (one.quantity, one.minor) for product, one in paid.items()} == {"a": (2, 1350), "b": (2, 450)}


def test_what_is_taken_off_beyond_the_goods_was_the_deliverys() -> None:
    assert paid_of([Line("a", 1, 300)], discount_minor=500)["a"].minor == 0


def test_refunds_take_what_is_left_and_no_more() -> None:
    paid = paid_of([Line("a", 2, 1000)], discount_minor=0)
    assert taken_back(paid, [Line("a", 1, 600), Line("x", 1, 5)]) == {"a": (1, 600)}
    assert taken_back(paid, [Line("a", 3, 600)]) == {"a": (1, 400)}
    assert taken_back(paid, [Line("a", 1, 1)]) == {}


@given(LINES, st.integers(0, 30_000), st.lists(LINES, max_size=4))
def test_nothing_is_lost_and_no_product_goes_below_nothing(
    lines: list[Line], discount: int, refunds: list[list[Line]]
) -> None:
    goods = sum(line.minor for line in lines)
    paid = paid_of(lines, discount_minor=discount)
    assert sum(one.minor for one in paid.values()) == goods - min(discount, goods)
    back: dict[str, int] = {}
    for refund in refunds:
        for product, (_pieces, money) in taken_back(paid, refund).items():
            back[product] = back.get(product, 0) + money
    for product, one in paid.items():
        assert 0 <= one.minor - back.get(product, 0) == one.left_minor
        assert one.left_quantity >= 0
