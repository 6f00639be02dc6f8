"""Trials: the experiments on placements as a request meets them. Who is in the control group sees an empty slot.

A page pays for a look into a small memory and one hash. What runs is asked of the database every few seconds; the
exposure goes to the writer as a step of the visitor and is stored in its transaction (`marketing.exposures`).
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy.orm import Session, sessionmaker

from tracking.forking import begin_in_children
from tracking.visitors import Grade

from . import identification
from .events import ExperimentViewed
from .installation import installation
from .marketing.experiments import Unit, is_control, placement_subject, running

REMEMBERED = 10.0
"""Seconds until every process knows that an experiment was started or stopped."""
SAID_AGAIN = 600.0
"""Seconds after which an exposure is said once more: the first one may have been lost with its process."""
MOST_SAID = 50_000


class Running(NamedTuple):
    """What of an experiment decides; a copy, as rows belong to their session."""

    id: int
    name: str
    unit: Unit
    salt: str
    control_percent: int


@dataclass(frozen=True, slots=True)
class Said:
    """A unit's exposure that was handed to the writer."""

    experiment_id: int
    key: str


class Trials:
    """One per app and process; safe to use from many threads, and after a fork."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self.begin()
        begin_in_children(self)

    def begin(self) -> None:
        """Start with nothing remembered; called in a forked child."""
        self._running: dict[str, Running] = {}
        self._until = self._said_until = 0.0
        self._said: set[Said] = set()

    def on(self, subject: str) -> Running | None:
        """The experiment that runs on a subject.

        Raises:
            SQLAlchemyError: when the database can't be asked.
        """
        now = monotonic()
        if now >= self._until:
            with self._sessions() as session:
                self._running = {
                    row.subject: Running(row.id, row.name, Unit(row.unit), row.salt, row.control_percent)
                    for row in running(session)
                }
            self._until = now + REMEMBERED
        return self._running.get(subject)

    def forget(self) -> None:
        """Ask the database again from now on, as after a start or a stop in this process."""
        self._until = 0.0

    def first_time(self, said: Said) -> bool:
        """Whether this exposure has to be handed to the writer."""
        now = monotonic()
        if now >= self._said_until or len(self._said) >= MOST_SAID:
            self._said, self._said_until = set(), now + SAID_AGAIN
        if said in self._said:
            return False
        self._said.add(said)
        return True


def init_app(app: Flask) -> None:
    """Give the app its trials."""
    app.extensions["ecrm_trials"] = Trials(installation(app).sessions)


def trials() -> Trials:
    """The present app's."""
    found: Trials = current_app.extensions["ecrm_trials"]
    return found


def held_out(placement: str, *, customer_id: int | None) -> bool:
    """Whether the present visitor is in the control group of an experiment on this placement; call it when there is
    something to show, at most once a slot: it notes that they met it, or would have.

    A browser that agreed to nothing is in no experiment. A customer is in one on customers where they are signed in and
    the browser agreed to be joined to them; nobody else.

    Args:
        customer_id: the CRM's number of the customer who is signed in.
    """
    trial = trials().on(placement_subject(placement))
    if trial is None:
        return False
    if trial.unit is Unit.VISITOR:
        key = identification.visitor_token()
    else:
        personal = identification.grade() is Grade.PERSONAL
        key = str(customer_id) if personal and customer_id is not None else None
    if key is None:
        return False
    control = is_control(trial.salt, key, trial.control_percent)
    if identification.browser().curious and trials().first_time(Said(trial.id, key)):
        identification.observe(
            ExperimentViewed(
                experiment_id=str(trial.id),
                experiment_name=trial.name,
                variation_id="control" if control else "treated",
            )
        )
    return control
