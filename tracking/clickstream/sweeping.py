"""Sweeping: what crashes left in the archive's folder goes, and only that; a file that nobody can explain is kept.

Deleted are files that were never finished, those that this database noted down to be deleted (`DroppedFile`), and
copies of steps that are all still in the database. Anything else may be the only copy of a day (the database was
restored from an older backup, say) and moves into the folder `lost`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from .archive import Archive, ArchivedPart, DroppedFile
from .archiving import remove
from .event import Event
from .event_columns import micros
from .owning import own

log = logging.getLogger("ecrm.clickstream")

LOST = "lost"
_ABANDONED = timedelta(hours=1)
_AT_ONCE = 5000


class Swept(NamedTuple):
    """How many files were deleted, and how many moved into `lost`."""

    removed: int = 0
    lost: int = 0

    def __str__(self) -> str:
        words = [f"{self.removed} leftover files removed"] if self.removed else []
        if self.lost:
            words.append(
                f"{self.lost} files that nobody can explain moved into the archive's folder {LOST!r}: look at them"
            )
        return "; ".join(words)


def sweep(session: Session, archive: Archive, *, now: datetime) -> Swept:
    """See to the files that no part names and nobody can still be writing; to be committed by the caller.

    Raises:
        NotOurs: where the folder is another database's; nothing is touched then.
    """
    if not archive.folder.is_dir():
        return Swept()
    own(session, archive)
    named = set(session.scalars(select(ArchivedPart.file)))
    dropped = set(session.scalars(select(DroppedFile.file)))
    leftovers: list[Path] = []
    lost: list[Path] = []
    for path in _unnamed(archive, named, before=(now - _ABANDONED).timestamp()):
        file = path.relative_to(archive.folder).as_posix()
        explained = path.suffix == ".aside" or not path.stat().st_size or file in dropped or _is_copy(session, path)
        (leftovers if explained else lost).append(path)
    remove(archive, leftovers)
    for path in lost:
        log.error("%s is named nowhere in the database; it is kept in %s", path, archive.folder / LOST)
        _keep(archive, path)
    remove(archive, lost)  # their day's folder, where it is empty now
    gone = [file for file in dropped if not archive.path(file).exists()]
    session.execute(delete(DroppedFile).where(DroppedFile.file.in_(gone)))
    return Swept(len(leftovers), len(lost))


def _unnamed(archive: Archive, named: set[str], *, before: float) -> Iterator[Path]:
    for path in sorted(archive.folder.glob("day=*/*")):
        if path.relative_to(archive.folder).as_posix() not in named and path.stat().st_mtime < before:
            yield path


def _is_copy(session: Session, path: Path) -> bool:
    """Whether every step of a file is in the database: it was written, and the transaction that names it never came."""
    import pyarrow as pa  # imported here: opening a shop doesn't need it
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path, columns=["id", "at_us"]).to_pydict()
    except (pa.ArrowException, OSError):
        return False
    wanted = dict(zip(rows["id"], rows["at_us"], strict=True))
    ids = sorted(wanted)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        there = select(Event.id, Event.happened_at).where(Event.id.in_(some))
        if {id_: micros(at) for id_, at in session.execute(there)} != {id_: wanted[id_] for id_ in some}:
            return False
    return True


def _keep(archive: Archive, path: Path) -> None:
    folder = archive.folder / LOST / path.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}.{number}{path.suffix}"
    path.rename(target)
