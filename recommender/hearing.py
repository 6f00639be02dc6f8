"""Who should hear of this product: customers for an e-mail about something new, each with what speaks for them.

A training works it out for what came into the shop of late and stores it; for any product it is worked out on demand,
from everything that was bought, in the time that reading takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sqlalchemy.orm import Session, sessionmaker

from . import material
from .arrays import Ints
from .artefact import Hearers
from .candidates.arrivals import Audience
from .candidates.content import described
from .candidates.own_history import days_bought
from .material import Material, Shop

NEW_FOR_DAYS = 60.0
MOST_PRODUCTS = 200
"""Of what came within so many days, the newest so many are worked out in every training."""
PEOPLE = 200
"""Kept a product."""


class UnknownProduct(LookupError):
    """The shop has no product of this name, or says nothing about it."""


class Hearer(NamedTuple):
    """A customer; `bought` is what they bought that is described most like the product, empty if nothing is."""

    customer: int
    bought: str


def who_should_hear(
    sessions: sessionmaker[Session], shop: Shop, now: datetime, *, product: str, n: int
) -> list[Hearer]:
    """The `n` most likely buyers, best first; without those who bought it already or don't want to see it.

    Raises:
        UnknownProduct: nobody sold it and the catalogue doesn't describe it.
    """
    known = material.read(sessions, shop, now)
    if product not in known.interactions.products:
        raise UnknownProduct(f'The shop has no product "{product}".')
    found = hearers(known, [known.interactions.products.index(product)], n=n)
    rows = zip(found.customers.ravel().tolist(), found.because.ravel().tolist(), strict=True)
    customers, products = known.interactions.customers, known.interactions.products
    return [Hearer(customers[one], products[like] if like >= 0 else "") for one, like in rows if one >= 0]


def newest(known: Material) -> list[int]:
    """The products that came of late, the newest first."""
    age = known.catalogue.age
    came: list[int] = np.argsort(age, kind="stable")[: min(int((age <= NEW_FOR_DAYS).sum()), MOST_PRODUCTS)].tolist()
    return came


def hearers(known: Material, products: Sequence[int], *, n: int = PEOPLE) -> Hearers:
    """For each product the `n` customers who should hear of it first."""
    shape = len(products), n
    customers, because = np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
    if len(products) and len(known.interactions.line_product):
        audience = Audience(known.interactions, known.catalogue)
        bought, terms = days_bought(known.interactions), described(known.catalogue)
        unwanted = known.deeds.not_wanted(*bought.shape)
        for row, product in enumerate(products):
            barred = np.asarray((bought[:, [product]] + unwanted[:, [product]]).todense()).ravel() > 0
            ranked = audience.best(product, n=n + int(barred.sum()))
            best = ranked[~barred[ranked]][:n]
            customers[row, : len(best)] = best
            because[row, : len(best)] = _most_like(best, product, bought, terms)
    return Hearers(np.array(products, np.int32), customers, because)


def _most_like(customers: Ints, product: int, bought: csr_matrix, terms: csr_matrix) -> list[int]:
    """Of what each bought, the product that is described most like this one."""
    likeness = np.asarray((terms @ terms[product].T).todense(), np.float32).ravel()
    found = []
    for one in customers.tolist():
        mine = bought.indices[bought.indptr[one] : bought.indptr[one + 1]]
        best = int(mine[np.argmax(likeness[mine])]) if len(mine) else -1
        found.append(best if best >= 0 and likeness[best] > 0 else -1)
    return found
