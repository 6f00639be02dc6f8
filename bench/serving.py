"""What a recommendation costs: a generated model of 100,000 products and 50,000 customers, mapped from disk.

    python -m bench.serving [--products 100000] [--customers 50000] [--calls 2000]

CPU milliseconds a call (median and 95th of a hundred) beyond the product rows' own read, which is counted apart. What
comes next in a visit is found once and remembered for the further strips of a page. Beside implicit's own `recommend`
(ALS of the same size) in the same run. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
from scipy.sparse import csr_matrix

from recommender import artefact
from recommender.arrays import Ints
from recommender.artefact_files import begun, put_arrays, put_facts
from recommender.asking import Arrival, Asked, Deed, Good, Person, Placement, Rule
from recommender.candidates.session_fitting import ClickLog, fit
from recommender.reasons import Code
from recommender.serving import recommend
from recommender.serving.fold_in import inverse_of, scores
from recommender.serving.recommending import recommend_many
from recommender.serving.served import OnSale
from recommender.signals import Kind

FACTORS = 96
CATEGORIES, BRANDS = 300, 2_000
NAME = "generated"
RULES = (
    Rule(id=1, what="boost", of="brand", value="brand 3", weight=1.5),
    Rule(id=2, what="bury", of="category", value="category 7", weight=2.0),
    Rule(id=3, what="exclude", of="brand", value="brand 11"),
)
ARRIVALS = tuple(Arrival(f"n{one}", f"category {one % CATEGORIES}", f"brand {one}") for one in range(20))


def main() -> None:
    """Generate, ask, print."""
    wanted = _arguments()
    draw = np.random.default_rng(4)
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), draw, products=wanted.products, customers=wanted.customers)
        started = process_time()
        model = artefact.load(Path(folder), NAME)
        print(f"{wanted.products:,} products, {wanted.customers:,} customers; "
              f"loaded in {1000 * (process_time() - started):.0f} ms, "
              f"first look for a product {_first(model):.0f} ms")  # fmt: skip
        found = measured(model, calls=wanted.calls)
        found |= implicit(model, calls=wanted.calls, customers=wanted.customers)
    print(json.dumps(found))


def measured(model: artefact.Artefact, *, calls: int) -> dict[str, float]:
    """Every kind of question, with all filters and reasons."""
    shelf = Shelf(model)
    people = [_person(model, number) for number in range(calls)]
    strangers = [replace(one, customer=None, bought=()) for one in people]
    quiet = [replace(one, bought=(), steps=()) for one in people]
    found: dict[str, float] = {}

    def show(name: str, ask: Callable[[int], object], times: int = calls) -> None:
        median, high = _milliseconds(ask, times, shelf)
        print(f"{name:52}{median:8.2f}{high:8.2f} ms")
        key = name.replace(",", "").replace("-", "_").replace(" ", "_")
        found[f"{key}_p50_ms"], found[f"{key}_p95_ms"] = median, high

    print(f"\n{'':52}{'p50':>8}{'p95':>8}")
    for name, who in (("home", people), ("home, nothing since", quiet), ("home of a stranger", strangers)):
        show(name, lambda one, who=who: _ask(model, Placement.HOME, who[one], shelf))
    few = artefact.REMEMBERED // 5
    show("home, a further strip of the page", lambda one: _ask(model, Placement.HOME, people[one % few], shelf))
    for placement in Placement:
        if placement not in (Placement.HOME, Placement.SEARCH, Placement.CATEGORY):
            show(placement.value, lambda one, placement=placement: _ask(model, placement, people[one], shelf))
    hits = [[model.products[one] for one in _skewed(48, len(model.products), seed)] for seed in range(calls)]
    for placement in (Placement.SEARCH, Placement.CATEGORY):
        show(
            f"{placement.value} of 48",
            lambda one, placement=placement: recommend(
                model, Asked(placement=placement, person=people[one], among=hits[one]), shelf, RULES
            ),
        )
    three = (Placement.HOME, Placement.AGAIN, Placement.NEW)
    show("home page of three", lambda one: [_ask(model, place, people[one], shelf) for place in three], calls // 2)
    pool = np.array(_skewed(200, len(model.products), 1), np.int32)
    weights = [{int(number): 0.4 for number in _skewed(8, len(model.products), seed)} for seed in range(calls)]
    show("fold-in of 8 deeds over 200", lambda one: scores(model.factors, model.inverse, weights[one], of=pool))
    many = [Asked(placement=Placement.EMAIL, person=one, n=8) for one in quiet]
    started = process_time()
    sent = sum(1 for _ in recommend_many(model, many, shelf, RULES))
    found["email_per_core_s"] = round(sent / (process_time() - started))
    print(f"{'e-mail, 8 each, product rows included':52}{found['email_per_core_s']:8,.0f} customers/s a core")
    return found


def implicit(model: artefact.Artefact, *, calls: int, customers: int) -> dict[str, float]:
    """implicit's ALS of the same size, answering ten for one customer, as it is and recalculating the customer."""
    from implicit.cpu.als import AlternatingLeastSquares

    als = AlternatingLeastSquares(factors=FACTORS, random_state=1)
    als.item_factors = np.array(model.factors)  # its own copy: implicit wants to write
    als.user_factors = np.random.default_rng(2).normal(0, 0.1, (customers, FACTORS)).astype(np.float32)
    rows = []
    for number in range(min(calls, 200)):
        row = model.own.rows.row(number)
        rows.append(csr_matrix((np.ones(len(row), np.float32), (np.zeros(len(row)), row)), (1, len(model.products))))
    found = {}
    for name, again in (("implicit ALS recommend", False), ("implicit ALS recommend, folding in", True)):
        median, high = _milliseconds(
            lambda one, again=again: als.recommend(one, rows[one], N=10, recalculate_user=again), len(rows), None
        )
        print(f"{name:52}{median:8.2f}{high:8.2f} ms")
        found[f"implicit{'_fold_in' if again else ''}_p50_ms"] = median
        found[f"implicit{'_fold_in' if again else ''}_p95_ms"] = high
    return found


class Shelf:
    """The shop's answers from a dictionary; its time is taken apart. One product in twenty is sold out."""

    def __init__(self, model: artefact.Artefact) -> None:
        self.spent = 0.0
        self._goods = {
            product: OnSale(
                product,
                model.category_of(number),
                model.brand_of(number),
                price_minor=100 + number % 5_000,
                available=number % 20 != 0,
                age_limited=number % 50 == 1,
            )
            for number, product in enumerate(model.products)
        }

    def __call__(self, products: Sequence[str]) -> Sequence[Good]:
        started = process_time()
        found = [good for product in products if (good := self._goods.get(product)) is not None]
        self.spent += process_time() - started
        return found


def _ask(model: artefact.Artefact, placement: Placement, person: Person, shelf: Shelf) -> object:
    first = person.steps[0].product if person.steps else model.products[7]
    cart = frozenset(step.product for step in person.steps[1:4])
    asked = Asked(
        placement=placement, person=person, product=first, cart=cart, ordered=sorted(cart), most_of_category=4,
        exclude=frozenset(model.products[one] for one in range(12)),
    )  # fmt: skip
    return recommend(model, asked, shelf, RULES, arrivals=ARRIVALS)


def _person(model: artefact.Artefact, number: int) -> Person:
    """A customer who bought two things since the training, looked at six today, and dislikes three."""
    some = [model.products[one] for one in _skewed(12, len(model.products), number)]
    return Person(
        customer=int(model.customers[number % len(model.customers)]),
        bought=[Deed(product, Kind.PURCHASE, 0.4) for product in some[:2]],
        steps=[Deed(product, Kind.VIEW, 0.001 * place) for place, product in enumerate(some[2:8])],
        not_interested=frozenset(some[8:11]),
        not_used=frozenset(some[11:]),
        region="DE",
    )


def _milliseconds(ask: Callable[[int], object], times: int, shelf: Shelf | None) -> tuple[float, float]:
    spent = []
    for warm in range(min(50, times)):
        ask(warm)
    gc.collect()
    for one in range(times):
        before = shelf.spent if shelf else 0.0
        started = process_time()
        ask(one)
        spent.append(process_time() - started - ((shelf.spent - before) if shelf else 0.0))
    return round(1000 * float(np.median(spent)), 3), round(1000 * float(np.quantile(spent, 0.95)), 3)


def _first(model: artefact.Artefact) -> float:
    started = process_time()
    assert model.number[model.products[-1]] == len(model.products) - 1
    return 1000 * (process_time() - started)


def generate(folder: Path, draw: np.random.Generator, *, products: int, customers: int) -> None:
    """Arrays of the shapes and the skew that a training would write."""

    def some(*shape: int) -> Ints:
        return (products * draw.random(shape, np.float32) ** 3).astype(np.int32).clip(0, products - 1)

    def rows(name: str, lengths: Iterable[int], kinds: Sequence[tuple[str, object]] = ()) -> dict[str, np.ndarray]:
        at = np.cumsum([0, *lengths]).astype(np.int64)
        return {f"{name}_at": at, name: some(int(at[-1]))} | {
            f"{name}_{part}": draw.integers(1, 20, int(at[-1])).astype(kind) for part, kind in kinds
        }

    codes = np.array([artefact.NUMBER_OF_CODE[one] for one in (Code.BECAUSE, Code.SIMILAR, Code.LIKE, Code.POPULAR)])
    factors = draw.normal(0, 0.1, (products, FACTORS)).astype(np.float32)
    visits = draw.geometric(0.15, customers)
    clicked = some(int(visits.sum()))
    log = ClickLog(np.repeat(np.arange(customers), visits), clicked, np.arange(len(clicked), dtype=np.float64) * 20)
    with begun(folder, NAME) as place:
        put_arrays(place, {"customers": np.arange(1, customers + 1, dtype=np.int64)})
        for task, length in (("next", 60), ("new", 40)):
            put_arrays(place, {
                task: some(customers, length),
                f"{task}_why": draw.choice(codes, (customers, length)).astype(np.uint8),
                f"{task}_source": some(customers, length),
            })  # fmt: skip
        put_arrays(place, rows("own", draw.geometric(1 / 60, customers), (("days", np.uint16), ("last", np.int32))))
        put_arrays(place, {
            "together": some(products, 24), "together_orders": draw.integers(2, 90, (products, 24), np.int32),
            "also_bought": some(products, 24), "also_bought_visits": draw.integers(2, 90, (products, 24), np.int32),
            "similar": some(products, 60), "similar_likeness": draw.random((products, 60)).astype(np.float16),
        })  # fmt: skip
        put_arrays(place, rows("completing", np.where(np.arange(products) < 4_000, 400, 0),
                               (("weight", np.float32), ("orders", np.uint16))))  # fmt: skip
        put_arrays(place, {"popular": np.arange(200, dtype=np.int32)})
        put_arrays(place, rows("popular_of_category", [60] * CATEGORIES) | rows("popular_of_region", [60]))
        put_arrays(place, {
            "category": draw.integers(0, CATEGORIES, products).astype(np.int32),
            "brand": draw.integers(0, BRANDS, products).astype(np.int32),
            "factors": factors, "inverse": inverse_of(factors),
            "heard_of": np.empty(0, np.int32), "hearers": np.empty((0, 0), np.int32),
            "hearers_because": np.empty((0, 0), np.int32),
        })  # fmt: skip
        words = {"categories": [f"category {one}" for one in range(CATEGORIES)],
                 "brands": [f"brand {one}" for one in range(BRANDS)], "regions": ["DE"]}  # fmt: skip
        names = [f"{one:06d}" for one in range(products)]
        put_facts(place, products=names, words=words, about={}, session=fit(log, products=products))


def _skewed(n: int, products: int, seed: int) -> list[int]:
    draw = random.Random(seed)
    return list(dict.fromkeys(int(products * draw.random() ** 3) for _ in range(n)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--calls", type=int, default=2_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
