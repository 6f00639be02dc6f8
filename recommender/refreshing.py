"""Refreshing: what the last minutes changed, without learning anew how to rank.

The sources are fitted on all purchases up to now, with the rankings of the present model; who bought since is ranked
anew, and everybody else keeps the list they had. New products and new customers are in it. It is published like any
model, as a folder of its own, so that nobody ever reads half of it.

It costs about a tenth of a training, and rests in between (`refresh_due.RESTS`); the orders of the last minute count
anyway, as serving reads them itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter

import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from . import artefact, folders, training
from .cohorts import fitted_anew
from .gate import Judgement, Verdict
from .interactions import Interactions, Ints
from .material import Shop, read
from .model import LearntModel, Lists
from .refresh_due import why_not_refresh, why_too_old
from .sources import EACH
from .store import ModelKind, present_model


@dataclass(frozen=True)
class Refreshed(LearntModel):
    """`of` ranks the customers `anew`; all others get, by number, the rows of `kept`."""

    anew: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    kept: Mapping[str, Lists] = field(default_factory=dict)
    of: LearntModel = field(kw_only=True)

    def batches(self, size: int) -> Iterator[Ints]:
        """In the order in which `of` ranks cheapest."""
        return self.of.batches(size)

    def ranked_for_all_tasks(self, customers: Ints, *, n: int, each: int = EACH) -> dict[str, Lists]:
        """Stored rows, as long as they are, but for those ranked anew."""
        changed = np.isin(customers, self.anew)
        fresh = self.of.ranked_for_all_tasks(customers[changed], n=n, each=each)
        found = {}
        for task, stored in self.kept.items():
            width = min(n, stored.products.shape[1])
            products = np.full((len(customers), n), -1, np.int32)
            scores = np.full((len(customers), n), -np.inf, np.float32)
            products[:, :width] = stored.products[customers, :width]
            scores[:, :width] = stored.scores[customers, :width]
            products[changed], scores[changed] = fresh[task]
            found[task] = Lists(products, scores)
        return found


def refresh(sessions: sessionmaker[Session], shop: Shop, now: datetime) -> training.TrainingReport | str:
    """Publish what the last minutes changed, or say in a sentence why there is nothing to do.

    Raises:
        BeingTrained: somebody else trains at this moment.
    """
    with folders.only_trainer(shop.folder):
        started = perf_counter()
        with sessions() as session:
            present = present_model(session)
        if present is None:
            return "nothing was refreshed: no model was trained yet"
        base = present.base or present.name
        if older := why_too_old(shop.folder, present):
            return f"nothing was refreshed: {older}"
        try:
            rankers = folders.kept_rankers(shop.folder / base)
            before = artefact.load(shop.folder, present.name)
        except artefact.UNREADABLE as error:
            return f"nothing was refreshed: {present.name} can't be read ({error}); a training is due"
        arrivals = not before.number.keys() >= shop.descriptions.keys()
        with sessions() as session:
            if because := why_not_refresh(session, present, now, arrivals=arrivals):
                return f"nothing was refreshed: {because}"
        begun = training.begin(sessions, shop, kind=ModelKind.REFRESH, now=now, base=base)
        material = read(sessions, shop, now)
        fitted = fitted_anew(
            rankers, material.interactions, material.catalogue, deeds=material.deeds, factors=material.factors
        )
        model = Refreshed(
            fitted.sources, fitted.features, fitted.rankers, fitted.seconds,
            anew=_anew(material.interactions, before, age=(now - present.trained_at) / timedelta(days=1)),
            of=fitted, kept=_kept(material.interactions, before),
        )  # fmt: skip
        training.write(model, material, shop, name=begun.name, kind=ModelKind.REFRESH, now=now, like=before.session)
        seconds = round(perf_counter() - started, 1)
        report = training.report(
            begun.name, ModelKind.REFRESH, material.interactions, seconds=seconds,
            judgement=Judgement(Verdict.PASSED, against=base),
        )  # fmt: skip
        facts = {"orders": report.orders, "ranked_anew": len(model.anew)}
        state = training.finish(
            sessions, shop, begun, material.interactions, now=now, seconds=seconds, judgement=report.judgement,
            facts=facts,
        )  # fmt: skip
        training.tidy(sessions, shop)
    return replace(report, state=state)


def _anew(interactions: Interactions, before: artefact.Artefact, *, age: float) -> Ints:
    """Who bought since the model, and who wasn't in it."""
    bought = np.unique(interactions.order_customer[interactions.order_age <= age])
    unknown = np.flatnonzero(~np.isin(np.array(interactions.customers, np.int64), before.customers))
    return np.union1d(bought, unknown).astype(np.int32)


def _kept(interactions: Interactions, before: artefact.Artefact) -> dict[str, Lists]:
    """A row a customer of today in today's numbers; -1 for who wasn't there."""
    number = {product: place for place, product in enumerate(interactions.products)}
    translated = np.array([*(number.get(product, -1) for product in before.products), -1], np.int32)
    customers = np.array(interactions.customers, np.int64)
    place = np.minimum(np.searchsorted(before.customers, customers), max(len(before.customers) - 1, 0))
    there = before.customers[place] == customers if len(before.customers) else np.zeros(len(customers), bool)
    found = {}
    for task, lists in before.lists.items():
        rows = np.full((len(customers), lists.products.shape[1]), -1, np.int32)
        rows[there] = translated[lists.products[place[there]]]
        rows = np.take_along_axis(rows, np.argsort(rows < 0, axis=1, kind="stable"), 1)
        places = -np.arange(rows.shape[1], dtype=np.float32)  # only the order is kept
        found[task] = Lists(rows, np.where(rows < 0, np.float32(-np.inf), places))
    return found
