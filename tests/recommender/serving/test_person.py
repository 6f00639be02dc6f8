"""What people say about their recommendations, and what they just did, counts at once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from recommender.artefact import Artefact
from recommender.asking import Arrival, Asked, Deed, Person, Placement, Strategy
from recommender.interactions import Interactions
from recommender.reasons import Code
from recommender.serving import recommend
from recommender.serving.known import Known
from recommender.serving.recommending import REMEMBERED_FOR, recommend_many
from recommender.signals import Kind

from ..shops import KINDS
from .places import Piece, artefact_of, goods_of

EVERYTHING = goods_of()
HOME = Asked(placement=Placement.HOME, person=Person(customer=7), n=20)


def asked_of(person: Person, placement: Placement = Placement.HOME, *, n: int = 20) -> Asked:
    """By them."""
    return Asked(placement=placement, person=person, n=n)


def test_what_somebody_is_not_interested_in_is_gone(model: Artefact) -> None:
    first = recommend(model, HOME, EVERYTHING)[0].product

    after = recommend(model, asked_of(Person(customer=7, not_interested=frozenset({first}))), EVERYTHING)

    assert first not in [one.product for one in after]


def test_a_product_that_must_not_be_used_takes_what_is_there_because_of_it_away(model: Artefact) -> None:
    person = Person(steps=[Deed("p8", Kind.VIEW, 0.0)])
    used = recommend(model, asked_of(person), EVERYTHING)
    unused = recommend(model, asked_of(replace(person, not_used=frozenset({"p8"}))), EVERYTHING)

    assert "p8" in {one.reason.product for one in used}
    assert {one.reason.code for one in unused} == {Code.POPULAR}


def test_an_own_product_that_must_not_be_used_is_in_no_list_and_in_no_reason(model: Artefact) -> None:
    again = asked_of(Person(customer=7), Placement.AGAIN)
    mine = [one.product for one in recommend(model, again, EVERYTHING)]
    person = Person(customer=7, not_used=frozenset(mine))

    for placement in (Placement.HOME, Placement.NEW, Placement.AGAIN):
        for one in recommend(model, asked_of(person, placement), EVERYTHING):
            assert one.reason.product not in mine
            assert one.reason.code not in (Code.AGAIN, Code.OFTEN, Code.SIMILAR)


def test_an_order_of_the_last_minute_counts_and_a_return_takes_it_back(model: Artefact) -> None:
    bought = Person(bought=[Deed("p8", Kind.PURCHASE, 0.001)])
    returned = replace(bought, steps=[Deed("p8", Kind.RETURN, 0.0)])
    once_more = replace(bought, steps=[Deed("p8", Kind.RETURN, 0.5)])

    after = recommend(model, asked_of(bought, n=5), EVERYTHING)

    assert {one.reason.product for one in after} == {"p8"}
    assert Code.BECAUSE in {one.reason.code for one in after}
    assert {one.reason.code for one in recommend(model, asked_of(returned, n=5), EVERYTHING)} == {Code.POPULAR}
    assert recommend(model, asked_of(once_more, n=5), EVERYTHING) == after


@pytest.mark.parametrize("clicks", [True, False])
def test_a_look_after_a_large_order_moves_the_next_page(shop: Interactions, tmp_path: Path, *, clicks: bool) -> None:
    model = artefact_of(shop, tmp_path, clicks=clicks)
    products = [f"p{number}" for number in range(60) if number % KINDS in (0, 2)]
    ordered = Person(bought=[Deed(one, Kind.PURCHASE, 0.3) for one in products])
    looked = replace(ordered, steps=[Deed("p1", Kind.VIEW, 0.0)])

    before, after = (recommend(model, asked_of(one, n=10), EVERYTHING) for one in (ordered, looked))

    assert len(products) == 20
    assert "p1" not in {one.reason.product for one in before}
    assert "p1" in {one.reason.product for one in after}


def test_an_order_still_counts_after_a_long_visit(model: Artefact) -> None:
    looks = [Deed(f"p{number}", Kind.VIEW, 0.01) for number in (*range(1, 60, KINDS), 7, 1)]
    person = Person(bought=[Deed("p8", Kind.PURCHASE, 0.3)], steps=looks)

    seeds = Known(model, asked_of(person)).seeds

    assert [model.products[seed.product] for seed in seeds[:4]] == ["p1", "p8", "p7", "p13"]


def test_what_somebody_is_not_interested_in_is_no_reason_either(model: Artefact) -> None:
    new = asked_of(Person(customer=7), Placement.NEW)
    causes = frozenset(one.reason.product for one in recommend(model, new, EVERYTHING) if one.reason.product)
    person = Person(customer=7, not_interested=causes)

    assert causes
    for placement in (Placement.HOME, Placement.NEW):
        named = {one.reason.product for one in recommend(model, asked_of(person, placement), EVERYTHING)}
        assert not named & causes


def test_a_product_that_came_after_the_training_is_new_for_who_buys_its_brand(model: Artefact) -> None:
    arrivals = [Arrival("fresh", category="kind 1", brand="brand 3"), Arrival("other", category="", brand="unheard of")]

    shown = recommend(model, asked_of(Person(customer=7), Placement.NEW), EVERYTHING, arrivals=arrivals)

    reasons = {one.product: one.reason for one in shown}
    assert reasons["fresh"].code is Code.BRAND
    assert reasons["fresh"].word == "brand 3"
    places = [one.product for one in shown]
    assert places.index("fresh") < (places.index("other") if "other" in places else len(places))


def test_beside_a_cart_in_the_checkout_only_small_things_are_shown(model: Artefact) -> None:
    pieces = {one: Piece(one, price_minor=100 * int(one[1:])) for one in model.products}
    asked = Asked(placement=Placement.CHECKOUT, cart=frozenset({"p20", "p26"}), n=20)

    shown = recommend(model, asked, goods_of(pieces))

    assert shown
    assert all(pieces[one.product].price_minor <= 1300 for one in shown)


def test_a_region_sees_its_own_best_sellers(model: Artefact) -> None:
    shown = recommend(model, asked_of(Person(region="north")), EVERYTHING)

    assert {(one.reason.code, one.reason.word) for one in shown} == {(Code.REGION, "north")}


def test_at_most_so_many_of_one_category(model: Artefact) -> None:
    shown = recommend(model, replace(HOME, most_of_category=2), EVERYTHING)

    kinds = [int(one.product[1:]) % 6 for one in shown]
    assert len(kinds) == 12
    assert {kinds.count(kind) for kind in kinds} == {2}


def test_many_are_answered_as_each_alone_and_a_product_is_read_once(model: Artefact) -> None:
    asked: list[str] = []

    def counting(products: list[str]) -> list[Piece]:
        asked.extend(products)
        return EVERYTHING(products)

    many = [asked_of(Person(customer=one), Placement.EMAIL, n=8) for one in range(20)]

    together = list(recommend_many(model, many, counting))

    assert together == [recommend(model, one, EVERYTHING) for one in many]
    assert len(asked) == len(set(asked))


def test_a_long_mailing_notices_what_is_sold_out_meanwhile(model: Artefact) -> None:
    sold_out = recommend(model, asked_of(Person(), Placement.EMAIL, n=1), EVERYTHING)[0].product
    left = {sold_out}

    def selling(products: Sequence[str]) -> list[Piece]:
        return goods_of(sold_out=set() if left else {sold_out})(products)

    shown = []
    for one in recommend_many(model, [asked_of(Person(), Placement.EMAIL, n=1)] * (2 * REMEMBERED_FOR), selling):
        shown.append(one[0].product)
        left.clear()

    assert set(shown[:REMEMBERED_FOR]) == {sold_out}
    assert sold_out not in shown[REMEMBERED_FOR:]


def test_only_what_somebody_looked_at_is_called_looked_at(model: Artefact) -> None:
    cart = Asked(placement=Placement.CART, strategy=Strategy.SESSION, cart=frozenset({"p1", "p7"}), n=5)
    looked = replace(cart, person=Person(steps=[Deed("p1", Kind.VIEW, 0.0), Deed("p7", Kind.VIEW, 0.0)]))
    put = asked_of(Person(steps=[Deed("p8", Kind.CART, 0.0)]))

    def codes(asked: Asked) -> set[Code]:
        return {one.reason.code for one in recommend(model, asked, EVERYTHING) if one.reason.product}

    assert codes(cart) == {Code.NEXT}
    assert codes(looked) == {Code.VIEWED}
    assert Code.VIEWED not in codes(put)
    assert codes(put) & {Code.NEXT, Code.TOGETHER}
