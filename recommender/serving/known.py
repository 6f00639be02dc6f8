"""What the model knows of the person who asks, and what they did since: seeds, own products, what not to show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from ..artefact import Artefact
from ..asking import Asked
from ..signals import Kind, Signal, weighed

SEEDS = 10
"""So many of the latest products are asked for their neighbours."""
VISIT_DAYS = 0.5
"""Steps that lie at most so long before the latest one are one visit."""
VISIT = 40


class Seed(NamedTuple):
    """A product that says something: what was done with it, and how many days ago."""

    number: int
    product: str
    kind: Kind
    age: float


class Known:
    """One question's person in the model's numbers. Reads the customer's own rows only when somebody asks."""

    def __init__(self, model: Artefact, asked: Asked) -> None:
        self.model = model
        self.person = asked.person
        customer = asked.person.customer
        self.row = None if customer is None else model.row_of(customer)
        self._silent = asked.person.not_used | asked.person.not_interested

    @cached_property
    def own(self) -> dict[int, int]:
        """Where each product bought before stands in the own rows, the liveliest habit first."""
        if self.row is None:
            return {}
        rows = self.model.own.rows
        begin = int(rows.at[self.row])
        return {number: begin + place for place, number in enumerate(rows.row(self.row).tolist())}

    def owns(self, product: str) -> bool:
        """Whether they bought it, before the training or since."""
        number = self.model.number.get(product)
        return product in self.bought_since or (number is not None and number in self.own)

    def days_and_last(self, number: int) -> tuple[int, int] | None:
        """On how many days they bought it and the last of them; None where they didn't before the training."""
        place = self.own.get(number)
        return None if place is None else (int(self.model.own.days[place]), int(self.model.own.last[place]))

    @cached_property
    def bought_since(self) -> frozenset[str]:
        """What was ordered after the training, returned or not."""
        return frozenset(deed.product for deed in self.person.bought)

    @cached_property
    def seeds(self) -> list[Seed]:
        """The latest products of orders since the training and of visits, each once, purchases first."""
        returned = {deed.product for deed in self.person.bought if deed.kind is Kind.RETURN}
        number, found = self.model.number, dict[str, Seed]()
        for deed in (*self.person.bought, *self.person.steps):
            if len(found) >= 2 * SEEDS:
                break
            if deed.kind in (Kind.RETURN, Kind.NOT_INTERESTED) or deed.product in self._silent:
                continue
            if deed.product in number and deed.product not in found and deed.product not in returned:
                found[deed.product] = Seed(number[deed.product], deed.product, deed.kind, max(deed.age, 0.0))
        return list(found.values())

    @cached_property
    def weights(self) -> dict[int, float]:
        """How much each product counts by what was done since the training."""
        number = self.model.number
        return weighed(
            Signal(number[deed.product], deed.kind, deed.age)
            for deed in (*self.person.bought, *self.person.steps)
            if deed.product in number and deed.product not in self._silent
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
    def seen(self) -> Sequence[str]:
        """Products looked at, the latest first, each once."""
        return list(dict.fromkeys(step.product for step in self.person.steps if step.kind is Kind.VIEW))
