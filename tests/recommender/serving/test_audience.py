"""Who should hear of a product that nobody bought yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.artefact import Artefact
from recommender.serving.audience import audience


def test_buyers_of_its_kind_come_first_and_the_figures_are_true(model: Artefact) -> None:
    category = model.category_of(0)

    found = audience(model, product="unheard of", category=category, n=5)

    assert len(found) == len({one.customer for one in found}) == 5
    assert any(one.near_days for one in found)
    for one in found:
        row = model.row_of(one.customer)
        assert row is not None
        bought = model.own.rows.row(row)
        days = model.own.days[model.own.rows.at[row] : model.own.rows.at[row + 1]]
        of_kind = [model.category_of(int(product)) == category for product in bought]
        assert one.near_days == int(days[of_kind].sum())


def test_who_bought_it_already_needs_not_hear_of_it(model: Artefact) -> None:
    buyers = {
        int(customer) for row, customer in enumerate(model.customers) if 0 in model.own.rows.row(row)
    }  # fmt: skip
    assert buyers

    found = audience(model, product=model.products[0], n=len(model.customers))

    assert not buyers & {one.customer for one in found}


def test_a_shop_without_customers_or_purchases_has_nobody_to_tell(model: Artefact) -> None:
    nobody = replace(model, customers=np.empty(0, np.int64))
    assert audience(nobody, product="x", n=5) == []
