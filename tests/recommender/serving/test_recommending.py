"""What each place of the shop shows."""

import numpy as np
import pytest

from recommender.artefact import Artefact
from recommender.asking import Asked, Deed, Person, Placement, Strategy
from recommender.interactions import Interactions
from recommender.reasons import Code
from recommender.serving import recommend
from recommender.signals import Kind

from ..shops import KINDS
from .places import goods_of

EVERYTHING = goods_of()


def kind(product: str) -> int:
    """Of the made-up shop."""
    return int(product[1:]) % KINDS


def viewed(product: str) -> Person:
    """A stranger who just looked at something."""
    return Person(steps=[Deed(product, Kind.VIEW, 0.0)])


@pytest.mark.parametrize("placement", list(Placement))
def test_before_the_first_training_nothing_is_recommended(placement: Placement) -> None:
    assert recommend(None, Asked(placement=placement, among=["p1"]), EVERYTHING) == []


def test_the_home_page_shows_a_customer_what_was_learnt(model: Artefact) -> None:
    shown = recommend(model, Asked(placement=Placement.HOME, person=Person(customer=7), n=6, diversity=0.0), EVERYTHING)

    stored = [model.products[one] for one in model.of_customer(7, "next", n=6)]
    assert [one.product for one in shown] == stored


def test_a_stranger_sees_what_sells_and_after_one_look_what_goes_with_it(model: Artefact) -> None:
    before = recommend(model, Asked(placement=Placement.HOME), EVERYTHING)
    after = recommend(model, Asked(placement=Placement.HOME, person=viewed("p8")), EVERYTHING)

    assert {one.reason.code for one in before} == {Code.POPULAR}
    assert {kind(one.product) for one in after[:5]} == {8 % KINDS}
    assert {one.reason.code for one in after[:5]} <= {Code.VIEWED, Code.LIKE}
    assert {one.reason.product for one in after[:5]} == {"p8"}
    assert "p8" not in [one.product for one in after[:1]]


def test_what_is_bought_again_was_bought(model: Artefact, shop: Interactions) -> None:
    shown = recommend(model, Asked(placement=Placement.AGAIN, person=Person(customer=3), n=30), EVERYTHING)

    mine = {shop.products[one] for one in shop.line_product[shop.line_customer == 3]}
    assert {one.product for one in shown} == mine
    assert {one.reason.code for one in shown} <= {Code.AGAIN, Code.OFTEN}
    assert all(one.reason.on and one.reason.count for one in shown)


def test_what_is_new_was_never_bought_not_even_since(model: Artefact, shop: Interactions) -> None:
    since = recommend(model, Asked(placement=Placement.NEW, person=Person(customer=3)), EVERYTHING)[0].product
    person = Person(customer=3, bought=[Deed(since, Kind.PURCHASE, 0.01)], steps=[Deed("p9", Kind.VIEW, 0.0)])

    shown = [one.product for one in recommend(model, Asked(placement=Placement.NEW, person=person, n=50), EVERYTHING)]

    mine = {shop.products[one] for one in shop.line_product[shop.line_customer == 3]}
    assert shown
    assert not mine & set(shown)
    assert since not in shown


def test_the_product_page_names_the_orders_that_held_both(model: Artefact, shop: Interactions) -> None:
    shown = recommend(model, Asked(placement=Placement.PRODUCT, product="p8", n=4), EVERYTHING)

    orders = shop.by_order()
    together = [one for one in shown if one.reason.code is Code.TOGETHER]
    assert together
    for one in together:
        both = orders[:, 8].multiply(orders[:, int(one.product[1:])]).sum()
        assert one.reason.count == both
        assert one.reason.product == "p8"
    assert "p8" not in [one.product for one in shown]


def test_similar_products_are_described_alike(model: Artefact) -> None:
    shown = recommend(model, Asked(placement=Placement.SIMILAR, product="p8", n=4), EVERYTHING)

    assert {kind(one.product) for one in shown} == {8 % KINDS}
    assert {one.reason.code for one in shown} == {Code.LIKE}


def test_a_cart_is_completed_by_what_its_buyers_bought_with_it(model: Artefact, shop: Interactions) -> None:
    shown = recommend(model, Asked(placement=Placement.CART, cart=frozenset({"p8", "p14"}), n=4), EVERYTHING)

    orders = shop.by_order()
    assert {kind(one.product) for one in shown} == {8 % KINDS}
    assert not {"p8", "p14"} & {one.product for one in shown}
    for one in shown:
        if one.reason.code is Code.TOGETHER:
            with_it = int((one.reason.product or "")[1:])
            assert one.reason.count == orders[:, with_it].multiply(orders[:, int(one.product[1:])]).sum()


def test_recently_viewed_come_first_and_what_goes_with_them_follows(model: Artefact) -> None:
    person = Person(steps=[Deed("p8", Kind.VIEW, 0.0), Deed("p3", Kind.VIEW, 0.1), Deed("p8", Kind.VIEW, 0.2)])

    shown = recommend(model, Asked(placement=Placement.RECENT, person=person, n=6), EVERYTHING)

    assert [one.product for one in shown[:2]] == ["p8", "p3"]
    assert [one.reason.code for one in shown[:3]] == [Code.SEEN, Code.SEEN, shown[2].reason.code]
    assert {kind(one.product) for one in shown[2:]} <= {8 % KINDS, 3 % KINDS}


def test_a_product_page_shows_what_each_strategy_would(model: Artefact) -> None:
    asked = {one: Asked(placement=Placement.PRODUCT, product="p8", n=4, strategy=one) for one in Strategy}

    codes = {one: {entry.reason.code for entry in recommend(model, asked[one], EVERYTHING)} for one in Strategy}

    assert codes == {
        Strategy.LEARNT: {Code.TOGETHER}, Strategy.SESSION: {Code.NEXT}, Strategy.POPULAR: {Code.CATEGORY},
    }  # fmt: skip


def test_every_strategy_answers(model: Artefact) -> None:
    person = Person(customer=5, steps=[Deed("p8", Kind.VIEW, 0.0)])

    lists = {
        strategy: recommend(model, Asked(placement=Placement.HOME, person=person, strategy=strategy), EVERYTHING)
        for strategy in Strategy
    }

    assert {one.reason.code for one in lists[Strategy.POPULAR]} == {Code.POPULAR}
    assert {kind(one.product) for one in lists[Strategy.SESSION][:4]} == {8 % KINDS}
    assert 5 % KINDS in {kind(one.product) for one in lists[Strategy.LEARNT][:4]}


def test_one_order_makes_nothing_often_bought_with_a_cart(model: Artefact, shop: Interactions) -> None:
    orders = shop.by_order().T.tocsr()
    together = (orders @ orders.T).toarray()
    once = 0

    for first in range(0, 60, 5):
        for second in range(first + 6, 60, 6):
            inside = frozenset({f"p{first}", f"p{second}"})
            for one in recommend(model, Asked(placement=Placement.CART, cart=inside, n=10), EVERYTHING):
                with_it = together[int((one.reason.product or "p0")[1:]), int(one.product[1:])]
                if one.reason.code is Code.TOGETHER:
                    assert one.reason.count == with_it >= 2
                else:
                    once += with_it == 1
                    assert one.reason.code is Code.LIKE or one.reason.code is Code.CATEGORY
                    assert one.reason.count is None

    assert once


def test_a_count_has_room_for_every_order(model: Artefact) -> None:
    assert model.completing.orders.dtype == np.uint32
