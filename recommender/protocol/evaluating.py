"""The protocol on any shop's history: cut in time, train on what was known, judge what would have been served since.

The lists judged are those that pages show (`serving.served`), beside what a shop could install instead, on the same
customers. Visits are judged apart from pages: asked is the session model alone, at the moment of the step and with what
was seen already among the answers, as the other methods are; a page asks it without a moment and leaves those out.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np

from ..artefact import Artefact, load
from ..artefact_writing import write
from ..asking import Placement
from ..candidates.session_fitting import ClickLog
from ..catalogue import Catalogue
from ..cohorts import learn
from ..deeds import NOTHING, Deeds
from ..evaluation import (
    LENGTH,
    Figures,
    Interval,
    Lists,
    Split,
    by_age,
    coverage,
    figures,
    interval,
    split_by_time,
)
from ..interactions import Interactions, Ints
from ..model import LearntModel
from ..serving.served import served_beside, served_for_cart, served_lists
from ..session_evaluation import SessionScores, compared
from ..together import Together
from . import arrivals
from .baselines import METHODS, lists_by
from .carts import baskets_after, judged

SESSION_QUESTIONS = 5_000
"""Steps of visits that are asked at most; there may be millions."""
SMALLEST_OWN = 2
"""A shop's own baskets may be small; those of the published figures have four products at least."""
Progress = Callable[[str, float], None]
"""Told what is being done and which share of all is done by then."""


class TooLittle(ValueError):
    """The history holds nobody who bought before the cut and after it."""


@dataclass(frozen=True)
class Pages:
    """What a stranger sees on product pages and beside a cart, as the judges ask for it."""

    model: Artefact

    def with_product(self, product: int, *, n: int) -> Ints:
        """Under "often bought together"."""
        return np.array(served_beside(self.model, [product], n=n)[product], np.int32)

    def for_cart(self, cart: Sequence[int], *, n: int) -> Ints:
        """Beside the cart."""
        return np.array(served_for_cart(self.model, cart, n=n), np.int32)


@dataclass(frozen=True)
class Line:
    """One way to rank, on the customers asked."""

    name: str
    next: Figures
    new: Figures
    covered: float


@dataclass
class Evaluation:
    """All figures. `lines` ends with what the shop serves; the placements are absent where nobody could be asked."""

    days: float
    split: Split
    lines: list[Line] = field(default_factory=list)
    ages: dict[str, dict[str, Interval]] = field(default_factory=dict)
    product_page: Interval | None = None
    cart: Interval | None = None
    baskets: int = 0
    arrivals: arrivals.ArrivalFigures | None = None
    sessions: dict[str, SessionScores] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    rankers: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The figures of what is served, and the two that they are compared with first."""
        served = self.lines[-1]
        found: dict[str, Any] = {
            "next_ndcg10": _mean(served.next.ndcg), "new_ndcg10": _mean(served.new.ndcg),
            "next_recall20": _mean(served.next.recall), "new_recall20": _mean(served.new.recall),
            "next_mrr20": _mean(served.next.mrr), "coverage10": round(served.covered, 4),
            "next_interval": _ends(served.next), "new_interval": _ends(served.new),
            "customers": len(self.split.following), "customers_new": len(self.split.new), "days": self.days,
            **{name: round(value, 1) for name, value in self.seconds.items()},
            "baselines": {
                line.name: {"next_ndcg10": _mean(line.next.ndcg), "new_ndcg10": _mean(line.new.ndcg)}
                for line in self.lines[:-1]
            },
        }  # fmt: skip
        if self.product_page and self.cart:
            found |= {
                "product_page_ndcg10": round(self.product_page.mean, 4), "cart_ndcg10": round(self.cart.mean, 4)
            }  # fmt: skip
        if self.arrivals:
            found["arrivals_lift5"] = round(self.arrivals.lift, 2)
        if self.sessions:
            found["sessions"] = {
                name: {"hr20": round(one.hit_rate, 4), "mrr20": round(one.mrr, 4)}
                for name, one in self.sessions.items()
            }
        return found


def evaluate(
    interactions: Interactions,
    catalogue: Catalogue,
    *,
    days: float,
    window: float | None = None,
    smallest: int = SMALLEST_OWN,
    clicks: ClickLog | None = None,
    deeds: Deeds = NOTHING,
    progress: Progress = lambda _step, _share: None,
) -> Evaluation:
    """Judge everything on the `window` days after a cut `days` before the end (by default all of them).

    Raises:
        TooLittle: there is nobody to ask about.
    """
    window = window or days
    split = split_by_time(interactions, days, window=window)
    if not split.following:
        raise TooLittle(
            f"Nobody who had bought until {days:.0f} days ago bought again since: there is nothing to compare a "
            "ranking with. Choose a longer time with --days, or wait for more orders."
        )
    found = Evaluation(days, split)
    everyone = np.array(sorted(split.following), np.int32)
    for number, (name, method) in enumerate(METHODS.items()):
        progress(name, 0.05 * number)
        known, fresh = (lists_by(method, split.known, everyone, new=new) for new in (False, True))
        found.lines.append(_line(name, known, fresh, split))
    with TemporaryDirectory(prefix="evaluation-") as folder:
        served = _trained(found, catalogue.before(days), deeds.known_before(days), Path(folder), progress)
        progress("what every customer would be shown", 0.8)
        following = served_lists(served, everyone.tolist(), Placement.HOME, n=LENGTH)
        new = served_lists(served, sorted(split.new), Placement.NEW, n=LENGTH)
        found.lines.append(_line("this shop", following, new, split))
        for task, lists, targets in (("next", following, split.following), ("new", new, split.new)):
            found.ages[task] = by_age(figures(lists, targets).ndcg, targets, split.known)
        progress("product pages and carts", 0.9)
        baskets = baskets_after(interactions, days, window=window, smallest=smallest)
        if baskets:
            pages = judged(Pages(served), baskets)
            found.product_page, found.cart = interval(pages.product_page), interval(pages.cart)
            found.baskets = len(baskets)
    progress("who hears of a new product", 0.95)
    heard = arrivals.judged(interactions, catalogue, days=days, window=window)
    found.arrivals = heard if heard.products else None
    if clicks is not None and len(clicks.product):
        progress("visits", 0.97)
        sessions = compared(clicks, products=len(interactions.products), limit=SESSION_QUESTIONS).scores
        found.sessions = sessions if all(one.questions for one in sessions.values()) else {}
    progress("done", 1.0)
    return found


def as_table(found: Evaluation) -> Iterator[str]:
    """The figures as lines of text."""
    known = found.split.known
    yield (
        f"{len(known.line_product):,} lines known {found.days:.0f} days before the end; "
        f"{len(found.split.following):,} customers came back, {len(found.split.new):,} with something new"
    )
    yield ""
    yield f"{'':28}" + "".join(f"{heading:>21}" for heading in HEADINGS)
    for line in found.lines:
        shown = (line.next.ndcg, line.next.recall, line.next.mrr, line.new.ndcg, line.new.recall)
        yield f"{line.name:28}" + "".join(f"{interval(values)!s:>21}" for values in shown) + f"{line.covered:>13.3f}"
    yield ""
    for task, ages in found.ages.items():
        yield f"{task} NDCG@10 by days of purchase: " + ", ".join(f"{age}: {one}" for age, one in ages.items())
    if found.product_page and found.cart:
        yield (f"{found.baskets:,} baskets: product page NDCG@10 {found.product_page}, half cart → rest {found.cart}")
    else:
        yield "no later basket of several products: product page and cart were not judged"
    if found.arrivals:
        one = found.arrivals
        yield (
            f"who hears of a new product: lift@5 % {one.lift:.1f} over {one.products} products "
            f"({one.by_activity:.1f} by activity alone), AUC {one.auc:.2f}"
        )
    else:
        yield "no product was sold for the first time since: who hears of a new one was not judged"
    for name, scores in found.sessions.items():
        figures_of = f"HR@20 {scores.hit_rate:.3f}, MRR@20 {scores.mrr:.3f}"
        yield f"next step of a visit, {name}: {figures_of} ({scores.questions:,} questions)"
    if not found.sessions:
        yield "too few visits were recorded to judge what comes next in one"
    seconds = found.seconds
    yield (
        f"trained in {seconds['train_s']:.0f} s ({seconds['train_cpu_s']:.0f} s of one core), "
        f"{seconds['peak_mb']:,.0f} MB at most; rankers: "
        + ", ".join(f"{task} {kind}" for task, kind in found.rankers.items())
    )
    yield "With 95 % bootstrap intervals over customers; “this shop” is what its pages show, everything being in stock."


HEADINGS = ("next NDCG@10", "Recall@20", "MRR@20", "new NDCG@10", "Recall@20", "coverage@10")


def _trained(found: Evaluation, catalogue: Catalogue, deeds: Deeds, folder: Path, progress: Progress) -> Artefact:
    known = found.split.known
    started, busy = perf_counter(), process_time()
    steps = iter(np.linspace(0.2, 0.65, 12).tolist())
    model: LearntModel = learn(known, catalogue, deeds=deeds, progress=lambda step: progress(step, next(steps, 0.65)))
    progress("every customer's lists", 0.7)
    about = {"trained_at": ""}
    write(model, Together(known, catalogue), folder=folder, name="judged", about=about, catalogue=catalogue)
    found.seconds = {
        "train_s": perf_counter() - started,
        "train_cpu_s": process_time() - busy,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    found.rankers = {task: ranker.kind for task, ranker in model.rankers.items()}
    return load(folder, "judged")


def _line(name: str, following: Lists, new: Lists, split: Split) -> Line:
    return Line(name, figures(following, split.following), figures(new, split.new), coverage(following, split.known))


def _mean(values: np.ndarray) -> float:
    return round(float(values.mean()), 4) if len(values) else 0.0


def _ends(found: Figures) -> list[float]:
    one = interval(found.ndcg)
    return [round(one.low, 4), round(one.high, 4)]
