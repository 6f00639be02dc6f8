"""How many events the collector takes over HTTP, answered after their commit, and how many the digest stores.

python -m bench.ingest [--database sqlite|postgresql] [--rows 1000000] [--seconds 10] [--singles 800] [--batches 100]

First the job `digest` turns a backlog of `rows` messages into events, so that the log isn't empty. Then two processes
of the shop as `make serve` runs it (ports of their own, one database) take single messages and batches. Open loop:
requests are due at a constant rate, whether or not earlier ones were answered, and a latency counts from the moment at
which the request was due. What was acknowledged is then compared with the table. The client shares the machine's cores
with the servers, so rates are said for a core of the servers: by the CPU time that the kernel counted for their
threads, those that answer and those that digest apart; a database server's own is said beside it. In the same run
SQLAlchemy Core inserts 40,000 of the same rows into an equal table on the same disk.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, MetaData, Table, func, insert, select, text
from sqlalchemy.sql.schema import RETAIN_SCHEMA

from ecrm.database import connect
from tests.faults.kill_checkout import Server, make_shop
from tests.faults.kill_ingest import _command, _write_key
from tracking.clickstream.event import Event

from .building import a_database
from .posting import Post

BATCH, LARGE = 50, 500
CLIENTS = 12
CORE_ROWS = 40_000
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


def stored(engine: Engine, acknowledged: Sequence[str]) -> tuple[int, int]:
    """How many of the acknowledged messages are lost, how many are there twice."""
    with engine.connect() as connection:
        ids = connection.scalars(select(Event.message_id).where(Event.message_id.is_not(None))).all()
    return len(set(acknowledged) - set(ids)), len(ids) - len(set(ids))


def insert_by_core(engine: Engine, aside: Path, *, batch: int = 2000) -> tuple[int, float, float]:
    """SQLAlchemy Core's batch insert of the latest rows into an equal table, in another file or, on PostgreSQL, schema:
    rows, CPU seconds of this process, seconds."""
    table = Table("ecrm_event", MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        query = select(table).order_by(table.c.id.desc()).limit(CORE_ROWS)
        rows = [dict(row._mapping) for row in connection.execute(query)][::-1]
    is_sqlite = engine.dialect.name == "sqlite"
    target = connect(f"sqlite:///{aside}") if is_sqlite else engine
    alone = table.to_metadata(MetaData(), schema=RETAIN_SCHEMA if is_sqlite else "aside")
    alone.constraints = {one for one in alone.constraints if type(one).__name__ != "ForeignKeyConstraint"}
    if not is_sqlite:
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA aside"))
    alone.create(target)
    with target.begin() as connection:  # the statement compiled, the connection open
        connection.execute(insert(alone), [{**row, "id": -row["id"], "message_id": None} for row in rows[:batch]])
    cpu, started = time.process_time(), time.perf_counter()
    for start in range(0, len(rows), batch):
        with target.begin() as connection:
            connection.execute(insert(alone), rows[start : start + batch])
    return len(rows), time.process_time() - cpu, time.perf_counter() - started


def digest_backlog(environment: dict[str, str], engine: Engine, rows: int) -> tuple[float, float]:
    """CPU seconds and seconds in which the job `digest` stores `rows` messages that lie in the inbox."""
    script = _DIGEST.format(rows=rows, batch=BATCH)
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True,
        cwd=Path(__file__).resolve().parent.parent,
    )  # fmt: skip
    cpu, seconds = map(float, done.stdout.split()[-2:])
    with engine.connect() as connection:
        after = connection.scalar(select(func.count()).where(Event.message_id.startswith("backlog-")))
    if after != rows:
        sys.exit(f"{after} of {rows} messages were digested")
    return cpu, seconds


# A first batch warms the process up, as servers are: the tables of user agents alone take a third of a second.
_DIGEST = """
import time
from bench.posting import backlog
from shop.app import create_app
from ecrm.installation import installation
from tracking.clickstream.digest import digest_next
crm = installation(create_app())
backlog(crm, 500, {batch}, name="first")
while digest_next(crm.sessions, "Europe/Berlin").anything:
    pass
backlog(crm, {rows}, {batch})
cpu, started = time.process_time(), time.perf_counter()
while digest_next(crm.sessions, "Europe/Berlin").anything:
    pass
print(time.process_time() - cpu, time.perf_counter() - started)
"""


def database_cpu(folder: Path) -> float:
    """CPU seconds of PostgreSQL's processes so far; 0 where the database is a file."""
    pid_file = folder / "pg" / "postmaster.pid"
    if not pid_file.exists():
        return 0.0
    postmaster = int(pid_file.read_text().split()[0])
    ticks = 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            parts = Path(f"/proc/{int(name)}/stat").read_text().rpartition(")")[2].split()
            if int(name) == postmaster:
                ticks += sum(map(int, parts[11:15]))  # those of its children that ended are counted here
            elif int(parts[1]) == postmaster:
                ticks += int(parts[11]) + int(parts[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def run(database: str, *, seconds: float, singles: float, batches: float, rows: int) -> bool:
    """All of it; whether every target is reached."""
    with tempfile.TemporaryDirectory(prefix="ecrm-ingest-", ignore_cleanup_errors=True) as folder:
        var = Path(folder)
        with a_database(database, var) as url:
            engine = connect(url)
            try:
                return _run(engine, url, var, seconds=seconds, singles=singles, batches=batches, rows=rows)
            finally:
                engine.dispose()


def _run(engine: Engine, url: str, var: Path, *, seconds: float, singles: float, batches: float, rows: int) -> bool:
    servers = [Server(var, database_url=url), Server(var, database_url=url)]
    environment = servers[0].environment
    make_shop(environment)
    key = _write_key(environment)
    databases = database_cpu(var)
    digest_cpu, digest_wall = digest_backlog(environment, engine, rows)
    print(f"digest of {rows:,} messages on {engine.dialect.name}: {rows / digest_wall:,.0f} events a second, "
          f"{digest_cpu / rows * 1e6:.0f} µs CPU an event{_beside(var, databases, rows)}", flush=True)  # fmt: skip
    for server in servers:
        server.start()
    ports = [server.port for server in servers]
    cpu = Cpu([server.process.pid for server in servers if server.process is not None])
    loads = [offer(ports, key, rate=20, seconds=1, size=1, name="warm")]
    cpu.since()
    kept, accepted = True, {}
    for what, rate, size, target in (
        ("single messages", singles, 1, SINGLE_TARGET),
        (f"batches of {BATCH}", batches, BATCH, BATCH_TARGET),
        (f"batches of {LARGE}", batches * BATCH / LARGE, LARGE, BATCH_TARGET),
    ):
        databases = database_cpu(var)
        load = offer(ports, key, rate=rate, seconds=seconds, size=size, name=what.replace(" ", "-"))
        took = cpu.since()
        kept &= report(what, load, took, rate=rate, target=target)
        count = max(1, len(load.acknowledged))
        accepted[what] = count / took[0]
        print(f"    {took[0] / count * size * 1e6:,.0f} µs CPU a request answered{_beside(var, databases, count)}",
              flush=True)  # fmt: skip
        loads.append(load)
    for server in servers:
        server.close()
    _command(environment, "run", "digest")
    lost, double = stored(engine, [id_ for load in loads for id_ in load.acknowledged])
    print(f"acknowledged messages lost {lost}, events stored twice {double}")
    count, core_cpu, core_wall = insert_by_core(engine, var / "aside.db")
    print(f"SQLAlchemy Core's batch insert of the same rows: {count / core_wall:,.0f} a second, "
          f"{core_cpu / count * 1e6:.0f} µs CPU a row")  # fmt: skip
    core = count / core_cpu
    shares = {f"accepted {what}": rate / core for what, rate in accepted.items() if "batches" in what}
    shares["digest"] = rows / digest_cpu / core
    for what, share in shares.items():
        print(f"{what} against Core, by CPU: {share:.0%} (target {SHARE_TARGET:.0%})")
    print(f"digest against Core, by the clock: {rows / digest_wall / (count / core_wall):.0%}; batches come as fast as "
          "they are offered, so the clock says nothing of them")  # fmt: skip
    return kept and not lost and not double and min(shares.values()) >= SHARE_TARGET


def _beside(var: Path, before: float, messages: int) -> str:
    """What the database server itself took, a message."""
    taken = database_cpu(var) - before
    return f", and {taken / max(1, messages) * 1e6:.0f} µs a message of PostgreSQL's own" if taken else ""


def main() -> None:
    """Run and print; exit code 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--singles", type=float, default=800, help="single messages a second")
    parser.add_argument("--batches", type=float, default=100, help="batches a second")
    parser.add_argument("--rows", type=int, default=1_000_000, help="messages of the backlog")
    wanted = parser.parse_args()
    options = vars(wanted)
    sys.exit(0 if run(options.pop("database"), **options) else 1)


if __name__ == "__main__":
    main()
