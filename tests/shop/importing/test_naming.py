"""Names that a till writes become names that a shopper reads."""

from __future__ import annotations

import pytest

from shop.addressing.countries import postcode_fits
from shop.importing.gift_shelves import EVERYTHING_ELSE, product_name
from shop.importing.gift_shelves import shelf_of as gift_shelf
from shop.importing.grocer_shelves import NOT_SOLD_ONLINE, shelf_of
from shop.importing.naming import brand_name, kind_name, size_name, slug_of, variety_name
from shop.importing.people import invent


@pytest.mark.parametrize(
    ("till", "name"),
    [
        ("BREAD:ITALIAN/FRENCH", "Italian & French Bread"),
        ("FRZN BAGGED VEGETABLES - PLAIN", "Frozen Bagged Vegetables"),
        ("POTATO CHIPS", "Potato Chips"),
        ("CANDY BARS (SINGLES)(INCLUDING", "Candy Bars"),
        ("APPLES GOLD DELICIOUS (BULK&BA", "Gold Delicious Apples"),
        ("SEAFOOD-FRZ-IQF RAW SHRIMP RW", "Raw Shrimp"),
        ("MEXICAN SAUCESSALSAPICANTEE", "Mexican Salsa & Picante Sauces"),
        ("CANDY W/O FLOUR", "Candy without Flour"),
        ("NON-DAIRY BEVERAGES", "Non-dairy Beverages"),
        ("MISC", ""),
    ],
)
def test_a_kind_is_readable(till: str, name: str) -> None:
    assert kind_name(till) == name


@pytest.mark.parametrize(
    ("till", "size"),
    [("16 OZ", "16 oz"), ("12 PK/12 OZ", "12 pack / 12 oz"), ("1/2 GAL", "1/2 gal"), (".5 L", "0.5 l"), ("CT", "")],
)
def test_a_size_is_written_as_on_a_shelf(till: str, size: str) -> None:
    assert size_name(till) == size


def test_brands_are_unlike_for_every_maker() -> None:
    assert len({brand_name(rank) for rank in range(7000)}) == 7000


def test_equal_products_get_unlike_varieties() -> None:
    assert variety_name(0) == ""
    assert len({variety_name(rank) for rank in range(2000)}) == 2000


def test_what_the_web_cannot_sell_is_on_no_shelf() -> None:
    assert shelf_of("GROCERY", "FROZEN PIZZA").department == "Frozen"
    assert not shelf_of("FUEL", "FUEL").listed
    assert shelf_of("DRUG GM", "CIGARETTES").department == NOT_SOLD_ONLINE
    assert shelf_of("", "").category == "Unknown products"


def test_a_gift_stands_where_its_words_say() -> None:
    assert gift_shelf("Christmas Candle") == ("Celebrations", "Christmas")
    assert gift_shelf("White Hanging Heart T-Light Holder")[0] == "Home & Living"
    assert gift_shelf("Zyx") == EVERYTHING_ELSE
    assert product_name("  SET OF 3 CAKE TINS, PANTRY DESIGN ") == "Set of 3 Cake Tins, Pantry Design"


def test_a_slug_is_plain() -> None:
    assert slug_of("Crème & Café: Entrée's") == "creme-and-cafe-entrees"
    assert slug_of("???") == "item"


def test_an_invented_person_is_always_the_same_and_can_get_no_mail() -> None:
    assert invent(1234, seed=7) == invent(1234, seed=7)
    assert invent(1234, seed=7).email.endswith(".1234@example.com")
    assert len({invent(number, seed=7).email for number in range(500)}) == 500


@pytest.mark.parametrize("country", ["US", "GB", "DE", "NL", "PT", "IE", "JP", "CA", "SE"])
def test_an_invented_postcode_is_one_that_the_checkout_takes(country: str) -> None:
    assert all(postcode_fits(invent(number, seed=7, country=country).postcode, country) for number in range(50))
