"""Loading: a history of steps in one transaction; a crash leaves nothing but files that the archive sweeps away."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracking.bulk import roomy_cache, seldom_collected

from .. import search_trail
from ..archive import Archive
from ..event_columns import EPOCH
from ..rollups import Tally, day_of, store
from ..sessions import Session as Visit
from ..sightings import Sighting
from ..visits import Visit as Step
from .counting import count_days, number_texts
from .orders import find_orders, join_orders
from .placing import place
from .reading import Engine, NotLoadable, read_files
from .writing import (
    know_people,
    number_events,
    write_claims,
    write_parts,
    write_touches,
    write_visitors,
    write_visits,
)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class LoadReport:
    """What was loaded. `orders`: those whose visit is known now; `events`: without those of machines."""

    first: date
    last: date
    events: int
    visits: int
    touches: int
    orders: int

    def __str__(self) -> str:
        return (
            f"{self.events} steps from {self.first} to {self.last}: {self.visits} visits, {self.touches} touches, "
            f"{self.orders} orders found their visit"
        )


def load_steps(
    session: Session,
    archive: Archive,
    files: Sequence[Path],
    *,
    time_zone: str,
    today: date,
    progress: Progress = lambda _: None,
    memory: str = "4GB",
) -> LoadReport:
    """Load the steps of past days from Parquet files (`reading.COLUMNS`); commits nothing.

    Orders must be remembered before (`ecrm.history.backfill`), so that they find their visits. Other writers of SQLite
    wait meanwhile.

    Args:
        today: the first day of the shop's that can't be loaded, as it isn't over.
        memory: what the column engine may use before it turns to the disk.

    Raises:
        NotLoadable: for files that can't be read, or days on which or after which steps are recorded already.
    """
    import duckdb  # imported here: opening a shop doesn't need it

    latest = session.scalar(select(func.max(Visit.last_at)))
    closed_from = day_of(latest + timedelta(minutes=30), time_zone) if latest else date.min
    with tempfile.TemporaryDirectory() as folder:
        engine = duckdb.connect(f"{folder}/steps.db", config={"memory_limit": memory, "threads": 2})
        try:
            progress("reading")
            first, last = read_files(
                engine, files, zone=time_zone, known=lambda day: latest is not None and day <= closed_from
            )
            if last >= today:
                raise NotLoadable(f"{last} isn't over yet; take steps of {today} and later out of the files.")
            with roomy_cache(session.connection()), seldom_collected():
                return _load(session, engine, archive, first, last, time_zone=time_zone, progress=progress)
        finally:
            engine.close()


def _load(
    session: Session, engine: Engine, archive: Archive, first: date, last: date, *, time_zone: str, progress: Progress
) -> LoadReport:
    progress("placing steps in visits")
    know_people(session, engine)
    visits = place(engine)
    orders = find_orders(session, engine)
    progress(f"writing {visits} visits")
    write_visitors(session, engine)
    number_texts(session, engine)
    first_visit = write_visits(session, engine, count=visits)
    touches = write_touches(session, engine, first_visit=first_visit)
    write_claims(session, engine)
    events = number_events(session, engine, archive, first_visit=first_visit)
    with ThreadPoolExecutor(max_workers=1) as aside:
        parts = aside.submit(write_parts, engine.cursor(), archive)
        progress("counting days")
        count_days(session, engine)
        progress("following searches")
        tally = Tally()
        _follow_searches(session, engine, tally, first_visit=first_visit, time_zone=time_zone)
        progress(f"joining {orders} orders")
        join_orders(session, engine, tally, first_visit=first_visit, time_zone=time_zone)
        store(session, tally)
        progress("archiving")
        session.add_all(parts.result())
    return LoadReport(first, last, events, visits, touches, orders)


def _follow_searches(session: Session, engine: Engine, tally: Tally, *, first_visit: int, time_zone: str) -> None:
    """By the same function as live; only visits with a search are looked at, some thousand of them at once."""
    names = ", ".join(f"'{name}'" for name in sorted(search_trail.NAMES))
    cursor = engine.cursor()
    cursor.execute(
        f"""SELECT v.number, steps.at_us, steps.name, subjects.subject, kinds.properties
        FROM steps JOIN placed USING (seq) JOIN visits v USING (opener)
        JOIN subjects ON subjects.number = steps.subject JOIN kinds ON kinds.number = kind
        WHERE steps.name IN ({names}) AND v.opener IN (
            SELECT opener FROM placed JOIN steps s USING (seq) WHERE s.name = 'Products Searched')
        ORDER BY v.number, steps.seq"""  # noqa: S608 (names are ours)
    )
    held: list[tuple[int, Sighting]] = []
    parsed: dict[str, dict[str, object]] = {}
    while rows := cursor.fetchmany(20_000):
        for number, at_us, name, subject, properties in rows:
            read = parsed.get(properties)
            if read is None:
                read = parsed[properties] = _read(properties)
            held.append((number, Sighting(EPOCH + timedelta(microseconds=at_us), name, subject, read)))
        open_visit = held[-1][0]  # may go on in the next rows
        done = [one for one in held if one[0] != open_visit]
        _follow(session, done, tally, first_visit, time_zone)
        held = [one for one in held if one[0] == open_visit]
        if len(parsed) > 50_000:
            parsed.clear()
    _follow(session, held, tally, first_visit, time_zone)


def _follow(
    session: Session, steps: Sequence[tuple[int, Sighting]], tally: Tally, first_visit: int, time_zone: str
) -> None:
    visits: dict[int, Step] = {}
    placed = []
    for number, sighting in steps:
        visit = visits.get(number)
        if visit is None:
            visit = visits[number] = Step(first_visit + number, 0, sighting.at, sighting.at)
        placed.append((visit, sighting))
    search_trail.follow(session, placed, tally=tally, time_zone=time_zone)


def _read(properties: str) -> dict[str, object]:
    read: dict[str, object] = json.loads(properties)
    return read
