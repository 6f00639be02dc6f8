"""A made-up shop with a model of it on disk, and the shop's answers for its products."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recommender.artefact import Artefact, load
from recommender.artefact_writing import write
from recommender.candidates.basket_knn import Neighbours
from recommender.candidates.session_fitting import ClickLog, fit
from recommender.catalogue import Catalogue, Description
from recommender.interactions import Interactions
from recommender.model import learn_model
from recommender.together import Together

from ..shops import KINDS, shop_of


@dataclass(frozen=True)
class Piece:
    """A product as the shop sells it now."""

    product_id: str
    category: str = ""
    brand: str = ""
    price_minor: int = 300
    available: bool = True
    age_limited: bool = False


def catalogue_of(shop: Interactions) -> Catalogue:
    """Category and words by kind, brands across kinds."""
    return Catalogue.of(
        shop.products,
        {
            name: Description(
                text=f"thing {'abcdef'[number % KINDS] * 3} number {'xyz'[number % 3] * 2}",
                category=f"kind {number % KINDS}",
                brand=f"brand {number % 4}",
                price=3.0,
            )
            for number, name in enumerate(shop.products)
        },
    )


def clicks_of(shop: Interactions) -> ClickLog:
    """Each order was a visit that looked at its products, and at the next of the same kind."""
    session = np.repeat(shop.line_order.astype(np.int64), 2)
    product = np.column_stack([shop.line_product, (shop.line_product + KINDS) % max(len(shop.products), 1)]).ravel()
    at = -np.repeat(shop.order_age[shop.line_order], 2) * 86_400.0 + np.arange(len(session)) * 1e-3
    return ClickLog(session, product.astype(np.int32), at.astype(np.float64))


def region_of(row: int) -> str:
    """Of the customer in this row."""
    return "north" if row % 2 else ""


def artefact_of(shop: Interactions, folder: Path, *, name: str = "a", clicks: bool = True) -> Artefact:
    """Learnt, written and loaded."""
    catalogue = catalogue_of(shop)
    together = Together(shop, catalogue)
    seen = Neighbours(together.pairs.score, together.pairs.orders)
    write(
        learn_model(shop, catalogue),
        together,
        folder=folder,
        name=name,
        about={"lines": len(shop.line_product)},
        catalogue=catalogue,
        regions=[region_of(one) for one in range(len(shop.customers))],
        session=fit(clicks_of(shop), products=len(shop.products)) if clicks else None,
        also_bought=seen if clicks else None,
    )
    return load(folder, name)


def shop_with(customers: int = 40, *, products: int = 60) -> Interactions:
    """Six kinds of products; where there is one product only, everybody buys that."""
    if products >= KINDS * 3:
        return shop_of(customers, products=products)
    full = shop_of(customers)
    return replace(full, products=["p0"], line_product=np.zeros_like(full.line_product))


def goods_of(
    pieces: Mapping[str, Piece] | None = None, *, sold_out: Collection[str] = ()
) -> Callable[[Sequence[str]], list[Piece]]:
    """Everything that is asked for is on sale, but what is named."""

    def goods(products: Sequence[str]) -> list[Piece]:
        known = pieces or {}
        return [known.get(one) or _piece(one, available=one not in sold_out) for one in products]

    return goods


def _piece(product: str, *, available: bool) -> Piece:
    number = int(product[1:]) if product[1:].isdigit() else 0
    return Piece(product, category=f"kind {number % KINDS}", brand=f"brand {number % 4}", available=available)
