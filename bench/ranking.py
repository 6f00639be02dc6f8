"""What ranking everybody anew costs: whole lists from candidates to the last tree, one customer or all of them.

    python -m bench.ranking [FILE] [--customers N] [--calls 300]

Without FILE (UCI Online Retail as Parquet) the one beside the checkout is taken. CPU milliseconds of one customer's
full re-ranking (median and 95th of a hundred), customers a second of a batch on one core, and implicit's ALS in the
same run. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.candidates.als import SEED
from recommender.candidates.own_history import days_bought
from recommender.evaluation import LENGTH, split_by_time
from recommender.interactions import Ints
from recommender.model import NEW, NEXT, LearntModel, learn_model
from recommender.protocol import online_retail

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "online_retail.parquet"


def main() -> None:
    """Train both models, then ask."""
    arguments = _arguments()
    if not arguments.file.exists():
        print(f"Skipped: there is no {arguments.file.name}; give the Online Retail file as the first argument.")
        return
    shop = online_retail.read(arguments.file)
    known = split_by_time(shop.interactions, shop.tune[0], window=shop.tune[1]).known
    buyers = np.unique(known.line_customer).astype(np.int32)
    draw = np.random.default_rng(SEED)
    some = draw.permutation(buyers)[: arguments.customers or None]
    print(f"{len(known.customers):,} customers, {len(known.products):,} products, {len(known.line_product):,} lines")
    found: dict[str, float] = {}
    for name in ("quick", "full"):
        started = process_time()
        model = learn_model(known, shop.catalogue, quick=name == "quick")
        found[f"{name}_train_cpu_s"] = round(process_time() - started, 1)
        found |= {f"{name}_{what}": value for what, value in _asked(model, some, calls=arguments.calls).items()}
    found["implicit_als_customers_s"] = _implicit(days_bought(known), some)
    for what, value in found.items():
        print(f"{what:34}{value:>10,}")
    print(json.dumps(found))


def _asked(model: LearntModel, customers: Ints, *, calls: int) -> dict[str, float]:
    for task in (NEXT, NEW):
        model.ranked(customers[:20], task, n=LENGTH)  # the first call imports
    one = np.array([
        _seconds(lambda one=one: model.ranked(np.array([one], np.int32), NEXT, n=LENGTH)) * 1e3
        for one in customers[:calls].tolist()
    ])  # fmt: skip
    batch = _seconds(lambda: model.ranked(customers, NEXT, n=LENGTH))
    both = _seconds(lambda: model.ranked_for_all_tasks(customers, n=LENGTH))
    return {
        "one_p50_ms": round(float(np.median(one)), 2),
        "one_p95_ms": round(float(np.quantile(one, 0.95)), 2),
        "next_customers_s": round(len(customers) / batch),
        "next_and_new_customers_s": round(len(customers) / both),
    }


def _implicit(bought: object, customers: Ints) -> float:
    from implicit.cpu.als import AlternatingLeastSquares  # heavy; only comparisons need it

    with threadpool_limits(limits=1, user_api="blas"):
        model = AlternatingLeastSquares(random_state=SEED, num_threads=1)
        model.fit(bought, show_progress=False)
        asked = bought[customers]  # type: ignore[index]
        return round(len(customers) / _seconds(lambda: model.recommend(customers, asked, N=LENGTH)))


def _seconds(ask: Callable[[], object]) -> float:
    started = process_time()
    ask()
    return max(process_time() - started, 1e-9)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=BESIDE_THE_CHECKOUT)
    parser.add_argument("--customers", type=int, default=0, help="ask for so many, drawn blindly; 0 for all")
    parser.add_argument("--calls", type=int, default=300, help="single questions")
    return parser.parse_args()


if __name__ == "__main__":
    main()
