"""What a marketer's rules do to a list."""

from dataclasses import replace

import pytest

from recommender.artefact import Artefact
from recommender.asking import Asked, Person, Placement, Rule
from recommender.reasons import Code
from recommender.serving import recommend

from .places import goods_of

HOME = Asked(placement=Placement.HOME, person=Person(customer=7), n=6, diversity=0.0)


def shown(model: Artefact, *rules: Rule, asked: Asked = HOME, sold_out: str = "") -> list[str]:
    """The products."""
    return [one.product for one in recommend(model, asked, goods_of(sold_out={sold_out}), rules)]


def test_a_pinned_product_stands_at_its_place_and_says_that_the_shop_chose_it(model: Artefact) -> None:
    plain = shown(model)
    rule = Rule(id=4, what="pin", of="product", value="gift", weight=2)

    pinned = recommend(model, HOME, goods_of(), [rule])

    assert [one.product for one in pinned] == [plain[0], "gift", *plain[1:5]]
    assert pinned[1].reason.code is Code.CHOSEN
    assert [one.rule for one in pinned] == [None, 4, None, None, None, None]


def test_what_is_sold_out_is_not_shown_even_where_it_is_pinned(model: Artefact) -> None:
    rule = Rule(id=4, what="pin", of="product", value="p1", weight=1)

    assert "p1" not in shown(model, rule, sold_out="p1")
    assert len(shown(model, rule, sold_out="p1")) == 6


def test_nothing_is_pinned_into_a_list_of_what_somebody_bought(model: Artefact) -> None:
    asked = Asked(placement=Placement.AGAIN, person=Person(customer=7), n=40)
    mine = shown(model, asked=asked)
    other = next(one for one in model.products if one not in mine)

    assert shown(model, Rule(id=1, what="pin", of="product", value=other), asked=asked) == mine


@pytest.mark.parametrize(("what", "places"), [("boost", range(1)), ("bury", range(20, 60))])
def test_a_boost_lifts_and_a_burial_lowers(model: Artefact, what: str, places: range) -> None:
    plain = shown(model)
    rule = Rule(id=1, what=what, of="product", value=plain[3], weight=1000.0)

    moved = shown(model, rule, asked=replace(HOME, n=60))

    assert moved.index(plain[3]) in places


def test_a_rule_for_a_brand_holds_for_all_its_products_and_elsewhere_not_at_all(model: Artefact) -> None:
    rule = Rule(id=1, what="exclude", of="brand", value="brand 1", placement=Placement.HOME)
    new = Asked(placement=Placement.NEW, person=Person(customer=7))

    assert all(int(one[1:]) % 4 != 1 for one in shown(model, rule))
    assert shown(model, rule, asked=new) == shown(model, asked=new)
