"""How many events the collector takes over HTTP, answered after their commit, and how many the digest stores.

python -m bench.ingest [--seconds 10] [--singles 800] [--batches 100] [--rows 40000]

Two processes of the shop as `make serve` runs it, on one database (SQLite; ports of their own). Open loop: requests are
due at a constant rate, whether or not earlier ones were answered, and a latency counts from the moment at which the
request was due. What was acknowledged is then compared with the table. The client shares the machine's cores with the
servers, so rates are said for a core of the servers: by the CPU time that the kernel counted for their threads, those
that answer and those that digest apart. In the same run SQLAlchemy Core inserts the same rows into an equal table.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import MetaData, Table, insert, select

from ecrm.database import connect
from tests.faults.kill_checkout import Server, prepare
from tests.faults.kill_ingest import _command, _write_key

from .posting import Post

BATCH = 50
CLIENTS = 12
SINGLE_TARGET, BATCH_TARGET, SHARE_TARGET = 1200, 20_000, 0.5


@dataclass
class Load:
    """What became of a load: acknowledged message ids, latencies in ms, and other answers."""

    acknowledged: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Cpu:
    """CPU seconds of the servers' threads, as the kernel counts them; digesting threads apart from the others."""

    def __init__(self, pids: Sequence[int]) -> None:
        self.pids, self.first = pids, {pid: _threads(pid) for pid in pids}
        self.before = self._now()

    def _now(self) -> tuple[float, float]:
        answering = digesting = 0.0
        for pid in self.pids:
            for thread in _threads(pid):
                with contextlib.suppress(FileNotFoundError):
                    parts = Path(f"/proc/{pid}/task/{thread}/stat").read_text().rpartition(")")[2].split()
                    seconds = (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
                    # the writer's thread begins with the first message, after all others
                    if thread in self.first[pid]:
                        answering += seconds
                    else:
                        digesting += seconds
        return answering, digesting

    def since(self) -> tuple[float, float]:
        """Seconds of answering and of digesting since the last call."""
        now, before = self._now(), self.before
        self.before = now
        return now[0] - before[0], now[1] - before[1]


def _threads(pid: int) -> set[int]:
    return {int(name) for name in os.listdir(f"/proc/{pid}/task")}


def offer(ports: Sequence[int], key: str, *, rate: float, seconds: float, size: int, name: str) -> Load:
    """Send requests of `size` messages at a constant rate of requests a second."""
    load, lock, turn = Load(), threading.Lock(), iter(range(int(rate * seconds)))
    posts = [Post(f"{name}-{number}", size, key) for number in range(int(rate * seconds))]
    start = time.perf_counter() + 0.5

    def client(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                number = next(turn, None)
            if number is None:
                connection.close()
                return
            due = start + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                connection.request("POST", posts[number].path, posts[number].body, posts[number].headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as error:
                load.wrong.append(repr(error))
                connection.close()
                continue
            load.latencies.append((time.perf_counter() - due) * 1000)
            if answer.status == 200 and json.loads(said)["accepted"] == size:
                load.acknowledged += posts[number].ids
            else:
                load.wrong.append(f"{answer.status} {said[:100]!r}")

    clients = [threading.Thread(target=client, args=(ports[number % len(ports)],)) for number in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return load


def report(what: str, load: Load, taken: tuple[float, float], *, rate: float, target: int) -> bool:
    """Print what a load came to; whether the target is reached."""
    latencies = sorted(load.latencies)
    p50, p95, p99 = (latencies[min(len(latencies) - 1, int(len(latencies) * share))] for share in (0.5, 0.95, 0.99))
    answering, digesting = taken
    reached = len(load.acknowledged) / answering if answering else 0
    print(
        f"{what}: {rate:,.0f} requests a second offered, {len(load.acknowledged):,} messages acknowledged, "
        f"{len(load.wrong)} other answers; ms from due to answer p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f}"
    )
    print(f"    {reached:,.0f} messages a second and core of answering (target {target:,}), "
          f"{len(load.acknowledged) / (answering + digesting):,.0f} with their digesting", flush=True)  # fmt: skip
    for wrong in load.wrong[:3]:
        print(f"    {wrong}")
    return reached >= target


def stored(database: Path, acknowledged: Sequence[str]) -> tuple[int, int]:
    """How many of the acknowledged messages are lost, how many are there twice."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        ids = [row[0] for row in connection.execute("SELECT message_id FROM ecrm_event WHERE message_id IS NOT NULL")]
    return len(set(acknowledged) - set(ids)), len(ids) - len(set(ids))


def insert_by_core(database: Path, aside: Path, *, batch: int = 2000) -> tuple[int, float, float]:
    """SQLAlchemy Core's batch insert of the stored rows into an equal table: rows, CPU seconds, seconds."""
    source = connect(f"sqlite:///{database}")
    table = Table("ecrm_event", MetaData(), autoload_with=source)
    with source.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.id))]
    target = connect(f"sqlite:///{aside}")
    alone = table.to_metadata(MetaData())
    alone.constraints = {one for one in alone.constraints if type(one).__name__ != "ForeignKeyConstraint"}
    alone.create(target)
    cpu, started = time.process_time(), time.perf_counter()
    for start in range(0, len(rows), batch):
        with target.begin() as connection:
            connection.execute(insert(alone), rows[start : start + batch])
    return len(rows), time.process_time() - cpu, time.perf_counter() - started


def digest_backlog(environment: dict[str, str], database: Path, rows: int) -> tuple[float, float]:
    """CPU seconds and seconds in which the job `digest` stores `rows` messages that lie in the inbox."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        before = connection.execute("SELECT count(*) FROM ecrm_event").fetchone()[0]
    script = _DIGEST.format(rows=rows, batch=BATCH)
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True,
        cwd=Path(__file__).resolve().parent.parent,
    )  # fmt: skip
    cpu, seconds = map(float, done.stdout.split()[-2:])
    with contextlib.closing(sqlite3.connect(database)) as connection:
        after = connection.execute("SELECT count(*) FROM ecrm_event").fetchone()[0]
    if after - before != rows:
        sys.exit(f"{after - before} of {rows} messages were digested")
    return cpu, seconds


_DIGEST = """
import time
from bench.posting import backlog
from shop.app import create_app
from ecrm.installation import installation
from tracking.clickstream.digest import digest_next
crm = installation(create_app())
backlog(crm, {rows}, {batch})
cpu, started = time.process_time(), time.perf_counter()
while digest_next(crm.sessions, "Europe/Berlin").anything:
    pass
print(time.process_time() - cpu, time.perf_counter() - started)
"""


def run(*, seconds: float, singles: float, batches: float, rows: int) -> bool:
    """All of it; whether every target is reached."""
    with tempfile.TemporaryDirectory(prefix="ecrm-ingest-", ignore_cleanup_errors=True) as folder:
        var = Path(folder)
        prepare(var)
        servers = [Server(var), Server(var)]
        key = _write_key(servers[0].environment)
        for server in servers:
            server.start()
        ports = [server.port for server in servers]
        cpu = Cpu([server.process.pid for server in servers if server.process is not None])
        warm = offer(ports, key, rate=20, seconds=1, size=1, name="warm")
        cpu.since()
        one = offer(ports, key, rate=singles, seconds=seconds, size=1, name="single")
        kept = report("single messages", one, cpu.since(), rate=singles, target=SINGLE_TARGET)
        many = offer(ports, key, rate=batches, seconds=seconds, size=BATCH, name="batch")
        kept &= report(f"batches of {BATCH}", many, cpu.since(), rate=batches, target=BATCH_TARGET)
        for server in servers:
            server.close()
        _command(servers[0].environment, "run", "digest")
        lost, double = stored(var / "shop.db", [*warm.acknowledged, *one.acknowledged, *many.acknowledged])
        print(f"acknowledged messages lost {lost}, events stored twice {double}")
        cpu_seconds, wall = digest_backlog(servers[0].environment, var / "shop.db", rows)
        count, core_cpu, core_wall = insert_by_core(var / "shop.db", var / "aside.db")
    print(f"digest: {rows / wall:,.0f} events a second, {cpu_seconds / rows * 1e6:.0f} µs CPU an event")
    print(f"SQLAlchemy Core's batch insert of the same rows: {count / core_wall:,.0f} a second, "
          f"{core_cpu / count * 1e6:.0f} µs CPU a row")  # fmt: skip
    share = (rows / cpu_seconds) / (count / core_cpu)
    print(f"digest against Core, by CPU: {share:.0%} (target {SHARE_TARGET:.0%})")
    return kept and not lost and not double and share >= SHARE_TARGET


def main() -> None:
    """Run and print; exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--singles", type=float, default=800, help="single messages a second")
    parser.add_argument("--batches", type=float, default=100, help="batches a second")
    parser.add_argument("--rows", type=int, default=40_000, help="messages of the backlog")
    wanted = parser.parse_args()
    sys.exit(0 if run(**vars(wanted)) else 1)


if __name__ == "__main__":
    main()
