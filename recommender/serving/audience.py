"""Who should hear of a product: customers ranked by how likely they are to buy what nobody has bought yet.

The idea of `candidates.arrivals.Audience`, from the arrays that serving holds: an appetite for what is new, purchases
of products described alike (or of its brand and category), and being active at all; their logarithms are added.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Floats, Ints
from ..artefact import Artefact

NEW_DAYS, NEW_FADE_DAYS, ACTIVE_FADE_DAYS, NEAR_FADE_DAYS = 60, 60.0, 60.0, 250.0
APPETITE, ACTIVE, NEAR = 1.0, 0.3, 0.4
"""`Audience` gives .2 to near products and .2 to taste, which is not kept here: near products speak for both."""
OF_CATEGORY = 0.3
"""A product of the same brand or category beside one that is described alike."""


class Heard(NamedTuple):
    """A customer (the CRM's number), on how many days they bought something near, and how many new products early."""

    customer: int
    near_days: int
    early: int


def audience(model: Artefact, *, product: str, brand: str = "", category: str = "", n: int) -> list[Heard]:
    """The `n` customers who should hear of it first; ties by number. Who bought the product itself is left out.

    Args:
        product: the shop's id; the model needn't know it.
        brand, category: for a product that the model doesn't know.
    """
    own = model.own
    if not len(model.customers) or not len(own.rows.products):
        return []
    products = own.rows.products
    rows = np.repeat(np.arange(len(model.customers)), np.diff(own.rows.at))
    age = (int(own.last.max()) - own.last).astype(np.float32)
    days = own.days.astype(np.float32)
    near = _nearness(model, product, brand=brand, category=category)[products]
    early = _early(products, own.last, len(model.products))

    def total(weights: Floats) -> Floats:
        summed: Floats = np.bincount(rows, weights=weights, minlength=len(model.customers)).astype(np.float32)
        return summed

    scores = (
        APPETITE * _log(total(early * np.exp(-age / NEW_FADE_DAYS)))
        + ACTIVE * _log(total(days * np.exp(-age / ACTIVE_FADE_DAYS)))
        + NEAR * _log(total(near * days * np.exp(-age / NEAR_FADE_DAYS)))
    )
    number = model.number.get(product)
    if number is not None:
        scores[rows[products == number]] = -np.inf
    near_days, early_products = total((near > 0) * days), total(early.astype(np.float32))
    best = np.argsort(-scores, kind="stable")[:n]
    return [
        Heard(int(model.customers[one]), int(near_days[one]), int(early_products[one]))
        for one in best
        if np.isfinite(scores[one])
    ]


def _nearness(model: Artefact, product: str, *, brand: str, category: str) -> Floats:
    """One number a product of the model, from 0 to 1."""
    near = np.zeros(len(model.products), np.float32)
    number = model.number.get(product)
    if number is not None:
        brand, category = model.brand_of(number), model.category_of(number)
    for name, known, of in ((brand, model.brands, model.brand), (category, model.categories, model.category)):
        if name and name in known:
            near[of == list(known).index(name)] += OF_CATEGORY
    if number is not None:
        alike = model.similar[number]
        near[alike[alike >= 0]] = 1.0
    return near


def _early(products: Ints, last: Ints, size: int) -> np.ndarray:
    """Which purchases came within `NEW_DAYS` of the product's first one, for products that came after the shop opened.

    First as far as is kept: the earliest of all customers' last purchases, which for a young product is nearly it.
    """
    first = np.full(size, np.iinfo(np.int32).max, np.int64)
    np.minimum.at(first, products, last)
    opened = int(first.min())
    return (last - first[products] <= NEW_DAYS) & (first[products] > opened + NEW_DAYS)


def _log(values: Floats) -> Floats:
    """Logarithm against a tenth of the mean, so that nothing is not minus infinity."""
    found: Floats = np.log(values + max(float(values.mean()) / 10, 1e-9))
    return found
