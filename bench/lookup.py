"""The support desk at size: orders by e-mail, the four-way timeline, and from the search box to the whole page.

python -m bench.lookup [--customers 1000000] [--database sqlite|postgresql] [--folder FOLDER] [--asks 1000]

Whom it asks for is drawn by orders, so those who order much are asked for much, as on a real desk. Each person is asked
for cold once; the raw indexed queries, the CRM's own and the page are measured in turns in the same run. Each page's
look is written down before it is shown, as a desk's is; what such a commit takes alone stands in a line of its own. A
folder that holds such a world already is used again.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from ecrm import Staff, migrating
from ecrm.access.audit import Action, record
from ecrm.customers.timeline import Kind, timeline
from ecrm.installation import Installation
from ecrm.service.orders_by_email import orders_by_email

from .building import a_database, installed
from .desk_world import customer_of_order, email_of, fill
from .page_view import BenchStorefront

_CPU = ", CPU"
"""The same in this thread's own seconds: what other programs on the machine do makes no difference to it."""
LIMITS = {"orders by e-mail": 0.5, "timeline of four": 1.0, "search box to page": 20.0}
"""Milliseconds at the 95th percentile."""
_ORDERS = """SELECT o.id, o.reference, o.placed_at, o.currency, o.total_minor, o.refunded_minor
FROM ecrm_customer_email e JOIN ecrm_order o ON o.customer_id = e.customer_id
WHERE e.folded = {} ORDER BY o.placed_at DESC LIMIT 10"""
_FOUR = " UNION ALL ".join(
    f"SELECT * FROM (SELECT {number}, id, {moment} AS at FROM {table} WHERE customer_id = {{0}} "
    f"ORDER BY {moment} DESC LIMIT 30) AS s{number}"
    for number, (table, moment) in enumerate(
        (("ecrm_order", "placed_at"), ("ecrm_event", "happened_at"), ("ecrm_email", "queued_at"),
         ("ecrm_shipment", "expected_at"))
    )
) + " ORDER BY at DESC LIMIT 30"  # fmt: skip
FOUR = (Kind.ORDER, Kind.SEARCH, Kind.EMAIL, Kind.DELIVERY)


SAM = Staff(staff_id="1", name="Sam", role="owner")


class DeskStorefront(BenchStorefront):
    """The same shop with somebody at the desk."""

    def current_staff(self) -> Staff | None:
        return SAM


def measure(crm: Installation, client: FlaskClient, *, customers: int, asks: int) -> dict[str, list[float]]:
    """Milliseconds of each ask, by what was asked."""
    chance, engine = random.Random(1), crm.sessions.kw["bind"]
    people = [customer_of_order(chance.randint(1, customers * 10), customers) for _ in range(asks)]
    raw_orders, raw_four = _raw(engine, _ORDERS), _raw(engine, _FOUR)
    token, run = csrf_of(client), f"bench {time.time_ns()}"
    taken: dict[str, list[float]] = {}

    def lap(what: str, ask: Callable[[], object]) -> None:
        began, busy = time.perf_counter(), time.thread_time()
        ask()
        taken.setdefault(what, []).append((time.perf_counter() - began) * 1000)
        taken.setdefault(f"{what}{_CPU}", []).append((time.thread_time() - busy) * 1000)

    def ours_orders(email: str) -> None:
        with crm.sessions() as session:
            orders_by_email(session, email)

    def ours_four(person: int) -> None:
        with crm.sessions() as session:
            timeline(session, person, kinds=FOUR, window=timedelta(days=30))

    def a_look(person: int) -> None:
        now = datetime.now(UTC)
        with crm.sessions.begin() as session:
            record(session, SAM, Action.CUSTOMER_OPENED, subject=f"customer:{person}", reason=run, now=now)

    for person in people:
        lap("raw orders by e-mail", lambda: raw_orders(email_of(person)))  # noqa: B023 (called at once)
        lap("orders by e-mail", lambda: ours_orders(email_of(person)))  # noqa: B023
        lap("raw timeline of four", lambda: raw_four(person))  # noqa: B023
        lap("timeline of four", lambda: ours_four(person))  # noqa: B023
        lap("search box to page", lambda: open_page(client, token, person, reason=run))  # noqa: B023
        lap("a look's commit alone", lambda: a_look(person))  # noqa: B023
    return taken


def csrf_of(client: FlaskClient) -> str:
    """The token of the console's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/console/customers").text)
    if found is None:
        raise RuntimeError("the console shows no form")
    return found[1]


def open_page(client: FlaskClient, token: str, person: int, *, reason: str) -> str:
    """Type an address into the search box, and get the rendered page."""
    typed = {"csrf_token": token, "asked": email_of(person), "reason": reason}
    asked = client.post("/console/customers", data=typed)
    page = client.get(asked.headers["Location"])
    if page.status_code != 200:
        raise RuntimeError(f"customer {person}: {page.status}")
    return page.text


def _raw(engine: Engine, statement: str) -> Callable[[object], object]:
    """The statement through the bare driver, on a connection of its own."""
    sqlite = engine.dialect.name == "sqlite"
    driver = engine.raw_connection().driver_connection
    assert driver is not None
    if sqlite:
        written = statement.replace("{0}", "?1").replace("{}", "?1")
        return lambda value: driver.execute(written, (value,)).fetchall()
    driver.autocommit = True
    written = statement.replace("{0}", "%(v)s").replace("{}", "%(v)s")
    return lambda value: driver.execute(written, {"v": value}, prepare=True).fetchall()


def report(taken: dict[str, list[float]]) -> bool:
    """Print the table; says whether every limit is kept."""
    print(f"{'ms':28}{'median':>9}{'p95':>9}{'p99':>9}{'worst':>9}{'limit':>9}")
    kept = True
    for what, laps in taken.items():
        cuts, limit = statistics.quantiles(laps, n=100), LIMITS.get(what)
        verdict = "" if limit is None else f"{limit:9.1f} {'kept' if cuts[94] <= limit else 'BROKEN'}"
        kept = kept and "BROKEN" not in verdict
        print(f"{what:28}{statistics.median(laps):9.2f}{cuts[94]:9.2f}{cuts[98]:9.2f}{max(laps):9.2f}{verdict}")
    return kept


def filled(crm: Installation) -> bool:
    """Whether the world was made before."""
    with crm.sessions() as session:
        return session.scalar(text("SELECT id FROM ecrm_worth_run")) is not None


def main() -> None:
    """Make the world where there is none, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path, help="keep it here")
    parser.add_argument("--asks", type=int, default=1000)
    parser.add_argument("--profile", action="store_true", help="say where the page's time goes instead")
    wanted = parser.parse_args()
    folder = wanted.folder or Path(tempfile.mkdtemp(prefix="ecrm-desk-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with a_database(wanted.database, folder) as url:
            crm = installed(url, folder, storefront=DeskStorefront())
            engine = crm.sessions.kw["bind"]
            migrating.upgrade(engine)
            if not filled(crm):
                fill(engine, wanted.customers)
                engine.dispose()
            if wanted.profile:
                profile(crm, customers=wanted.customers)
                return
            client = crm.app.test_client()
            measure(crm, client, customers=wanted.customers, asks=20)  # templates compiled, statements prepared
            if not report(measure(crm, client, customers=wanted.customers, asks=wanted.asks)):
                raise SystemExit(1)
    finally:
        if not wanted.folder:
            shutil.rmtree(folder, ignore_errors=True)


def profile(crm: Installation, *, customers: int) -> None:
    """Where the time of a hundred pages goes."""
    client = crm.app.test_client()
    token = csrf_of(client)
    people: Iterable[int] = [customer_of_order(number * 7, customers) for number in range(1, 111)]
    for person in list(people)[:10]:
        open_page(client, token, person, reason="bench")
    watch = cProfile.Profile()
    watch.enable()
    for person in list(people)[10:]:
        open_page(client, token, person, reason="bench")
    watch.disable()
    pstats.Stats(watch).sort_stats("cumulative").print_stats(70)


if __name__ == "__main__":
    main()
