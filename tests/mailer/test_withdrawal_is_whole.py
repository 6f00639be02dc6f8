"""A withdrawal is whole or not there at all: the process dies at every statement in turn, and nothing is half done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, sessionmaker

from mailer.consent import Topic, topics_wanted, withdraw
from mailer.consent_check import differences
from mailer.outbox import Email, State
from mailer.suppression import standing

from .outgoing import Killed
from .test_consent import agreed, contact, put

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_dying_at_any_statement_leaves_all_of_it_or_nothing(engine: Engine, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        ada = contact(session).id
        agreed(session, ada, *Topic)
        put(session, ada)
    dying = _DyingAt()
    event.listen(engine, "before_cursor_execute", dying)
    deaths = 0
    while not _withdrawn(sessions, ada):
        deaths += 1
        dying.left = deaths
        try:
            with sessions.begin() as session:
                withdraw(session, ada, how="one_click", now=NOW)
        except Killed:
            pass
        dying.left = -1
        with sessions() as session:
            assert not list(differences(session))
            held = bool(standing(session, ada))
            waits = session.scalars(select(Email.state)).one() == State.QUEUED
            assert (topics_wanted(session, ada) == set(Topic)) is waits is not held
    assert deaths > 5


def _withdrawn(sessions: sessionmaker[Session], contact_id: int) -> bool:
    with sessions() as session:
        return topics_wanted(session, contact_id) == frozenset()


class _DyingAt:
    """Dies at the n-th statement from now; -1: never."""

    left = -1

    def __call__(self, *_: Any) -> None:
        if self.left == 0:
            return
        self.left -= self.left > 0
        if self.left == 0:
            raise Killed


@pytest.fixture(autouse=True)
def _no_leftover(engine: Engine) -> Any:
    yield
    engine.dispose()
