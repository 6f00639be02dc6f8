"""The marketer's rules as a request meets them: asked of the database every few seconds, remembered in between."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

from sqlalchemy.orm import Session, sessionmaker

from recommender.asking import Rule
from tracking.forking import begin_in_children

from .marketing.rules import rules_in_force

REMEMBERED = 10.0
"""Seconds until every process knows that a rule was made or ended."""


class Rules:
    """One per app and process; safe to use from many threads, and after a fork."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self.begin()
        begin_in_children(self)

    def begin(self) -> None:
        """Start with nothing remembered; called in a forked child."""
        self._rules: tuple[Rule, ...] = ()
        self._until = 0.0

    def in_force(self) -> tuple[Rule, ...]:
        """Those that hold now, oldest first.

        Raises:
            SQLAlchemyError: when the database can't be asked.
        """
        now = monotonic()
        if now >= self._until:
            with self._sessions() as session:
                self._rules = tuple(rules_in_force(session, datetime.now(UTC)))
            self._until = now + REMEMBERED
        return self._rules

    def forget(self) -> None:
        """Ask the database again from now on, as after a change in this process."""
        self._until = 0.0
