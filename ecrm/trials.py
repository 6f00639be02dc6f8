"""Trials: the experiments on placements as a request meets them: who sees an empty slot, and who gets which strategy.

A page pays for a look into a small memory and one or two hashes. What runs is asked of the database every few seconds;
the exposure goes to the writer as a step of the visitor and is stored in its transaction (`marketing.exposures`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import monotonic
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy.orm import Session, sessionmaker

from recommender.asking import Strategy
from tracking.clickstream.rollups import day_of
from tracking.forking import begin_in_children
from tracking.visitors import Grade

from . import identification
from .events import ExperimentViewed
from .installation import installation
from .marketing.arms import Shares, arm_of, as_shares, in_force
from .marketing.bandit import allocations_of
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
    arms: Shares
    adaptive: bool
    allocations: tuple[tuple[date, Shares], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A unit's exposure that was handed to the writer; `day` where the experiment draws anew each day."""

    experiment_id: int
    key: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What an experiment decides for the present visitor on a placement.

    `strategy` is the one to fill the slot with, also where `held_out` says that the slot stays empty: whether there
    would have been anything to show must be known for both groups.
    """

    strategy: Strategy = Strategy.LEARNT
    held_out: bool = False
    experiment: Running | None = None
    said: Said | None = None
    variation: str = ""


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
                    row.subject: Running(
                        row.id, row.name, Unit(row.unit), row.salt, row.control_percent, as_shares(row.arms),
                        row.adaptive, allocations_of(session, row) if row.adaptive else (),
                    )
                    for row in running(session)
                }  # fmt: skip
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


def trial_of(placement: str, *, customer_id: int | None) -> Trial:
    """What is decided for the present visitor on this placement; notes nothing, so it may be asked more than once.

    A browser that agreed to nothing is in no experiment. A customer is in one on customers where they are signed in and
    the browser agreed to be joined to them; nobody else.

    Args:
        customer_id: the CRM's number of the customer who is signed in.
    """
    running = trials().on(placement_subject(placement))
    key = None if running is None else _key(running, customer_id)
    if running is None or key is None:
        return Trial()
    if is_control(running.salt, key, running.control_percent):
        return Trial(held_out=True, experiment=running, said=Said(running.id, key), variation="control")
    if not running.arms:
        return Trial(experiment=running, said=Said(running.id, key), variation="treated")
    day = day_of(datetime.now(UTC), installation().storefront.facts().time_zone) if running.adaptive else None
    shares = running.arms if day is None else in_force(running.allocations, day, otherwise=running.arms)
    arm = arm_of(running.salt, key, shares, day=day)
    return Trial(Strategy(arm), experiment=running, said=Said(running.id, key, day), variation=arm)


def meet(trial: Trial) -> None:
    """Note that the present visitor met what is tried, or would have: call it when there is something to show, for the
    control group as well."""
    if trial.experiment is None or trial.said is None:
        return
    if identification.browser().curious and trials().first_time(trial.said):
        identification.observe(
            ExperimentViewed(
                experiment_id=str(trial.experiment.id),
                experiment_name=trial.experiment.name,
                variation_id=trial.variation,
            )
        )


def strategy_for(placement: str, *, customer_id: int | None) -> Strategy | None:
    """`trial_of` and `meet` in one, where it is known that there is something to show; None for who goes without."""
    trial = trial_of(placement, customer_id=customer_id)
    meet(trial)
    return None if trial.held_out else trial.strategy


def _key(running: Running, customer_id: int | None) -> str | None:
    """By what the present visitor is put into a group; None for who takes no part."""
    if running.unit is Unit.VISITOR:
        return identification.visitor_token()
    personal = identification.grade() is Grade.PERSONAL
    return str(customer_id) if personal and customer_id is not None else None
