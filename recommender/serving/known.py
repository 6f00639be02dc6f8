"""What the model knows of the person who asks, and what they did since: seeds, own products, what not to show.

Everything is in the model's numbers; products that it doesn't know (arrivals, what a rule brings in) get numbers
behind its own for the length of the question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice, zip_longest
from typing import NamedTuple

from ..artefact import Artefact
from ..asking import Arrival, Asked, Deed
from ..signals import Kind, Signal, weighed

SEEDS = 20
"""So many of the latest products count."""
VISIT_DAYS = 0.5
"""Steps that lie at most so long before the latest one are one visit."""
VISIT = 40


class Seed(NamedTuple):
    """A product that says something: what was done with it, and how many days ago."""

    product: int
    kind: Kind
    age: float


class Known:
    """One question's person. Reads the customer's own rows only when somebody asks."""

    def __init__(self, model: Artefact, asked: Asked, arrivals: Sequence[Arrival] = ()) -> None:
        self.model = model
        self.person = asked.person
        customer = asked.person.customer
        self.row = None if customer is None else model.row_of(customer)
        self._silent = asked.person.not_used | asked.person.not_interested
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self.arrivals = {self.number_of(one.product): one for one in arrivals}

    def number_of(self, product: str) -> int:
        """Its number, given one where the model doesn't know it."""
        number = self.model.number.get(product)
        if number is None:
            number = self._numbers.get(product)
        if number is None:
            number = self._numbers[product] = len(self.model.products) + len(self._names)
            self._names.append(product)
        return number

    def product_of(self, number: int) -> str:
        """The inverse."""
        size = len(self.model.products)
        return self.model.products[number] if number < size else self._names[number - size]

    def brand_of(self, number: int) -> str:
        """Empty where nobody knows it."""
        if number < len(self.model.products):
            return self.model.brand_of(number)
        return self.arrivals[number].brand if number in self.arrivals else ""

    def category_of(self, number: int) -> str:
        """Empty where nobody knows it."""
        if number < len(self.model.products):
            return self.model.category_of(number)
        return self.arrivals[number].category if number in self.arrivals else ""

    @cached_property
    def unused(self) -> frozenset[int]:
        """Products of which nothing may be concluded, and which are no reason for anything."""
        number = self.model.number
        return frozenset(number[one] for one in self._silent if one in number)

    @cached_property
    def sent_back(self) -> frozenset[str]:
        """What was returned and not bought again after that."""
        back: dict[str, float] = {}
        for deed in (*self.person.bought, *self.person.steps):
            if deed.kind is Kind.RETURN:
                back[deed.product] = min(deed.age, back.get(deed.product, deed.age))
        for deed in self.person.bought if back else ():
            if deed.kind is Kind.PURCHASE and deed.age < back.get(deed.product, deed.age):
                del back[deed.product]
        return frozenset(back)

    @cached_property
    def own(self) -> dict[int, int]:
        """Where each product bought before stands in the own rows, the liveliest habit first."""
        if self.row is None:
            return {}
        rows = self.model.own.rows
        begin, bought = int(rows.at[self.row]), rows.row(self.row).tolist()
        return dict(zip(bought, range(begin, begin + len(bought)), strict=True))

    def days_and_last(self, number: int) -> tuple[int, int] | None:
        """On how many days they bought it and the last of them; None where they didn't before the training."""
        place = self._place_of(number)
        return None if place is None else (int(self.model.own.days[place]), int(self.model.own.last[place]))

    def _place_of(self, number: int) -> int | None:
        """As `own` has it; for the few products of an answer looked up in the row, which is quicker than all of it."""
        if self.row is None or "own" in self.__dict__:
            return self.own.get(number)
        rows = self.model.own.rows
        found = (rows.row(self.row) == number).nonzero()[0]
        return int(rows.at[self.row]) + int(found[-1]) if len(found) else None

    @cached_property
    def bought_since(self) -> frozenset[int]:
        """What was ordered after the training, returned or not."""
        return frozenset(self.number_of(deed.product) for deed in self.person.bought)

    @cached_property
    def seeds(self) -> list[Seed]:
        """The latest products of orders since the training and of visits, each once and by turns: an order of twenty
        products leaves room for the next look, a visit of twenty looks for the order. What came last begins.
        """
        telling = [deed for deed in (*self.person.bought, *self.person.steps) if self._tells(deed)]
        bought, looked = dict[str, Deed](), dict[str, Deed]()
        for deed in telling:
            (bought if deed.kind is Kind.PURCHASE else looked).setdefault(deed.product, deed)
        orders = list(bought.values())
        visits = [deed for deed in looked.values() if deed.product not in bought]
        turns = (visits, orders) if orders and visits and visits[0].age < orders[0].age else (orders, visits)
        number = self.model.number
        return [Seed(number[one.product], one.kind, max(one.age, 0.0)) for one in islice(_by_turns(*turns), SEEDS)]

    def _tells(self, deed: Deed) -> bool:
        """Whether something may be concluded from it."""
        return (
            deed.kind not in (Kind.RETURN, Kind.NOT_INTERESTED)
            and deed.product in self.model.number
            and deed.product not in self._silent
            and deed.product not in self.sent_back
        )

    @cached_property
    def weights(self) -> dict[int, float]:
        """How much each product counts by what was done since the training."""
        number = self.model.number
        return weighed(
            Signal(number[deed.product], deed.kind, deed.age)
            for deed in (*self.person.bought, *self.person.steps)
            if self._tells(deed)
        )

    @cached_property
    def visit(self) -> list[int]:
        """The products of the latest visit, the latest last; what the model doesn't know is passed over."""
        steps = [step for step in self.person.steps if step.kind in (Kind.VIEW, Kind.CART)]
        number = self.model.number
        if not steps:
            return []
        since = steps[0].age + VISIT_DAYS
        inside = [step.product for step in steps[:VISIT] if step.age <= since and step.product not in self._silent]
        return [number[product] for product in reversed(inside) if product in number]

    @cached_property
    def seen(self) -> list[int]:
        """Products looked at, the latest first, each once."""
        looked = (step.product for step in self.person.steps if step.kind is Kind.VIEW)
        return [self.number_of(one) for one in dict.fromkeys(looked) if one not in self.person.not_used]


def _by_turns(first: Sequence[Deed], second: Sequence[Deed]) -> Iterator[Deed]:
    for pair in zip_longest(first, second):
        yield from (one for one in pair if one is not None)
