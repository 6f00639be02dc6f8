"""Saying something in a case: a message in, out or among staff, with what it does to the case's state and clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecrm.storefront import Staff
from tracking.email_address import fold
from tracking.record import insert_once

from .case import Case, Channel, State
from .changing import move, take
from .clock import note_breaches, reckon
from .message import AttachmentContent, CaseAttachment, CaseMessage, CaseRecipient, Direction, Field
from .news import announce
from .step import log_step
from .words import note_words

LONGEST = 500_000
"""Letters of a message that are kept; whole books come as attachments."""


@dataclass(frozen=True)
class Attached:
    """A file of a message."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Recipient:
    """Somebody else whom a message names; `email_id` of the copy that they get."""

    field: Field
    address: str
    email_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message. `by` is the member of staff who wrote it, `author_name` and `from_address` who else did.

    `message_id` with angle brackets, as in the mail. `automatic`: no person wrote it (an out-of-office note): it is
    kept and changes no state. `at` is its place in the conversation, `written_at` what its sender's clock said.
    `from_workshop`: see `CaseMessage`.
    """

    direction: Direction
    text: str
    channel: Channel = Channel.STAFF
    by: Staff | None = None
    author_name: str = ""
    from_address: str = ""
    quoted: str = ""
    html: str = ""
    message_id: str | None = None
    in_reply_to: str = ""
    automatic: bool = False
    from_workshop: bool = False
    at: datetime | None = None
    email_id: int | None = None
    written_at: datetime | None = None
    attachments: tuple[Attached, ...] = ()
    recipients: tuple[Recipient, ...] = ()


def add_message(session: Session, case: Case, said: Said, *, now: datetime) -> CaseMessage:
    """Add a message to a case (or to the one that it was merged into), in the caller's transaction.

    What comes from the customer opens a case that waits for them or is solved; whoever wants a new case instead opens
    one. The first that goes out is the first response. A closed case keeps its state.

    Returns:
        The message; the one that is there already, untouched, where its Message-ID is known.
    """
    if (known := _known(session, said)) is not None:
        return known
    case = _taken(session, case)
    made = insert_once(session, CaseMessage, _values(case, said, now=now))
    if made is None:
        return session.scalars(select(CaseMessage).where(CaseMessage.message_id == said.message_id)).one()
    note_breaches(session, case, now=now)
    note_words(session, case.id, (said.text,))
    for attached in said.attachments:
        _keep(session, made, attached)
    session.add_all(
        CaseRecipient(
            message_id=made, field=one.field, address=one.address[:254], folded=fold(one.address)[:254],
            email_id=one.email_id,
        )
        for one in said.recipients
    )  # fmt: skip
    what = {Direction.IN: "message_in", Direction.OUT: "message_out", Direction.NOTE: "note"}[said.direction]
    log_step(session, case, what, now=now, by=said.by, message=made, **({"automatic": True} if said.automatic else {}))
    if said.direction != Direction.NOTE:
        case.last_message_at = max(case.last_message_at, said.at or now)
    if said.direction == Direction.OUT and not said.automatic:
        case.first_responded_at = case.first_responded_at or now
    if (state := _next_state(case, said)) is not None:
        before = case.state
        move(session, case, state, now=now)
        log_step(session, case, "state", now=now, by=said.by, **{"from": before, "to": state, "why": what})
        announce(session, case)
    reckon(session, case)
    session.flush()
    return session.get_one(CaseMessage, made)


def final(session: Session, case: Case) -> Case:
    """The case itself, or the one that it was merged into."""
    while case.merged_into is not None:
        case = session.get_one(Case, case.merged_into)
    return case


def _taken(session: Session, case: Case) -> Case:
    """The case that goes on, locked: it may have been merged while the lock was waited for."""
    case = final(session, case)
    take(session, case)
    while case.merged_into is not None:
        case = final(session, case)
        take(session, case)
    return case


def _known(session: Session, said: Said) -> CaseMessage | None:
    if said.message_id is None:
        return None
    return session.scalar(select(CaseMessage).where(CaseMessage.message_id == said.message_id))


def plain(text: str) -> str:
    """A text that every database stores: without NUL and unpaired halves of letters, and not without an end."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:LONGEST]


def one_line(text: str, *, longest: int) -> str:
    """A name or subject: printable, in one line."""
    seen = "".join(letter if letter.isprintable() else " " for letter in plain(text))
    return " ".join(seen.split())[:longest].strip()


def _next_state(case: Case, said: Said) -> State | None:
    if said.automatic or case.erased_at is not None:
        return None
    if said.direction == Direction.IN and case.state in {State.WAITING, State.SOLVED}:
        return State.OPEN
    if said.direction == Direction.OUT and case.state == State.NEW:
        return State.OPEN
    return None


def _values(case: Case, said: Said, *, now: datetime) -> dict[str, object]:
    author = said.author_name or (said.by.name if said.by else "")
    return {
        "case_id": case.id, "direction": said.direction, "channel": said.channel,
        "staff_id": said.by.staff_id if said.by else "", "author_name": one_line(author, longest=200),
        "from_folded": fold(said.from_address)[:254] if said.from_address else "",
        "text": plain(said.text), "quoted": plain(said.quoted), "html": plain(said.html),
        "message_id": said.message_id[:500] if said.message_id else None, "in_reply_to": said.in_reply_to[:500],
        "automatic": said.automatic, "from_workshop": said.from_workshop,
        "at": said.at or now, "written_at": said.written_at, "email_id": said.email_id,
    }  # fmt: skip


def _keep(session: Session, message_id: int, attached: Attached) -> None:
    digest = sha256(attached.content).hexdigest()
    insert_once(session, AttachmentContent, {"digest": digest, "content": attached.content})
    session.add(
        CaseAttachment(
            message_id=message_id, name=one_line(attached.name, longest=200) or "file",
            content_type=one_line(attached.content_type, longest=100) or "application/octet-stream",
            size=len(attached.content), digest=digest,
        )
    )  # fmt: skip
