"""Time cuts: what was known at a moment of the past, and what each customer then bought on their next day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .interactions import Interactions, Ints


class Following(NamedTuple):
    """What the customers known at a cut bought on their first day after it: a pair each, sorted by customer."""

    customer: Ints
    product: Ints


def known_before(interactions: Interactions, days: float) -> Interactions:
    """The interactions as they were `days` ago; customers and products keep their numbers."""
    order_known = interactions.order_age > days
    number = np.cumsum(order_known, dtype=np.int32) - 1
    line_known = order_known[interactions.line_order]
    return Interactions(
        customers=interactions.customers,
        products=interactions.products,
        order_customer=interactions.order_customer[order_known],
        order_age=interactions.order_age[order_known] - np.float32(days),
        order_day=interactions.order_day[order_known],
        line_order=number[interactions.line_order[line_known]],
        line_product=interactions.line_product[line_known],
    )


def following(interactions: Interactions, days: float, *, window: float) -> Following:
    """What was bought on the first day within `window` days of the cut, by those who had bought before the cut."""
    customer, product, age = interactions.purchase_days
    before = np.zeros(len(interactions.customers), bool)
    before[customer[age > days]] = True
    after = (age <= days) & (age > days - window) & before[customer]
    customer, product = customer[after], product[after]
    day = np.floor(days - age[after])
    first = np.full(len(interactions.customers), np.inf)
    np.minimum.at(first, customer, day)
    on_first = day == first[customer]
    order = np.lexsort((product[on_first], customer[on_first]))
    return Following(customer[on_first][order], product[on_first][order])


def first_time(target: Following, known: Interactions) -> Following:
    """Of these only what the customer had never bought before."""
    customer, product, _age = known.purchase_days
    width = np.int64(max(len(known.products), 1))
    fresh = ~np.isin(target.customer * width + target.product, customer * width + product)
    return Following(target.customer[fresh], target.product[fresh])
