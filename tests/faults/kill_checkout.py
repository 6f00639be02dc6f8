"""`make crash`: kill -9 of the whole server during checkout, again and again, with retried idempotency keys.

Six shoppers buy over HTTP; at a random moment after one of them sent an order, the server's process group is killed
and started again; a shopper who got no answer sends the same form again. Afterwards the database is read from outside:
every confirmed order is there, no key made two, nobody whose order was made was shown anything else, every order has
its event, its confirmation e-mail and its shipment, stock and sums add up.
"""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.shopper import DETAILS, Shopper, fields_of
from tests.faults.verdict import judge

ROOT = Path(__file__).resolve().parents[2]
SHOPPERS = 6
STOCK = 1_000_000


@dataclass
class Tally:
    """What the shoppers know: keys they sent, orders the shop confirmed to them, and what it answered instead."""

    sent: set[str] = field(default_factory=set)
    confirmed: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    dead: int = 0
    errors: list[str] = field(default_factory=list)
    retries: int = 0
    placing: threading.Event = field(default_factory=threading.Event)


class Server:
    """The real shop in its own process group."""

    def __init__(self, var: Path, *, database_url: str = "") -> None:
        """Args: database_url: another database than `shop.db` in the folder."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "SHOP_ENV": "demo", "SHOP_VAR": str(var), "SHOP_BASE_URL": self.base, "SHOP_RATE_LIMITS": "0",
            "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        if database_url:
            self.environment["SHOP_DATABASE_URL"] = database_url
        self.log = (var / "server.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [sys.executable, "-m", "shop.serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, start_new_session=True, stdout=self.log, stderr=self.log
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                Shopper(self.base).get("/healthz")
                return
            time.sleep(0.05)
        raise TimeoutError("the server doesn't start; see its log")

    def kill(self) -> None:
        """SIGKILL to the whole group: no handler, no flush, no goodbye."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def close(self) -> None:
        """Kill it a last time, and close its log."""
        self.kill()
        self.log.close()


def shop_on(shopper: Shopper, product_ids: list[int], tally: Tally, stop: threading.Event, seed: int) -> None:
    """Buy until told to stop; on a dead server, wait and send the same form again."""
    chance = random.Random(seed)
    while not stop.is_set():
        try:
            product = shopper.get(f"/p/{chance.choice(product_ids)}/x")
            shopper.submit(product, "/cart/add", quantity=str(chance.randint(1, 3)))
            details = shopper.get("/checkout?edit=1")
            review = shopper.submit(details, "/checkout", **DETAILS)
            form = review.form("/checkout/place")
        except OSError:
            time.sleep(0.05)
            continue
        except LookupError as problem:
            tally.errors.append(str(problem))
            continue
        place(shopper, fields_of(form), tally, stop)


def place(shopper: Shopper, fields: dict[str, str], tally: Tally, stop: threading.Event) -> None:
    """Send the order until the shop answers, as a browser's user would with "try again"."""
    key = fields["idempotency_key"]
    tally.sent.add(key)
    while True:
        tally.placing.set()
        try:
            answer = shopper.post("/checkout/place", fields)
        except OSError:
            tally.retries += 1
            if stop.is_set():
                return
            time.sleep(0.05)
            continue
        if answer.status == 200 and "/orders/" in answer.url:
            tally.confirmed[key] = answer.url.split("/orders/")[1].split("?")[0].split("/")[0]
            return
        said = f"{answer.status} {answer.soup.get_text(' ', strip=True)[:200]}"
        tally.refused[key] = said
        if answer.status >= 500:
            tally.errors.append(said)
        return


def run(cycles: int, *, seed: int = 1) -> dict[str, int]:
    """Kill `cycles` times and count what is wrong; every count but the informative ones must be 0."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="crash-", ignore_cleanup_errors=True) as folder:
        var = Path(folder)
        product_ids = prepare(var)
        server, tally, stop = Server(var), Tally(), threading.Event()
        server.start()
        shoppers = [
            threading.Thread(target=shop_on, args=(Shopper(server.base), product_ids, tally, stop, n), daemon=True)
            for n in range(SHOPPERS)
        ]
        for shopper in shoppers:
            shopper.start()
        for cycle in range(cycles):
            tally.placing.clear()
            if not tally.placing.wait(timeout=60):  # every kill must fall into somebody's checkout
                raise TimeoutError(f"nobody orders any more; {_living(shoppers)} shoppers live")
            time.sleep(chance.uniform(0, 0.15))
            server.kill()
            server.start()
            print(f"\rcycle {cycle + 1}/{cycles}: {len(tally.confirmed)} orders confirmed", end="", flush=True)
        tally.dead = SHOPPERS - _living(shoppers)
        stop.set()
        for shopper in shoppers:
            shopper.join(timeout=60)
        if _living(shoppers):
            raise TimeoutError("a shopper gets no answer and no error")
        server.close()
        finish(server.environment)
        print()
        return audit(var / "shop.db", tally)


def _living(shoppers: list[threading.Thread]) -> int:
    return sum(shopper.is_alive() for shopper in shoppers)


def prepare(var: Path) -> list[int]:
    """A migrated shop with three products that never run out; returns their ids."""
    make_shop(os.environ | {"SHOP_ENV": "demo", "SHOP_VAR": str(var), "PYTHONPATH": str(ROOT)})
    with contextlib.closing(sqlite3.connect(var / "shop.db")) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM product")]


def make_shop(environment: Mapping[str, str]) -> None:
    """Tables and three products in the shop of this environment."""
    command = [sys.executable, "-c", _PREPARE.format(stock=STOCK)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)


_PREPARE = """
from datetime import UTC, datetime
from shop.app import create_app
from shop.database import db
from shop.catalog.product import Category, Department, Product
import ecrm.migrating, shop.migrating
app = create_app()
with app.app_context():
    shop.migrating.upgrade(db.engine)
    ecrm.migrating.upgrade(db.engine)
    shelf = Category(name="Kites", slug="kites", department=Department(name="Outdoors", slug="outdoors"))
    for n in range(3):
        db.session.add(Product(sku=f"K{{n}}", slug="x", name=f"Kite {{n}}", category=shelf, price_minor=1000 + n,
                               stock={stock}, added_at=datetime.now(UTC)))
    db.session.commit()
"""


def finish(environment: dict[str, str]) -> None:
    """What the next start's worker does: run the reactions that the last crash left behind."""
    for job in ("react", "send-mail"):
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "ecrm", "run", job]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120, stdout=subprocess.DEVNULL)


def audit(database: Path, tally: Tally) -> dict[str, int]:
    """Read the database from outside and count."""
    with contextlib.closing(sqlite3.connect(database)) as connection:

        def number(question: str) -> int:
            return int(connection.execute(question).fetchone()[0] or 0)

        orders = dict(connection.execute("SELECT idempotency_key, number FROM orders"))
        keys = collections.Counter(key for (key,) in connection.execute("SELECT idempotency_key FROM orders"))
        sold = number("SELECT sum(quantity) FROM order_line")
        misled = [said for key, said in tally.refused.items() if key in orders]
        return {
            "orders (for information)": len(orders),
            "confirmed to shoppers (for information)": len(tally.confirmed),
            "retries after no answer (for information)": tally.retries,
            "orders refused and not made (for information)": len(tally.refused) - len(misled),
            "orders made whose shopper was shown something else": len(misled),
            "shoppers dead": tally.dead,
            "confirmed orders lost": sum(orders.get(key) != n for key, n in tally.confirmed.items()),
            "keys with two orders": sum(count > 1 for count in keys.values()),
            "orders nobody asked for": len(set(orders) - tally.sent),
            "orders without event": number(
                "SELECT count(*) FROM orders WHERE number NOT IN "
                "(SELECT order_reference FROM ecrm_event WHERE name = 'Order Completed')"
            ),
            "events without order": number(
                "SELECT count(*) FROM ecrm_event WHERE name = 'Order Completed' "
                "AND order_reference NOT IN (SELECT number FROM orders)"
            ),
            "orders without exactly one confirmation": number(
                "SELECT count(*) FROM orders o WHERE 1 <> (SELECT count(*) FROM ecrm_email e "
                "WHERE e.order_reference = o.number AND e.template = 'order_confirmation')"
            ),
            "orders without exactly one shipment": number(
                "SELECT count(*) FROM orders o WHERE 1 <> "
                "(SELECT count(*) FROM ecrm_shipment s WHERE s.order_reference = o.number)"
            ),
            "reactions still owed": number("SELECT count(*) FROM ecrm_reaction WHERE state <> 'done'"),
            "totals that are not the sum of their lines": number(
                "SELECT count(*) FROM orders o WHERE goods_minor <> "
                "(SELECT sum(net_minor) FROM order_line l WHERE l.order_id = o.id) "
                "OR total_minor <> goods_minor + shipping_minor - discount_minor"
            ),
            "pieces missing or invented in stock": abs(STOCK * 3 - number("SELECT sum(stock) FROM product") - sold),
            "database damaged": int(connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok"),
            "errors shown to shoppers": len(tally.errors),
            **{f"  {text}": 1 for text in (misled + tally.errors)[:3]},
        }


if __name__ == "__main__":
    judge(run, description="kill -9 during checkout")
