"""Owning: an archive's folder belongs to one database; the file `OWNER` in it says to which.

Two databases on one folder would take each other's files for leftovers: a shop that moved from SQLite to PostgreSQL, a
staging system with production's settings. A copy of a database (a backup that was restored) goes by the same name, so
the folder stays its own; what `sweeping.py` does there loses nothing.
"""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from tracking.notes import database_id

from .archive import Archive

OWNER = "OWNER"


class NotOurs(RuntimeError):
    """The archive's folder is another database's; the message says what to do."""


def own(session: Session, archive: Archive) -> None:
    """Make the folder this database's where it is nobody's yet; to be asked before anything is written or removed.

    Raises:
        NotOurs: where it is another's.
    """
    mine, file = database_id(session), archive.folder / OWNER
    archive.folder.mkdir(parents=True, exist_ok=True)
    if not file.exists() or not file.read_text().strip():  # empty: whoever made it died before it wrote
        aside = archive.folder / f"{OWNER}.{secrets.token_hex(8)}"  # of one process two threads may come here at once
        aside.write_text(f"{mine}\n")
        aside.replace(file)
    if file.read_text().strip() != mine:
        raise NotOurs(
            f"The archive's folder {archive.folder} belongs to another database: nothing was changed in it. Set "
            f"ECRM_ARCHIVE_FOLDER to a folder of this database's own. Only where that database is gone for good and "
            f"this one took its tables over, delete the file {file}: the next run makes the folder this one's."
        )
