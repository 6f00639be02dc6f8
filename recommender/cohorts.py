"""Cohorts: a shop of a million customers, learnt and ranked a hundred thousand customers at a time.

Who buys what with whom is learnt as well from a hundred thousand people as from a million; memory and time then grow
with the cohort, not with the square of anything. Cohorts are drawn blindly, so that each is the shop in small: counts
and scores mean the same in all of them, and rankings learnt on the first hold for the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .candidates import als
from .candidates.own_history import own_frequency
from .candidates.popularity import recent_popularity
from .candidates.rows import best_of_rows
from .catalogue import Catalogue
from .deeds import NOTHING, Deeds
from .interactions import Floats, Interactions, Ints
from .ladder import Ranker
from .model import TASKS, LearntModel, Lists, Progress, Task, learn_model, with_rankers
from .sources import EACH, Sources

COHORT = 100_000
"""Customers; a shop of up to half as many more is one cohort."""
QUIET_DAYS = 365.0
"""Who bought nothing for so long is shown what they bought and what sells, without asking every source."""
BATCH_EACH = 30
"""Candidates of each source for the lists of a large shop."""


class Whole(Sources):
    """What the artefact asks of sources, for the whole shop: the purchases are everybody's, what products have in
    common and their factors are those of one cohort."""

    def __init__(self, known: Interactions, cohort: Sources) -> None:
        self.known = known
        self.popular = recent_popularity(known)
        self.in_common = cohort.in_common
        self.factors = cohort.factors


@dataclass(frozen=True)
class CohortModel(LearntModel):
    """Ranks the customers of one cohort after the other; the sources of the present one are kept."""

    interactions: Interactions = field(kw_only=True)
    catalogue: Catalogue | None = field(kw_only=True)
    deeds: Deeds = field(kw_only=True)
    factors: als.Factors | None = field(kw_only=True)
    cohorts: int = field(kw_only=True)
    fitted: dict[int, LearntModel] = field(default_factory=dict, kw_only=True)

    def batches(self, size: int) -> Iterator[Ints]:
        """Cohort by cohort."""
        for cohort in range(self.cohorts):
            members = members_of(self.interactions, cohort, self.cohorts)
            yield from (members[start : start + size] for start in range(0, len(members), size))

    def ranked(self, customers: Ints, task: Task, *, n: int, each: int = EACH) -> Lists:
        """As one model would; quick where the customers are of one cohort."""
        return self._ranked(customers, [task], n=n, each=each)[task.name]

    def ranked_for_all_tasks(self, customers: Ints, *, n: int, each: int = EACH) -> dict[str, Lists]:
        """By the task's name; much of the work is done once."""
        return self._ranked(customers, TASKS, n=n, each=each)

    def _ranked(self, customers: Ints, tasks: Sequence[Task], *, n: int, each: int) -> dict[str, Lists]:
        shape = (len(customers), n)
        lists = {task.name: Lists(np.full(shape, -1, np.int32), np.full(shape, -np.inf, np.float32)) for task in tasks}
        each = min(each, BATCH_EACH)
        of = cohort_of(customers, self.cohorts)
        for cohort in np.unique(of).tolist():
            here = np.flatnonzero(of == cohort)
            members, model = members_of(self.interactions, cohort, self.cohorts), self._of_cohort(cohort)
            rows = np.searchsorted(members, customers[here]).astype(np.int32)
            quiet = _latest(model.sources.known)[rows] > QUIET_DAYS
            lively = (
                model.ranked_for_all_tasks(rows[~quiet], n=n, each=each)
                if len(tasks) > 1
                else {task.name: model.ranked(rows[~quiet], task, n=n, each=each) for task in tasks}
            )
            for task in tasks:
                into, resting = lists[task.name], _of_quiet(model.sources, rows[quiet], task, n=n)
                for some, found in ((here[~quiet], lively[task.name]), (here[quiet], resting)):
                    into.products[some], into.scores[some] = found
        return lists

    def _of_cohort(self, cohort: int) -> LearntModel:
        if cohort not in self.fitted:
            self.fitted.clear()
            part = _Part.of(self.interactions, members_of(self.interactions, cohort, self.cohorts))
            self.fitted[cohort] = with_rankers(
                self.rankers, part.interactions, self.catalogue, deeds=part.deeds(self.deeds),
                factors=part.factors(self.factors),
            )  # fmt: skip
        return self.fitted[cohort]


def learn(
    interactions: Interactions,
    catalogue: Catalogue | None = None,
    *,
    deeds: Deeds = NOTHING,
    factors: als.Factors | None = None,
    quick: bool = False,
    threads: int = 1,
    progress: Progress = lambda _step: None,
    cohort: int = COHORT,
) -> LearntModel:
    """`learn_model` for a shop of any size."""
    cohorts = _cohorts(interactions, cohort)
    if cohorts == 1:
        return learn_model(
            interactions, catalogue, deeds=deeds, factors=factors, quick=quick, threads=threads, progress=progress
        )
    part = _Part.of(interactions, members_of(interactions, 0, cohorts))
    first = learn_model(
        part.interactions, catalogue, deeds=part.deeds(deeds), factors=part.factors(factors), quick=quick,
        threads=threads, progress=progress,
    )  # fmt: skip
    return _of_all(first, interactions, catalogue, deeds, factors, cohorts)


def fitted_anew(
    rankers: Mapping[str, Ranker],
    interactions: Interactions,
    catalogue: Catalogue | None = None,
    *,
    deeds: Deeds = NOTHING,
    factors: als.Factors | None = None,
    cohort: int = COHORT,
) -> LearntModel:
    """`with_rankers` for a shop of any size."""
    cohorts = _cohorts(interactions, cohort)
    if cohorts == 1:
        return with_rankers(rankers, interactions, catalogue, deeds=deeds, factors=factors)
    part = _Part.of(interactions, members_of(interactions, 0, cohorts))
    first = with_rankers(
        rankers, part.interactions, catalogue, deeds=part.deeds(deeds), factors=part.factors(factors)
    )  # fmt: skip
    return _of_all(first, interactions, catalogue, deeds, factors, cohorts)


def cohort_of(customers: Ints, cohorts: int) -> Ints:
    """By a multiplicative hash of their number (Knuth 1998, 6.4), so that old and new customers are in each."""
    hashed = (customers.astype(np.uint64) * np.uint64(2_654_435_761)) >> np.uint64(12)
    found: Ints = (hashed % np.uint64(cohorts)).astype(np.int32)
    return found


def members_of(interactions: Interactions, cohort: int, cohorts: int) -> Ints:
    """The numbers of a cohort's customers, ascending."""
    everybody = np.arange(len(interactions.customers), dtype=np.int32)
    members: Ints = everybody[cohort_of(everybody, cohorts) == cohort]
    return members


def _cohorts(interactions: Interactions, size: int) -> int:
    return max(round(len(interactions.customers) / size), 1)


def _of_all(
    first: LearntModel, interactions: Interactions, catalogue: Catalogue | None, deeds: Deeds,
    factors: als.Factors | None, cohorts: int,
) -> CohortModel:  # fmt: skip
    return CohortModel(
        Whole(interactions, first.sources), first.features, first.rankers, first.seconds, first.questions,
        interactions=interactions, catalogue=catalogue, deeds=deeds, factors=factors, cohorts=cohorts,
        fitted={0: first},
    )  # fmt: skip


class _Part(NamedTuple):
    """Some customers of a shop, numbered anew; products keep their numbers."""

    interactions: Interactions
    members: Ints

    @classmethod
    def of(cls, whole: Interactions, members: Ints) -> _Part:
        number = np.full(len(whole.customers), -1, np.int32)
        number[members] = np.arange(len(members), dtype=np.int32)
        orders = np.flatnonzero(number[whole.order_customer] >= 0)
        order = np.full(len(whole.order_customer), -1, np.int32)
        order[orders] = np.arange(len(orders), dtype=np.int32)
        lines = order[whole.line_order] >= 0
        return cls(
            Interactions(
                customers=[whole.customers[one] for one in members.tolist()],
                products=whole.products,
                order_customer=number[whole.order_customer[orders]],
                order_age=whole.order_age[orders],
                order_day=whole.order_day[orders],
                line_order=order[whole.line_order[lines]],
                line_product=whole.line_product[lines],
            ),
            members,
        )

    def deeds(self, whole: Deeds) -> Deeds:
        place = np.searchsorted(self.members, whole.customer)
        place = np.minimum(place, max(len(self.members) - 1, 0)).astype(np.int32)
        inside = self.members[place] == whole.customer if len(self.members) else np.zeros(len(place), bool)
        return Deeds(place[inside], whole.product[inside], whole.kind[inside], whole.age[inside])

    def factors(self, whole: als.Factors | None) -> als.Factors | None:
        return whole and als.Factors(whole.customers[self.members], whole.products)


def _latest(known: Interactions) -> Floats:
    """How many days ago each customer bought last."""
    latest = np.full(len(known.customers), np.inf, np.float32)
    np.minimum.at(latest, known.order_customer, known.order_age)
    return latest


def _of_quiet(sources: Sources, customers: Ints, task: Task, *, n: int) -> Lists:
    """What they bought, most of it first, then what sells; for `new` only what they never bought."""
    products = np.full((len(customers), n), -1, np.int32)
    scores = np.full((len(customers), n), -np.inf, np.float32)
    own = best_of_rows(own_frequency(sources.known)[customers], n)
    best = np.argsort(-sources.popular, kind="stable")[: n + int(sources.days.getnnz(axis=1).max(initial=0))]
    best = best[sources.popular[best] > 0]
    for row, customer in enumerate(customers.tolist()):
        begin, end = own.indptr[row], own.indptr[row + 1]
        mine = own.indices[begin:end][np.argsort(-own.data[begin:end], kind="stable")]
        bought = sources.days.indices[sources.days.indptr[customer] : sources.days.indptr[customer + 1]]
        barred = sources.not_wanted.indices[
            sources.not_wanted.indptr[customer] : sources.not_wanted.indptr[customer + 1]
        ]
        others = best[~np.isin(best, bought)]
        ranked = others if task.new else np.concatenate([mine, others])
        ranked = ranked[~np.isin(ranked, barred)][:n]
        products[row, : len(ranked)] = ranked
        scores[row, : len(ranked)] = -np.arange(len(ranked))
    return Lists(products, scores)
