"""Claims: the outbox in SQL, as the sender works through it. Prebuilt statements; whoever calls commits.

    claim a batch → commit → write it → announce → hand over: `handed_at` set, and asked once more whether the person
    may be written to → commit → the mail server → mark

A claim belongs to `claimed_by` and only its owner changes it. One that was never handed over was seen by nobody: when
its owner has died, it is simply queued again. One that was handed over is in doubt.

Locks on PostgreSQL, always in this order: contacts by id, then e-mails; whoever withdraws a consent takes the contact,
too. What somebody else holds just now is skipped by a claim, and waited for by a hand-over. SQLite has one lock.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from .consent import may_receive, why_not
from .contacts import Contact
from .outbox import Email, State, state_of_few
from .pausing import MARKETING as ALL_MARKETING
from .pausing import standing_pauses

STALE_UNSENT = timedelta(minutes=3)
"""A claim this old that wasn't handed over is somebody else's to take; doing so is safe at any time."""
STALE_AFTER = timedelta(minutes=10)
"""A hand-over this old belongs to a process that died; longer than any transport's patience."""
DOUBT_PAUSE = timedelta(minutes=5)


class Stream(StrEnum):
    """Sent apart from each other, so that a mailing never delays a confirmation."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


def _in(name: str) -> Any:
    return bindparam(name, expanding=True)


_ERASED = Email.to_address == ""
_CODE = re.compile(r"[245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?\b")
_Sibling = aliased(Contact)
_QUIET = {"synchronize_session": False}
_WAITING = (State.QUEUED, State.DEFERRED)
_IN_DOUBT = (Email.state == State.UNKNOWN, Email.transactional, Email.doubts == 1, ~_ERASED)
_FEW = state_of_few()
_MAY_BE_SENT = or_(_FEW.in_(_WAITING), and_(_FEW == State.UNKNOWN, *_IN_DOUBT[1:]))
_NEXT_PRIORITY = select(func.max(Email.priority)).where(
    Email.state == bindparam("state"), Email.transactional == bindparam("transactional"),
    Email.priority < bindparam("below"),
)  # fmt: skip
_OLDEST = (
    select(Email.id, Email.due_at, Email.contact_id)
    .where(
        Email.state == bindparam("state"), Email.transactional == bindparam("transactional"),
        Email.priority == bindparam("priority"), Email.due_at <= bindparam("now"),
    )
    .order_by(Email.due_at, Email.id)
    .limit(bindparam("n"))
)  # fmt: skip
_DOUBTED = (
    select(Email.id, Email.due_at, Email.contact_id)
    .where(*_IN_DOUBT, Email.due_at <= bindparam("now"))
    .order_by(Email.due_at, Email.id)
    .limit(bindparam("n"))
)
_SMALLEST = select(func.min(_Sibling.id)).where(_Sibling.customer_id == Contact.customer_id).scalar_subquery()
_FIRST_MAILBOXES = select(Contact.id, _SMALLEST).where(Contact.id.in_(_in("ids")))
_SPARE_CONTACTS = (
    select(Contact.id).where(Contact.id.in_(_in("ids"))).order_by(Contact.id).with_for_update(skip_locked=True)
)
_CONTACTS = select(Contact.id).where(Contact.id.in_(_in("ids"))).order_by(Contact.id).with_for_update()
_SPARE_EMAILS = select(Email.id).where(Email.id.in_(_in("ids"))).order_by(Email.id).with_for_update(skip_locked=True)
_CLAIM = (
    update(Email)
    .where(Email.id.in_(_in("ids")), _MAY_BE_SENT, Email.due_at <= bindparam("now"))
    .values(state=State.CLAIMED, claimed_at=bindparam("now"), claimed_by=bindparam("owner"), handed_at=None, reason="")
    .returning(Email)
    .execution_options(synchronize_session=False)
)
_FORBIDDEN = select(Email.id, why_not()).where(Email.id.in_(_in("ids")), ~may_receive())
_TABLE: Any = Email.__table__
# Of the table, not of the class: asked for each turn of the lines, where the ORM costs as much as the database.
_OUR_ROWS = (_TABLE.c.id.in_(_in("ids")), _FEW == State.CLAIMED, _TABLE.c.claimed_by == bindparam("owner"))
_HAND_OVER = (
    update(_TABLE).where(*_OUR_ROWS, may_receive()).values(handed_at=bindparam("now")).returning(_TABLE.c.id)
)  # fmt: skip
_SENT = (
    update(_TABLE)
    .where(*_OUR_ROWS)
    .values(
        state=State.SENT, sent_at=bindparam("now"), attempts=_TABLE.c.attempts + 1, last_error="", reason=""
    )
)  # fmt: skip
_RELEASE = (
    update(Email)
    .where(Email.claimed_by == bindparam("owner"), Email.state == State.CLAIMED, Email.handed_at.is_(None))
    .values(state=State.QUEUED, claimed_by="")
)
_KEEP_WORDS = (
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("email"),
        _TABLE.c.claimed_by == bindparam("owner"),
        _FEW == State.CLAIMED,  # its person may have been erased while it was written
    )
    .values(subject=bindparam("words"), content=bindparam("said"))
)


def candidates(session: Session, stream: Stream | None, *, n: int, now: datetime) -> dict[int, int | None]:
    """Up to `n` e-mails that are due, each with its contact: the highest priority first, then the oldest.

    Asked priority by priority, so that the index answers however long the list is. What is paused stays where it is.
    """
    found: dict[int, int | None] = {}
    if stream is not Stream.MARKETING:
        doubted = session.execute(_DOUBTED, {"now": now, "n": n})
        found.update((row[0], row[2]) for row in doubted)
    paused = {pause.what for pause in standing_pauses(session)}
    for transactional in _sides(stream):
        if not transactional and ALL_MARKETING in paused:
            continue
        oldest = _OLDEST if transactional or not paused else _OLDEST.where(Email.source.not_in(paused))
        below = 1 << 30
        while len(found) < n:
            priority = max(
                (
                    at
                    for state in _WAITING
                    if (at := session.scalar(_NEXT_PRIORITY, _of(state, transactional) | {"below": below})) is not None
                ),
                default=None,
            )
            if priority is None:
                break
            rows = [
                row
                for state in _WAITING
                for row in session.execute(
                    oldest, _of(state, transactional) | {"priority": priority, "now": now, "n": n - len(found)}
                )
            ]
            rows.sort(key=lambda row: (row[1], row[0]))
            found.update((row[0], row[2]) for row in rows[: n - len(found)])
            below = priority
    return found


def _sides(stream: Stream | None) -> tuple[bool, ...]:
    return (True, False) if stream is None else (stream is Stream.TRANSACTIONAL,)


def _of(state: State, transactional: bool) -> dict[str, Any]:
    return {"state": state, "transactional": transactional}


def claim(session: Session, stream: Stream | None, *, owner: str, n: int, now: datetime) -> list[Email]:
    """Take up to `n` due e-mails, best first; those that may not be sent are marked as suppressed, and left out."""
    wanted = candidates(session, stream, n=n, now=now)
    if not wanted:
        return []  # nothing is written, so that a call every few seconds takes no lock
    if session.get_bind().dialect.name == "postgresql":
        spare = _locked(session, {contact for contact in wanted.values() if contact is not None})
        ids = [email for email, contact in wanted.items() if contact is None or contact in spare]
        ids = list(session.scalars(_SPARE_EMAILS, {"ids": ids}))
    else:
        ids = list(wanted)
    claimed = {row.id: row for row in session.scalars(_CLAIM, {"ids": ids, "now": now, "owner": owner})}
    for email_id, why in session.execute(_FORBIDDEN, {"ids": list(claimed)}).all() if claimed else ():
        mark(session, [email_id], owner=owner, state=State.SUPPRESSED, reason=why)
        del claimed[email_id]
    return [claimed[email_id] for email_id in wanted if email_id in claimed]


def contacts_free(session: Session, emails: Sequence[Email]) -> bool:
    """Whether nobody holds the contacts of these; takes them then, for `hand_over` in the same transaction."""
    contacts = sorted({email.contact_id for email in emails if email.contact_id is not None})
    if not contacts or session.get_bind().dialect.name != "postgresql":
        return True
    return len(session.scalars(_SPARE_CONTACTS, {"ids": contacts}).all()) == len(contacts)


def _locked(session: Session, contacts: set[int]) -> set[int]:
    """Those whose lock nobody else has; who has several mailboxes is locked by the first of them, too, so that no two
    workers judge the same person."""
    if not contacts:
        return set()
    rows = session.execute(_FIRST_MAILBOXES, {"ids": sorted(contacts)}).all()
    first = {contact: smallest for contact, smallest in rows if smallest is not None}
    held = set(session.scalars(_SPARE_CONTACTS, {"ids": sorted(contacts | set(first.values()))}))
    return {one for one in contacts & held if first.get(one, one) in held}


def hand_over(session: Session, emails: Sequence[Email], *, owner: str, now: datetime) -> set[int]:
    """Which of these claimed e-mails may go out this very moment; the others are marked with the reason."""
    ids = [email.id for email in emails]
    contacts = sorted({email.contact_id for email in emails if email.contact_id is not None})
    if contacts and session.get_bind().dialect.name == "postgresql":
        session.execute(_CONTACTS, {"ids": contacts})
    given = set(session.connection().scalars(_HAND_OVER, {"ids": ids, "owner": owner, "now": now}))
    if refused := [email_id for email_id in ids if email_id not in given]:
        for email_id, why in session.execute(_FORBIDDEN, {"ids": refused}).all():
            mark(session, [email_id], owner=owner, state=State.SUPPRESSED, reason=why)
    return given


def mark(session: Session, ids: Collection[int], *, owner: str, **values: Any) -> int:
    """Only while the claim is still the owner's: a stale one may have gone to another process meanwhile.

    Where its person was erased while it was under way, of a server's answer (`last_error`), which mostly names the
    mailbox, only the code is kept, and it isn't queued again.

    Returns:
        How many were.
    """
    ours = (Email.id.in_(ids), _FEW == State.CLAIMED, Email.claimed_by == owner)
    if said := values.get("last_error"):
        code = _CODE.match(said)
        values["last_error"] = case((_ERASED, code.group() if code else ""), else_=said)
    if values.get("state") in _WAITING:
        values["state"] = case((_ERASED, State.SUPPRESSED.value), else_=str(values["state"]))
    marked: Any = session.execute(update(Email).where(*ours).values(**values).execution_options(**_QUIET))
    return int(marked.rowcount)


def mark_sent(session: Session, ids: Sequence[int], *, owner: str, now: datetime) -> int:
    """As `mark`, for what nearly always happens."""
    marked: Any = session.connection().execute(_SENT, {"ids": ids, "owner": owner, "now": now})
    return int(marked.rowcount)


def keep_words(session: Session, said: Mapping[int, tuple[str, dict[str, Any]]], *, owner: str) -> None:
    """Keep the subject and content that were found for claimed e-mails."""
    rows = [
        {"email": email, "owner": owner, "words": subject, "said": content}
        for email, (subject, content) in said.items()
    ]
    if rows:
        session.connection().execute(_KEEP_WORDS, rows)


def let_next(session: Session, stayed: Sequence[Email], *, now: datetime) -> int:
    """What waits because one of these was to go first is due again: its writer held or dropped it after all.

    Returns:
        How many are asked about once more.
    """
    found: set[int] = set()
    for email in stayed:
        if email.contact_id is None or email.transactional:
            continue
        theirs = Email.contact_id == email.contact_id
        if email.customer_id is not None:
            theirs = theirs | (Email.customer_id == email.customer_id)
        lost = Email.reason.contains(f": {email.source or 'another'} ", autoescape=True)
        found.update(session.scalars(select(Email.id).where(theirs, Email.state == State.DEFERRED, lost)))
    if not found:
        return 0
    ids = list(session.scalars(_SPARE_EMAILS, {"ids": sorted(found)}))
    again: Any = session.execute(
        update(Email)
        .where(Email.id.in_(ids), Email.state == State.DEFERRED)
        .values(state=State.QUEUED, due_at=now, reason="")
        .execution_options(**_QUIET)
    )
    return int(again.rowcount)


def release(session: Session, *, owner: str) -> int:
    """Queue again what was claimed and not handed over."""
    released: Any = session.execute(_RELEASE, {"owner": owner}, execution_options=_QUIET)
    return int(released.rowcount)


def give_up_stale(session: Session, *, now: datetime) -> int:
    """Claims of processes that died: what wasn't handed over is queued again, the rest is in doubt.

    Returns:
        How many are in doubt.
    """
    claimed = Email.state == State.CLAIMED
    unsent = (claimed, Email.handed_at.is_(None), Email.claimed_at <= now - STALE_UNSENT)
    handed = (claimed, Email.handed_at.is_not(None), Email.handed_at <= now - STALE_AFTER)
    doubtful = 0
    if session.scalar(select(Email.id).where(*unsent).limit(1)) is not None:
        session.execute(update(Email).where(*unsent).values(state=State.QUEUED).execution_options(**_QUIET))
    if session.scalar(select(Email.id).where(*handed).limit(1)) is not None:
        given_up: Any = session.execute(
            update(Email)
            .where(*handed)
            .values(**in_doubt("the process ended while sending", now))
            .execution_options(**_QUIET)
        )
        doubtful = int(given_up.rowcount)
    return doubtful


def in_doubt(reason: str, now: datetime) -> dict[str, Any]:
    """What is written to an e-mail of which only the mail server knows whether it was taken."""
    return {
        "state": State.UNKNOWN,
        "doubts": Email.doubts + 1,
        "attempts": Email.attempts + 1,
        "due_at": now + DOUBT_PAUSE,
        "last_error": reason[:500],
    }
