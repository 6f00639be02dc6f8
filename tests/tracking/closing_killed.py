"""Archives a day again and again, killed one step later each time; an oracle outside compares what is left.

A step is a file opened, made or renamed (the interpreter's audit events) or a statement or commit of the database.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.orm import Session, sessionmaker

import ecrm.tables  # noqa: F401 (all tables, as foreign keys name them)
from shop.database import engine_options
from tracking.clickstream.archive import Archive, ArchivedPart
from tracking.clickstream.archiving import archive_day
from tracking.clickstream.event import Event

from .archived_days import DAY, TOLD, ZONE, fill

_STEPS = frozenset({"open", "os.mkdir", "os.rename", "os.remove"})


def main(url: str, folder: Path) -> None:
    """Kill until a run survives, then say what was wrong."""
    kills, wrong = 0, []
    expected: set[int] = set()
    while True:
        if not expected or not _in_database(url):
            expected = _fill(url, seed=kills)
        survived = _killed_after(kills + 1, lambda: _archive(url, folder))
        kept, archived = _in_database(url), _in_archive(url, folder)
        if len(archived) != len(set(archived)) or kept & set(archived) or not expected <= kept | set(archived):
            wrong.append(kills + 1)
        if survived:
            break
        kills += 1
    sys.stdout.write(json.dumps({"kills": kills, "wrong": wrong}) + "\n")


def _killed_after(steps: int, deed: Callable[[], None]) -> bool:
    """Do it in a child that dies at the given step; True where it lived."""
    child = os.fork()
    if child == 0:
        left = [steps]

        def step(*_: Any) -> None:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)

        sys.addaudithook(lambda name, args: step() if name in _STEPS and "archive" in str(args[0]) else None)
        event.listen(Session, "before_commit", step)
        event.listen(Session, "after_commit", step)
        event.listen(Engine, "before_cursor_execute", step)
        deed()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _sessions(url: str) -> sessionmaker[Session]:
    return sessionmaker(create_engine(url, **engine_options(url)))


def _archive(url: str, folder: Path) -> None:
    archive_day(_sessions(url), Archive(folder), DAY, zone=ZONE, told=TOLD)


def _fill(url: str, *, seed: int) -> set[int]:
    sessions = _sessions(url)
    with sessions() as session:
        ids = set(fill(session, visits=3, seed=seed + 10))
    sessions.kw["bind"].dispose()
    return ids - _in_database(url, told=True)


def _in_database(url: str, *, told: bool = False) -> set[int]:
    """The steps that were seen, or the events that were told."""
    sessions = _sessions(url)
    with sessions() as session:
        ids = set(session.scalars(select(Event.id).where(Event.name.in_(TOLD) == told)))
    sessions.kw["bind"].dispose()
    return ids


def _in_archive(url: str, folder: Path) -> list[int]:
    sessions = _sessions(url)
    with sessions() as session:
        files = session.scalars(select(ArchivedPart.file)).all()
    sessions.kw["bind"].dispose()
    return [id_ for file in files for id_ in pq.read_table(folder / file, use_threads=False)["id"].to_pylist()]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
