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
from threadpoolctl import ThreadpoolController

from .catalogue import Catalogue
from .features import Features
from .interactions import Floats, Interactions, Ints
from .ladder import Questions, Ranker, learn
from .sources import EACH, Pairs, Sources
from .time_cuts import Following, first_time, following, known_before

CUTS = ((15.0, 15.0), (30.0, 30.0), (45.0, 30.0), (60.0, 30.0))
"""(days ago, days looked ahead); the latest is short, so that the season's last weeks teach too."""
QUESTIONS_A_CUT = 1_200
"""Customers asked about at each cut, drawn by a fixed seed; bounds the training of a large shop."""
UNWANTED_KEPT = 0.3
"""Share of the candidates not bought that the ranker learns from: a third of the time for the same result."""
CANDIDATES_AT_ONCE = 1_000
"""Customers ranked at once; bounds the memory."""
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

    def ranked(self, customers: Ints, task: Task, *, n: int, each: int = EACH) -> Lists:
        """The `n` best products of each customer, among `each` candidates of every source."""
        with _one_thread():
            found = [self._block(some, task, n, each) for some in _blocks(customers)]
        if not found:
            return Lists(np.empty((0, n), np.int32), np.empty((0, n), np.float32))
        return Lists(np.vstack([one.products for one in found]), np.vstack([one.scores for one in found]))

    def _block(self, customers: Ints, task: Task, n: int, each: int) -> Lists:
        pairs = self.sources.pairs(customers, new=task.new, each=each)
        scores = self.rankers[task.name].scores(self.features.of(pairs, new=task.new))
        return best_pairs(pairs, scores, n=n)


def best_pairs(pairs: Pairs, scores: Floats, *, n: int) -> Lists:
    """The `n` best of each row; ties go to the lower product number."""
    order = np.lexsort((pairs.product, -scores, pairs.row))
    row = pairs.row[order]
    place = np.arange(len(row)) - np.searchsorted(row, row, side="left")
    kept = place < n
    products = np.full((len(pairs.customers), n), -1, np.int32)
    values = np.full((len(pairs.customers), n), -np.inf, np.float32)
    products[row[kept], place[kept]] = pairs.product[order][kept]
    values[row[kept], place[kept]] = scores[order][kept]
    return Lists(products, values)


def learn_model(
    interactions: Interactions,
    catalogue: Catalogue | None = None,
    *,
    threads: int = 1,
    progress: Progress = lambda _step: None,
) -> LearntModel:
    """Learn everything from all interactions. Any amount of them will do: with none, every list is empty."""
    started = perf_counter()
    material: dict[str, list[Questions]] = {task.name: [] for task in TASKS}
    for days, window in CUTS:
        progress(f"what was known {days:.0f} days ago")
        for name, questions in _asked(interactions, catalogue, days=days, window=window):
            material[name].append(questions)
    asked = perf_counter()
    rankers: dict[str, Ranker] = {}
    answered: dict[str, int] = {}
    progress("what is known now")
    with _one_thread():
        sources = Sources(interactions, catalogue)
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
    rankers: Mapping[str, Ranker], interactions: Interactions, catalogue: Catalogue | None = None
) -> LearntModel:
    """Rankings learnt before over sources that know these interactions: a fraction of the work of learning them."""
    started = perf_counter()
    with _one_thread():
        sources = Sources(interactions, catalogue)
    features = Features(sources, catalogue)
    return LearntModel(sources, features, dict(rankers), {"sources": perf_counter() - started})


def _asked(
    interactions: Interactions, catalogue: Catalogue | None, *, days: float, window: float
) -> Iterator[tuple[str, Questions]]:
    target = following(interactions, days, window=window)
    if not len(target.customer):
        return
    known = known_before(interactions, days)
    with _one_thread():
        sources = Sources(known, catalogue)
    features = Features(sources, catalogue)
    fresh = first_time(target, known)
    for some in _blocks(_drawn(np.unique(target.customer))):
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
    kept = np.flatnonzero(bought | (np.random.default_rng(SEED).random(len(bought)) < UNWANTED_KEPT))
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


def _blocks(customers: Ints) -> Iterator[Ints]:
    return (customers[start : start + CANDIDATES_AT_ONCE] for start in range(0, len(customers), CANDIDATES_AT_ONCE))


def _one_thread() -> AbstractContextManager[object]:
    """OpenBLAS with two threads takes up to twice as long for products as small as these."""
    limited: AbstractContextManager[object] = _threads().limit(limits=1, user_api="blas")
    return limited


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()  # reads the process's memory map: milliseconds, so once
