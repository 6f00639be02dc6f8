"""How much longer the shop's pages take while a mailing goes out: p50 and p95 with and without it, in turns in one run.

    python -m bench.beside_mailing --shop var [--recipients 100000] [--rate 8] [--seconds 20]

The shop answers in a process of its own, the mailing is sent by another (one worker, as `flask ecrm work` does), the
mail server is a third. Requests come at a constant rate, whether or not earlier ones were answered (open loop), so that
a stall shows in all that had to wait.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from shutil import copytree

import numpy as np

from bench.mail import TEXT, Clock, app_of, recipients, start_mailing
from ecrm.flow_shop import budget_of
from ecrm.installation import installation
from ecrm.mail_writer import mail_writer
from mailer.sender import Desk, send_due
from mailer.smtp import SmtpTransport
from tests.faults.mail_sink import sink

BATCH = 200


def main() -> None:
    """Print both and their ratio; or, with `--send`, be the worker."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, default=Path("var"))
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=8, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20, help="of each of the four stretches")
    parser.add_argument("--send", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.send:
        send(asked.shop, asked.send)
    with tempfile.TemporaryDirectory(prefix="bench-beside-") as place:
        folder = Path(place) / "var"
        copytree(asked.shop, folder)
        app = app_of(folder)
        with app.app_context():
            crm = installation(app)
            recipients(crm, asked.recipients)
            best = crm.storefront.best_sellers(limit=2)
            blocks = [
                TEXT,
                {"kind": "products", "title": "New", "source": "chosen", "products": best, "count": 2, "columns": 2},
                {"kind": "button", "words": "To the shop", "link": "/"},
            ]
            start_mailing(crm, blocks)
        with sink(Path(place) / "log") as port, shop(folder) as address:
            measure(address, folder, port, rate=asked.rate, seconds=asked.seconds)


def measure(address: str, folder: Path, port: int, *, rate: float, seconds: float) -> None:
    paths = pages(address)
    answers(address, paths, rate=rate, seconds=seconds / 2)  # what is loaded at first use
    times: dict[bool, list[float]] = {False: [], True: []}
    for beside in (False, True, False, True):
        with worker(folder, port) if beside else nullcontext():
            if beside:
                time.sleep(5)  # until it sends
            times[beside] += answers(address, paths, rate=rate, seconds=seconds)
    p50, p95 = {}, {}
    for beside, words in ((False, "alone"), (True, "beside a mailing")):
        p50[beside], p95[beside] = np.percentile(times[beside], [50, 95])
        print(f"{words:18} {len(times[beside]):5} pages   p50 {p50[beside]:7.1f} ms   p95 {p95[beside]:7.1f} ms")
    print(f"p95 beside a mailing is {p95[True] / p95[False]:.2f} times that alone (p50 {p50[True] / p50[False]:.2f})")


def answers(address: str, paths: Sequence[str], *, rate: float, seconds: float) -> list[float]:
    """Milliseconds from the moment each was due to its whole answer."""
    start = time.perf_counter()

    def one(number: int) -> float:
        due = start + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        with urllib.request.urlopen(address + paths[number % len(paths)], timeout=30) as answer:  # noqa: S310 (our own)
            answer.read()
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(64) as threads:
        return list(threads.map(one, range(int(rate * seconds))))


def pages(address: str) -> list[str]:
    with urllib.request.urlopen(address + "/", timeout=30) as answer:  # noqa: S310 (our own)
        html = answer.read().decode()
    links = dict.fromkeys(re.findall(r'href="(/[pdc]/[^"#?]+)"', html))
    if len(links) < 4:
        raise SystemExit(f"the front page links to too few pages: {list(links)}")
    return ["/", "/search?q=cheese", *list(links)[:30]]


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "SHOP_ENV": "demo", "SHOP_VAR": str(folder), "ECRM_JOBS": "outside", "SHOP_BASE_URL": address,
        "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "shop.serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as served:
        try:
            for _ in range(300):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            yield address
        finally:
            served.terminate()


@contextmanager
def worker(folder: Path, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.beside_mailing", "--shop", str(folder), "--send", str(port)]
    with subprocess.Popen(command) as sending:
        try:
            yield
            if sending.poll() is not None:
                raise SystemExit("the mailing was over before the measurement: give it more recipients")
        finally:
            sending.terminate()


def send(folder: Path, port: int) -> None:
    """Send what is due until stopped, in batches as the timetable's job does."""
    app, sent, start = app_of(folder), 0, time.perf_counter()
    with app.app_context():
        crm = installation(app)
        desk = Desk(writer=mail_writer(crm), admit=budget_of(crm).admit)
        transport, clock = SmtpTransport("127.0.0.1", port, connections=4, most=10_000), Clock()
        while report := send_due(crm.sessions, transport, clock=clock, limit=BATCH, desk=desk):
            if not report.sent:
                break
            sent += report.sent
            if sent % 5000 < BATCH:
                print(f"  {sent:,} sent, {sent / (time.perf_counter() - start):,.0f}/s", flush=True)
    raise SystemExit(0)


if __name__ == "__main__":
    main()
