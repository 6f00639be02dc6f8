"""Database faults that pass: what a mail server has said can't be asked again, so it is written down anyway."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

log = logging.getLogger("mailer.sender")

PAUSES = (0.1, 1.0, 5.0, 10.0)
"""Seconds before each further try; together as long as a database takes to start anew."""
T = TypeVar("T")


def surely(sessions: sessionmaker[Session], deed: Callable[[Session], T]) -> T:
    """Do it in a transaction, and once more where the database fails: a lock, a deadlock, a lost connection.

    Args:
        deed: may be done twice, as nobody knows whether a commit that broke was one.

    Raises:
        DBAPIError: where the last try failed, too.
    """
    for pause in PAUSES:
        try:
            with sessions.begin() as session:
                return deed(session)
        except DBAPIError as error:
            log.warning("the outbox can't be written, so once more in %s s: %s", pause, error)
            time.sleep(pause)
    with sessions.begin() as session:
        return deed(session)
