"""How training grows: time and memory of each stage, for made-up shops from a hundredth to the whole.

    python -m bench.scale [SHARE …] [--threads 2]

The whole (SHARE 1) is 1,000,000 customers × 100,000 products × 50,000,000 lines of purchase; a share takes so much
of the customers and of the lines and keeps all products. Each share runs in a process of its own, as memory is
measured at its peak. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from time import perf_counter, process_time

import numpy as np

CUSTOMERS, PRODUCTS, LINES = 1_000_000, 100_000, 50_000_000
SHARES = (0.01, 0.1)
LISTS = 2_000
"""Customers whose lists are made: each costs the same."""


def main() -> None:
    """Measure each share, smallest first."""
    arguments = _arguments()
    if arguments.one is not None:
        print(json.dumps(measured(arguments.one, threads=arguments.threads)))
        return
    found = {}
    for share in sorted(arguments.shares or SHARES):
        command = [sys.executable, "-m", "bench.scale", "--one", str(share), "--threads", str(arguments.threads)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[str(share)] = json.loads(said.splitlines()[-1])
        _say(share, found[str(share)])
    print(json.dumps(found))


def measured(share: float, *, threads: int) -> dict[str, float]:
    """Seconds by the clock of each stage, seconds of one core in all, and the highest memory in MB."""
    from bench.shop_of_size import purchases  # here, so that the parent stays small
    from recommender.model import learn_model
    from recommender.together import Together

    clock = _Clock()
    shop = purchases(customers=int(CUSTOMERS * share), products=PRODUCTS, lines=int(LINES * share))
    clock.lap("generate")
    model = learn_model(shop, threads=threads, progress=lambda step: print(step, file=sys.stderr, flush=True))
    clock.lap("learn")
    Together(shop)
    clock.lap("together")
    some = np.arange(0, len(shop.customers), max(len(shop.customers) // LISTS, 1), dtype=np.int32)
    model.ranked_for_all_tasks(some, n=60)
    clock.lap(f"lists_of_{len(some)}")
    return clock.laps | {f"learn_{stage}": round(seconds, 1) for stage, seconds in model.seconds.items()} | {
        "cpu": round(process_time(), 1), "peak_mb": _peak(), "lines": len(shop.line_product),
    }  # fmt: skip


class _Clock:
    def __init__(self) -> None:
        self._last, self._busy = perf_counter(), process_time()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now, busy = perf_counter(), process_time()
        self.laps[name], self.laps[f"{name}_cpu"] = round(now - self._last, 1), round(busy - self._busy, 1)
        self.laps[f"{name}_peak_mb"] = _peak()
        self._last, self._busy = now, busy
        print(f"{name}: {self.laps[name]} s, {_peak():,} MB at most so far", file=sys.stderr, flush=True)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _say(share: float, found: dict[str, float]) -> None:
    print(f"{share:g} of the whole, {found['lines']:,} lines: " + ", ".join(
        f"{name} {value:,}" for name, value in found.items() if name != "lines"
    ))  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shares", nargs="*", type=float)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
