"""KeyRing: the write keys as a process remembers them, so that a request doesn't ask the database who sends.

A revoked key is believed for `REMEMBERED` seconds at most. When a key was last used, and how many messages came with
it, is noted every few seconds: good for "does anything arrive?", not for reports, which count events.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from tracking.clickstream.rollups import add_to, day_of
from tracking.forking import begin_in_children

from .write_keys import MAX_KEY, WriteKey, WriteKeyDay, find

log = logging.getLogger("ecrm.collector")

REMEMBERED = 10.0  # seconds
NOTED_AFTER = 2.0  # seconds
MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What of a key decides; a copy, as rows belong to their session."""

    id: int
    kind: str


class KeyRing:
    """One per app and process; safe to use from many threads, and after a fork."""

    def __init__(self, sessions: sessionmaker[Session], time_zone: Callable[[], str]) -> None:
        self._sessions = sessions
        self._time_zone = time_zone
        self.begin()
        begin_in_children(self)

    def begin(self) -> None:
        """Start with nothing remembered and nothing to note; called in a forked child."""
        self._known: dict[str, tuple[float, KnownKey]] = {}
        self._guessed: dict[str, float] = {}  # apart, so that guesses make no known key forgotten
        self._lock = threading.Lock()
        self._accepted: Counter[int] = Counter()
        self._refused: Counter[int] = Counter()
        self._timer: threading.Timer | None = None

    def key(self, shown: str) -> KnownKey | None:
        """Whose key this is; None for one that is unknown or revoked.

        Raises:
            SQLAlchemyError: when the database can't be asked.
        """
        now = monotonic()
        found = self._known.get(shown)
        if found is not None and found[0] > now:
            return found[1]
        if len(shown) > MAX_KEY or self._guessed.get(shown, 0.0) > now:
            return None
        with self._sessions() as session:
            row = find(session, shown)
        if row is None:
            self._known.pop(shown, None)
            if len(self._guessed) >= MOST_REMEMBERED:  # somebody guesses; forgetting is safe
                self._guessed.clear()
            self._guessed[shown] = now + REMEMBERED
            return None
        known = KnownKey(row.id, row.kind)
        self._known[shown] = (now + REMEMBERED, known)
        return known

    def has_known(self, shown: str) -> bool:
        """Whether this was a key when it was last looked up; asks nobody."""
        return shown in self._known

    def forget(self) -> None:
        """Ask the database again from now on, as after a revocation in this process."""
        for shown, (_, known) in list(self._known.items()):
            self._known[shown] = (0.0, known)
        self._guessed.clear()

    def note(self, key_id: int, *, accepted: int, refused: int) -> None:
        """Count messages; written down a moment later, many requests at once."""
        with self._lock:
            self._accepted[key_id] += accepted
            self._refused[key_id] += refused
            if self._timer is None or not self._timer.is_alive():
                self._timer = threading.Timer(NOTED_AFTER, self.write_down)
                self._timer.daemon = True
                self._timer.start()

    def write_down(self) -> None:
        """Store what was noted. What can't be stored now is dropped: it is an indicator, and events are kept anyway."""
        with self._lock:
            accepted, refused = self._accepted, self._refused
            self._accepted, self._refused = Counter(), Counter()
            self._timer = None
        key_ids = sorted(accepted.keys() | refused.keys())
        if not key_ids:
            return
        now = datetime.now(UTC)
        try:
            day = day_of(now, self._time_zone())
            with self._sessions.begin() as session:
                for key_id in key_ids:
                    session.execute(update(WriteKey).where(WriteKey.id == key_id).values(last_used_at=now))
                    counts = {"accepted": accepted[key_id], "refused": refused[key_id]}
                    add_to(session, WriteKeyDay, {"key_id": key_id, "day": day}, counts)
        except SQLAlchemyError:
            log.exception("what came with the write keys could not be noted")
