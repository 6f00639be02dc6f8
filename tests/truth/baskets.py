"""Baskets: what made-up orders hold and cost, and what goes back of them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from .known import CODES, PRODUCTS


@dataclass(frozen=True)
class Line:
    """`cost`: of the whole line, as told with the order; None where the shop doesn't say."""

    product: str
    quantity: int
    net: int
    cost: int | None = None


@dataclass(frozen=True)
class Basket:
    """Money in minor units."""

    lines: tuple[Line, ...]
    shipping: int
    discount: int
    codes: tuple[str, ...]

    @property
    def goods(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def total(self) -> int:
        return self.goods + self.shipping - self.discount


@dataclass(frozen=True)
class MoneyBack:
    """`lines`: (product, pieces, money); `shipping`: what of it was for delivery, where that is said."""

    amount: int
    lines: tuple[tuple[str, int, int], ...] = ()
    shipping: int | None = None


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        quantity, unit = draw(st.integers(1, 3)), draw(st.integers(1, 3999))
        cost = draw(st.none() | st.integers(0, 2000))
        lines.append(Line(draw(st.sampled_from(PRODUCTS)), quantity, quantity * unit, cost))
    goods = sum(line.net for line in lines)
    codes = draw(st.lists(st.sampled_from(CODES), max_size=2)) if draw(st.booleans()) else []
    discount = draw(st.integers(0, goods)) if draw(st.booleans()) else 0
    return Basket(tuple(lines), draw(st.sampled_from([0, 390, 499])), discount, tuple(codes))


@st.composite
def money_back(draw: st.DrawFn, basket: Basket) -> MoneyBack:
    """All of it, a part, with lines or without; several of an order may give back more than was paid."""
    kind = draw(st.sampled_from(["all", "part", "lines", "delivery"]))
    if kind == "all":
        return MoneyBack(max(basket.total, 1))
    if kind == "part":
        return MoneyBack(draw(st.integers(1, max(basket.total, 1))))
    if kind == "delivery":
        shipping = draw(st.integers(0, 499))
        return MoneyBack(max(shipping, 1) + draw(st.integers(0, 900)), shipping=shipping)
    chosen = draw(st.lists(st.sampled_from(basket.lines), min_size=1, max_size=2, unique_by=lambda line: line.product))
    lines = []
    for line in chosen:
        pieces = draw(st.integers(0, line.quantity))
        lines.append(
            (line.product, pieces, line.net * pieces // line.quantity if pieces else draw(st.integers(0, line.net)))
        )
    told = sum(money for _, _, money in lines)
    amount = draw(st.sampled_from([told, told + 100, max(told - told // 10, 0)]))
    return MoneyBack(max(amount, 1), tuple(lines))
