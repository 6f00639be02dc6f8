"""Mail as it came in: kept before it is answered for, so that whatever fails afterwards loses nothing.

The raw message stays until it is older than `ECRM_DESK_MAIL_DAYS`, whatever became of it: from there it can be read
again when something about it went wrong.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, func, select, update
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from mailer.inbound.message import Inbound
from tracking.email_address import fold
from tracking.record import BigId, Record, insert_once

from .cases import Case

MOST_BYTES = 30_000_000
"""Of a message that is taken; the usual limit of mail servers is 25 MB of files, a third more in base64."""


class State(StrEnum):
    """What became of it. TAKEN: kept, not read yet. PUT_ASIDE and SPAM wait for a person, who makes a case of them or
    dismisses them."""

    TAKEN = "taken"
    CASE = "case"
    PUT_ASIDE = "put_aside"
    SPAM = "spam"
    DISMISSED = "dismissed"


WAITING = (State.PUT_ASIDE, State.SPAM)
MOST_ATTEMPTS = 3
"""After so many that ended with the process, a letter is put aside, and only its beginning is read from then on."""
_READING = timedelta(minutes=10)
"""Whoever began to read may still be at it for so long."""


class InboundMail(Record):
    """One message. `raw` is zlib-compressed, None once it was forgotten; `why` says in words why it waits.

    `dedup_key` is made of the Message-ID and the body: a server that hands a message over twice adds lines above it,
    and some programs use a Message-ID twice for different words. `attempts` counts how often reading it was begun
    and never finished.
    """

    __tablename__ = "ecrm_inbound_mail"
    __table_args__ = (Index(None, "state", "id"), Index(None, "from_folded", "received_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dedup_key: Mapped[str] = mapped_column(String(64), unique=True)
    source: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(254), default="")
    from_folded: Mapped[str] = mapped_column(String(254), default="")
    subject: Mapped[str] = mapped_column(String(300), default="")
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(12), default=State.TAKEN)
    why: Mapped[str] = mapped_column(String(200), default="")
    case_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    digested_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]

    @property
    def message(self) -> bytes | None:
        """The message as it came; None once it was forgotten."""
        return None if self.raw is None else zlib.decompress(self.raw)

    @property
    def ended_processes(self) -> bool:
        """Whether reading it whole was begun too often and never finished."""
        return self.attempts > MOST_ATTEMPTS


def keep(session: Session, raw: bytes, *, source: str, recipient: str, now: datetime) -> int | None:
    """Write a message down, in the caller's transaction; None where it is kept already."""
    values: dict[str, Any] = {
        "dedup_key": _dedup_key(raw), "source": source, "recipient": fold(recipient)[:254], "from_folded": "",
        "subject": "", "raw": zlib.compress(raw, 6), "size": len(raw), "received_at": now, "state": State.TAKEN,
        "why": "", "attempts": 0,
    }  # fmt: skip
    return insert_once(session, InboundMail, values)


def begin(session: Session, mail_id: int, *, states: Collection[State], now: datetime) -> InboundMail | None:
    """The message, with one attempt more; None where it is in none of these states, or forgotten.

    To be committed before it is read: what reads it may end with it.
    """
    begun: Any = session.execute(
        update(InboundMail)
        .where(InboundMail.id == mail_id, InboundMail.state.in_(states), InboundMail.raw.is_not(None))
        .values(attempts=InboundMail.attempts + 1, tried_at=now)
        .execution_options(synchronize_session=False)
    )
    return session.get_one(InboundMail, mail_id) if begun.rowcount else None


def claim(session: Session, mail_id: int, read: Inbound, *, states: Collection[State], now: datetime) -> bool:
    """Lock a message that stands in one of these states and note who wrote it; False where another process has it."""
    taken: Any = session.execute(
        update(InboundMail)
        .where(InboundMail.id == mail_id, InboundMail.state.in_(states))
        .values(from_folded=fold(read.from_address)[:254], subject=read.subject[:300], digested_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount)


def settle(
    session: Session,
    mail_id: int,
    state: State,
    *,
    states: Collection[State],
    why: str = "",
    case_id: int | None = None,
    finished: bool = True,
) -> bool:
    """Say what became of a message that stands in one of these states, and whether it was read to its end; False where
    another process said so meanwhile."""
    attempts: dict[str, Any] = {"attempts": 0} if finished else {}
    done: Any = session.execute(
        update(InboundMail)
        .where(InboundMail.id == mail_id, InboundMail.state.in_(states))
        .values(state=state, why=why[:200], case_id=case_id, **attempts)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)


def waiting(session: Session, *, limit: int, before_id: int | None = None) -> Sequence[InboundMail]:
    """What waits for a person, the newest first, without the messages themselves."""
    query = select(InboundMail).where(InboundMail.state.in_(WAITING)).options(defer(InboundMail.raw))
    if before_id is not None:
        query = query.where(InboundMail.id < before_id)
    return session.scalars(query.order_by(InboundMail.id.desc()).limit(limit)).all()


def count_waiting(session: Session) -> int:
    """How many wait for a person."""
    return session.scalar(select(func.count()).where(InboundMail.state.in_(WAITING))) or 0


def undigested(session: Session, *, before: datetime, limit: int = 100) -> Sequence[int]:
    """What was taken before a moment and is read by nobody: the process died meanwhile."""
    idle = InboundMail.tried_at.is_(None) | (InboundMail.tried_at <= before - _READING)
    query = select(InboundMail.id).where(InboundMail.state == State.TAKEN, InboundMail.received_at <= before, idle)
    return session.scalars(query.order_by(InboundMail.id).limit(limit)).all()


def messages_since(session: Session, address: str, *, since: datetime) -> int:
    """How many messages of an address were read since a moment."""
    mine = select(func.count()).where(InboundMail.from_folded == fold(address), InboundMail.received_at > since)
    return session.scalar(mine) or 0


def forget_before(session: Session, moment: datetime, *, limit: int = 500) -> int:
    """Forget messages that came before a moment: those that became a case or were dismissed keep a row without words,
    so that they aren't taken again; says how many. What waits for a person goes too: nobody wanted it for so long."""
    old = select(InboundMail.id).where(InboundMail.received_at < moment, InboundMail.raw.is_not(None))
    ids = session.scalars(old.order_by(InboundMail.id).limit(limit)).all()
    _empty(session, ids)
    return len(ids)


def forget_person(session: Session, *, customers: Collection[int], addresses: Collection[str]) -> int:
    """Empty what came from these addresses, or is in a case of these customers; says how many."""
    folded = [fold(address)[:254] for address in addresses if address.strip()]
    cases = select(Case.id).where(Case.customer_id.in_(customers))
    mine = InboundMail.from_folded.in_(folded) | InboundMail.case_id.in_(cases)
    ids = session.scalars(select(InboundMail.id).where(mine)).all()
    _empty(session, ids)
    return len(ids)


def dismiss(session: Session, mail_id: int) -> bool:
    """Nothing is to become of it, because a person decided so; False where it doesn't wait any more."""
    done: Any = session.execute(
        update(InboundMail)
        .where(InboundMail.id == mail_id, InboundMail.state.in_(WAITING))
        .values(state=State.DISMISSED)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)


def _empty(session: Session, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), 500):
        some = InboundMail.id.in_(ids[start : start + 500])
        session.execute(
            update(InboundMail)
            .where(some, InboundMail.state.in_((*WAITING, State.TAKEN)))
            .values(state=State.DISMISSED)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            update(InboundMail)
            .where(some)
            .values(raw=None, from_folded="", recipient="", subject="", why="")
            .execution_options(synchronize_session=False)
        )


def _dedup_key(raw: bytes) -> str:
    head, _, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    unfolded = re.sub(rb"\n[ \t]+", b" ", head.replace(b"\r\n", b"\n")).lower()  # Outlook folds it before the id
    message_id = next((line for line in unfolded.split(b"\n") if line.startswith(b"message-id:")), b"")
    return sha256(message_id + b"\n" + body if b"<" in message_id else raw).hexdigest()
