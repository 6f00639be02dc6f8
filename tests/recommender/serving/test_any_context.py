"""Whatever is asked, by whomever, of whichever shop: nothing is shown that must not be, and every reason is true.

FUZZ=100000 makes it as many contexts as the acceptance asks for (`make fuzz-recommendations`).
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.artefact import Artefact
from recommender.asking import Arrival, Asked, Deed, Person, Placement, Rule, Strategy
from recommender.serving import recommend
from recommender.signals import Kind

from .places import Piece, artefact_of, shop_with
from .truth import Truth

CONTEXTS = int(os.environ.get("FUZZ", "400"))
REORDERING = (Placement.SEARCH, Placement.CATEGORY)
STATES = ("on sale",) * 6 + ("sold out", "deleted", "for adults", "without a price")
PRODUCTS = st.sampled_from([*(f"p{number}" for number in range(60)), "p60", "p61", "unheard of", ""])
SOME = st.lists(PRODUCTS, max_size=6)
SET = st.frozensets(PRODUCTS, max_size=5)
AGES = st.one_of(st.floats(0, 60), st.sampled_from([0.0, -1.0, 1e9, float("nan"), float("inf")]))
DEEDS = st.builds(Deed, PRODUCTS, st.sampled_from(Kind), AGES)
BOUGHT = st.builds(Deed, PRODUCTS, st.just(Kind.PURCHASE), AGES)
"""Returns stand among the steps."""
PEOPLE = st.builds(
    Person,
    customer=st.one_of(st.none(), st.integers(-1, 45)),
    bought=st.lists(BOUGHT, max_size=4),
    steps=st.lists(DEEDS, max_size=8),
    not_interested=SET,
    not_used=SET,
    region=st.sampled_from(["", "north", "nowhere"]),
)
QUESTIONS = st.builds(
    Asked,
    placement=st.sampled_from(Placement),
    person=PEOPLE,
    n=st.integers(-1, 40),
    product=st.one_of(st.none(), PRODUCTS),
    cart=SET,
    among=st.one_of(st.none(), st.lists(PRODUCTS, max_size=30)),
    category=st.sampled_from(["", "kind 1", "none"]),
    ordered=SOME,
    exclude=SET,
    strategy=st.sampled_from(Strategy),
    diversity=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    most_of_category=st.one_of(st.none(), st.integers(0, 3)),
    adult=st.booleans(),
)
RULES = st.lists(
    st.one_of(
        st.builds(
            Rule,
            id=st.integers(1, 9),
            what=st.sampled_from(["pin", "boost", "bury", "exclude"]),
            of=st.just("product"),
            value=PRODUCTS,
            weight=st.sampled_from([1.0, 2.0, 3.0, 50.0, 0.0, float("nan")]),
            placement=st.one_of(st.none(), st.sampled_from(Placement)),
        ),
        st.builds(
            Rule,
            id=st.integers(1, 9),
            what=st.sampled_from(["pin", "boost", "bury", "exclude"]),
            of=st.sampled_from(["brand", "category"]),
            value=st.sampled_from(["brand 1", "brand 2", "kind 1", "kind 5", "no such"]),
            weight=st.sampled_from([1.0, 2.0, 5.0]),
        ),
    ),
    max_size=4,
)
ARRIVALS = st.lists(
    st.sampled_from([Arrival("p60", "kind 0", "brand 0"), Arrival("p61", "kind 1", "brand 1"), Arrival("new", "", "")]),
    max_size=3,
)


class Shelf:
    """The shop's present state, drawn by a seed; counts how often it is asked."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self.pieces: dict[str, Piece | None] = {}
        self.times = 0

    def __call__(self, products: object) -> list[Piece]:
        self.times += 1
        found = [self.piece(product) for product in products]  # type: ignore[attr-defined]
        return [piece for piece in found if piece is not None]

    def piece(self, product: str) -> Piece | None:
        """None where it was deleted."""
        if product not in self.pieces:
            state = self._draw.choice(STATES)
            number = int(product[1:]) if product[1:].isdigit() else 0
            price = float("nan") if state == "without a price" else 10 * number + 1
            self.pieces[product] = None if state == "deleted" else Piece(
                product, category=f"kind {number % 6}", brand=f"brand {number % 4}", price_minor=price,  # type: ignore[arg-type]
                available=state != "sold out", age_limited=state == "for adults",
            )  # fmt: skip
        return self.pieces[product]


class Shops:
    """A usual one with and without clicks, one with a single customer, one with a single product, an empty one."""

    def __init__(self, folder: Path) -> None:
        self.all: list[tuple[Truth, Artefact]] = []
        for customers, products, clicks in (
            (40, 60, True),
            (40, 60, False),
            (1, 60, True),
            (20, 1, True),
            (0, 60, True),
        ):
            shop = shop_with(customers, products=products)
            self.all.append((Truth(shop), artefact_of(shop, folder, name=str(len(self.all)), clicks=clicks)))


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Shops:
    """Learnt once."""
    return Shops(tmp_path_factory.mktemp("models"))


@settings(
    max_examples=CONTEXTS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
@given(
    which=st.sampled_from([0, 0, 0, 1, 2, 3, 4]), asked=QUESTIONS, rules=RULES, arrivals=ARRIVALS, seed=st.integers(0)
)
def test_nothing_is_shown_that_must_not_be(
    shops: Shops,
    which: int,
    asked: Asked,
    rules: list[Rule],
    arrivals: list[Arrival],
    seed: int,
) -> None:
    truth, model = shops.all[which]
    shelf = Shelf(seed)

    shown = recommend(model, asked, shelf, rules, arrivals=arrivals)

    products = [one.product for one in shown]
    assert len(products) == len(set(products))
    if asked.placement in REORDERING:
        assert set(products) == set(asked.among or ())
    else:
        assert len(products) <= max(asked.n, 0)
        assert not set(products) & {*asked.cart, *asked.exclude, *asked.person.not_interested, *asked.ordered}
        assert asked.product not in products
        pieces = [piece for product in products if (piece := shelf.piece(product)) is not None]
        assert len(pieces) == len(products)
        assert all(piece.available and (asked.adult or not piece.age_limited) for piece in pieces)
        if asked.most_of_category is not None:
            kinds = [piece.category for piece in pieces]
            assert all(kinds.count(kind) <= asked.most_of_category for kind in kinds)
        if asked.placement in (Placement.NEW, Placement.SUPPORT):
            since = {deed.product for deed in asked.person.bought}
            assert not set(products) & (truth.owned(asked.person.customer) | since)
        barred = {(rule.of, rule.value) for rule in rules if rule.what == "exclude" and _holds(rule, asked)}
        assert not barred & {("product", piece.product_id) for piece in pieces}
        assert not barred & {("brand", piece.brand) for piece in pieces}
        assert not barred & {("category", piece.category) for piece in pieces}
    assert [(one, wrong) for one in shown if (wrong := truth.untrue(one, asked, arrivals))] == []
    assert recommend(model, asked, Shelf(seed), rules, arrivals=arrivals) == shown or _has_nan(shown)


def _holds(rule: Rule, asked: Asked) -> bool:
    return rule.placement in (None, asked.placement)


def _has_nan(shown: list[object]) -> bool:
    return any(one.score != one.score for one in shown)  # type: ignore[attr-defined]
