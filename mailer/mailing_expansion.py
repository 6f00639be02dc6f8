"""Expansion: a mailing's recipients become rows of the outbox, chunk by chunk, each chunk in a transaction of its own.

A chunk's transaction first takes the mailing's row, then reads where the last one ended, writes the next rows and the
new end. So any number of workers may expand at once, a killed one leaves no half of a chunk, and memory doesn't grow
with the list. Nobody gets it twice, whatever their mailboxes are and even where the segment changes meanwhile: under
that row's lock it is looked up who was decided about (`mailing_people`), and dedup keys are made by person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from . import dedup
from .addressing import BadHeader, Mailbox, as_name
from .consent import Subscription
from .mailing_people import Person, people_of
from .mailings import Mailing, MailingHoldout, MailingState, MailingVariant, Stage, source_of, variants_of
from .outbox import Email, State, message_id_for

CHUNK = 500
DEADLINE = timedelta(days=3)
"""A mailing's e-mail that lost to others for so long isn't sent any more."""

Members = Callable[[Session, Mailing, int, int], Sequence[int]]
"""Contacts of the mailing's audience, in the order of their ids: session, mailing, the last one seen, how many."""


@dataclass(frozen=True)
class Chunk:
    """What a chunk did. `more`: there may be another one."""

    queued: int = 0
    held_out: int = 0
    more: bool = False


def expand(session: Session, mailing_id: int, *, members: Members, sender: Mailbox, now: datetime) -> Chunk:
    """Write the next chunk of a running mailing into the outbox; the caller commits after each."""
    taken: Any = session.execute(
        update(Mailing)
        .where(
            Mailing.id == mailing_id, Mailing.state == MailingState.RUNNING,
            Mailing.stage.in_((Stage.ALL, Stage.TESTING, Stage.REST)),
        )
        .values(changed_at=now)
    )  # fmt: skip
    if not taken.rowcount:
        return Chunk()
    mailing = session.get_one(Mailing, mailing_id, populate_existing=True)
    found = members(session, mailing, mailing.cursor, CHUNK)
    if not found:
        _next_stage(mailing, now)
        session.flush()
        return Chunk(more=mailing.stage == Stage.REST)
    people = people_of(session, mailing_id, topic=mailing.topic, contact_ids=found)
    chosen, held_out = _shared_out(mailing, variants_of(session, mailing_id), people)
    rows = [row for one, variant in chosen if (row := _row(mailing, one, variant, sender, now)) is not None]
    left = [
        {"mailing_id": mailing_id, "contact_id": one.contact_id, "customer_id": one.customer_id, "at": now}
        for one in held_out
    ]
    written = _insert(session, Email, rows)
    _insert(session, MailingHoldout, left)
    mailing.cursor = found[-1]
    session.flush()
    return Chunk(written, len(left), more=True)


def everybody(session: Session, mailing: Mailing, after: int, limit: int) -> Sequence[int]:
    """The audience of a mailing without a segment: everybody who wants its topic."""
    query = (
        select(Subscription.contact_id)
        .where(Subscription.topic == mailing.topic, Subscription.wanted, Subscription.contact_id > after)
        .order_by(Subscription.contact_id)
        .limit(limit)
    )
    return session.scalars(query).all()


def fraction(mailing_id: int, lot: str, purpose: str) -> float:
    """A number from 0 to 1 that is always the same for a mailing, a person's lot and a purpose, and looks drawn."""
    digest = blake2b(f"{mailing_id}:{purpose}:{lot}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _shared_out(
    mailing: Mailing, variants: Sequence[MailingVariant], people: Sequence[Person]
) -> tuple[list[tuple[Person, MailingVariant]], list[Person]]:
    """Which of these get which variant in this stage, and who is left out for good."""
    chosen: list[tuple[Person, MailingVariant]] = []
    held_out: list[Person] = []
    winner = next((one for one in variants if one.name == mailing.winner), None)
    for one in people:
        if fraction(mailing.id, one.lot, "holdout") * 100 < mailing.holdout_percent:
            held_out.append(one)
            continue
        of_test = fraction(mailing.id, one.lot, "test") * 100 < mailing.test_percent
        if mailing.stage == Stage.TESTING and not of_test:
            continue  # the rest is whoever was left over, not a lot: that changes where a mailbox gets an owner
        drawn = variants[int(fraction(mailing.id, one.lot, "variant") * len(variants))]
        chosen.append((one, winner if mailing.stage == Stage.REST and winner else drawn))
    return chosen, held_out


def _next_stage(mailing: Mailing, now: datetime) -> None:
    if mailing.stage == Stage.TESTING:
        mailing.stage, mailing.decide_at = Stage.WAITING, now + timedelta(hours=mailing.winner_after_hours)
    else:
        mailing.stage = Stage.EXPANDED
    mailing.cursor = 0


def _row(
    mailing: Mailing, person: Person, variant: MailingVariant, sender: Mailbox, now: datetime
) -> dict[str, Any] | None:
    try:
        to = Mailbox(as_name(person.name), person.address)
    except BadHeader:
        return None
    key = dedup.mailing(mailing.id, person.lot)
    return {
        "dedup_key": key, "template": "mailing", "customer_id": person.customer_id, "contact_id": person.contact_id,
        "topic": mailing.topic, "source": source_of(mailing.id), "mailing_id": mailing.id, "step": 0,
        "variant": variant.name, "priority": mailing.priority,
        "content": {"deadline": (now + DEADLINE).isoformat()},
        "from_address": sender.address, "from_name": sender.name, "to_address": to.address, "to_name": to.name,
        "subject": variant.subject, "text": "", "html": "",
        "message_id": message_id_for(queued_at=now, domain=sender.domain),
        "transactional": False, "state": State.QUEUED, "attempts": 0, "doubts": 0, "queued_at": now, "due_at": now,
        "claimed_by": "", "last_error": "", "reason": "",
    }  # fmt: skip


def _insert(session: Session, record: Any, rows: list[dict[str, Any]]) -> int:
    """Rows whose key isn't taken yet, as one statement; returns how many are new."""
    if not rows:
        return 0
    dialect = session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    table = record.__table__
    statement = make(table).on_conflict_do_nothing().returning(*table.primary_key)
    return len(session.connection().execute(statement, rows).all())
