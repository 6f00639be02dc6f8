"""Undelivered: an answer that came back, or was never sent, is written into its case, which is open again.

Else an agent would wait for a customer who never got the answer; a copy counts as the answer itself. Bounces come
minutes or days later, from wherever reports are read: so the outbox is looked at by the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, null, select
from sqlalchemy.orm import Session, sessionmaker

from mailer.outbox import Email
from mailer.outbox import State as Sending

from . import cases
from .cases import Case, CaseMessage, CaseRecipient, Changes, Direction, State

LOOKED_AT = timedelta(days=14)
"""Servers give up after five days (RFC 5321 4.5.4.1); what is reported later is shown at the message all the same."""
NOT_ARRIVED = (Sending.BOUNCED, Sending.FAILED, Sending.SUPPRESSED, Sending.DROPPED)
STEP, OF_COPY = "undelivered", "undelivered_copy"
STEPS = (STEP, OF_COPY)
AT_ONCE = 200


def note_undelivered(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Note answers of agents, and their copies, that didn't arrive, each once; says how many. A transaction a case."""
    answers = select(CaseMessage.id, CaseMessage.case_id, Email.state, null().label("copy")).join(
        CaseMessage, CaseMessage.email_id == Email.id
    )
    copies = (
        select(CaseMessage.id, CaseMessage.case_id, Email.state, CaseRecipient.id.label("copy"))
        .join(CaseRecipient, CaseRecipient.email_id == Email.id)
        .join(CaseMessage, CaseMessage.id == CaseRecipient.message_id)
    )
    with sessions() as session:
        found = [row for kind in (answers, copies) for row in session.execute(_not_arrived(kind, now=now))]
    done = 0
    for row in found:
        with sessions.begin() as session:
            case = session.get_one(Case, row.case_id)
            done += _note(session, case, message_id=row.id, copy=row.copy, state=row.state, now=now)
    return done


def _not_arrived(emails: Select[*tuple[Any, ...]], *, now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        emails.join(Case, Case.id == CaseMessage.case_id)
        .where(
            Email.state.in_(NOT_ARRIVED), Email.due_at > now - LOOKED_AT, Case.erased_at.is_(None),
            CaseMessage.direction == Direction.OUT, CaseMessage.automatic.is_(False),
        )
        .order_by(CaseMessage.id.desc())
        .limit(AT_ONCE)
    )  # fmt: skip


def _note(session: Session, case: Case, *, message_id: int, copy: int | None, state: str, now: datetime) -> bool:
    what = STEP if copy is None else OF_COPY
    about: dict[str, Any] = {"message": message_id} if copy is None else {"message": message_id, "copy": copy}
    if _is_noted(session, case, what, about):
        return False
    cases.take(session, case)
    if _is_noted(session, case, what, about):  # somebody else's turn, while this one waited
        return False
    cases.log_step(session, case, what, now=now, **about, sending=state)
    answers = [one.id for one in cases.messages_of(session, case.id) if one.direction == Direction.OUT]
    if message_id == answers[-1] and _waits_in_vain(case):
        cases.change(session, case, Changes(state=State.OPEN), now=now, why=what)
    return True


def _is_noted(session: Session, case: Case, what: str, about: Mapping[str, Any]) -> bool:
    steps = cases.steps_of(session, case.id)
    return any(one.what == what and about.items() <= one.detail.items() for one in steps)


def _waits_in_vain(case: Case) -> bool:
    settled = {State.WAITING, State.SOLVED, State.CLOSED}
    return case.state in settled and case.merged_into is None and case.erased_at is None and not case.spam
