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
from typing import Any

from sqlalchemy import Connection, LargeBinary, String
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from tracking.bulk import insert_columns
from tracking.forking import begin_in_children
from tracking.record import BigId, Record

log = logging.getLogger("ecrm.clickstream")

PATIENCE = 10.0  # seconds


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
        self._sessions = sessions
        self._patience = patience
        self.begin()
        begin_in_children(self)

    def begin(self) -> None:
        """Start empty; called in a forked child, whose parent answers (and commits for) its own requests."""
        self._lock, self._committing = threading.Lock(), threading.Lock()
        self._waiting: list[_Waiting] = []

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
                self._commit()
        finally:
            self._committing.release()
        if mine.problem is not None:
            raise Unavailable("the database could not be reached") from mine.problem

    @contextmanager
    def writing(self) -> Iterator[None]:
        """For whoever else writes in this process: SQLite takes one writer at a time, and lets the others poll."""
        one_at_a_time = self._sessions.kw["bind"].dialect.name == "sqlite"
        with self._committing if one_at_a_time else nullcontext():
            yield

    def _commit(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            with self._sessions.begin() as session:
                connection = session.connection()
                with _patient(connection, self._patience):
                    insert_columns(connection, _TABLE, _columns(batch), ready={"messages", "body", "problem"})
        except (SQLAlchemyError, OSError) as error:
            log.exception("the messages of %s requests could not be committed", len(batch))
            for one in batch:
                one.problem, one.done = error, True
            return
        for one in batch:
            one.done = True
        self.on_accept()


def _nothing() -> None:
    pass


def _columns(batch: list[_Waiting]) -> dict[str, list[Any]]:
    return {
        "received_at": [one.received_at for one in batch],
        "messages": [one.messages for one in batch],
        "body": [one.body for one in batch],
        "problem": [""] * len(batch),
    }


@contextmanager
def _patient(connection: Connection, seconds: float) -> Iterator[None]:
    """Wait so long for a lock, and no longer than a client would."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
        yield
        return
    driver: Any = connection.connection.driver_connection  # past SQLAlchemy, where each of these costs a tenth
    (before,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={before}")
