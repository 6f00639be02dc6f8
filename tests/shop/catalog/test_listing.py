"""Filters, sorting, counts and pages."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from shop.catalog import listing
from shop.catalog.listing import BadWish, Wishes, read_wishes
from shop.catalog.product import Category, Product

from .shelves import make_product, make_shelf


@pytest.fixture
def tea(session: Session) -> Category:
    shelf = make_shelf(session)
    make_product(session, shelf, "Green Tea", brand="Wren", size="20 ct", price_minor=150, sold=5)
    make_product(session, shelf, "Black Tea", brand="Wren", size="100 ct", price_minor=450, was_minor=600, sold=9)
    make_product(session, shelf, "White Tea", brand="Alba", size="20 ct", price_minor=900, sold=50, stock=0)
    make_product(session, shelf, "Hidden Tea", brand="Alba", price_minor=100, listed=False)
    return shelf


def names(session: Session, shelf: Category, **wishes: object) -> list[str]:
    wanted = Wishes(**wishes)  # type: ignore[arg-type]
    return [tile.name for tile in listing.list_products(session, Product.category_id == shelf.id, wishes=wanted).tiles]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("popular", ["Black Tea", "Green Tea", "White Tea"]),
        ("price", ["Green Tea", "Black Tea", "White Tea"]),
        ("-price", ["White Tea", "Black Tea", "Green Tea"]),
        ("new", ["White Tea", "Black Tea", "Green Tea"]),
        ("name", ["Black Tea", "Green Tea", "White Tea"]),
    ],
)
def test_lists_sort_as_asked_and_sold_out_is_never_most_popular(
    session: Session, tea: Category, sort: str, expected: list[str]
) -> None:
    assert names(session, tea, sort=sort) == expected


def test_filters_narrow_the_list(session: Session, tea: Category) -> None:
    assert names(session, tea, brands=frozenset({"Alba"})) == ["White Tea"]
    assert names(session, tea, sizes=frozenset({"20 ct"}), in_stock=True) == ["Green Tea"]
    assert names(session, tea, reduced=True) == ["Black Tea"]
    assert names(session, tea, price=(200, 500)) == ["Black Tea"]
    assert names(session, tea, price=(500, None)) == ["White Tea"]


def test_counts_say_what_a_further_choice_would_show(session: Session, tea: Category) -> None:
    shelf = listing.list_products(
        session, Product.category_id == tea.id, wishes=Wishes(brands=frozenset({"Wren"}), in_stock=True)
    )

    assert (shelf.total, shelf.cut, shelf.reduced, shelf.in_stock) == (2, False, 1, 2)
    assert [(choice.value, choice.count, choice.chosen) for choice in shelf.brands] == [("Wren", 2, True)]
    assert [(choice.value, choice.count) for choice in shelf.sizes] == [("20 ct", 1), ("100 ct", 1)]
    assert [(choice.value, choice.count) for choice in shelf.bands] == [("0-200", 1), ("200-500", 1)]


def test_a_chosen_value_leaves_its_neighbours_to_choose_from(session: Session, tea: Category) -> None:
    wishes = Wishes(brands=frozenset({"Alba"}), price=(500, 1000))
    shelf = listing.list_products(session, Product.category_id == tea.id, wishes=wishes)

    assert [(choice.value, choice.count) for choice in shelf.brands] == [("Alba", 1)]
    assert [(choice.value, choice.count) for choice in shelf.bands] == [("500-1000", 1)]

    shelf = listing.list_products(session, Product.category_id == tea.id, wishes=Wishes(brands=frozenset({"Alba"})))

    assert [(choice.value, choice.count) for choice in shelf.brands] == [("Alba", 1), ("Wren", 2)]
    assert [(choice.value, choice.count) for choice in shelf.sizes] == [("20 ct", 1)]


def test_filters_that_nothing_passes_tell_from_a_shelf_that_is_empty(session: Session, tea: Category) -> None:
    wishes = Wishes(brands=frozenset({"Nobody"}))

    assert listing.list_products(session, Product.category_id == tea.id, wishes=wishes).unfiltered == 3
    assert listing.list_products(session, Product.category_id == 10**6, wishes=wishes).unfiltered == 0


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, ["Black Tea", "Green Tea"]),
        ({"sort": "price"}, ["Green Tea", "Black Tea"]),
        ({"sort": "-price"}, ["White Tea", "Black Tea"]),
        ({"sort": "new"}, ["White Tea", "Black Tea"]),
        ({"sort": "name"}, ["Black Tea", "Green Tea"]),
        ({"sort": "-price", "brands": frozenset({"Wren"})}, ["Black Tea", "Green Tea"]),
    ],
)
def test_a_list_that_is_cut_holds_the_first_of_its_order(
    session: Session, tea: Category, wishes: dict[str, object], expected: list[str]
) -> None:
    condition, asked = Product.category_id == tea.id, Wishes(**wishes)  # type: ignore[arg-type]

    shelf = listing.list_products(session, condition, wishes=asked, most=2)

    assert ([tile.name for tile in shelf.tiles], shelf.total) == (expected, 2)
    assert shelf.cut is ("brands" not in wishes)


def test_names_are_cut_alike_on_every_database(session: Session) -> None:
    shelf = make_shelf(session)
    for name in ("a-b tea", "ab tea", "Éclair", "Zest", "A tea", "_tea", "É tea", "AB sugar"):
        make_product(session, shelf, name)

    whole = names(session, shelf, sort="name")
    for most in range(1, 8):
        cut = listing.list_products(session, Product.category_id == shelf.id, wishes=Wishes(sort="name"), most=most)
        assert [tile.name for tile in cut.tiles] == whole[:most]


def test_pages_hold_every_product_once(session: Session) -> None:
    shelf = make_shelf(session)
    for number in range(listing.PER_PAGE * 2 + 3):
        make_product(session, shelf, f"Tea {number}")

    pages = [names(session, shelf, page=page) for page in (1, 2, 3)]

    assert [len(page) for page in pages] == [listing.PER_PAGE, listing.PER_PAGE, 3]
    assert len({name for page in pages for name in page}) == listing.PER_PAGE * 2 + 3
    with pytest.raises(BadWish):
        names(session, shelf, page=4)


def test_an_empty_shelf_has_one_empty_page(session: Session) -> None:
    assert names(session, make_shelf(session)) == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"page": "0"}, {"page": "-1"}, {"page": "x"}, {"page": "1e9"}, {"page": "99999999"}, {"page": "٣"},
        {"sort": "cheap"},
        {"price": "5"}, {"price": "a-b"}, {"price": "-5"}, {"price": "1-9999999999999"}, {"stock": "yes"},
        {"brand": "x" * 99},
    ],
)  # fmt: skip
def test_what_no_link_of_ours_asks_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(BadWish):
        read_wishes(MultiDict(parameters))


def test_wishes_survive_the_way_through_an_address() -> None:
    wishes = Wishes(
        brands=frozenset({"A", "B"}),
        sizes=frozenset({"1 kg"}),
        price=(200, None),
        in_stock=True,
        reduced=True,
        sort="name",
    )

    assert read_wishes(MultiDict(wishes.parameters())) == wishes
    assert Wishes().parameters() == {}
    assert wishes.parameters(page=3)["page"] == 3


def test_tiles_keep_the_order_asked_for(session: Session, tea: Category) -> None:
    ids = [product.id for product in session.query(Product).order_by(Product.id)]

    assert [tile.id for tile in listing.tiles(session, [ids[2], ids[0], 10**6])] == [ids[2], ids[0]]


def test_best_sellers_and_lowered_prices_stay_within_their_categories(session: Session, tea: Category) -> None:
    other = make_shelf(session, "Soap", department="Home")
    make_product(session, other, "Soap", sold=1000, was_minor=999)

    best = listing.best_sellers(session, limit=5, within=[tea.id])
    lowered = listing.reduced(session, limit=5, within=[tea.id])

    assert [tile.name for tile in best] == ["Black Tea", "Green Tea"]
    assert [tile.name for tile in lowered] == ["Black Tea"]
    assert [tile.name for tile in listing.best_sellers(session, limit=1)] == ["Soap"]
    both = listing.best_sellers(session, limit=2, within=[tea.id, other.id])
    assert [tile.name for tile in both] == ["Soap", "Black Tea"]
    assert listing.best_sellers(session, limit=2, within=[]) == []
    assert [tile.name for tile in listing.reduced(session, limit=5)] == ["Soap", "Black Tea"]
