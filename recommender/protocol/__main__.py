"""Print the protocol's table: `python -m recommender.protocol online-retail FILE | complete-journey | sessions FILE`.

The last line is one JSON object with the figures.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from ..evaluation import LENGTH, Lists, Targets, as_lists, by_age, coverage, figures, interval, split_by_time
from ..interactions import Ints
from ..model import NEW, NEXT, learn_model
from ..together import Together
from . import arrivals, complete_journey, online_retail, sessions
from .baselines import METHODS, lists_by
from .carts import baskets_after, judged
from .click_file import BadClickLog
from .online_retail import Shop

Ndcg = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of next and new, an entry a customer."""
HEADINGS = ("next NDCG@10", "Recall@20", "MRR@20", "new NDCG@10", "Recall@20")

ONLINE_RETAIL = Path("../shared/data/online_retail.parquet")


def main() -> None:
    """Read, train, judge, print."""
    arguments = _arguments()
    if arguments.data == "sessions":
        print_sessions(arguments.file)
        return
    shop = (
        complete_journey.read()
        if arguments.data == "complete-journey"
        else online_retail.read(arguments.file or ONLINE_RETAIL)
    )
    days, window = shop.tune if arguments.tune else shop.test
    found = print_rankings(shop, days=days, window=window, threads=arguments.threads)
    if arguments.data == "online-retail":
        found |= print_placements(shop, days=days, window=window)
    _say(json.dumps(found))


def print_sessions(file: Path | None) -> None:
    """What comes next in a visit, on anybody's log of clicks."""
    if file is None:
        raise SystemExit("Which log? python -m recommender.protocol sessions FILE (CSV, TSV or Parquet)")
    try:
        found = sessions.judged(file, say=_say, progress=lambda step: _say(f"… {step}", to=sys.stderr))
    except BadClickLog as error:
        raise SystemExit(str(error)) from None
    _say(json.dumps(found))


def print_rankings(shop: Shop, *, days: float, window: float, threads: int) -> dict[str, float]:
    """next and new: the baselines and what this shop would serve."""
    split = split_by_time(shop.interactions, days, window=window)
    everyone = np.array(sorted(split.following), np.int32)
    _say(f"{len(split.known.line_product):,} lines known; {len(split.following):,} customers asked for what is next, "
         f"{len(split.new):,} for what is new\n")  # fmt: skip
    _say(f"{'':30}" + "".join(f"{heading:>24}" for heading in HEADINGS))
    others: dict[str, Ndcg] = {}
    for name, method in METHODS.items():
        known, fresh = (lists_by(method, split.known, everyone, new=new) for new in (False, True))
        others[name] = _line(name, known, fresh, split.following, split.new)
    started, busy = perf_counter(), process_time()
    model = learn_model(split.known, shop.catalogue, threads=threads, progress=lambda step: _say(step, to=sys.stderr))
    seconds, busy = perf_counter() - started, process_time() - busy
    following = as_lists(everyone, model.ranked(everyone, NEXT, n=LENGTH).products)
    asked: Ints = np.array(sorted(split.new), np.int32)
    new = as_lists(asked, model.ranked(asked, NEW, n=LENGTH).products)
    ours = _line("this shop", following, new, split.following, split.new)
    for name, theirs in others.items():  # of the same customers: their own differences
        more = [interval(a - b) for a, b in zip(ours, theirs, strict=True)]
        _say(f"more than {name}: next {more[0]}, new {more[1]}")
    for task, lists, targets in (("next", following, split.following), ("new", new, split.new)):
        ages = by_age(figures(lists, targets).ndcg, targets, split.known)
        _say(f"{task} by days of purchase: " + ", ".join(f"{age}: {one}" for age, one in ages.items()))
    covered = coverage(following, split.known)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _say(f"coverage@10 {covered:.3f} (new {coverage(new, split.known):.3f}); trained in {seconds:.0f} s "
         f"({busy:.0f} s of one core), {memory:,.0f} MB at most")  # fmt: skip
    kinds = {task: ranker.kind for task, ranker in model.rankers.items()}
    _say(f"rankers: {kinds}, learnt from {model.questions} answers")
    return {
        "next_ndcg10": round(float(ours[0].mean()), 4), "new_ndcg10": round(float(ours[1].mean()), 4),
        "coverage10": round(covered, 4), "train_s": round(seconds, 1), "train_cpu_s": round(busy, 1),
        "peak_mb": round(memory),
    }  # fmt: skip


def print_placements(shop: Shop, *, days: float, window: float) -> dict[str, float]:
    """Product page, cart and the e-mail about what is new."""
    known = split_by_time(shop.interactions, days, window=window).known
    baskets = baskets_after(shop.interactions, days, window=window)
    found = judged(Together(known, shop.catalogue), baskets)
    heard = arrivals.judged(shop.interactions, shop.catalogue, days=days, window=window)
    _say(f"\n{len(baskets):,} baskets: product page NDCG@10 {interval(found.product_page)} (mean of all questions "
         f"{found.product_questions.mean():.3f}), half cart → rest {interval(found.cart)}")  # fmt: skip
    _say(f"who hears of a new product: lift@5 % {heard.lift:.1f} over {heard.products} products "
         f"({heard.by_activity:.1f} by activity alone), AUC {heard.auc:.2f}")  # fmt: skip
    return {
        "product_ndcg10": round(float(found.product_page.mean()), 4), "cart_ndcg10": round(float(found.cart.mean()), 4),
        "arrival_lift5": round(heard.lift, 2),
    }  # fmt: skip


def _line(name: str, following: Lists, new: Lists, wanted: Targets, fresh: Targets) -> Ndcg:
    a, b = figures(following, wanted), figures(new, fresh)
    shown = [interval(values) for values in (a.ndcg, a.recall, a.mrr, b.ndcg, b.recall)]
    _say(f"{name:30}" + "".join(f"{one!s:>24}" for one in shown))
    return a.ndcg, b.ndcg


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=("online-retail", "complete-journey", "sessions"))
    parser.add_argument("file", nargs="?", type=Path, help="its data; for online-retail beside the checkout by default")
    parser.add_argument("--tune", action="store_true", help="judge on the tuning cut instead of the test cut")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def _say(text: str, *, to: TextIO | None = None) -> None:
    print(text, file=to, flush=True)


if __name__ == "__main__":
    main()
