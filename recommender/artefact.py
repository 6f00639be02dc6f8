"""The trained model on disk: arrays that every worker maps into memory. Reading only, with numpy alone.

    <folder>/<name>/about.json  products.json  words.json  …  .npy

A model is complete or it isn't there (`artefact_writing`); which one is served is a row of the database. A "row" below
is a customer's, a product's or a word's; `-1` fills what is left of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats, Ints
from .candidates.session_knn import NOTHING, Foreseen, SessionNeighbours, Settings
from .reasons import Code

CODES = tuple(Code)
"""A reason's code is stored as its place here: codes are only ever added at the end of the enumeration."""
NUMBER_OF_CODE = {code: number for number, code in enumerate(CODES)}
SESSION = "session_"
TASKS = ("next", "new")
LAYOUT = 1
"""Of the files of a model and the columns of its rankings. Raised when either changes, so that no refresh is made with
rankings that mean something else: a training follows instead (`refresh_due`)."""
UNREADABLE = (OSError, ValueError, KeyError, TypeError)
"""What `load` raises of a folder that isn't whole, or is another version's."""
REMEMBERED = 500
"""Visits whose answer is kept a process; some kilobytes each."""


class Lists(NamedTuple):
    """A row a customer, best first. `why` is a place in `CODES`; `source` the product that the reason points at, or
    its count (BRAND).
    """

    products: Ints
    why: NDArray[np.uint8]
    source: Ints


class Rows(NamedTuple):
    """Rows of different lengths, laid end to end: row r is `products[at[r]:at[r + 1]]`."""

    at: NDArray[np.int64]
    products: Ints

    def row(self, number: int) -> Ints:
        """One of them."""
        return self.products[int(self.at[number]) : int(self.at[number + 1])]


class Own(NamedTuple):
    """What each customer bought, the liveliest habit first: on how many days, and the last of them (an ordinal)."""

    rows: Rows
    days: NDArray[np.uint16]
    last: Ints


class Neighbours(NamedTuple):
    """A row a product, best first, and in how many orders (or visits) both lie."""

    products: Ints
    times: Ints


class Hearers(NamedTuple):
    """Who should hear of which product: a row a product of `products`, in rising order. `customers` are rows of this
    model's customers, best first; `because` is what they bought that is described most like it."""

    products: Ints
    customers: Ints
    because: Ints


class Completing(NamedTuple):
    """How much a product in the cart speaks for (or against) others; `orders` held both."""

    rows: Rows
    weight: Floats
    orders: NDArray[np.uint32]


@dataclass(frozen=True)
class Artefact:
    """All that serving reads. `number` is the inverse of `products`."""

    name: str
    about: Mapping[str, Any]
    products: Sequence[str]
    categories: Sequence[str]
    brands: Sequence[str]
    regions: Sequence[str]
    customers: NDArray[np.int64]
    lists: Mapping[str, Lists]
    own: Own
    together: Neighbours
    similar: Ints
    similar_likeness: NDArray[np.float16]
    also_bought: Neighbours
    completing: Completing
    popular: Ints
    popular_of_category: Rows
    popular_of_region: Rows
    category: Ints
    brand: Ints
    factors: Floats
    inverse: Floats
    hearers: Hearers
    session: SessionNeighbours | None

    @cached_property
    def number(self) -> Mapping[str, int]:
        """A product's place in every array."""
        return {product: number for number, product in enumerate(self.products)}

    @cached_property
    def category_number(self) -> Mapping[str, int]:
        """A category's place in `categories`."""
        return {name: number for number, name in enumerate(self.categories)}

    @cached_property
    def brand_number(self) -> Mapping[str, int]:
        """A brand's place in `brands`."""
        return {name: number for number, name in enumerate(self.brands)}

    @cached_property
    def region_number(self) -> Mapping[str, int]:
        """A region's place in `regions`."""
        return {name: number for number, name in enumerate(self.regions)}

    @cached_property
    def foreseen(self) -> Callable[[tuple[int, ...]], Foreseen]:
        """What may come next after a visit; remembered, as each strip of a page asks the same."""
        return lru_cache(maxsize=REMEMBERED)(self.session.foreseen if self.session else lambda _visit: NOTHING)

    def row_of(self, customer: int) -> int | None:
        """Where this customer's rows stand; None for somebody the model doesn't know."""
        row = int(np.searchsorted(self.customers, customer))
        return row if row < len(self.customers) and self.customers[row] == customer else None

    def of_customer(self, customer: int, task: str, *, n: int) -> Ints:
        """The `n` best for them by number, as they are stored; fewer or none where there aren't as many."""
        row = self.row_of(customer)
        if row is None:
            return np.empty(0, np.int32)
        ranked = self.lists[task].products[row, :n]
        return ranked[ranked >= 0]

    def should_hear(self, product: str) -> list[tuple[int, str]] | None:
        """Customers (the CRM's numbers), best first, and what they bought that is most like the product, empty where
        nothing is; None for a product of which it wasn't worked out."""
        number, found = self.number.get(product, -1), self.hearers
        row = int(np.searchsorted(found.products, number))
        if row >= len(found.products) or found.products[row] != number:
            return None
        pairs = zip(found.customers[row].tolist(), found.because[row].tolist(), strict=True)
        return [(int(self.customers[who]), self.products[like] if like >= 0 else "") for who, like in pairs if who >= 0]

    def category_of(self, number: int) -> str:
        """Empty where the catalogue knows none."""
        found = int(self.category[number])
        return self.categories[found] if found >= 0 else ""

    def brand_of(self, number: int) -> str:
        """Empty where the catalogue knows none."""
        found = int(self.brand[number])
        return self.brands[found] if found >= 0 else ""


def load(folder: Path, name: str) -> Artefact:
    """Map the arrays; reads next to nothing but the products' ids until somebody asks.

    Raises:
        OSError: the model isn't there, or not all of it.
        ValueError, KeyError, TypeError: a file holds something else, as another version's may (`UNREADABLE`).
    """
    place = folder / name
    about = json.loads((place / "about.json").read_text())
    words = json.loads((place / "words.json").read_text())

    def array(part: str) -> Any:
        # the plain view of the mapped file: a memmap's own indexing costs more than what it reads
        return np.asarray(np.load(place / f"{part}.npy", mmap_mode="r", allow_pickle=False))

    return Artefact(
        name=name,
        about=about["about"],
        products=json.loads((place / "products.json").read_text()),
        categories=words["categories"],
        brands=words["brands"],
        regions=words["regions"],
        customers=array("customers"),
        lists={task: Lists(array(task), array(f"{task}_why"), array(f"{task}_source")) for task in TASKS},
        own=Own(Rows(array("own_at"), array("own")), array("own_days"), array("own_last")),
        together=Neighbours(array("together"), array("together_orders")),
        similar=array("similar"),
        similar_likeness=array("similar_likeness"),
        also_bought=Neighbours(array("also_bought"), array("also_bought_visits")),
        completing=Completing(
            Rows(array("completing_at"), array("completing")), array("completing_weight"), array("completing_orders")
        ),
        popular=array("popular"),
        popular_of_category=Rows(array("popular_of_category_at"), array("popular_of_category")),
        popular_of_region=Rows(array("popular_of_region_at"), array("popular_of_region")),
        category=array("category"),
        brand=array("brand"),
        factors=array("factors"),
        inverse=array("inverse"),
        hearers=Hearers(array("heard_of"), array("hearers"), array("hearers_because")),
        session=_session(about["session"], array),
    )


def readable(folder: Path, name: str) -> bool:
    """Whether this version can serve the model."""
    try:
        load(folder, name)
    except UNREADABLE:
        return False
    return True


def layout_of(folder: Path, name: str) -> int | None:
    """The `LAYOUT` of the version that wrote the model; None where it isn't there or is older than that number."""
    try:
        found: int | None = json.loads((folder / name / "about.json").read_text()).get("layout")
    except (OSError, ValueError):
        return None
    return found


def _session(about: Mapping[str, Any] | None, array: Any) -> SessionNeighbours | None:
    if about is None:
        return None
    arrays = {part: array(f"{SESSION}{part}") for part in about["arrays"]}
    return SessionNeighbours(arrays, settings=Settings(**about["settings"]))
