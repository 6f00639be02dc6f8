"""What people say about their recommendations, and what they just did, counts at once."""

from dataclasses import replace

from recommender.artefact import Artefact
from recommender.asking import Arrival, Asked, Deed, Person, Placement
from recommender.reasons import Code
from recommender.serving import recommend
from recommender.serving.recommending import recommend_many
from recommender.signals import Kind

from .places import Piece, goods_of

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
    returned = Person(bought=[Deed("p8", Kind.RETURN, 0.0), Deed("p8", Kind.PURCHASE, 0.001)])

    after = recommend(model, asked_of(bought, n=5), EVERYTHING)

    assert {one.reason.product for one in after} == {"p8"}
    assert Code.BECAUSE in {one.reason.code for one in after}
    assert {one.reason.code for one in recommend(model, asked_of(returned, n=5), EVERYTHING)} == {Code.POPULAR}


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
