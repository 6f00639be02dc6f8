"""What is asked of the recommender, and what it answers: one question for every place where a shop recommends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from .reasons import Reason
from .signals import Kind


class Placement(StrEnum):
    """Where recommendations are shown."""

    HOME = "home"  # for you: what this person buys next
    AGAIN = "again"  # buy it again
    NEW = "new"  # new for you: never bought by this person
    RECENT = "recent"  # recently viewed, and more like it
    PRODUCT = "product"  # often bought together with the product of the page
    SIMILAR = "similar"  # like the product of the page
    ALSO_BOUGHT = "also_bought"  # customers who viewed the product of the page bought
    CART = "cart"  # what completes the cart
    CHECKOUT = "checkout"  # the same, small things only: nobody should be led away from here
    SEARCH = "search"  # the hits of a search in this person's order
    NOTHING_FOUND = "nothing_found"  # a search without a hit
    CATEGORY = "category"  # a category's products in this person's order
    ACCOUNT = "account"
    ORDER = "order"  # after an order: what goes with it
    EMAIL = "email"  # several products for one person, who isn't here
    SUPPORT = "support"  # what an agent may offer a customer


class Strategy(StrEnum):
    """Ways to choose that a shop can try against each other."""

    LEARNT = "learnt"  # stored rankings, re-ordered by what was done since
    SESSION = "session"  # this visit alone
    POPULAR = "popular"  # the same for everybody


@dataclass(frozen=True, slots=True)
class Deed:
    """What the person did with a product, and how many days ago."""

    product: str
    kind: Kind
    age: float


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is known of who asks. A stranger has steps at most; somebody who isn't followed has nothing at all.

    customer: the CRM's number. bought: products of orders younger than the model, the latest first. steps: looks at
    products, cart and so on of the last visits, the latest first. not_interested: never to be shown. not_used:
    products of which nothing may be concluded ("don't use this"). region: a country in two letters, empty if unknown.
    """

    customer: int | None = None
    bought: Sequence[Deed] = ()
    steps: Sequence[Deed] = ()
    not_interested: frozenset[str] = frozenset()
    not_used: frozenset[str] = frozenset()
    region: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The whole question.

    product: the page's (PRODUCT, SIMILAR, ALSO_BOUGHT). cart: what lies in it; never recommended. among: SEARCH and
    CATEGORY answer with these, each once, in a better order; None elsewhere. category: the shop's name of it
    (NOTHING_FOUND, where one is known). ordered: the products of the order (ORDER). exclude: what else must not be
    shown, e.g. what the page shows already. diversity: 0 takes the best, 1 avoids likeness above all. most_of_category:
    at most so many of one category; None for no limit.
    """

    placement: Placement
    person: Person = field(default_factory=Person)
    n: int = 10
    product: str | None = None
    cart: frozenset[str] = frozenset()
    among: Sequence[str] | None = None
    category: str = ""
    ordered: Sequence[str] = ()
    exclude: frozenset[str] = frozenset()
    strategy: Strategy = Strategy.LEARNT
    diversity: float = 0.03
    most_of_category: int | None = None
    adult: bool = False


class Good(Protocol):
    """A product as the shop sells it at this moment, to this visitor: what every filter reads.

    `available`: listed, in stock and sold to the visitor's region. `age_limited`: only shown where `Asked.adult`.
    """

    @property
    def product_id(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def brand(self) -> str: ...
    @property
    def price_minor(self) -> int: ...
    @property
    def available(self) -> bool: ...
    @property
    def age_limited(self) -> bool: ...


Goods = Callable[[Sequence[str]], Sequence[Good]]
"""The shop's answer for some products, asked at the moment of showing; those that don't exist any more are left out."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A product that is newer than the model, the shop's id first; brand and category empty where there are none."""

    product: str
    category: str = ""
    brand: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A marketer's rule. `what`: `pin` (first, `weight` is the place from 1), `boost` or `bury` (score × or ÷
    `weight`), `exclude`. It holds for one `product`, a `brand` or a `category`: `of` says which, `value` names it.
    `placement` None means everywhere.
    """

    id: int
    what: str
    of: str
    value: str
    weight: float = 1.0
    placement: Placement | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product (the shop's id) and why. `rule` is the id of the rule that moved it, where one did."""

    product: str
    reason: Reason
    score: float = 0.0
    rule: int | None = None
