"""Who should hear of this product: customers for an e-mail about something new, each with what speaks for them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from . import material
from .candidates.arrivals import Audience
from .candidates.content import described
from .candidates.own_history import days_bought
from .interactions import Ints
from .material import Material, Shop


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
    number = known.interactions.products.index(product)
    if not len(known.interactions.line_product):
        return []
    chosen = _wanted(Audience(known.interactions, known.catalogue).best(number, n=len(known.interactions.customers)),
                     known, number)[:n]  # fmt: skip
    return [Hearer(known.interactions.customers[one], because) for one, because in _why(known, chosen, number)]


def _wanted(customers: Ints, known: Material, product: int) -> Ints:
    shape = len(known.interactions.customers), len(known.interactions.products)
    barred = days_bought(known.interactions)[:, [product]] + known.deeds.not_wanted(*shape)[:, [product]]
    left: Ints = customers[np.asarray(barred.todense()).ravel()[customers] == 0]
    return left


def _why(known: Material, customers: Ints, product: int) -> list[tuple[int, str]]:
    terms = described(known.catalogue)
    likeness = np.asarray((terms @ terms[product].T).todense(), np.float32).ravel()
    bought = days_bought(known.interactions)
    found = []
    for one in customers.tolist():
        mine = bought.indices[bought.indptr[one] : bought.indptr[one + 1]]
        best = int(mine[np.argmax(likeness[mine])]) if len(mine) else -1
        found.append((one, known.interactions.products[best] if best >= 0 and likeness[best] > 0 else ""))
    return found
