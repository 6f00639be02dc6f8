"""The model: fitted sources, their features, and one ranker for each of the two tasks.

`learn_model(interactions)` is the whole training. The rankers learn from time cuts before the present: at each cut
the sources are fitted on what was known then, and asked what each customer bought on their next day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from .candidates import als
from .candidates.rows import ranks_within
from .catalogue import Catalogue
from .deeds import NOTHING, Deeds
from .features import Features
from .interactions import Floats, Interactions, Ints
from .ladder import Questions, Ranker, Weighted, learn
from .sources import EACH, QUICK, Pairs, Sources
from .time_cuts import Following, first_time, following, known_before

CUTS = ((15.0, 15.0), (30.0, 30.0), (45.0, 30.0), (60.0, 30.0))
"""(days ago, days looked ahead); the latest is short, so that the season's last weeks teach too."""
QUESTIONS_A_CUT = 1_200
"""Customers asked about at each cut, drawn by a fixed seed; bounds the training of a large shop."""
UNWANTED = 90
"""Candidates not bought that the ranker learns from, a question, drawn blindly: half the time for the same result."""
AT_ONCE, FEWEST_AT_ONCE = 1_000, 50
"""Customers ranked at once, in a small shop and in a big one …"""
CELLS = 4_000_000
"""… so that customers × products stay below this; bounds the memory."""
SHORTLIST = 50
"""Candidates of a customer that the whole ranker looks at, after the first trees: a third of the time, same lists."""
SEED = 20101201
Progress = Callable[[str], None]


class Task(NamedTuple):
    """`next` may hold what was bought before, `new` holds nothing else but what wasn't."""

    name: str
    new: bool


NEXT, NEW = Task("next", new=False), Task("new", new=True)
TASKS = (NEXT, NEW)


class Lists(NamedTuple):
    """A row a customer, best first; where there are fewer, the rest of `products` is -1."""

    products: Ints
    scores: Floats


@dataclass(frozen=True)
class LearntModel:
    """What training gives. `seconds` tells what took how long, `questions` from how many answers each ranker learnt."""

    sources: Sources
    features: Features
    rankers: dict[str, Ranker]
    seconds: dict[str, float] = field(default_factory=dict)
    questions: dict[str, int] = field(default_factory=dict)

    def batches(self, size: int) -> Iterator[Ints]:
        """All customers, at most so many at a time, in the order in which ranking them is cheapest."""
        everybody = np.arange(len(self.sources.known.customers), dtype=np.int32)
        return (everybody[start : start + size] for start in range(0, len(everybody), size))

    def ranked(self, customers: Ints, task: Task, *, n: int, each: int = EACH) -> Lists:
        """The `n` best products of each customer, among `each` candidates of every source."""
        with _one_thread():
            return _stacked(
                [
                    self._best(self.sources.pairs(some, new=task.new, each=each), task, n)
                    for some in _blocks(customers, self.sources)
                ],
                n,
            )

    def ranked_for_all_tasks(self, customers: Ints, *, n: int, each: int = EACH) -> dict[str, Lists]:
        """By the task's name; much of the work is done once. For batches: everybody's lists, an e-mail to many."""
        found: dict[str, list[Lists]] = {task.name: [] for task in TASKS}
        with _one_thread():
            for some in _blocks(customers, self.sources):
                pairs = self.sources.both(some, each=each)
                for task in TASKS:
                    found[task.name].append(self._best(pairs[task.new], task, n))
        return {name: _stacked(parts, n) for name, parts in found.items()}

    def _best(self, pairs: Pairs, task: Task, n: int) -> Lists:
        ranker = self.rankers[task.name]
        x = self.features.of(pairs, new=task.new)
        rough = ranker.rough(x)
        if rough is None:
            return best_pairs(pairs, ranker.scores(x), n=n)
        kept = np.flatnonzero(ranks_within(pairs.row, rough) < max(SHORTLIST, 2 * n))
        return best_pairs(pairs, ranker.scores(x[kept]), n=n, among=kept)


def best_pairs(pairs: Pairs, scores: Floats, *, n: int, among: NDArray[np.int64] | None = None) -> Lists:
    """The `n` best of each row; ties go to the lower product number. `scores` are of the pairs `among`, or of all."""
    row, product = (pairs.row, pairs.product) if among is None else (pairs.row[among], pairs.product[among])
    order = np.lexsort((product, -scores, row))
    row = row[order]
    place = np.arange(len(row)) - np.searchsorted(row, row, side="left")
    kept = place < n
    products = np.full((len(pairs.customers), n), -1, np.int32)
    values = np.full((len(pairs.customers), n), -np.inf, np.float32)
    products[row[kept], place[kept]] = product[order][kept]
    values[row[kept], place[kept]] = scores[order][kept]
    return Lists(products, values)


def _stacked(parts: list[Lists], n: int) -> Lists:
    if not parts:
        return Lists(np.empty((0, n), np.int32), np.empty((0, n), np.float32))
    return Lists(np.vstack([one.products for one in parts]), np.vstack([one.scores for one in parts]))


def learn_model(
    interactions: Interactions,
    catalogue: Catalogue | None = None,
    *,
    deeds: Deeds = NOTHING,
    factors: als.Factors | None = None,
    quick: bool = False,
    threads: int = 1,
    progress: Progress = lambda _step: None,
) -> LearntModel:
    """Learn everything from all interactions. Any amount of them will do: with none, every list is empty.

    `deeds` are looks, carts, returns and "not interested", in the numbers of the interactions. `quick` looks at no
    time cut: few sources, blended by weights that hold for most shops; for a shop's first minutes. `factors` made
    elsewhere (`imported_factors`) stand for what is known now; at the time cuts, which they have seen, our own do.
    """
    if quick:
        return _quick_model(interactions, catalogue, deeds, progress)
    started = perf_counter()
    material: dict[str, list[Questions]] = {task.name: [] for task in TASKS}
    for days, window in CUTS:
        progress(f"what was known {days:.0f} days ago")
        for name, questions in _asked(interactions, catalogue, deeds, days=days, window=window):
            material[name].append(questions)
    asked = perf_counter()
    rankers: dict[str, Ranker] = {}
    answered: dict[str, int] = {}
    progress("what is known now")
    with _one_thread():
        sources = Sources(interactions, catalogue, deeds=deeds, factors=factors)
    features = Features(sources, catalogue)
    fitted = perf_counter()
    for task in TASKS:
        progress(f"learning to rank what is {task.name}")
        names = features.names(new=task.new)
        questions = _together(material.pop(task.name), names)
        answered[task.name] = questions.answered
        rankers[task.name] = learn(questions, new=task.new, threads=threads)
    seconds = {"cuts": asked - started, "sources": fitted - asked, "rankers": perf_counter() - fitted}
    return LearntModel(sources, features, rankers, seconds, answered)


def with_rankers(
    rankers: Mapping[str, Ranker],
    interactions: Interactions,
    catalogue: Catalogue | None = None,
    *,
    deeds: Deeds = NOTHING,
    factors: als.Factors | None = None,
) -> LearntModel:
    """Rankings learnt before over sources that know these interactions: a fraction of the work of learning them."""
    started = perf_counter()
    with _one_thread():
        sources = Sources(interactions, catalogue, deeds=deeds, factors=factors)
    features = Features(sources, catalogue)
    return LearntModel(sources, features, dict(rankers), {"sources": perf_counter() - started})


def _quick_model(
    interactions: Interactions, catalogue: Catalogue | None, deeds: Deeds, progress: Progress
) -> LearntModel:
    started = perf_counter()
    progress("what is known now")
    with _one_thread():
        sources = Sources(interactions, catalogue, deeds=deeds, names=QUICK)
    features = Features(sources, catalogue)
    rankers: dict[str, Ranker] = {
        task.name: Weighted.prior(features.names(new=task.new), new=task.new) for task in TASKS
    }
    return LearntModel(sources, features, rankers, {"sources": perf_counter() - started}, dict.fromkeys(rankers, 0))


def _asked(
    interactions: Interactions, catalogue: Catalogue | None, deeds: Deeds, *, days: float, window: float
) -> Iterator[tuple[str, Questions]]:
    target = following(interactions, days, window=window)
    if not len(target.customer):
        return
    known = known_before(interactions, days)
    with _one_thread():
        catalogue = catalogue.before(days) if catalogue else None
        sources = Sources(known, catalogue, deeds=deeds.known_before(days))
    features = Features(sources, catalogue)
    fresh = first_time(target, known)
    for some in _blocks(_drawn(np.unique(target.customer)), sources):
        with _one_thread():
            pairs = sources.both(some)
        for task in TASKS:
            wanted = fresh if task.new else target
            yield task.name, _question(pairs[task.new], features, wanted, task)


def _drawn(customers: Ints) -> Ints:
    if len(customers) <= QUESTIONS_A_CUT:
        return customers
    return np.sort(np.random.default_rng(SEED).choice(customers, QUESTIONS_A_CUT, replace=False))


def _question(pairs: Pairs, features: Features, target: Following, task: Task) -> Questions:
    """All that were bought, and some of the others."""
    width = np.int64(len(features.of_product["age"]))
    bought = np.isin(pairs.customer * width + pairs.product, target.customer * width + target.product)
    drawn = ranks_within(pairs.row, np.random.default_rng(SEED).random(len(bought), np.float32)) < UNWANTED
    kept = np.flatnonzero(bought | drawn)
    x = features.of(pairs, new=task.new)[kept]
    return Questions(pairs.row[kept], x, bought[kept].astype(np.float32), features.names(new=task.new))


def _together(parts: list[Questions], names: list[str]) -> Questions:
    """All as one, their groups numbered on."""
    groups, first = [np.empty(0, np.int32)], 0
    for part in parts:
        groups.append(part.group + np.int32(first))
        first += int(part.group.max(initial=-1)) + 1
    return Questions(
        np.concatenate(groups),
        np.vstack([np.empty((0, len(names)), np.float32), *(part.x for part in parts)]),
        np.concatenate([np.empty(0, np.float32), *(part.bought for part in parts)]),
        names,
    )


def _blocks(customers: Ints, sources: Sources) -> Iterator[Ints]:
    size = min(max(CELLS // max(len(sources.popular), 1), FEWEST_AT_ONCE), AT_ONCE)
    return (customers[start : start + size] for start in range(0, len(customers), size))


def _one_thread() -> AbstractContextManager[object]:
    """OpenBLAS with two threads takes up to twice as long for products as small as these."""
    limited: AbstractContextManager[object] = _threads().limit(limits=1, user_api="blas")
    return limited


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()  # reads the process's memory map: milliseconds, so once
