"""Consent: what a contact agreed to get, and the append-only log from which that can be worked out anew."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    bindparam,
    case,
    event,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracking.record import BigId, Record, insert_once

from .contacts import Contact
from .outbox import Email
from .suppression import Reason, Scope, Suppression, lift, lock, standing, stop_waiting, suppress

TRACKING = "tracking"
"""Among the entries of the log: that opening and clicking may be counted for this person."""
EVERYTHING = ""
"""Among the entries of the log: every topic at once."""
_UNSUBSCRIBED = update(Suppression).where(
    Suppression.reason == Reason.UNSUBSCRIBED, Suppression.lifted_at.is_(None)
)  # fmt: skip


class Topic(StrEnum):
    """What marketing may be about; each is agreed to by itself."""

    OFFERS = "offers"
    ARRIVALS = "arrivals"
    RESTOCK = "restock"
    NEWSLETTER = "newsletter"
    REVIEWS = "reviews"
    REMINDERS = "reminders"


class Subscription(Record):
    """Whether a contact wants a topic now; no row means that nobody ever said so, and nothing is sent."""

    __tablename__ = "ecrm_subscription"
    __table_args__ = (Index(None, "topic", "wanted"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(20), primary_key=True)
    wanted: Mapped[bool]
    changed_at: Mapped[datetime]


class ConsentEntry(Record):
    """Append-only: a contact agreed (`given`) or withdrew. `topic`: one of `Topic`, `tracking`, or empty for all.

    `how`: where it was said (checkout, preferences, one_click …). `wording`: the words that were agreed to. `proof`:
    what shows it (the e-mail's id, the order's number …). `actor`: the contact, or who of the staff.
    """

    __tablename__ = "ecrm_consent_entry"
    __table_args__ = (Index(None, "contact_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("ecrm_contact.id"))
    topic: Mapped[str] = mapped_column(String(20))
    given: Mapped[bool]
    how: Mapped[str] = mapped_column(String(40))
    wording: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100), default="")
    proof: Mapped[str] = mapped_column(String(200), default="")


class AppendOnly(RuntimeError):
    """Somebody tried to change or delete an entry of the log."""


def may_receive() -> ColumnElement[bool]:
    """Whether an e-mail of the outbox may go to its mailbox now, in SQL over `Email`.

    Transactional: unless nothing may be sent there. Marketing: only with a contact that isn't held back and wants the
    e-mail's topic. Asked in the UPDATE that hands the e-mail over, in a statement of its own after the contact's row
    was locked: so a withdrawal that was committed before wins, and one that comes later waits for the hand-over.
    """
    return case(
        (Email.transactional, or_(Email.contact_id.is_(None), _blocked() < Scope.EVERYTHING)),
        else_=and_(Email.contact_id.is_not(None), _blocked() == Scope.NOTHING, _wanted()),
    ).is_(True)


def why_not() -> ColumnElement[str]:
    """In SQL over `Email`: in a few words, why `may_receive` says no; empty where it says yes."""
    return case(
        (may_receive(), ""),
        (_blocked() == Scope.EVERYTHING, "the mailbox is on the suppression list"),
        (_blocked() == Scope.MARKETING, "the mailbox gets no marketing"),
        (Email.contact_id.is_(None), "nobody agreed to get this"),
        else_="the topic isn't wanted",
    )


def subscribe(
    session: Session, contact_id: int, topics: Collection[Topic], *, how: str, wording: str, now: datetime,
    actor: str = "", proof: str = "",
) -> list[Topic]:  # fmt: skip
    """The person agreed to these topics; an earlier "no more" of theirs ends. The mailbox must be proved.

    A complaint, a bounce or what staff entered stays: only `lift` ends those.

    Args:
        wording: the words that they agreed to, as they stood there.
        proof: what shows it, e.g. the number of the order in whose checkout it was said.

    Returns:
        Those that are new; the others were agreed to before, and stand as they were.
    """
    lock(session, contact_id)
    lift(session, contact_id, reasons=(Reason.UNSUBSCRIBED,), now=now)
    fresh = [topic for topic in topics if _set_wanted(session, contact_id, topic, True, now)]
    _log(session, contact_id, fresh, given=True, how=how, wording=wording, now=now, actor=actor, proof=proof)
    return fresh


def withdraw(
    session: Session, contact_id: int, topics: Collection[Topic] | None = None, *, how: str, now: datetime,
    actor: str = "", proof: str = "",
) -> bool:  # fmt: skip
    """The person wants these topics no more, or (None) no marketing at all, which also outlives an erasure.

    What waits in the outbox is stopped; see `unsubscribe.settled` for what is under way.

    Returns:
        Whether anything changed: withdrawing again writes nothing into the log.
    """
    lock(session, contact_id)
    ended = [one for one in (topics or tuple(Topic)) if _set_wanted(session, contact_id, one, False, now, only_if=True)]
    if topics is None:
        held = suppress(session, contact_id, reason=Reason.UNSUBSCRIBED, now=now, note=how)
        if ended or held:
            _log(session, contact_id, [EVERYTHING], given=False, how=how, now=now, actor=actor, proof=proof)
        if not held:  # said once more: nothing is agreed anew, but what was agreed to before is over, see below
            session.execute(_UNSUBSCRIBED.where(Suppression.contact_id == contact_id).values(at=now))
        return bool(ended or held)
    stop_waiting(session, contact_id, topics=list(topics), why="the topic isn't wanted any more")
    _log(session, contact_id, ended, given=False, how=how, now=now, actor=actor, proof=proof)
    return bool(ended)


def not_withdrawn_since(
    session: Session, contact_id: int, topics: Collection[Topic], *, since: datetime
) -> list[Topic]:  # fmt: skip
    """Those of these topics that nobody withdrew after `since`, alone or with all: for a consent that is written down
    later than it was given. Takes the contact, so that it stays true until the commit."""
    lock(session, contact_id)
    rows = select(ConsentEntry.topic).where(
        ConsentEntry.contact_id == contact_id, ConsentEntry.given.is_(False), ConsentEntry.at > since
    )
    gone = set(session.scalars(rows))
    again = any(one.at > since for one in standing(session, contact_id, reason=Reason.UNSUBSCRIBED))
    return [] if again or EVERYTHING in gone else [topic for topic in topics if topic not in gone]


def confirm(session: Session, contact_id: int, *, now: datetime) -> bool:
    """Somebody showed that they read this mailbox; says whether that is new."""
    confirmed: Any = session.execute(
        update(Contact).where(Contact.id == contact_id, Contact.confirmed_at.is_(None)).values(confirmed_at=now)
    )
    return bool(confirmed.rowcount)


def allow_tracking(
    session: Session, contact_id: int, allowed: bool, *, how: str, now: datetime, wording: str = "", actor: str = "",
    proof: str = "",
) -> bool:  # fmt: skip
    """The person agreed, or no longer agrees, that opening and clicking are counted for them; whether it is new."""
    changed: Any = session.execute(
        update(Contact)
        .where(Contact.id == contact_id, Contact.tracking_allowed.is_not(allowed))
        .values(tracking_allowed=allowed)
    )
    if not changed.rowcount:
        return False
    _log(session, contact_id, [TRACKING], given=allowed, how=how, wording=wording, now=now, actor=actor, proof=proof)
    return True


_TOPICS = select(Subscription.topic).where(Subscription.contact_id == bindparam("contact"), Subscription.wanted)


def topics_wanted(session: Session, contact_id: int, *, held: Sequence[Suppression] | None = None) -> frozenset[Topic]:
    """What a contact would get now: nothing, where it is held back (`held`, where that was asked before)."""
    if standing(session, contact_id) if held is None else held:
        return frozenset()
    return frozenset(Topic(topic) for topic in session.scalars(_TOPICS, {"contact": contact_id}))


def _blocked() -> Any:
    return select(Contact.blocked).where(Contact.id == Email.contact_id).correlate(Email).scalar_subquery()


def _wanted() -> Any:
    return (
        select(Subscription.contact_id)
        .where(Subscription.contact_id == Email.contact_id, Subscription.topic == Email.topic, Subscription.wanted)
        .correlate(Email)
        .exists()
    )


def _set_wanted(
    session: Session, contact_id: int, topic: Topic, wanted: bool, now: datetime, *, only_if: bool = False
) -> bool:
    """Write it down where it is new. `only_if`: only over what was said before."""
    changed: Any = session.execute(
        update(Subscription)
        .where(
            Subscription.contact_id == contact_id, Subscription.topic == topic, Subscription.wanted.is_not(wanted)
        )
        .values(wanted=wanted, changed_at=now)
    )  # fmt: skip
    if changed.rowcount or only_if:
        return bool(changed.rowcount)
    values = {"contact_id": contact_id, "topic": str(topic), "wanted": wanted, "changed_at": now}
    return insert_once(session, Subscription, values) is not None


def _log(
    session: Session, contact_id: int, topics: Sequence[str], *, given: bool, how: str, now: datetime,
    wording: str = "", actor: str = "", proof: str = "",
) -> None:  # fmt: skip
    rows = [
        {
            "contact_id": contact_id, "topic": str(topic), "given": given, "how": how[:40], "wording": wording[:300],
            "at": now, "actor": actor[:100], "proof": proof[:200],
        }
        for topic in topics
    ]  # fmt: skip
    if rows:
        session.execute(insert(ConsentEntry), rows)


@event.listens_for(ConsentEntry, "before_update")
@event.listens_for(ConsentEntry, "before_delete")
def _refuse(_mapper: Any, _connection: Any, entry: ConsentEntry) -> None:
    raise AppendOnly(f"consent entry {entry.id} can't be changed or deleted")
