"""Do the recommendations foresee what customers buy? Online Retail, split by time, against what anyone could do.

    python -m bench.recommending [FILE]

FILE is the UCI Online Retail file as Parquet (README says where anyone gets it); without it, the one beside the
checkout is taken. The protocol: rows with a customer, a quantity and a price above zero, no cancellation, stock codes
of five digits and letters; everything before 2011-11-09 is known, the 31 days after it are asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from recommender.candidates.als import SEED
from recommender.candidates.own_history import own_frequency
from recommender.candidates.popularity import recent_popularity
from recommender.evaluation import LENGTH, Lists, blended_lists, score, split_by_time
from recommender.interactions import Floats, Interactions
from recommender.ranking import best

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "online_retail.parquet"
END = datetime(2011, 12, 10)  # noqa: DTZ001 (the file says no zone)
WINDOW_DAYS = 31


def main() -> None:
    """Print a table."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else BESIDE_THE_CHECKOUT
    if not file.exists():
        print(f"Skipped: there is no {file.name}; give the Online Retail file as the first argument.")
        return
    split = split_by_time(read(file), WINDOW_DAYS)
    known = split.known
    print(f"{len(known.line_product):,} lines known; {len(split.following):,} customers bought after the cut\n")
    print(f"{'':44}{'next':>18}{'new':>20}{'train':>9}")
    print(f"{'':44}{'NDCG@10':>9}{'Recall@20':>10}{'NDCG@10':>10}{'Recall@20':>10}{'s':>9}")
    for name, method in (
        ("popularity of the last days", popularity),
        ("implicit ALS, default", default_als),
        ("own recent frequency, then popularity", own_history),
        ("this shop's blends", blended_lists),
    ):
        started = perf_counter()
        following, new = method(known)
        seconds = perf_counter() - started
        a, b = score(following, split.following), score(new, split.new)
        print(f"{name:44}{a.ndcg:9.3f}{a.recall:10.3f}{b.ndcg:10.3f}{b.recall:10.3f}{seconds:9.1f}")


def read(file: Path) -> Interactions:
    """The rows that the protocol keeps."""
    rows = pd.read_parquet(
        file, columns=["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    )
    code = rows.StockCode.astype(str).str.upper().str.strip()
    rows = rows.assign(StockCode=code)[
        rows.CustomerID.notna()
        & (rows.Quantity > 0)
        & (rows.UnitPrice > 0)
        & ~rows.InvoiceNo.astype(str).str.startswith("C")
        & code.str.fullmatch(r"\d{5}[A-Z]*")
    ]
    orders = rows.groupby("InvoiceNo", sort=True).agg(customer=("CustomerID", "first"), at=("InvoiceDate", "first"))
    customers, order_customer = np.unique(orders.customer.to_numpy(dtype=np.int64), return_inverse=True)
    products, line_product = np.unique(rows.StockCode.to_numpy(dtype=str), return_inverse=True)
    return Interactions(
        customers=customers.tolist(),
        products=products.tolist(),
        order_customer=order_customer.astype(np.int32),
        order_age=((END - orders["at"]).dt.total_seconds() / 86400).to_numpy(dtype=np.float32),
        order_day=orders["at"].map(datetime.toordinal).to_numpy(dtype=np.int32),
        line_order=pd.Index(orders.index).get_indexer(rows.InvoiceNo).astype(np.int32),
        line_product=line_product.astype(np.int32),
    )


def popularity(known: Interactions) -> tuple[Lists, Lists]:
    """The same for everybody."""
    popular = recent_popularity(known)
    return _lists(known, (np.tile(popular, (stop - start, 1)) for start, stop in _parts(known)))


def default_als(known: Interactions) -> tuple[Lists, Lists]:
    """What `implicit` does out of the box: counts of purchases in, recommendations out."""
    from implicit.cpu.als import AlternatingLeastSquares

    counts = known.by_customer(np.ones(len(known.purchase_days[0]), np.float32))
    with threadpool_limits(limits=1, user_api="blas"):
        model = AlternatingLeastSquares(random_state=SEED)
        model.fit(counts, show_progress=False)
    return _lists(known, (model.user_factors[start:stop] @ model.item_factors.T for start, stop in _parts(known)))


def own_history(known: Interactions) -> tuple[Lists, Lists]:
    """No learning at all: what they bought most of late, then what sells."""
    own, popular = own_frequency(known), recent_popularity(known)
    return _lists(known, (own[start:stop].toarray() + popular / popular.max() / 1000 for start, stop in _parts(known)))


def _lists(known: Interactions, scores: Iterator[Floats]) -> tuple[Lists, Lists]:
    bought = known.by_customer(np.ones(len(known.purchase_days[0]), np.float32))
    following: dict[int, list[int]] = {}
    new: dict[int, list[int]] = {}
    for (start, _stop), block in zip(_parts(known), scores, strict=True):
        for row, of_one in enumerate(block):
            following[start + row] = best(of_one, LENGTH)
            fresh = of_one.copy()
            fresh[bought.indices[bought.indptr[start + row] : bought.indptr[start + row + 1]]] = -np.inf
            new[start + row] = best(fresh, LENGTH)
    return following, new


def _parts(known: Interactions, size: int = 1000) -> list[tuple[int, int]]:
    customers = len(known.customers)
    return [(start, min(start + size, customers)) for start in range(0, customers, size)]


if __name__ == "__main__":
    main()
