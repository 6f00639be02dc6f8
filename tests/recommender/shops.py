"""Made-up shops of any size, straight as interactions: people with a taste of their own who buy again and explore."""

from __future__ import annotations

import numpy as np

from recommender.catalogue import Catalogue, Description
from recommender.interactions import Interactions

KINDS = 6
"""Tastes; product p is of the kind p % KINDS."""


def shop_of(customers: int, *, products: int = 60, seed: int = 5) -> Interactions:
    """Everybody has one taste: their staples every two or three weeks, and each time something else of it."""
    draw = np.random.default_rng(seed)
    order_customer, order_age, line_order, line_product = [], [], [], []
    for one in range(customers):
        shelf = np.arange(one % KINDS, products, KINDS)
        staples = draw.choice(shelf, 2, replace=False)
        for age in np.arange(draw.uniform(1, 20), 150, draw.uniform(14, 21)):
            basket = {*staples.tolist(), int(draw.choice(shelf))}
            line_order += [len(order_age)] * len(basket)
            line_product += sorted(basket)
            order_customer.append(one)
            order_age.append(age)
    ages = np.array(order_age, np.float32)
    return Interactions(
        customers=list(range(customers)),
        products=[f"p{number}" for number in range(products)] if customers else [],
        order_customer=np.array(order_customer, np.int32),
        order_age=ages,
        order_day=(800_000 - np.floor(ages)).astype(np.int32),
        line_order=np.array(line_order, np.int32),
        line_product=np.array(line_product, np.int32),
    )


def described(interactions: Interactions, *, price: float = 3.0) -> Catalogue:
    """Products named after their kind."""
    return Catalogue.of(
        interactions.products,
        {
            name: Description(text=f"thing of kind {'abcdef'[number % KINDS] * 3}", price=price)
            for number, name in enumerate(interactions.products)
        },
    )
