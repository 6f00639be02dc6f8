"""The shelf: the model that is served now, mapped once a process, changed within seconds of a publication.

The database's row is asked every few seconds. What can't be loaded (a folder that isn't here yet, a disk that fails)
leaves the one before in place: a page never pays for a training gone wrong.
"""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from tracking.forking import begin_in_children

from .store import present_name

if TYPE_CHECKING:
    from .artefact import Artefact

log = logging.getLogger("recommender.loading")

REMEMBERED = 10.0
"""Seconds until every process serves what was published."""


class ModelShelf:
    """One per app and process; safe to use from many threads, and after a fork."""

    def __init__(self, sessions: sessionmaker[Session], folder: Path) -> None:
        self._sessions = sessions
        self.folder = folder
        self.begin()
        begin_in_children(self)

    def begin(self) -> None:
        """Start with nothing loaded; called in a forked child, whose parent may hold the lock."""
        self._lock = Lock()
        self._artefact: Artefact | None = None
        self._missing = ""
        self._until = 0.0

    def present(self) -> Artefact | None:
        """What is served now; None on a shop's first day.

        Never raises. While one thread looks whether there is a newer one, the others go on with the one before; only
        the very first one is waited for.
        """
        if monotonic() >= self._until and self._lock.acquire(blocking=self._artefact is None):
            try:
                if monotonic() >= self._until:
                    self._look()
            finally:
                self._lock.release()
        return self._artefact

    def forget(self) -> None:
        """Ask the database again from now on, as after a publication in this process."""
        self._until = 0.0

    def _look(self) -> None:
        """A broad `except` stands here on purpose: whatever is wrong with a new model, the old one is served."""
        try:
            with self._sessions() as session:
                name = present_name(session)
        except SQLAlchemyError:
            log.exception("can't ask which model is served; the one before stays")
            name = self._artefact.name if self._artefact else None
        held = self._artefact.name if self._artefact else None
        if name is None:
            self._artefact = None
        elif name != held:
            # numpy costs a tenth of a second: loaded where something was learnt, not where a shop opens
            from .artefact import load

            try:
                self._artefact, self._missing = load(self.folder, name), ""
            except Exception:
                if self._missing != name:  # said once, not every ten seconds
                    log.exception("model %s can't be loaded from %s; %s stays", name, self.folder, held or "nothing")
                self._missing = name
        self._until = monotonic() + REMEMBERED
