"""Search gives the same answers on every database; the suite runs these on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.catalog import search
from shop.catalog.product import Category, Product

from .shelves import make_product, make_shelf


def found(session: Session, query: str) -> list[str]:
    condition = search.matching(session, query)
    if condition is None:
        return []
    return sorted(session.scalars(select(Product.name).where(condition)))


@pytest.fixture
def shelf(session: Session) -> Category:
    shelf = make_shelf(session, "Coffee")
    make_product(session, shelf, "Café Crème", brand="Alba", size="12 oz")
    make_product(session, shelf, "Running Shoes Polish", brand="Lumen")
    make_product(session, shelf, "Oatmeal Cookie", brand="Hearthside", sku="CJ-4711")
    make_product(session, shelf, "Half & Half / Creamer", brand="Meadow")
    make_product(session, shelf, "Йогурт", brand="Молоко")
    return shelf


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("cafe", ["Café Crème"]),
        ("CAFÉ", ["Café Crème"]),
        ("creme alba", ["Café Crème"]),
        ("cookies", ["Oatmeal Cookie"]),
        ("run", ["Running Shoes Polish"]),
        ("oatm", ["Oatmeal Cookie"]),
        ("oatm cookie", []),
        ("cookie of oatmeal", ["Oatmeal Cookie"]),
        ("half-and-half", ["Half & Half / Creamer"]),
        ("cj-4711", ["Oatmeal Cookie"]),
        ("CJ-4711", ["Oatmeal Cookie"]),
        ("cj", []),
        ("4711", []),
        ("12 oz", ["Café Crème"]),
        ("12oz", ["Café Crème"]),
        ("alba 12 OZ", ["Café Crème"]),
        ("oz", []),
        ("йогурт", ["Йогурт"]),
        ("tea", []),
    ],
)
def test_a_question_finds_all_of_its_words_stemmed_and_folded(
    session: Session, shelf: Category, query: str, names: list[str]
) -> None:
    assert found(session, query) == names


def test_the_shelfs_name_is_searched_too(session: Session, shelf: Category) -> None:
    assert len(found(session, "coffee")) == 5


@pytest.mark.parametrize(
    "query", ["", "   ", "the", "!!!", '"', "*", "' OR 1=1 --", "\x00", "a" * 5000, "& | ! ( ) : *"]
)
def test_a_question_without_words_or_with_signs_never_breaks(session: Session, shelf: Category, query: str) -> None:
    assert found(session, query) in ([], ["Half & Half / Creamer"])


@given(query=st.text(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_can_be_searched(session: Session, query: str) -> None:
    found(session, query)


def test_a_renamed_product_is_found_by_its_new_name_only(session: Session, shelf: Category) -> None:
    product = session.scalars(select(Product).where(Product.brand == "Alba")).one()

    product.name = "Mocha"
    session.flush()

    assert found(session, "mocha") == ["Mocha"]
    assert found(session, "cafe") == []


def test_a_deleted_product_is_found_no_more(session: Session, shelf: Category) -> None:
    session.delete(session.scalars(select(Product).where(Product.brand == "Alba")).one())
    session.flush()

    assert found(session, "cafe") == []


def test_a_sku_that_is_a_word_too_finds_the_product_beside_the_words(session: Session, shelf: Category) -> None:
    make_product(session, shelf, "Filter Paper", sku="creme")

    assert found(session, "creme") == ["Café Crème", "Filter Paper"]


def test_a_stock_change_leaves_the_index_alone(session: Session, shelf: Category) -> None:
    session.query(Product).update({"stock": 0})

    assert found(session, "cookies") == ["Oatmeal Cookie"]
