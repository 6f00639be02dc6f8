"""Mailings: one send of a campaign, from its draft to its end. Each step is a conditional UPDATE, so that two people,
or two workers, never take it twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record

from . import pausing
from .blocks import Draft, read_draft
from .outbox import Email, State

VARIANTS = ("a", "b", "c", "d")
MAX_NAME = 120
MOST_HOLDOUT = 50
LEAST_TEST = 5
USUAL_PRIORITY = 10
"""Flows, which somebody waits for, come before mailings."""
WAITING = (State.QUEUED, State.CLAIMED, State.DEFERRED)


class MailingState(StrEnum):
    """PAUSED: what waits is held until somebody goes on. STOPPED: what waited is dropped, for good."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class Stage(StrEnum):
    """Whose e-mails are written into the outbox now. TESTING: the share that decides between variants; WAITING: for
    its answer; REST: everybody else; EXPANDED: all are in the outbox."""

    ALL = "all"
    TESTING = "testing"
    WAITING = "waiting"
    REST = "rest"
    EXPANDED = "expanded"


class WinnerRule(StrEnum):
    """By what the better variant is found; NONE: all recipients are shared out and nobody decides."""

    NONE = "none"
    CLICKS = "clicks"
    OPENS = "opens"
    ORDERS = "orders"


class Mailing(Record):
    """One send. `segment_id`: whom it goes to; empty: everybody who wants its `topic`. `campaign`: the utm_campaign.

    `holdout_percent` of the recipients get nothing, so that its effect is known. With a `winner_by` and several
    variants, `test_percent` of the others get them in equal shares, and `winner_after_hours` later the rest gets the
    better one. `cursor` is the last contact that was looked at in this `stage`; `edition` counts changes of its texts.
    """

    __tablename__ = "ecrm_mailing"
    __table_args__ = (Index(None, "state", "start_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    topic: Mapped[str] = mapped_column(String(20))
    segment_id: Mapped[int | None] = mapped_column(BigInteger)
    campaign: Mapped[str] = mapped_column(String(100), default="")
    state: Mapped[str] = mapped_column(String(20), default=MailingState.DRAFT)
    stage: Mapped[str] = mapped_column(String(20), default=Stage.ALL)
    cursor: Mapped[int] = mapped_column(BigInteger, default=0)
    edition: Mapped[int] = mapped_column(default=1)
    priority: Mapped[int] = mapped_column(default=USUAL_PRIORITY)
    holdout_percent: Mapped[int] = mapped_column(default=0)
    test_percent: Mapped[int] = mapped_column(default=100)
    winner_by: Mapped[str] = mapped_column(String(20), default=WinnerRule.NONE)
    winner_after_hours: Mapped[int] = mapped_column(default=4)
    winner: Mapped[str] = mapped_column(String(20), default="")
    decision: Mapped[dict[str, Any]] = mapped_column(default=dict)
    decide_at: Mapped[datetime | None]
    start_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class MailingVariant(Record):
    """What one variant says; `content["blocks"]` as the editor keeps them, also while they aren't complete."""

    __tablename__ = "ecrm_mailing_variant"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("ecrm_mailing.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    subject: Mapped[str] = mapped_column(String(300), default="")
    preview: Mapped[str] = mapped_column(String(300), default="")
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The blocks as they are kept."""
        return list(self.content.get("blocks", []))

    @property
    def edition(self) -> str:
        """Names these texts: who saves says which ones they changed, so that nobody's are overwritten unseen."""
        said = json.dumps([self.subject, self.preview, self.blocks], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def draft(self) -> Draft:
        """Its texts, checked.

        Raises:
            Unwritable: with everything that is wrong.
        """
        return read_draft(self.subject, self.preview, self.blocks)


class MailingHoldout(Record):
    """A contact that would have got a mailing and was left out, so that its effect can be told."""

    __tablename__ = "ecrm_mailing_holdout"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("ecrm_mailing.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]


def source_of(mailing_id: int) -> str:
    """As `Email.source` names a mailing."""
    return f"mailing:{mailing_id}"


def create(session: Session, *, name: str, topic: str, by: str, now: datetime) -> Mailing:
    """A new draft with one empty variant."""
    mailing = Mailing(name=name, topic=topic, created_by=by[:100], created_at=now, changed_at=now, decision={})
    session.add(mailing)
    session.flush()
    session.add(MailingVariant(mailing_id=mailing.id, name=VARIANTS[0], content={"blocks": []}))
    session.flush()
    return mailing


def variants_of(session: Session, mailing_id: int) -> Sequence[MailingVariant]:
    """Its variants by name."""
    query = select(MailingVariant).where(MailingVariant.mailing_id == mailing_id).order_by(MailingVariant.name)
    return session.scalars(query).all()


def add_variant(session: Session, mailing: Mailing) -> MailingVariant | None:
    """A further variant that begins as a copy of the first; None where there are as many as can be."""
    present = variants_of(session, mailing.id)
    free = [name for name in VARIANTS if name not in {one.name for one in present}]
    if not free:
        return None
    first = present[0]
    added = MailingVariant(
        mailing_id=mailing.id, name=free[0], subject=first.subject, preview=first.preview, content=dict(first.content)
    )
    session.add(added)
    session.flush()
    return added


def schedule(session: Session, mailing_id: int, *, at: datetime, now: datetime) -> bool:
    """A draft begins at `at`; False where it is no draft any more. Whether it can be sent is checked by the caller."""
    mailing = session.get_one(Mailing, mailing_id)
    several = len(variants_of(session, mailing_id)) > 1
    tested = several and mailing.winner_by != WinnerRule.NONE and mailing.test_percent < 100
    stage = Stage.TESTING if tested else Stage.ALL
    return _step(
        session, mailing_id, MailingState.DRAFT,
        {"state": MailingState.SCHEDULED, "start_at": at, "stage": stage, "cursor": 0, "changed_at": now},
    )  # fmt: skip


def withdraw(session: Session, mailing_id: int, *, now: datetime) -> bool:
    """A scheduled mailing becomes a draft again; False where it has begun."""
    return _step(
        session, mailing_id, MailingState.SCHEDULED,
        {"state": MailingState.DRAFT, "start_at": None, "changed_at": now},
    )  # fmt: skip


def start_due(session: Session, *, now: datetime) -> list[int]:
    """Start what is due; each mailing is started by one caller only."""
    due = select(Mailing.id).where(Mailing.state == MailingState.SCHEDULED, Mailing.start_at <= now)
    values = {"state": MailingState.RUNNING, "started_at": now, "changed_at": now}
    return [id_ for id_ in session.scalars(due).all() if _step(session, id_, MailingState.SCHEDULED, values)]


def pause(session: Session, mailing_id: int, *, now: datetime) -> bool:
    """Hold what isn't under way yet; at most the e-mails that are handed over at this moment still go out."""
    paused = _step(session, mailing_id, MailingState.RUNNING, {"state": MailingState.PAUSED, "changed_at": now})
    if paused:
        pausing.pause(session, source_of(mailing_id), reason=PAUSED, now=now)
    return paused


def go_on(session: Session, mailing_id: int, *, by: str, now: datetime) -> bool:
    """End a pause, whoever or whatever began it; what was held because of it is due at once."""
    resumed = _step(session, mailing_id, MailingState.PAUSED, {"state": MailingState.RUNNING, "changed_at": now})
    for one in pausing.standing_pauses(session):
        if one.what == source_of(mailing_id):
            resumed = pausing.release(session, one.id, by=by, now=now) or resumed
    if resumed:
        session.execute(
            update(Email)
            .where(Email.source == source_of(mailing_id), Email.state == State.DEFERRED, Email.reason == PAUSED)
            .values(due_at=now)
        )
    return resumed


PAUSED = "the mailing is paused"
ENDED = "the mailing was stopped"


def stop(session: Session, mailing_id: int, *, now: datetime) -> int | None:
    """End it for good and drop what waits; returns how many e-mails that were, None where it had ended before."""
    stopped: Any = session.execute(
        update(Mailing)
        .where(
            Mailing.id == mailing_id,
            Mailing.state.in_((MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED)),
        )
        .values(state=MailingState.STOPPED, finished_at=now, changed_at=now)
    )
    if not stopped.rowcount:
        return None
    dropped: Any = session.execute(
        update(Email)
        .where(Email.source == source_of(mailing_id), Email.state.in_((State.QUEUED, State.DEFERRED)))
        .values(state=State.DROPPED, reason=ENDED)
    )
    return int(dropped.rowcount)


def finish(session: Session, mailing_id: int, *, now: datetime) -> bool:
    """End a mailing of which nothing waits any more."""
    waits = select(Email.id).where(Email.source == source_of(mailing_id), Email.state.in_(WAITING))
    done: Any = session.execute(
        update(Mailing)
        .where(
            Mailing.id == mailing_id, Mailing.state == MailingState.RUNNING, Mailing.stage == Stage.EXPANDED,
            ~waits.exists(),
        )
        .values(state=MailingState.FINISHED, finished_at=now, changed_at=now)
    )  # fmt: skip
    return bool(done.rowcount)


def counts(session: Session, mailing_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """E-mails of mailings by state."""
    sources = {source_of(one): one for one in mailing_ids}
    query = select(Email.source, Email.state, func.count()).where(Email.source.in_(sources))
    found: dict[int, dict[str, int]] = {one: {} for one in mailing_ids}
    for source, state, count in session.execute(query.group_by(Email.source, Email.state)):
        found[sources[source]][state] = count
    return found


def forget(session: Session, contact_id: int) -> None:
    """After an erasure: that a mailbox was left out still counts, whose it was isn't known any more."""
    session.execute(update(MailingHoldout).where(MailingHoldout.contact_id == contact_id).values(customer_id=None))


def _step(session: Session, mailing_id: int, before: MailingState, values: Mapping[str, Any]) -> bool:
    taken: Any = session.execute(
        update(Mailing).where(Mailing.id == mailing_id, Mailing.state == before).values(**values)
    )
    return bool(taken.rowcount)
