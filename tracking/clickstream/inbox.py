"""Inbox: what clients of the collector sent, committed before they are answered, and digested right afterwards.

Requests that come at the same time are committed together: the first of them writes for all who wait, as the disk's
sync costs the same for one row as for a hundred.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Engine, LargeBinary, String
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from tracking.bulk import stored_text
from tracking.forking import begin_in_children
from tracking.record import BigId, Record

log = logging.getLogger("ecrm.clickstream")

PATIENCE = 10.0  # seconds
GATHER = 0.004  # seconds in which others may join a commit that follows on another: about as long as the disk takes


class InboxEntry(Record):
    """The valid messages of one request, in the form that `digest` reads. Gone as soon as they are events.

    `problem`: why they can't become events; such an entry stays for somebody to look at, and blocks no other.
    """

    __tablename__ = "ecrm_inbox"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    received_at: Mapped[datetime]
    messages: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    problem: Mapped[str] = mapped_column(String(200), default="")


class Unavailable(Exception):
    """The messages could not be committed now. They may be sent again: a repeat is counted once."""


@dataclass(eq=False, slots=True)
class _Waiting:
    body: bytes
    messages: int
    received_at: datetime
    done: bool = False
    problem: Exception | None = None


_TABLE = Record.metadata.tables[InboxEntry.__tablename__]


class Inbox:
    """One per app and process; safe to use from many threads, and after a fork."""

    def __init__(self, sessions: sessionmaker[Session], *, patience: float = PATIENCE) -> None:
        """Args: patience: how many seconds a request waits for the database at most."""
        self.on_accept: Callable[[], None] = _nothing  # called after each commit, to wake who digests
        self._engine: Engine = sessions.kw["bind"]
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        self._patience = patience
        self.begin()
        begin_in_children(self)

    def begin(self) -> None:
        """Start empty; called in a forked child, whose parent answers (and commits for) its own requests."""
        self._lock, self._committing = threading.Lock(), threading.Lock()
        self._waiting: list[_Waiting] = []
        self._committed_at = 0.0

    def accept(self, body: bytes, messages: int) -> None:
        """Commit the messages (`digest.body_of`); returns when they can't be lost any more.

        Raises:
            Unavailable: when the database didn't take them in time. Whether it still will is unknown then.
        """
        mine = _Waiting(body, messages, datetime.now(UTC))
        with self._lock:
            self._waiting.append(mine)
        if not self._committing.acquire(timeout=self._patience):
            with self._lock:
                if mine in self._waiting:
                    self._waiting.remove(mine)
            raise Unavailable("others have been waiting for the database too long")
        try:
            if not mine.done:  # else whoever held the lock before wrote this one, too
                if monotonic() - self._committed_at < GATHER:  # under load; who comes alone is written at once
                    sleep(GATHER)
                self._commit()
        finally:
            self._committing.release()
        if mine.problem is not None:
            raise Unavailable("the database could not be reached") from mine.problem

    @contextmanager
    def writing(self) -> Iterator[None]:
        """For whoever else writes in this process: SQLite takes one writer at a time, and lets the others poll."""
        with self._committing if self._is_sqlite else nullcontext():
            yield

    def _commit(self) -> None:
        batch: list[_Waiting] = []
        try:
            with _plain_transaction(self._engine) as cursor, _patient(cursor, self._patience, sqlite=self._is_sqlite):
                if self._is_sqlite:  # takes the lock: who comes while another process has it is committed here, too
                    cursor.execute(f"DELETE FROM {_TABLE.name} WHERE 0")  # noqa: S608 (the model's name)
                batch = self._take()
                _insert(cursor, batch, sqlite=self._is_sqlite)
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error, OSError) as error:
            batch = batch or self._take()
            log.exception("the messages of %s requests could not be committed", len(batch))
            for one in batch:
                one.problem, one.done = error, True
            return
        for one in batch:
            one.done = True
        self._committed_at = monotonic()
        self.on_accept()

    def _take(self) -> list[_Waiting]:
        with self._lock:
            batch, self._waiting = self._waiting, []
        return batch


def _nothing() -> None:
    pass


@contextmanager
def _plain_transaction(engine: Engine) -> Iterator[Any]:
    """A cursor of the driver's: a session, and a connection of SQLAlchemy's, take longer than the row itself.

    Raises:
        SQLAlchemyError: where there is no connection.
        Exception: the driver's own.
    """
    connection = engine.raw_connection()
    try:
        yield connection.cursor()
        connection.commit()
    except BaseException:
        connection.invalidate()  # past SQLAlchemy nobody finds out whether it can be used again
        raise
    connection.close()


@contextmanager
def _patient(cursor: Any, seconds: float, *, sqlite: bool) -> Iterator[None]:
    """Wait so long for a lock, and no longer than a client would."""
    if not sqlite:
        cursor.execute(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
        yield
        return
    (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    cursor.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA busy_timeout={before}")


def _insert(cursor: Any, batch: list[_Waiting], *, sqlite: bool) -> None:
    """Raises: the driver's errors."""
    mark = "?" if sqlite else "%s"
    statement = (
        f"INSERT INTO {_TABLE.name} (received_at, messages, body, problem) "  # noqa: S608 (names of the model)
        f"VALUES ({mark}, {mark}, {mark}, '')"
    )
    rows = [(stored_text(one.received_at) if sqlite else one.received_at, one.messages, one.body) for one in batch]
    if len(rows) == 1:
        cursor.execute(statement, rows[0])
    else:
        cursor.executemany(statement, rows)
