"""Listing products: filters, sorting, facets and paging over a category or the answers of a search.

A list is read in two steps: one light pass over everything that passes the filters, counted and sorted here, so that
SQLite and PostgreSQL sort alike; then the one page by its ids. A question that half of the shop answers is cut to the
first few thousand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, and_, case, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session
from werkzeug.datastructures import MultiDict

from .product import LOWERED, Product
from .search import on_sale

PER_PAGE = 24
MOST_LISTED = 100 * PER_PAGE
"""Of more products than these a list shows the first; nobody turns 100 pages, and each thousand costs 10 ms."""

MOST_CHOICES = 20
MOST_SHELVES = 400
"""SQLite joins 500 questions at most into one; a department's best sellers are looked for on so many shelves."""
FOR_YOU = "for_you"
SORTS = (FOR_YOU, "popular", "price", "-price", "new", "name")
BAND_EDGES = (0, 200, 500, 1000, 2000, 5000)
"""Lower edges of the price bands in minor units; the last band is open."""

Tile = Row[Any]
"""What a product card shows: id, slug, name, brand, size, price_minor, was_minor, stock, category_id."""


class BadWish(ValueError):
    """A filter, sort or page in the address that can't be meant; the name of the parameter is its argument."""


@dataclass(frozen=True)
class Wishes:
    """What the visitor asked of a list; `price` is (least, below) in minor units, `below` None = open.

    `usual` is how the list is sorted unless something else is chosen: for who is known, in their own order.
    """

    brands: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()
    price: tuple[int, int | None] | None = None
    in_stock: bool = False
    reduced: bool = False
    sort: str = "popular"
    page: int = 1
    usual: str = "popular"

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
                "sort": wanted.sort if wanted.sort != wanted.usual else None,
                "page": wanted.page if wanted.page > 1 else None,
            }.items()
            if value
        }


def read_wishes(parameters: MultiDict[str, str], *, known: bool = False) -> Wishes:
    """The wishes in an address; `known`: the visitor has an order of their own, which is then the usual one.

    Raises:
        BadWish: for a value that no link or form of the shop makes.
    """
    usual = FOR_YOU if known else "popular"
    sort = parameters.get("sort") or usual
    if sort not in SORTS:
        raise BadWish("sort")
    if sort == FOR_YOU:  # in an address that somebody known passed on, too
        sort = usual
    return Wishes(
        brands=_choices(parameters, "brand"),
        sizes=_choices(parameters, "size"),
        price=_band(parameters.get("price", "")),
        in_stock=_ticked(parameters, "stock"),
        reduced=_ticked(parameters, "reduced"),
        sort=sort,
        page=_page(parameters.get("page", "1")),
        usual=usual,
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
    """One page of a list and its filters. `total` counts what is listed; `unfiltered` is 0 if the shelf is empty
    even without filters.

    `cut`: more pass the filters than the `total`. The choices are then those of what is listed, and their counts
    aren't to be shown.
    """

    tiles: Sequence[Tile]
    total: int
    unfiltered: int
    page: int
    pages: int
    cut: bool = False
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
    session: Session,
    condition: ColumnElement[bool],
    *,
    wishes: Wishes,
    closeness: Callable[[str], int] | None = None,
    own_order: Callable[[Sequence[int]], Sequence[int]] | None = None,
    most: int = MOST_LISTED,
) -> Listing:
    """The asked page of the listed products that meet `condition`, with the counts of every filter.

    `closeness` rates a name (higher = closer to what was searched) and goes before popularity. `own_order` puts the ids
    into the visitor's order, where that is wished. Of more than `most` products the first `most` of the asked order are
    listed, see `Listing.cut`.

    Raises:
        BadWish: `page` beyond the last one.
    """
    filters = _filters(wishes)
    found = _first(session, and_(condition, *filters.values()), wishes.sort, most=most)
    passing, cut = list(found[:most]), len(found) > most
    pages = max(1, -(-len(passing) // PER_PAGE))
    if wishes.page > pages:
        raise BadWish("page")
    _sort(passing, wishes.sort, closeness)
    if wishes.sort == FOR_YOU and own_order is not None:
        _put_in_order(passing, own_order([row.id for row in passing]))
    first = (wishes.page - 1) * PER_PAGE

    def counts(name: str, value: InstrumentedAttribute[Any]) -> Counter[Any]:
        """Of the values of a column among all that pass the other filters."""
        if cut or name not in filters:
            return Counter(getattr(row, value.key) for row in passing)
        others = [asked for other, asked in filters.items() if other != name]
        query = select(value, func.count()).where(condition, on_sale() == 1, *others).group_by(value)
        return Counter(dict(tuple(row) for row in _rows(session, query)))

    return Listing(
        tiles=tiles(session, [row.id for row in passing[first : first + PER_PAGE]]),
        total=len(passing),
        unfiltered=len(passing) or (_count(session, condition) if filters else 0),
        page=wishes.page,
        pages=pages,
        cut=cut,
        brands=_choices_of(counts("brand", Product.brand), wishes.brands),
        sizes=_choices_of(counts("size", Product.size), wishes.sizes),
        bands=_bands(counts("price", Product.price_minor), wishes.price),
        in_stock=sum(row.stock > 0 for row in passing),
        reduced=sum(row.was_minor is not None and row.was_minor > row.price_minor for row in passing),
    )


def tiles(session: Session, product_ids: Sequence[int]) -> list[Tile]:
    """The cards of these products, in this order; unknown ids are left out."""
    found = {row.id: row for row in _rows(session, _TILE.where(Product.id.in_(product_ids)))} if product_ids else {}
    return [found[product_id] for product_id in product_ids if product_id in found]


def best_sellers(session: Session, *, limit: int, within: Sequence[int] | None = None) -> list[Tile]:
    """What sells most of what can be had now, in the whole shop or `within` these categories."""
    if within is None:
        query = _TILE.where(Product.listed, Product.stock > 0).order_by(Product.sold.desc(), Product.id)
        return list(_rows(session, query.limit(limit)))
    if not within:
        return []
    # Of each shelf the first few by its own index; to read a department whole takes 20 ms for 10,000 products.
    first = union_all(*(_best_of(category_id, limit=limit) for category_id in within[:MOST_SHELVES])).subquery().c
    ids = session.connection().scalars(select(first.id).order_by(first.sold.desc(), first.id).limit(limit))
    return tiles(session, ids.all())


def reduced(session: Session, *, limit: int, within: Sequence[int] | None = None) -> list[Tile]:
    """Lowered prices of what sells well, from the index of these."""
    query = _TILE.where(Product.listed, LOWERED, Product.stock > 0)
    if within is not None:
        query = query.where((Product.category_id + 0).in_(within))  # `+ 0` keeps the planners at that index
    return list(_rows(session, query.order_by(Product.sold.desc(), Product.id).limit(limit)))


def arrivals(session: Session, *, limit: int) -> list[Tile]:
    """What came last."""
    query = _TILE.where(Product.listed, Product.stock > 0).order_by(Product.added_at.desc(), Product.id)
    return list(_rows(session, query.limit(limit)))


def siblings(session: Session, product: Product, *, limit: int) -> list[Tile]:
    """Popular products of the same category."""
    shelf = best_sellers(session, limit=limit + 1, within=[product.category_id])
    return [tile for tile in shelf if tile.id != product.id][:limit]


_PRODUCT = Product.__table__.c
"""The plain columns: reading rows of the table instead of the class halves the time of a long list."""

_TILE = select(
    _PRODUCT.id, _PRODUCT.slug, _PRODUCT.name, _PRODUCT.brand, _PRODUCT.size, _PRODUCT.price_minor, _PRODUCT.was_minor,
    _PRODUCT.stock, _PRODUCT.category_id,
)  # fmt: skip

_SHELF = select(
    _PRODUCT.id, _PRODUCT.brand, _PRODUCT.size, _PRODUCT.price_minor, _PRODUCT.was_minor, _PRODUCT.stock, _PRODUCT.name
)  # fmt: skip


def _first(session: Session, condition: ColumnElement[bool], sort: str, *, most: int) -> Sequence[Tile]:
    """The first `most` listed products of this order, and one more if there are more."""
    order = _ORDERS[sort]
    if sort == "name" and session.get_bind().dialect.name == "postgresql":
        # SQLite compares by code point; so does Python, which sorts the result once more.
        order = (func.lower(func.trim(Product.name.collate("C"))),)
    return _rows(session, _SHELF.where(condition, on_sale() == 1).order_by(*order, Product.id).limit(most + 1))


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Product).where(condition, on_sale() == 1)
    return session.scalar(query) or 0


def _best_of(category_id: int, *, limit: int) -> Select[int, int]:
    query = select(_PRODUCT.id, _PRODUCT.sold).where(_PRODUCT.category_id == category_id, _PRODUCT.listed)
    first = query.where(_PRODUCT.stock > 0).order_by(_PRODUCT.sold.desc(), _PRODUCT.id).limit(limit).subquery().c
    return select(first.id, first.sold)


def _rows(session: Session, query: Select[*tuple[Any, ...]]) -> Sequence[Tile]:
    # By the connection, as the session would put every row through the ORM's loading: a third of a long list's time.
    found: Sequence[Any] = session.connection().execute(query).all()
    return found


def _filters(wishes: Wishes) -> dict[str, ColumnElement[bool]]:
    """The condition of each filter that is chosen."""
    chosen: dict[str, ColumnElement[bool]] = {}
    if wishes.brands:
        chosen["brand"] = Product.brand.in_(wishes.brands)
    if wishes.sizes:
        chosen["size"] = Product.size.in_(wishes.sizes)
    if wishes.price:
        least, below = wishes.price
        chosen["price"] = Product.price_minor >= least
        if below is not None:
            chosen["price"] &= Product.price_minor < below
    if wishes.in_stock:
        chosen["stock"] = Product.stock > 0
    if wishes.reduced:
        chosen["reduced"] = LOWERED
    return chosen


def _sort(rows: list[Tile], sort: str, closeness: Callable[[str], int] | None) -> None:
    """What the databases order differently or can't. Sold-out products stay last in the order of popularity."""
    if sort == "name":
        rows.sort(key=lambda row: row.id)
        rows.sort(key=lambda row: row.name.casefold().strip())
    elif closeness and sort in {FOR_YOU, "popular"}:
        rows.sort(key=lambda row: (row.stock < 1, -closeness(row.name)))


def _put_in_order(rows: list[Tile], product_ids: Sequence[int]) -> None:
    """As the ids stand, but sold-out products last."""
    place = {product_id: number for number, product_id in enumerate(product_ids)}
    rows.sort(key=lambda row: (row.stock < 1, place.get(row.id, len(place))))


_POPULAR = (case((Product.stock < 1, 1), else_=0), Product.sold.desc())
_ORDERS: dict[str, tuple[SQLColumnExpression[Any], ...]] = {
    FOR_YOU: _POPULAR,
    "popular": _POPULAR,
    "price": (Product.price_minor,),
    "-price": (Product.price_minor.desc(),),
    "new": (Product.added_at.desc(),),
    "name": (func.lower(func.trim(Product.name)),),
}
"""Ties always fall the same way, by id."""


def _choices_of(counts: Counter[str], chosen: frozenset[str]) -> list[Choice]:
    """The most frequent values by name, and whatever is chosen, even if nothing else would show it."""
    frequent = sorted((value for value in counts if value), key=lambda value: (-counts[value], value))
    shown = set(frequent[:MOST_CHOICES]) | chosen
    return [Choice(value, counts[value], value in chosen) for value in sorted(shown, key=_natural)]


def _natural(value: str) -> tuple[str, float, str]:
    """Sizes sort by unit, then by number (6 oz before 12 oz); words by themselves."""
    number, _, unit = value.partition(" ")
    try:
        return unit.casefold(), float(number), ""
    except ValueError:
        return value.casefold(), 0.0, ""


def _bands(prices: Counter[int], chosen: tuple[int, int | None] | None) -> list[Choice]:
    bands = list(zip(BAND_EDGES, (*BAND_EDGES[1:], None), strict=True))
    counts: Counter[tuple[int, int | None]] = Counter()
    for price, products in prices.items():
        counts[bands[bisect_right(BAND_EDGES, price) - 1]] += products
    return [
        Choice(band_key(band), counts[band], band == chosen, band)
        for band in [*bands, *([chosen] if chosen and chosen not in bands else [])]
        if counts[band] or band == chosen
    ]


def _choices(parameters: MultiDict[str, str], name: str) -> frozenset[str]:
    values = [value for value in parameters.getlist(name) if value]
    if len(values) > MOST_CHOICES or any(len(value) > 80 or "\x00" in value for value in values):
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
