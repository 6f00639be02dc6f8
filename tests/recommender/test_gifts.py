"""Gifts: what is for giving, to whom, and why; never what the giver has."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from recommender.gift_words import Circle, givable
from recommender.gifts import Giver, Idea, Why, gift_lists, presents, season_lifts


@dataclass
class Thing:
    product_id: str
    text: str
    category: str
    price_minor: int = 500
    brand: str = ""
    available: bool = True


SHOP = [
    Thing("plush", "Rabbit", "Toys and Games", 900),
    Thing("game", "Board game", "Toys and Games", 1900),
    Thing("roses", "Bunch", "Roses", 1500),
    Thing("book", "Baking at home", "Books", 1600),
    Thing("scent", "No. 6", "Fragrances", 2500),
    Thing("eggs", "Easter eggs", "Bagged & Boxed Candy", 400),
    Thing("santa", "Santa of chocolate", "Christmas", 400),
    Thing("coffee", "Roast", "Coffee", 600),
    Thing("tea", "Leaves", "Teas", 500),
    Thing("cookies", "Shortbread", "Cookies & Cones", 450),
    Thing("nuts", "Mixed", "Snack Nuts", 500),
    Thing("paper", "Soft", "Toilet Tissues", 300),
    Thing("gone", "Praline box", "Candy", 700, available=False),
]
GOODS = presents(SHOP, {"coffee": 50, "tea": 3}, lifts={})


def ids(ideas: list[Idea]) -> list[str]:
    return [one.product for one in ideas]


def lists(giver: Giver, holiday: str = "easter") -> tuple[list[Idea], list[Idea]]:
    found = gift_lists(GOODS, giver, holiday=holiday)
    return found[Circle.FAMILY], found[Circle.COLLEAGUES]


def test_only_what_people_give_and_can_be_had_is_a_present() -> None:
    assert {one.product for one in GOODS} == {one.product_id for one in SHOP} - {"paper", "gone"}
    assert givable("Chocolate Milk", "Milk & Cream") is None
    assert givable("Anything", "Our gifts", shelves={"Our gifts"}) is not None
    assert givable("Roses", "Roses", shelves={"Our gifts"}) is None


def test_family_and_colleagues_get_other_things_with_a_reason_each() -> None:
    family, colleagues = lists(Giver("1", children=2, household="family"))
    assert not set(ids(family)) & set(ids(colleagues))
    assert {one.why for one in family} & {Why.CHILDREN, Why.SEASON}
    assert all(one.why in {Why.SHARED, Why.SEASON, Why.CLASSIC, Why.LIKED} for one in colleagues)
    assert not {"plush", "game", "scent"} & set(ids(colleagues))


def test_what_they_have_gave_or_were_shown_last_year_isnt_suggested() -> None:
    everything = {one.product for one in GOODS}
    for left_out in sorted(everything):
        family, colleagues = lists(Giver("1", bought={left_out}))
        assert left_out not in ids(family) + ids(colleagues)
    family, colleagues = lists(Giver("1", shown={"book"}, given=[one for one in GOODS if one.product == "roses"]))
    assert not {"book", "roses"} & set(ids(family) + ids(colleagues))


def test_goods_of_another_holiday_arent_shown_and_those_of_this_one_go_first() -> None:
    easter = [product for one in lists(Giver("1")) for product in ids(one)]
    christmas = [product for one in lists(Giver("1"), "christmas") for product in ids(one)]
    assert "eggs" in easter
    assert "santa" not in easter
    assert "santa" in christmas
    assert "eggs" not in christmas


@pytest.mark.parametrize(
    ("giver", "product", "why", "about"),
    [
        (Giver("1", interests=["baking"]), "book", Why.INTEREST, "baking"),
        (Giver("1", children=1), "plush", Why.CHILDREN, "1"),
        (Giver("1", categories={"Roses": 9}), "roses", Why.SHELF, "Roses"),
    ],
)
def test_what_is_known_of_them_decides_and_is_said(giver: Giver, product: str, why: Why, about: str) -> None:
    family, _colleagues = lists(giver)
    found = {one.product: one for one in family}
    assert (found[product].why, found[product].about) == (why, about)


def test_what_they_usually_pay_says_what_a_present_may_cost() -> None:
    rich = gift_lists(GOODS, Giver("1", usual_minor=900), holiday="easter")[Circle.FAMILY]
    poor = gift_lists(GOODS, Giver("1", usual_minor=150), holiday="easter")[Circle.FAMILY]
    price = {one.product: one.price_minor for one in GOODS}
    assert sum(price[one] for one in ids(rich)) > sum(price[one] for one in ids(poor))


def test_few_sales_before_a_holiday_say_little() -> None:
    lifts = season_lifts({"Candy": 300, "Rare": 2}, {"Candy": 1000, "Rare": 2, "Bread": 9000})
    assert lifts["Candy"] > 3
    assert lifts["Rare"] < 1.2
    assert lifts["Bread"] < 0.2
