"""Experiment: a control group for a campaign or a placement, and on a placement strategies against each other; who is
in which group is a hash, not a list.

What is written down is when a unit met the thing that is tried (`exposures.py`); what came of it, `outcomes.py` asks.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.customers import Customer
from tracking.record import BigId, Record, insert_once

from .arms import checked

MAX_NAME = 120
LEAST_CONTROL, MOST_CONTROL = 1, 90
"""Percent of the units. Without a control group there is nothing to compare with, unless strategies are compared."""
_PLACES = 10_000
_BATCH = 5_000


class Unit(StrEnum):
    """What is put into a group: a browser that agreed to statistics, or a customer."""

    VISITOR = "visitor"
    CUSTOMER = "customer"


class Goal(StrEnum):
    """What makes one arm better than another: a click on what it shows, or an order that is credited to one."""

    CLICKS = "clicks"
    ORDERS = "orders"


class Experiment(Record):
    """`subject` is what is tried: `placement:<name>` or `campaign:<code>`. `salt` makes the assignment its own.

    `control_percent` of the units see nothing of it. `unit`: `visitor` or `customer`. One at a time runs on a subject.
    `arms`: strategy → percent of the others; empty where there is one way to do it. `adaptive`: these are the shares of
    the first day only, later ones follow what was seen of `goal` (`bandit.py`).
    """

    __tablename__ = "ecrm_experiment"
    __table_args__ = (
        Index(
            "ix_ecrm_experiment_running",
            "subject",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    unit: Mapped[str] = mapped_column(String(10))
    salt: Mapped[str] = mapped_column(String(32), unique=True)
    control_percent: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100), default="")
    arms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    adaptive: Mapped[bool] = mapped_column(default=False)
    goal: Mapped[str] = mapped_column(String(10), default=str(Goal.CLICKS))


class Exposure(Record):
    """The moment from which a unit counts: it met the thing that is tried, or would have met it (control).

    `arm`: the strategy that it met; empty in the control group, and where the experiment has no arms.
    """

    __tablename__ = "ecrm_exposure"
    __table_args__ = (Index(None, "experiment_id", "unit_id", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("ecrm_experiment.id"))
    unit_id: Mapped[int]
    control: Mapped[bool]
    first_at: Mapped[datetime]
    arm: Mapped[str] = mapped_column(String(20), default="")


class Turn(Record):
    """A unit's day in an experiment that adapts: a bandit's trial, as people click more than once or not at all."""

    __tablename__ = "ecrm_experiment_turn"
    __table_args__ = (Index(None, "experiment_id", "unit_id", "day", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    experiment_id: Mapped[int] = mapped_column(ForeignKey("ecrm_experiment.id"))
    unit_id: Mapped[int]
    day: Mapped[date]
    arm: Mapped[str] = mapped_column(String(20))
    first_at: Mapped[datetime]


class Allocation(Record):
    """The shares from a day of the shop's on, and why: arm → trials, successes, and the chance to be the best.

    Made before the day begins and never changed, so that whoever asks later gets the answer that the visitor got.
    """

    __tablename__ = "ecrm_experiment_allocation"

    experiment_id: Mapped[int] = mapped_column(ForeignKey("ecrm_experiment.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shares: Mapped[dict[str, Any]]
    why: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]


class AlreadyRunning(ValueError):
    """Another experiment runs on the subject; two at once would disturb each other."""


def is_control(salt: str, unit_key: str, control_percent: int) -> bool:
    """Whether a unit belongs to the control group: the same answer each time, in each process, without a list.

    Args:
        unit_key: a visitor's token, or a customer's id as text.
    """
    digest = blake2b(f"{salt}:{unit_key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % _PLACES < control_percent * (_PLACES // 100)


def placement_subject(placement: str) -> str:
    """What an experiment on a placement of recommendations is about."""
    return f"placement:{placement}"


def campaign_subject(code: str) -> str:
    """What an experiment on a campaign is about; `code` as `Campaign.code`."""
    return f"campaign:{code}"


def rename_campaign_subject(session: Session, before: str, after: str) -> None:
    """Let the experiments on a campaign, ended ones among them, follow it to its new code; commits nothing.

    Without, its control group would be let go in silence, and handed on to the next campaign of the old code.
    """
    of_it = update(Experiment).where(Experiment.subject == campaign_subject(before))
    session.execute(of_it.values(subject=campaign_subject(after)))


def start(
    session: Session,
    *,
    name: str,
    subject: str,
    unit: Unit,
    control_percent: int,
    by: str,
    now: datetime,
    arms: Mapping[str, int] | None = None,
    adaptive: bool = False,
    goal: Goal = Goal.CLICKS,
) -> Experiment:
    """Start an experiment; from now on its control group goes without, and each arm's visitors get its strategy.

    Args:
        arms: strategy → percent; where strategies are compared, the control group may be empty.

    Raises:
        ValueError: without a name or with one too long, for a share that can't be compared, for a campaign whose
            unit isn't the customer (a mailing knows no browsers) or that has arms, or for an adaptive one without arms.
        BadArms: see there.
        AlreadyRunning: see there.
    """
    chosen = checked(arms or {})
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise ValueError(f"an experiment needs a name of at most {MAX_NAME} characters")
    least = 0 if chosen else LEAST_CONTROL
    if not least <= control_percent <= MOST_CONTROL:
        raise ValueError(f"the control group may have {least} to {MOST_CONTROL} percent")
    if chosen and not subject.startswith("placement:"):
        raise ValueError("strategies are tried on a placement")
    if adaptive and not chosen:
        raise ValueError("an experiment that adapts needs strategies to choose from")
    if subject.startswith("campaign:") and unit is not Unit.CUSTOMER:
        raise ValueError("a campaign is tried on customers")
    values = {
        "name": name, "subject": subject, "unit": str(unit), "salt": secrets.token_hex(16),
        "control_percent": control_percent, "started_at": now, "ended_at": None, "created_by": by[:100],
        "arms": chosen, "adaptive": adaptive, "goal": str(goal),
    }  # fmt: skip
    experiment_id = insert_once(session, Experiment, values)
    if experiment_id is None:
        raise AlreadyRunning(subject)
    return session.get_one(Experiment, experiment_id)


def stop(session: Session, experiment_id: int, *, now: datetime) -> bool:
    """End an experiment for good; False where it had ended or there is none."""
    statement = update(Experiment).where(Experiment.id == experiment_id, Experiment.ended_at.is_(None))
    return getattr(session.execute(statement.values(ended_at=now)), "rowcount", 0) == 1


def running(session: Session) -> Sequence[Experiment]:
    """The experiments that run now, by subject."""
    return session.scalars(
        select(Experiment).where(Experiment.ended_at.is_(None)).order_by(Experiment.subject)
    ).all()  # fmt: skip


def all_experiments(session: Session) -> Sequence[Experiment]:
    """Every experiment, those that run first, then the newest."""
    query = select(Experiment).order_by(Experiment.ended_at.is_not(None), Experiment.started_at.desc())
    return session.scalars(query.order_by(Experiment.id.desc())).all()


def running_on(session: Session, subject: str) -> Experiment | None:
    """The experiment that runs on a subject."""
    return session.scalar(select(Experiment).where(Experiment.subject == subject, Experiment.ended_at.is_(None)))


def in_control(session: Session, code: str, customer_id: int) -> bool:
    """Whether a customer gets nothing of the campaign, as its control group; False where no experiment runs on it.

    Whoever mails the campaign asks this for each customer that it would go to, and notes all of them, both groups,
    with `exposures.expose_to_campaign`.
    """
    experiment = running_on(session, campaign_subject(code))
    return experiment is not None and is_control(experiment.salt, str(customer_id), experiment.control_percent)


def held_out(session: Session, experiment: Experiment) -> Iterator[Customer]:
    """The control group among all customers, by id: for a campaign that is mailed elsewhere."""
    after = 0
    while True:
        query = select(Customer).where(Customer.id > after).order_by(Customer.id).limit(_BATCH)
        batch = session.scalars(query).all()
        for customer in batch:
            if is_control(experiment.salt, str(customer.id), experiment.control_percent):
                yield customer
        if len(batch) < _BATCH:
            return
        after = batch[-1].id
        session.expunge_all()
