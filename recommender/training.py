"""Training: from what the shop knows to a published model, or to one that the gate refused.

The rankings are learnt from what was known when the present model was trained and judged by the days since; what is
published is those rankings with the sources fitted anew on everything. Reading takes short transactions; the commit
that publishes is the last thing but tidying, after the folder is whole: pages never see half a model.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from . import artefact, artefact_writing, folders, gate
from .artefact import Hearers
from .candidates.basket_knn import Neighbours
from .candidates.session_fitting import ClickLog, fit
from .candidates.session_knn import SessionNeighbours
from .catalogue import Catalogue
from .cohorts import fitted_anew, learn
from .evaluation import LENGTH, Lists, as_lists
from .explaining import Explainer
from .gate import Asked, Judgement, Verdict
from .hearing import hearers, newest
from .interactions import Interactions, Ints
from .material import Material, Shop, read
from .model import NEXT, TASKS, LearntModel
from .session_tuning import fitted
from .settling import settling
from .store import Model, ModelKind, State, family, present_model, publish, published
from .together import Together

DAY = 86_400.0
REFRESHES_KEPT = 2
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class TrainingReport:
    """What was learnt from how much, how long it took, and whether it is served now."""

    name: str
    kind: ModelKind
    customers: int = 0
    products: int = 0
    orders: int = 0
    lines: int = 0
    seconds: float = 0.0
    judgement: Judgement = field(default_factory=lambda: Judgement(Verdict.FIRST))
    state: State = State.PUBLISHED

    @property
    def published(self) -> bool:
        """Whether it passed the gate, and nobody went back to another model meanwhile."""
        return self.state is State.PUBLISHED

    def __str__(self) -> str:
        became = {
            State.PUBLISHED: "published",
            State.WITHDRAWN: "not served, as somebody chose another model meanwhile",
        }.get(self.state, f"refused ({self.judgement.verdict.value})")
        return (
            f"{self.name}: learnt from {self.lines:,} lines of {self.orders:,} orders by {self.customers:,} customers "
            f"in {self.seconds:.1f} s; {became}{_compared(self.judgement)}"
        )


@dataclass(frozen=True)
class Reference:
    """The model that a candidate is compared with: the last full or quick one that is served, itself or refreshed."""

    name: str
    trained_at: datetime
    customers: int
    products: int


class Begun(NamedTuple):
    """A model that is being trained, and the family of what was served when it began."""

    name: str
    family: str


def train(
    sessions: sessionmaker[Session],
    shop: Shop,
    now: datetime,
    *,
    kind: ModelKind = ModelKind.FULL,
    progress: Progress = lambda _step: None,
) -> TrainingReport:
    """Learn from everything up to `now`; publish it if it isn't worse than what is served.

    Any amount of purchases will do: a shop with none gets a model of none.

    Raises:
        BeingTrained: somebody else trains at this moment.
    """
    with folders.only_trainer(shop.folder):
        started = perf_counter()
        begun = begin(sessions, shop, kind=kind, now=now)
        name = begun.name
        progress("reading what was bought")
        material = read(sessions, shop, now)
        found, reference = material.interactions, _reference(sessions, shop)
        model: LearntModel | None = None
        if reference and not gate.whole(
            customers=len(found.customers), products=len(found.products),
            known_customers=reference.customers, known_products=reference.products,
        ):  # fmt: skip
            judgement = Judgement(Verdict.MISSING, reference.name)
        else:
            judgement, model = _learnt(material, shop, reference, now=now, kind=kind, progress=progress)
            progress("writing the lists")
            write(model, material, shop, name=name, kind=kind, now=now)
        seconds = round(perf_counter() - started, 1)
        state = finish(
            sessions, shop, begun, found, now=now, seconds=seconds, judgement=judgement, facts=_facts(material, model)
        )
        tidy(sessions, shop)
    return report(name, kind, found, seconds=seconds, judgement=judgement, state=state)


def begin(sessions: sessionmaker[Session], shop: Shop, *, kind: ModelKind, now: datetime, base: str = "") -> Begun:
    """Note that a model is being trained, and that those which still are have failed: their trainers were killed."""
    with sessions.begin() as session:
        session.execute(update(Model).where(Model.state == State.CANDIDATE).values(state=State.FAILED))
        present = present_model(session)
        stem = f"{now:%Y%m%d-%H%M%S}-{kind.value}"
        taken = {*session.scalars(select(Model.name).where(Model.name.startswith(stem))), *folders.names(shop.folder)}
        name = next(one for one in (stem, *(f"{stem}-{number}" for number in range(2, 99))) if one not in taken)
        session.add(Model(name=name, kind=kind, trained_at=now, base=base))
    return Begun(name, base or (family(present) if present else ""))


def write(
    model: LearntModel, material: Material, shop: Shop, *, name: str, kind: ModelKind, now: datetime,
    like: SessionNeighbours | None = None,
) -> None:  # fmt: skip
    """All that serving needs, in a folder that is whole or isn't there."""
    about = {"name": name, "kind": kind.value, "trained_at": now.isoformat()}
    together = Together(material.interactions, material.catalogue)
    place = artefact_writing.write(
        model, together, folder=shop.folder, name=name, about=about, catalogue=material.catalogue,
        regions=material.regions, session=_visits(material, kind, like),
        also_bought=Neighbours(material.led_to, material.led_to), hearers=_hearers(material, kind),
    )  # fmt: skip
    folders.keep_rankers(place, model.rankers)


def _hearers(material: Material, kind: ModelKind) -> Hearers | None:
    """A quick model has no time for it."""
    return None if kind is ModelKind.QUICK else hearers(material, newest(material))


def _visits(material: Material, kind: ModelKind, like: SessionNeighbours | None) -> SessionNeighbours | None:
    """What comes next in a visit; a refresh takes the settings that its model's training found, a quick one those
    that hold for most logs."""
    clicks, products = material.clicks, len(material.interactions.products)
    if not len(clicks.product):
        return None
    log = ClickLog(clicks.visit, clicks.product, clicks.at)
    if kind is ModelKind.FULL:
        return fitted(log, products=products)
    return fit(log, products=products, settings=like.settings if like else None)


def finish(
    sessions: sessionmaker[Session], shop: Shop, begun: Begun, learnt_from: Interactions, *, now: datetime,
    seconds: float, judgement: Judgement, facts: dict[str, Any],
) -> State:  # fmt: skip
    """The commit that publishes, or refuses; or withdraws, where somebody chose another model since `now`, which is
    when the training began: what they chose stays."""
    with settling(shop.folder), sessions.begin() as session:
        row = session.scalars(select(Model).where(Model.name == begun.name)).one()
        present = present_model(session)
        row.customers, row.products = len(learnt_from.customers), len(learnt_from.products)
        row.interactions, row.seconds, row.facts = len(learnt_from.line_product), seconds, facts
        row.gate = judgement.as_json()
        if judgement.verdict.refuses:
            row.state = State.REJECTED
        elif begun.family != (family(present) if present else ""):
            row.state = State.WITHDRAWN
        else:
            publish(row, now + timedelta(seconds=seconds))
        return State(row.state)


def tidy(sessions: sessionmaker[Session], shop: Shop) -> None:
    """Keep what is served, what it is made of, and the last published models to go back to; of those that are not
    served, the latest, should somebody want it all the same. Nobody can go back to one while it is swept."""
    with settling(shop.folder):
        with sessions.begin() as session:
            kept = list(session.scalars(published(Model).limit(1)))
            kept += session.scalars(published(Model).where(Model.kind != ModelKind.REFRESH).limit(max(shop.keep, 1)))
            kept += session.scalars(published(Model).where(Model.kind == ModelKind.REFRESH).limit(REFRESHES_KEPT))
            keep = {one.name for one in kept} | {one.base for one in kept if one.base}
            keep |= set(session.scalars(_put_aside(folders.names(shop.folder))))
            session.execute(delete(Model).where(Model.kind == ModelKind.REFRESH, Model.name.not_in(keep)))
        folders.sweep(shop.folder, keep=keep)


def _put_aside(there: list[str]) -> Select[str]:
    """Of the models in these folders, the latest that was refused or withdrawn."""
    aside = Model.state.in_((State.REJECTED, State.WITHDRAWN))
    query = select(Model.name).where(aside, Model.kind != ModelKind.REFRESH, Model.name.in_(there))
    return query.order_by(Model.trained_at.desc(), Model.id.desc()).limit(1)


def _learnt(
    material: Material, shop: Shop, reference: Reference | None, *, now: datetime, kind: ModelKind, progress: Progress
) -> tuple[Judgement, LearntModel]:
    """The rankings, judged where that is possible, with sources that know everything."""
    found, catalogue, quick = material.interactions, material.catalogue, kind is ModelKind.QUICK
    asked = gate.asked_since(found, age=(now - reference.trained_at).total_seconds() / DAY) if reference else None
    if reference is None or asked is None or not asked.enough:
        verdict = Verdict.TOO_LITTLE if reference else Verdict.FIRST
        model = learn(found, catalogue, deeds=material.deeds, factors=material.factors, quick=quick, progress=progress)
        return Judgement(verdict, reference.name if reference else ""), model
    progress(f"learning from what was known {asked.days:.1f} days ago, to be judged by what came since")
    deeds = material.deeds.known_before(asked.days)
    candidate = learn(asked.known, catalogue.before(asked.days), deeds=deeds, quick=quick, progress=progress)
    ours = of_candidate(candidate, asked, catalogue)
    theirs = _shown(artefact.load(shop.folder, reference.name), asked, found)
    judgement = gate.judge(asked, ours, theirs, against=reference.name)
    progress("fitting everything that is known now")
    if quick:
        return judgement, learn(found, catalogue, deeds=material.deeds, quick=True)
    return judgement, fitted_with(candidate, material)


def fitted_with(learnt: LearntModel, material: Material) -> LearntModel:
    """The same rankings over sources that know everything up to now."""
    fitted = fitted_anew(
        learnt.rankers, material.interactions, material.catalogue, deeds=material.deeds, factors=material.factors
    )
    return replace(fitted, questions=learnt.questions)


def of_candidate(candidate: LearntModel, asked: Asked, catalogue: Catalogue | None = None) -> dict[str, Lists]:
    """What would be stored: without what has no reason, like the present model's lists. Both tasks at once, as each
    cohort of a large shop is fitted for it: who is asked for `new` is for `next` too."""
    customers = asked.customers(NEXT.name)
    found = candidate.ranked_for_all_tasks(customers, n=max(artefact_writing.LENGTHS.values()))
    explainer = Explainer(candidate.sources, Together(asked.known, catalogue), catalogue)
    explained = {
        task: explainer.explained(customers, lists.products[:, : artefact_writing.LENGTHS[task]]).products[:, :LENGTH]
        for task, lists in found.items()
    }
    return {task: as_lists(customers, products) for task, products in explained.items()}


def _shown(present: artefact.Artefact, asked: Asked, found: Interactions) -> dict[str, Lists]:
    """What the shop showed the same customers, in the candidate's numbers; what is popular to those it didn't know."""
    number = {product: place for place, product in enumerate(found.products)}
    translated = np.array([number.get(product, -1) for product in present.products], np.int32)
    popular = translated[present.popular[:LENGTH]].tolist()
    return {
        task.name: {
            customer: _translated(present.of_customer(found.customers[customer], task.name, n=LENGTH), translated)
            or popular
            for customer in asked.customers(task.name).tolist()
        }
        for task in TASKS
    }


def _translated(ranked: Ints, translated: Ints) -> list[int]:
    products: list[int] = translated[ranked].tolist()
    return products


def _reference(sessions: sessionmaker[Session], shop: Shop) -> Reference | None:
    kept = [name for name in folders.names(shop.folder) if artefact.readable(shop.folder, name)]
    with sessions() as session:
        rows = session.scalars(published(Model).where(Model.kind != ModelKind.REFRESH))
        return next(
            (Reference(row.name, row.trained_at, row.customers, row.products) for row in rows if row.name in kept), None
        )


def report(
    name: str,
    kind: ModelKind,
    found: Interactions,
    *,
    seconds: float,
    judgement: Judgement,
    state: State = State.PUBLISHED,
) -> TrainingReport:
    return TrainingReport(
        name=name, kind=kind, customers=len(found.customers), products=len(found.products),
        orders=len(found.order_age), lines=len(found.line_product), seconds=seconds, judgement=judgement, state=state,
    )  # fmt: skip


def _facts(material: Material, model: LearntModel | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "orders": len(material.interactions.order_age),
        "clicks": len(material.clicks.product),
        "visits": len(np.unique(material.clicks.visit)),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if model is not None:
        facts |= {
            "rankers": {task: ranker.kind for task, ranker in model.rankers.items()},
            "answers": dict(model.questions),
        }
    return facts


def _compared(judgement: Judgement) -> str:
    return "".join(f"; {task} NDCG@10 {one.candidate} against {one.present}" for task, one in judgement.tasks.items())
