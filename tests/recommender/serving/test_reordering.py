"""Searches and categories in somebody's own order."""

from recommender.artefact import Artefact
from recommender.asking import Asked, Deed, Person, Placement, Rule
from recommender.reasons import Code
from recommender.serving import recommend
from recommender.signals import Kind

from .places import goods_of

HITS = [f"p{number}" for number in range(30, 60)]
EVERYTHING = goods_of()


def order(model: Artefact, person: Person, placement: Placement, *rules: Rule) -> list[str]:
    """What it becomes."""
    return [
        one.product
        for one in recommend(model, Asked(placement=placement, person=person, among=HITS), EVERYTHING, rules)
    ]


def test_who_is_not_known_sees_the_order_of_the_search(model: Artefact) -> None:
    shown = recommend(model, Asked(placement=Placement.SEARCH, among=HITS), EVERYTHING)

    assert [one.product for one in shown] == HITS
    assert {one.reason.code for one in shown} == {Code.FOUND}


def test_what_somebody_likes_comes_up_and_nothing_is_dropped(model: Artefact) -> None:
    person = Person(steps=[Deed("p8", Kind.VIEW, 0.0)])
    search, category = (order(model, person, one) for one in (Placement.SEARCH, Placement.CATEGORY))

    assert sorted(search) == sorted(category) == sorted(HITS)
    liked = [one for one in HITS if int(one[1:]) % 6 == 8 % 6]
    for found in (search, category):
        assert sum(found.index(one) for one in liked) < sum(HITS.index(one) for one in liked)
    assert category.index(liked[-1]) <= search.index(liked[-1])


def test_what_somebody_is_not_interested_in_comes_last(model: Artefact) -> None:
    assert order(model, Person(not_interested=frozenset({"p30"})), Placement.CATEGORY)[-1] == "p30"


def test_a_pin_holds_in_a_category_too(model: Artefact) -> None:
    rule = Rule(id=1, what="pin", of="product", value="p50", weight=1)

    assert order(model, Person(customer=4), Placement.CATEGORY, rule)[0] == "p50"


def test_a_pin_does_not_lift_what_somebody_is_not_interested_in(model: Artefact) -> None:
    person = Person(not_interested=frozenset({"p30"}))
    of_product = Rule(id=1, what="pin", of="product", value="p30", weight=1)
    of_brand = Rule(id=2, what="pin", of="brand", value="brand 2", weight=1)

    for placement in (Placement.SEARCH, Placement.CATEGORY):
        assert order(model, person, placement, of_product)[-1] == "p30"
        found = order(model, person, placement, of_brand)
        assert (found[0], found[-1]) == ("p34", "p30")
