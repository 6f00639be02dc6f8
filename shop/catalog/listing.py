"""Listing products: filters, sorting, facets and paging over a category or the answers of a search.

A list is read in two steps: one light pass over everything on the shelf (a category holds a few thousand products at
most), filtered, counted and sorted here, so that SQLite and PostgreSQL sort alike; then the one page by its ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import type_coerce
from sqlalchemy.types import NULLTYPE
from werkzeug.datastructures import MultiDict

from .product import LOWERED, Product

PER_PAGE = 24
MOST_CHOICES = 20
SORTS = ("popular", "price", "-price", "new", "name")
BAND_EDGES = (0, 200, 500, 1000, 2000, 5000)
"""Lower edges of the price bands in minor units; the last band is open."""

WALK_FROM = 0.2
"""From this share of all products on, a department's best sellers soon come by among those of the whole shop."""

Tile = Row[Any]
"""What a product card shows: id, slug, name, brand, size, price_minor, was_minor, stock."""


class BadWish(ValueError):
    """A filter, sort or page in the address that can't be meant; the name of the parameter is its argument."""


@dataclass(frozen=True)
class Wishes:
    """What the visitor asked of a list; `price` is (least, below) in minor units, `below` None = open."""

    brands: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()
    price: tuple[int, int | None] | None = None
    in_stock: bool = False
    reduced: bool = False
    sort: str = "popular"
    page: int = 1

    @property
    def filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.brands or self.sizes or self.price or self.in_stock or self.reduced)

    def parameters(self, *, page: int | None = None, **changes: Any) -> dict[str, Any]:
        """The query parameters that ask for this (with changes); what is the default is left out."""
        wanted = replace(self, page=page or 1, **changes)
        return {
            name: value
            for name, value in {
                "brand": sorted(wanted.brands),
                "size": sorted(wanted.sizes),
                "price": band_key(wanted.price) if wanted.price else None,
                "stock": "1" if wanted.in_stock else None,
                "reduced": "1" if wanted.reduced else None,
                "sort": wanted.sort if wanted.sort != "popular" else None,
                "page": wanted.page if wanted.page > 1 else None,
            }.items()
            if value
        }


def read_wishes(parameters: MultiDict[str, str]) -> Wishes:
    """The wishes in an address.

    Raises:
        BadWish: for a value that no link or form of the shop makes.
    """
    sort = parameters.get("sort") or "popular"
    if sort not in SORTS:
        raise BadWish("sort")
    return Wishes(
        brands=_choices(parameters, "brand"),
        sizes=_choices(parameters, "size"),
        price=_band(parameters.get("price", "")),
        in_stock=_ticked(parameters, "stock"),
        reduced=_ticked(parameters, "reduced"),
        sort=sort,
        page=_page(parameters.get("page", "1")),
    )


def band_key(band: tuple[int, int | None]) -> str:
    """A price band as it stands in an address: `200-500`, `5000-`."""
    return f"{band[0]}-{'' if band[1] is None else band[1]}"


@dataclass(frozen=True)
class Choice:
    """One value of a filter and how many products it would show."""

    value: str
    count: int
    chosen: bool
    band: tuple[int, int | None] | None = None


@dataclass(frozen=True)
class Listing:
    """One page of a list and its filters. `total` counts what passes the filters, `unfiltered` the whole shelf."""

    tiles: Sequence[Tile]
    total: int
    unfiltered: int
    page: int
    pages: int
    brands: list[Choice] = field(default_factory=list)
    sizes: list[Choice] = field(default_factory=list)
    bands: list[Choice] = field(default_factory=list)
    in_stock: int = 0
    reduced: int = 0

    @property
    def first_position(self) -> int:
        """Of the first product on this page, from 1."""
        return (self.page - 1) * PER_PAGE + 1


def list_products(
    session: Session, condition: ColumnElement[bool], *, wishes: Wishes, closeness: Callable[[str], int] | None = None
) -> Listing:
    """The asked page of the listed products that meet `condition`, with the counts of every filter.

    `closeness` rates a name (higher = closer to what was searched) and goes before popularity.

    Raises:
        BadWish: `page` beyond the last one.
    """
    shelf: list[Tile] = [row for row in _rows(session, _SHELF.where(condition)) if row.listed]
    tests = _tests(wishes)
    passing = [row for row in shelf if all(test(row) for test in tests.values())]
    pages = max(1, -(-len(passing) // PER_PAGE))
    if wishes.page > pages:
        raise BadWish("page")
    _sort(passing, wishes.sort, closeness)
    first = (wishes.page - 1) * PER_PAGE

    def without(*names: str) -> Iterable[Tile]:
        kept = [test for name, test in tests.items() if name not in names]
        return (row for row in shelf if all(test(row) for test in kept)) if kept else shelf

    return Listing(
        tiles=tiles(session, [row.id for row in passing[first : first + PER_PAGE]]),
        total=len(passing),
        unfiltered=len(shelf),
        page=wishes.page,
        pages=pages,
        brands=_counted((row.brand for row in without("brand")), wishes.brands),
        sizes=_counted((row.size for row in without("size")), wishes.sizes),
        bands=_bands((row.price_minor for row in without("price")), wishes.price),
        in_stock=sum(row.stock > 0 for row in without("stock")),
        reduced=sum(_is_reduced(row) for row in without("reduced")),
    )


def tiles(session: Session, product_ids: Sequence[int]) -> list[Tile]:
    """The cards of these products, in this order; unknown ids are left out."""
    found = {row.id: row for row in _rows(session, _TILE.where(Product.id.in_(product_ids)))} if product_ids else {}
    return [found[product_id] for product_id in product_ids if product_id in found]


def best_sellers(session: Session, *, limit: int, within: Sequence[int] | None = None, share: float = 1) -> list[Tile]:
    """What sells most of what can be had now, in the whole shop or `within` these categories, which hold about this
    share of all products."""
    return _most_sold(session, Product.stock > 0, limit=limit, within=within, share=share)


def reduced(session: Session, *, limit: int, within: Sequence[int] | None = None, share: float = 1) -> list[Tile]:
    """Lowered prices of what sells well."""
    return _most_sold(session, LOWERED & (Product.stock > 0), limit=limit, within=within, share=share)


def arrivals(session: Session, *, limit: int) -> list[Tile]:
    """What came last."""
    query = _TILE.where(Product.listed, Product.stock > 0).order_by(Product.added_at.desc(), Product.id)
    return list(_rows(session, query.limit(limit)))


def siblings(session: Session, product: Product, *, limit: int) -> list[Tile]:
    """Popular products of the same category."""
    shelf = _most_sold(session, Product.stock > 0, limit=limit + 1, within=[product.category_id])
    return [tile for tile in shelf if tile.id != product.id][:limit]


_PRODUCT = Product.__table__.c
"""The plain columns: reading rows of the table instead of the class halves the time of a long list."""

_TILE = select(
    _PRODUCT.id, _PRODUCT.slug, _PRODUCT.name, _PRODUCT.brand, _PRODUCT.size, _PRODUCT.price_minor, _PRODUCT.was_minor,
    _PRODUCT.stock,
)  # fmt: skip

_SHELF = select(
    _PRODUCT.id, _PRODUCT.brand, _PRODUCT.size, _PRODUCT.price_minor, _PRODUCT.was_minor, _PRODUCT.stock,
    _PRODUCT.sold, _PRODUCT.name, type_coerce(_PRODUCT.added_at, NULLTYPE).label("added_at"), _PRODUCT.listed,
)  # fmt: skip


def _most_sold(
    session: Session, condition: ColumnElement[bool], *, limit: int, within: Sequence[int] | None, share: float = 1
) -> list[Tile]:
    """Walks the index (listed, sold) from its end where most of what comes by will do; else, as a small department
    sells little of all, reads what is within and sorts it (`+ 0` keeps the planners from walking)."""
    query = _TILE.where(Product.listed, condition)
    order: ColumnElement[Any] = Product.sold.desc()
    if within is not None:
        query = query.where(Product.category_id.in_(within))
        if len(within) > 1 and share < WALK_FROM:
            order = (Product.sold + 0).desc()
    return list(_rows(session, query.order_by(order, Product.id).limit(limit)))


def _rows(session: Session, query: Select[*tuple[Any, ...]]) -> Sequence[Tile]:
    found: Sequence[Any] = session.execute(query).all()
    return found


def _tests(wishes: Wishes) -> dict[str, Callable[[Tile], bool]]:
    tests: dict[str, Callable[[Tile], bool]] = {}
    if wishes.brands:
        tests["brand"] = lambda row: row.brand in wishes.brands
    if wishes.sizes:
        tests["size"] = lambda row: row.size in wishes.sizes
    if wishes.price:
        least, below = wishes.price
        tests["price"] = lambda row: least <= row.price_minor and (below is None or row.price_minor < below)
    if wishes.in_stock:
        tests["stock"] = lambda row: row.stock > 0
    if wishes.reduced:
        tests["reduced"] = _is_reduced
    return tests


def _is_reduced(row: Tile) -> bool:
    return row.was_minor is not None and row.was_minor > row.price_minor


def _sort(rows: list[Tile], sort: str, closeness: Callable[[str], int] | None) -> None:
    """Sold-out products stand last in the order of popularity; ties always fall the same way, by id."""
    rows.sort(key=lambda row: row.id)
    if sort == "new":
        rows.sort(key=lambda row: row.added_at, reverse=True)
    elif closeness and sort == "popular":
        rows.sort(key=lambda row: (row.stock < 1, -closeness(row.name), -row.sold))
    else:
        rows.sort(key=_ORDERS[sort])


_ORDERS: dict[str, Callable[[Tile], Any]] = {
    "popular": lambda row: (row.stock < 1, -row.sold),
    "price": lambda row: row.price_minor,
    "-price": lambda row: -row.price_minor,
    "name": lambda row: row.name.casefold().strip(),
}


def _counted(values: Iterable[str], chosen: frozenset[str]) -> list[Choice]:
    """The most frequent values by name, and whatever is chosen, even if nothing else would show it."""
    counts = Counter(value for value in values if value)
    shown = {value for value, _count in counts.most_common(MOST_CHOICES)} | chosen
    return [Choice(value, counts[value], value in chosen) for value in sorted(shown, key=_natural)]


def _natural(value: str) -> tuple[str, float, str]:
    """Sizes sort by unit, then by number (6 oz before 12 oz); words by themselves."""
    number, _, unit = value.partition(" ")
    try:
        return unit.casefold(), float(number), ""
    except ValueError:
        return value.casefold(), 0.0, ""


def _bands(prices: Iterable[int], chosen: tuple[int, int | None] | None) -> list[Choice]:
    bands = list(zip(BAND_EDGES, (*BAND_EDGES[1:], None), strict=True))
    counts: Counter[tuple[int, int | None]] = Counter()
    for price in prices:
        counts[next(band for band in reversed(bands) if price >= band[0])] += 1
    return [
        Choice(band_key(band), counts[band], band == chosen, band)
        for band in [*bands, *([chosen] if chosen and chosen not in bands else [])]
        if counts[band] or band == chosen
    ]


def _choices(parameters: MultiDict[str, str], name: str) -> frozenset[str]:
    values = [value for value in parameters.getlist(name) if value]
    if len(values) > MOST_CHOICES or any(len(value) > 80 for value in values):
        raise BadWish(name)
    return frozenset(values)


def _ticked(parameters: MultiDict[str, str], name: str) -> bool:
    if (value := parameters.get(name, "")) not in {"", "1"}:
        raise BadWish(name)
    return value == "1"


def _page(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 6 and int(value) >= 1):
        raise BadWish("page")
    return int(value)


def _band(value: str) -> tuple[int, int | None] | None:
    if not value:
        return None
    least, dash, below = value.partition("-")
    numbers = [text for text in (least, below) if text]
    if not dash or not least or any(not (text.isascii() and text.isdigit() and len(text) <= 9) for text in numbers):
        raise BadWish("price")
    return int(least), int(below) if below else None
