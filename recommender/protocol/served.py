"""What a shop would show: the judged lists are answers of `serving.recommend`, with every product in stock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..arrays import Ints
from ..artefact import Artefact
from ..asking import Asked, Person, Placement
from ..evaluation import LENGTH, Lists
from ..serving.recommending import recommend, recommend_many


@dataclass(frozen=True)
class InStock:
    """A product that may be sold to anybody."""

    product_id: str
    category: str = ""
    brand: str = ""
    price_minor: int = 0
    available: bool = True
    age_limited: bool = False


@dataclass(frozen=True)
class Served:
    """Answers by number, as the judges ask for them."""

    model: Artefact
    goods: dict[str, InStock] = field(default_factory=dict)

    def lists(
        self,
        customers: Iterable[int],
        placement: Placement,
        *,
        n: int = LENGTH,
        each: Callable[[], None] = lambda: None,
    ) -> Lists:
        """Of each customer (by their number in the training, as `model.customers` counts them) what a page of their
        own would show; `each` is called once a customer."""
        numbers = list(customers)
        asked = (
            Asked(placement=placement, person=Person(customer=int(self.model.customers[number])), n=n)
            for number in numbers
        )
        found = {}
        for number, answer in zip(numbers, recommend_many(self.model, asked, self._goods), strict=True):
            found[number] = [self.model.number[one.product] for one in answer]
            each()
        return found

    def with_product(self, product: int, *, n: int) -> Ints:
        """What a stranger sees on a product's page under "often bought together"."""
        return self._numbers(Asked(placement=Placement.PRODUCT, product=self.model.products[product], n=n))

    def for_cart(self, cart: Sequence[int], *, n: int) -> Ints:
        """What a stranger sees beside their cart."""
        inside = frozenset(self.model.products[product] for product in cart)
        return self._numbers(Asked(placement=Placement.CART, cart=inside, n=n))

    def _numbers(self, asked: Asked) -> Ints:
        answer = recommend(self.model, asked, self._goods)
        return np.array([self.model.number[one.product] for one in answer], np.int32)

    def _goods(self, products: Sequence[str]) -> list[InStock]:
        return [self.goods.get(product) or self._stocked(product) for product in products]

    def _stocked(self, product: str) -> InStock:
        number = self.model.number[product]
        self.goods[product] = InStock(product, self.model.category_of(number), self.model.brand_of(number))
        return self.goods[product]
