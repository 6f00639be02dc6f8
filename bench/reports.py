"""How long each report of the console takes over a year of steps, and whether its figures are those of the raw log.

python -m bench.reports [--events 10000000] [--database sqlite|postgresql] [--folder FOLDER] [--periods 50] [--beside 0]

Every page is asked for over random periods of the year, as a browser asks for it: permission, queries, comparison with
the period before, chart and table. Then random days are counted anew from the raw log (`recompute`, SQL of its own),
and every attribution model is reconciled with the booked money over random periods. A folder that is there is used.
With `--beside 1000000` a year of so many steps is made beside it and asked the same, to show how the times grow.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from ecrm import ProductCard, Staff
from ecrm.installation import Installation
from ecrm.marketing.attribution.models import Model
from ecrm.marketing.attribution.reconcile import reconcile
from ecrm.marketing.period import Period
from ecrm.marketing.roi import By as ReturnsBy
from ecrm.marketing.site import By as VisitsBy
from tracking.clickstream.log import Log
from tracking.clickstream.recompute import recompute

from .building import a_database, build, installed
from .generating import DAYS, START
from .page_view import BenchStorefront

LIMIT = 100.0  # milliseconds
GROWTH = 1.5  # from a million steps to ten
REPORTS = (
    "overview", *(f"site?by={by}" for by in VisitsBy), "site/landing-pages", "site/pages", "site/speed", "site/funnel",
    *(f"campaigns?model={model}" for model in Model), *(f"campaigns?by={by}" for by in ReturnsBy), "keywords",
    "keywords/refinements", "keywords/search-engines", "products", "cohorts", "cohorts/new-and-returning",
    "ad-intensity",
)  # fmt: skip
"""Pages below /console, with what they group by."""


class Owner(BenchStorefront):
    """The same shop, with its owner at the screen."""

    def current_staff(self) -> Staff:
        return Staff(staff_id="1", name="Bench", role="owner")

    def products(self, product_ids: Sequence[str]) -> list[ProductCard]:
        return [
            ProductCard(
                product_id=one, name=f"Product {one}", url=f"/p/{one}", image_url="", price_minor=499, currency="EUR"
            )
            for one in product_ids
        ]


def periods(many: int, *, seed: int, longest: int = DAYS) -> list[Period]:
    """Random periods of the year."""
    chance = random.Random(seed)
    found = []
    for _ in range(many):
        first, last = sorted(chance.randrange(DAYS) for _ in range(2))
        last = min(last, first + longest - 1)
        found.append(Period(START.date() + timedelta(days=first), START.date() + timedelta(days=last)))
    return found


def ask(crm: Installation, report: str, asked: Sequence[Period]) -> tuple[list[float], list[float]]:
    """Milliseconds of a page for each period, and of these the CPU's; a page that doesn't answer 200 ends the run."""
    client = crm.app.test_client()
    joint = "&" if "?" in report else "?"
    taken, worked = [], []
    for number, period in enumerate([asked[0], *asked]):
        started, cpu = time.perf_counter(), time.thread_time()
        answer = client.get(f"/console/{report}{joint}first={period.first}&last={period.last}")
        if answer.status_code != 200:
            sys.exit(f"{report} answered {answer.status_code}")
        if number:  # the first compiles its template
            taken.append((time.perf_counter() - started) * 1000)
            worked.append((time.thread_time() - cpu) * 1000)
    return sorted(taken), sorted(worked)


def measure(crm: Installation, asked: Sequence[Period]) -> dict[str, tuple[float, float]]:
    """Print a line a report; of each, the p95 by the clock and the CPU's median, which is what a page takes where
    nothing else runs."""
    print(f"\n{'milliseconds a page':40}{'p50':>8}{'p95':>8}{'worst':>8}{'CPU p50':>10}{'p95':>8}")
    found = {}
    for report in REPORTS:
        taken, worked = ask(crm, report, asked)
        found[report] = (_p95(taken), statistics.median(worked))
        words = "" if _p95(taken) <= LIMIT else f"   above {LIMIT:.0f}"
        print(
            f"{report:40}{statistics.median(taken):8.0f}{_p95(taken):8.0f}{taken[-1]:8.0f}"
            f"{statistics.median(worked):10.0f}{_p95(worked):8.0f}{words}",
            flush=True,
        )
    return found


def growth(small: dict[str, tuple[float, float]], large: dict[str, tuple[float, float]]) -> float:
    """Print how much more CPU each page takes in the larger year; the most."""
    print("\ntimes the CPU that the page takes in the smaller year (medians)")
    grown = {report: large[report][1] / small[report][1] for report in REPORTS}
    for report, times in sorted(grown.items(), key=lambda one: -one[1]):
        print(f"{report:40}{times:8.2f}{'' if times <= GROWTH else f'   above {GROWTH}'}")
    return max(grown.values())


def _p95(values: Sequence[float]) -> float:
    """Of sorted values, the nearest rank."""
    return values[max(0, -(-len(values) * 95 // 100) - 1)]


def differences(crm: Installation, asked: Sequence[Period]) -> int:
    """How many figures of these days the raw log contradicts; prints the first ones."""
    zone = crm.storefront.facts().time_zone
    found, started = 0, time.perf_counter()
    for period in asked:
        with crm.sessions() as session:
            some = recompute(session, Log(session, crm.archive), period.first, period.last, zone=zone)
        found += len(some)
        for one in some[:3]:
            print(f"    {one}")
    days = sum(period.days for period in asked)
    print(f"\nrecomputed {len(asked)} periods ({days} days) from the raw log in {time.perf_counter() - started:.0f} s: "
          f"{found} differences", flush=True)  # fmt: skip
    return found


def unreconciled(crm: Installation, asked: Sequence[Period]) -> int:
    """How many of the models' books don't agree with the booked money."""
    zone = crm.storefront.facts().time_zone
    wrong = 0
    for period in asked:
        with crm.sessions() as session:
            wrong += sum(not book.holds for book in reconcile(session, period, models=list(Model), zone=zone))
    print(f"reconciled {len(asked)} periods by {len(Model)} models: {wrong} that don't agree to the cent", flush=True)
    return wrong


def opened(wanted: argparse.Namespace, folder: Path, *, events: int, opens: ExitStack) -> Installation:
    """A year of so many steps in this folder, made where it isn't there."""
    there = (folder / "steps.parquet").exists()
    folder.mkdir(parents=True, exist_ok=True)
    crm = installed(opens.enter_context(a_database(wanted.database, folder)), folder, storefront=Owner())
    if not there:
        build(crm, folder, events=events)
    return crm


def run(wanted: argparse.Namespace, folder: Path, *, opens: ExitStack, seed: int = 7) -> bool:
    """All of it; whether every promise is kept."""
    asked = periods(wanted.periods, seed=seed)
    kept, small = True, None
    if wanted.beside:
        small = measure(opened(wanted, folder / "beside", events=wanted.beside, opens=opens), asked)
    crm = opened(wanted, folder, events=wanted.events, opens=opens)
    large = measure(crm, asked)
    slowest = max(clock for clock, _cpu in large.values())
    kept &= slowest <= LIMIT
    print(f"slowest p95: {slowest:.0f} ms, limit {LIMIT:.0f} ms: {'kept' if slowest <= LIMIT else 'BROKEN'}")
    if small is not None:
        times = growth(small, large)
        kept &= times <= GROWTH
        print(f"grown {times:.2f} times at most, limit {GROWTH}: {'kept' if times <= GROWTH else 'BROKEN'}")
    wrong = differences(crm, periods(wanted.periods, seed=seed + 1, longest=2))
    wrong += unreconciled(crm, periods(wanted.periods, seed=seed + 2, longest=31))
    return kept and not wrong


def main() -> None:
    """Build (or take) the year, then ask, recount and reconcile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--beside", type=int, default=0, help="a smaller year's steps")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--periods", type=int, default=50)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ecrm-bench-") as aside, ExitStack() as opens:
        kept = run(wanted, wanted.folder or Path(aside), opens=opens)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
