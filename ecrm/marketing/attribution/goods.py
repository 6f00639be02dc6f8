"""Goods of an order whose cost is known: what of its money they are, what they cost, and what a refund takes back.

- Costs stand against what the customer paid for the goods: a discount on the whole order is spread over its lines.
  Delivery has no cost here and is no part of it.
- A refund that names its goods takes their money and, for the pieces that came back, their cost.
- One that names none (money back, the goods stay) takes money and no cost: the margin bears it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracking.orders import SeenOrderLine, SeenRefundLine
from tracking.shares import split

from .postings import Money
from .visits import in_chunks


@dataclass
class _Costed:
    """A product of an order, as far as its cost is known. `left_minor`: its money that no refund took yet."""

    quantity: int = 0
    cost_minor: int = 0
    left_minor: int = 0
    returned: int = 0

    def take(self, quantity: int, amount: int) -> tuple[int, int]:
        """(money, cost) that this many returned pieces take along; together they never take more than there was."""
        money = max(min(amount, self.left_minor), 0)
        self.left_minor -= money
        before, self.returned = self.returned, min(self.returned + max(quantity, 0), self.quantity)
        cost = self._cost_of(self.returned) - self._cost_of(before)
        return money, cost

    def _cost_of(self, pieces: int) -> int:
        return self.cost_minor * pieces // self.quantity if self.quantity else 0


@dataclass
class Goods:
    """The costed goods of one order while its refunds are gone through, in the order of their ids."""

    products: dict[str, _Costed] = field(default_factory=dict)

    @property
    def costed_minor(self) -> int:
        """What of the order's money is still for goods with a known cost."""
        return sum(one.left_minor for one in self.products.values())

    @property
    def cost_minor(self) -> int:
        """What the goods of the whole order cost."""
        return sum(one.cost_minor for one in self.products.values())

    def refund(self, amount: int, lines: Iterable[tuple[str, int, int]]) -> Money:
        """Take a refund's share of the goods.

        Args:
            lines: (product, pieces, money) as the refund names them.
        """
        costed = cost = 0
        for product, quantity, money in lines:
            if product in self.products:
                taken = self.products[product].take(quantity, money)
                costed, cost = costed + taken[0], cost + taken[1]
        return Money(amount, costed, cost)


def goods_of(session: Session, orders: dict[int, tuple[int, int]]) -> dict[int, Goods]:
    """The costed goods of each order that has any.

    Args:
        orders: id → (goods_minor, discount_minor) of the order.
    """
    lines: defaultdict[int, list[tuple[str, int, int, int]]] = defaultdict(list)
    columns = (
        SeenOrderLine.order_id, SeenOrderLine.product, SeenOrderLine.quantity, SeenOrderLine.net_minor,
        SeenOrderLine.cost_minor,
    )  # fmt: skip
    for some in in_chunks(orders):
        query = select(*columns).where(SeenOrderLine.order_id.in_(some), SeenOrderLine.cost_minor.is_not(None))
        for order_id, product, quantity, net, cost in session.execute(
            query.order_by(SeenOrderLine.order_id, SeenOrderLine.position)
        ):
            lines[order_id].append((product, quantity, net, cost or 0))
    return {order_id: _goods(costed, *orders[order_id]) for order_id, costed in lines.items()}


def refund_lines(session: Session, refund_ids: Iterable[int]) -> dict[int, list[tuple[str, int, int]]]:
    """(product, pieces, money) of each refund that names goods."""
    found: defaultdict[int, list[tuple[str, int, int]]] = defaultdict(list)
    columns = (SeenRefundLine.refund_id, SeenRefundLine.product, SeenRefundLine.quantity, SeenRefundLine.amount_minor)
    for some in in_chunks(refund_ids):
        query = select(*columns).where(SeenRefundLine.refund_id.in_(some))
        for refund_id, product, quantity, amount in session.execute(
            query.order_by(SeenRefundLine.refund_id, SeenRefundLine.position)
        ):
            found[refund_id].append((product, quantity, amount))
    return found


def _goods(lines: list[tuple[str, int, int, int]], goods_minor: int, discount_minor: int) -> Goods:
    nets = [net for _, _, net, _ in lines]
    others = max(goods_minor - sum(nets), 0)
    # What is taken off beyond the goods was the delivery's.
    of_goods = min(discount_minor, sum(max(net, 0) for net in nets) + others)
    discounts = split(of_goods, [*nets, others]) if of_goods else [0] * len(nets)
    goods = Goods()
    for (product, quantity, net, cost), discount in zip(lines, discounts, strict=False):
        one = goods.products.setdefault(product, _Costed())
        one.quantity += quantity
        one.cost_minor += cost
        one.left_minor += net - discount
    return goods
