"""What pages would show if everything were on sale: so that an evaluation judges what the shop serves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..artefact import Artefact
from ..asking import Asked, Person, Placement
from ..fitting import fitting
from .recommending import recommend


@dataclass(frozen=True, slots=True)
class OnSale:
    """A product as any shop might sell it."""

    product_id: str
    category: str = ""
    brand: str = ""
    price_minor: int = 0
    available: bool = True
    age_limited: bool = False


def on_sale(products: Sequence[str]) -> list[OnSale]:
    """Everything is."""
    return [OnSale(product) for product in products]


def served_lists(
    model: Artefact, customers: Iterable[int], placement: Placement, *, n: int = 20, diversity: float | None = None
) -> dict[int, list[int]]:
    """What each customer's strip shows with the shop's defaults, as numbers of `model.products`.

    Args:
        customers: rows of `model.customers` (the numbers of the `Interactions` that were learnt from).
        diversity: another than what the shop serves with.
    """

    usual = Asked(placement=placement, n=n)
    asked = usual if diversity is None else replace(usual, diversity=diversity)
    return {
        row: _numbers(model, replace(asked, person=Person(customer=int(model.customers[row])))) for row in customers
    }


def served_beside(model: Artefact, products: Iterable[int], *, n: int = 10) -> dict[int, list[int]]:
    """What each product's page shows as bought together with it; nothing else beside where that is enough."""
    return {
        product: _numbers(model, Asked(placement=Placement.PRODUCT, product=model.products[product], n=n))
        for product in products
    }


def served_for_cart(model: Artefact, cart: Iterable[int], *, n: int = 10) -> list[int]:
    """What a cart page shows."""
    inside = frozenset(model.products[product] for product in cart)
    return _numbers(model, Asked(placement=Placement.CART, cart=inside, n=n))


def _numbers(model: Artefact, asked: Asked) -> list[int]:
    shown = fitting(asked.placement, recommend(model, asked, on_sale))
    return [model.number[one.product] for one in shown]
