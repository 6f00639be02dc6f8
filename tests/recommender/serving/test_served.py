"""An evaluation judges what the shop serves."""

import numpy as np

from recommender.artefact import Artefact
from recommender.asking import Asked, Placement
from recommender.fitting import ENOUGH
from recommender.interactions import Interactions
from recommender.reasons import Code
from recommender.serving import recommend
from recommender.serving.served import on_sale, served_beside, served_for_cart, served_lists
from recommender.together import Together

from .places import catalogue_of


def test_without_diversity_it_is_the_stored_list_and_with_it_the_same_products(model: Artefact) -> None:
    plain = served_lists(model, [3, 4], Placement.HOME, n=10, diversity=0.0)
    spread = served_lists(model, [3, 4], Placement.HOME, n=10, diversity=1.0)

    assert plain[3] == model.of_customer(3, "next", n=10).tolist()
    assert plain.keys() == spread.keys() == {3, 4}
    kinds = [len({product % 6 for product in lists[3][:6]}) for lists in (plain, spread)]
    assert kinds[1] >= kinds[0]


def test_what_is_new_is_new(model: Artefact, shop: Interactions) -> None:
    served = served_lists(model, range(len(shop.customers)), Placement.NEW)

    for customer, products in served.items():
        assert not np.isin(products, shop.line_product[shop.line_customer == customer]).any()


def test_a_page_and_a_cart_are_what_the_training_ranked(model: Artefact) -> None:
    beside = served_beside(model, [8], n=5)[8]

    assert beside[:3] == [one for one in model.together.products[8].tolist() if one >= 0][:3]
    assert served_for_cart(model, [8], n=3) == beside[:3]


def test_a_larger_cart_is_completed_as_the_training_would(model: Artefact, shop: Interactions) -> None:
    together = Together(shop, catalogue_of(shop))

    for cart in ([8, 14], [1, 7, 13], [2, 3, 20, 31], [5, 11, 50, 59, 30]):
        assert served_for_cart(model, cart, n=5) == together.for_cart(cart, n=5).tolist()


def test_what_is_judged_as_a_products_page_is_what_the_page_shows(model: Artefact) -> None:
    """Where enough was bought together with it the page shows nothing else, and nothing else is judged."""
    together = 0
    for product in range(0, 60, 7):
        asked = Asked(placement=Placement.PRODUCT, product=model.products[product], n=60)
        answer = recommend(model, asked, on_sale)
        bought = [model.number[one.product] for one in answer if one.reason.code is Code.TOGETHER]
        shown = served_beside(model, [product], n=60)[product]
        together += len(bought) >= ENOUGH and len(answer) > len(bought)
        assert shown == (bought if len(bought) >= ENOUGH else [model.number[one.product] for one in answer])
    assert together
