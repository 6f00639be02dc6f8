"""Writer: takes sightings from requests without making them wait, and stores them in batches in the background; it
digests the collector's inbox, too.

A page view is no promise: what is still in the queue when the process is killed is lost (at most 0.3 seconds), and
what doesn't fit in the queue is dropped. Both are counted. Promises go through the ledger, and clients'
messages through the inbox, never through this queue.
"""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session, sessionmaker

from tracking.forking import begin_in_children

from .archive import Archive
from .digest import PASSING, digest_next
from .inbox import Inbox
from .ingest import ingest
from .sightings import Sighting

log = logging.getLogger("ecrm.clickstream")

BATCH_ROWS = 500
BATCH_SECONDS = 0.3
CAPACITY = 50_000  # about 50 MB, and some minutes of a busy shop's steps
OUTAGE_PAUSE = 5.0


Task = Callable[[Session, str], None]
"""Given a session and the shop's zone; commits nothing."""


@dataclass(frozen=True)
class WriterFigures:
    """What became of the sightings since this process started. `dropped`: no room; `refused`: can't be stored."""

    waiting: int
    stored: int
    dropped: int
    refused: int


class Writer:
    """One per app and process. The thread starts at the first `put`, so also after a fork of the server."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        time_zone: Callable[[], str],
        *,
        inbox: Inbox | None = None,
        archive: Archive | None = None,
        then: Callable[[Session, Sequence[Sighting], str], None] | None = None,
        capacity: int = CAPACITY,
    ) -> None:
        """Args:
        inbox: digested in the same thread, soon after something came in.
        archive: knows old messages.
        then: told each batch of steps that the plugin itself saw, with the shop's zone, in the transaction that
            stores it.
        """
        self._sessions = sessions
        self._archive = archive
        self._then = then
        self._inbox = inbox
        if inbox is not None:
            inbox.on_accept = self.digest_soon
        self._time_zone = time_zone
        self._zone = "UTC"
        self._capacity = capacity
        self.begin()
        begin_in_children(self)
        _living.add(self)

    def digest_soon(self) -> None:
        """Something came into the inbox; returns at once."""
        self._digest_due = True
        if not self._wake.is_set() and not self._closed:
            self._ensure_thread()
            self._wake.set()

    def put(self, sighting: Sighting) -> None:
        """Take a step; returns at once and never raises. Without room the step is dropped and counted."""
        if self._closed or len(self._waiting) >= self._capacity:
            self._drop()
            return
        self._waiting.append(sighting)
        if not self._wake.is_set():
            self._ensure_thread()
            self._wake.set()

    def do(self, task: Task) -> None:
        """Take work that a request leaves behind and that isn't a step; it is done as steps are stored, in one
        transaction each. Returns at once and never raises; without room the task is dropped and counted."""
        if self._closed or len(self._tasks) >= self._capacity:
            self._drop()
            return
        self._tasks.append(task)
        if not self._wake.is_set():
            self._ensure_thread()
            self._wake.set()

    def flush(self, timeout: float = 10.0) -> bool:
        """Store what is waiting, now and in this thread.

        Returns:
            False where that was not possible in `timeout` seconds or the database could not be reached.
        """
        if not self._storing.acquire(timeout=timeout):
            return False
        try:
            return self._drain()
        finally:
            self._storing.release()

    def close(self, timeout: float = 10.0) -> None:
        """Store what is waiting and end the thread; later steps are dropped and counted."""
        self._closed = True
        self._wake.set()
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
        if (self._waiting or self._tasks or self._digest_due) and not self.flush(timeout) and self._waiting:
            log.error("%s steps of visitors were not stored before the end", len(self._waiting))

    def begin(self) -> None:
        """Start with an empty queue; called in a forked child, whose parent keeps (and stores) what was waiting."""
        self._waiting: deque[Sighting] = deque()
        self._tasks: deque[Task] = deque()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._starting, self._storing = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = self._digest_due = False
        self._stored = self._dropped = self._refused = 0

    @property
    def figures(self) -> WriterFigures:
        """How many steps wait, were stored, were dropped, were refused."""
        return WriterFigures(len(self._waiting), self._stored, self._dropped, self._refused)

    def _ensure_thread(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="ecrm-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._stop.wait(BATCH_SECONDS)  # let a batch gather
            self._wake.clear()
            if not self.flush(OUTAGE_PAUSE) and not self._closed:
                self._stop.wait(OUTAGE_PAUSE)
                self._wake.set()

    def _drain(self) -> bool:
        while self._waiting or self._tasks or self._digest_due:
            zone = self._present_zone()
            if self._tasks and not self._do(zone):
                return False
            if self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH_ROWS, len(self._waiting)))]
                with self._writing():
                    left = self._store(batch, zone)
                if left:
                    self._waiting.extendleft(reversed(left))
                    return False
            if self._digest_due and not self._digest(zone):
                return False
        return True

    def _digest(self, zone: str) -> bool:
        """Digest some of the inbox. A broad `except` stands here on purpose: the thread must live on."""
        self._digest_due = False
        try:
            with self._writing():
                done = digest_next(self._sessions, zone, archive=self._archive)
        except Exception:
            log.exception("the inbox can't be digested at the moment; it waits")
            self._digest_due = True
            return False
        self._stored += done.events
        self._refused += done.set_aside
        self._digest_due = self._digest_due or done.anything
        return True

    def _do(self, zone: str) -> bool:
        """Do what requests left behind; False where the database can't be reached. A broad `except` stands here on
        purpose: the thread must live on."""
        task = self._tasks.popleft()
        try:
            with self._writing(), self._sessions.begin() as session:
                task(session, zone)
        except PASSING:
            log.exception("the database can't be reached, is locked or is full; %s tasks wait", len(self._tasks) + 1)
            self._tasks.appendleft(task)
            return False
        except Exception:
            log.exception("a task can't be done")
            self._refused += 1
        return True

    def _writing(self) -> AbstractContextManager[None]:
        return self._inbox.writing() if self._inbox is not None else nullcontext()

    def _store(self, batch: list[Sighting], zone: str) -> list[Sighting]:
        """Store a batch, or else row by row, so that one row that can't be stored doesn't take the others along.

        A broad `except` stands here on purpose: nobody waits for an answer, and the thread must live on.

        Returns:
            What must wait, because the database can't be reached at the moment.
        """
        try:
            with self._sessions.begin() as session:
                ingest(session, batch, zone)
                if self._then is not None:
                    self._then(session, batch, zone)
        except PASSING:
            log.exception("the database can't be reached, is locked or is full; %s steps wait", len(batch))
            return batch
        except Exception:
            if len(batch) > 1:
                log.exception("a batch of %s steps failed; trying them one by one", len(batch))
                return [left for sighting in batch for left in self._store([sighting], zone)]
            log.exception("a step called %r can't be stored", batch[0].name)
            self._refused += 1
            return []
        self._stored += len(batch)
        return []

    def _present_zone(self) -> str:
        """The shop's zone; when the shop can't say, the last one it named, rather than losing the batch."""
        try:
            self._zone = ZoneInfo(self._time_zone()).key
        except Exception:
            log.exception("the shop could not name its time zone; using %s", self._zone)
        return self._zone

    def _drop(self) -> None:
        self._dropped += 1
        if self._dropped & (self._dropped - 1) == 0:  # at 1, 2, 4, 8 …: said early, never a flood
            log.warning("no room for a visitor's step; %s dropped so far", self._dropped)


_living: weakref.WeakSet[Writer] = weakref.WeakSet()


@atexit.register
def close_all() -> None:
    """Store what waits in any writer of this process, and end their threads."""
    for writer in list(_living):
        writer.close(timeout=5.0)
