"""Pictures: well-formed, distinct, always the same, and safe whatever a product is called."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.catalog.artwork import artwork, etag

COFFEE = {"name": "Ground Coffee", "brand": "Alba", "category": "Coffee", "department": "Grocery", "size": "1 kg"}


def drawn(**facts: str) -> str:
    return artwork(**(COFFEE | facts))


def test_the_same_product_is_always_drawn_alike() -> None:
    assert drawn() == drawn()


@pytest.mark.parametrize(
    "change", [{"name": "Decaf Coffee"}, {"brand": "Wren"}, {"size": "500 g"}, {"category": "Wine"}]
)
def test_another_name_brand_size_or_shelf_is_another_picture_with_another_etag(change: dict[str, str]) -> None:
    assert drawn(**change) != drawn()
    assert etag(**(COFFEE | change)) != etag(**COFFEE)


@pytest.mark.parametrize(
    ("department", "category"),
    [
        ("Grocery", "Soft Drinks"), ("Grocery", "Frozen Pizza"), ("Produce", "Bananas"), ("Produce", "Salad Mix"),
        ("Bakery", "Bread"), ("Bakery", "Cakes"), ("Flowers", "Roses"), ("Meat", "Beef"), ("Health & Home", "Vitamins"),
        ("Health & Home", "Candles"), ("Cosmetics", "Makeup"), ("Wine & Spirits", "Wine"), ("Deli", "Cheeses"),
        ("Home", "Lanterns"), ("Home", "Signs"), ("Gifts", "Jewellery"), ("", ""), ("Garden", "Plants"),
        ("Toys", "Games"),
    ],
)  # fmt: skip
def test_every_department_is_drawn_small_and_well_formed(department: str, category: str) -> None:
    svg = drawn(name=category or "Thing", department=department, category=category)

    assert ElementTree.fromstring(svg).tag.endswith("svg")  # noqa: S314 (our own text)
    assert 1_000 < len(svg) < 8_000


def test_different_shelves_have_different_shapes() -> None:
    shelves = ("Soft Drinks", "Wine", "Frozen Pizza", "Eggs", "Yogurt", "Candles", "Bread", "Soup", "Cereal", "Tea")
    bare = {drawn(name="X", brand="Y", size="", category=shelf).split("clipPath")[1][:60] for shelf in shelves}

    assert len(bare) == len(shelves)


_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=80)


@given(name=_TEXT, brand=_TEXT, size=_TEXT)
@settings(max_examples=80, deadline=None)
def test_no_text_breaks_out_of_the_picture(name: str, brand: str, size: str) -> None:
    svg = drawn(name=name, brand=brand, size=size)

    tree = ElementTree.fromstring(svg)  # noqa: S314 (our own text)
    assert not [node for node in tree.iter() if node.tag.endswith(("script", "foreignObject", "image"))]


def test_markup_in_a_name_stays_text() -> None:
    svg = drawn(name="<script>alert(1)</script>", brand='"/><image href="x"/>')

    assert "<script" not in svg
    assert "<image" not in svg
