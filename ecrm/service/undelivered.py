"""Undelivered: an answer that came back, or was never sent, is written into its case, which is open again.

Else an agent would wait for a customer who never got the answer. Bounces come minutes or days later, from wherever
reports are read: so the outbox is looked at by the clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from mailer.outbox import Email
from mailer.outbox import State as Sending

from . import cases
from .cases import Case, CaseMessage, Changes, Direction, State

LOOKED_AT = timedelta(days=14)
"""Servers give up after five days (RFC 5321 4.5.4.1); what is reported later is shown at the message all the same."""
NOT_ARRIVED = (Sending.BOUNCED, Sending.FAILED, Sending.SUPPRESSED, Sending.DROPPED)
STEP = "undelivered"
AT_ONCE = 200


def note_undelivered(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Note answers of agents that didn't arrive, each once; says how many. A transaction a case."""
    query = (
        select(CaseMessage.id, CaseMessage.case_id, Email.state)
        .join(CaseMessage, CaseMessage.email_id == Email.id)
        .join(Case, Case.id == CaseMessage.case_id)
        .where(
            Email.state.in_(NOT_ARRIVED), Email.due_at > now - LOOKED_AT, Case.erased_at.is_(None),
            CaseMessage.direction == Direction.OUT, CaseMessage.automatic.is_(False),
        )
        .order_by(CaseMessage.id.desc())
        .limit(AT_ONCE)
    )  # fmt: skip
    with sessions() as session:
        found = session.execute(query).all()
    done = 0
    for row in found:
        with sessions.begin() as session:
            done += _note(session, session.get_one(Case, row.case_id), message_id=row.id, state=row.state, now=now)
    return done


def _note(session: Session, case: Case, *, message_id: int, state: str, now: datetime) -> bool:
    if _is_noted(session, case, message_id):
        return False
    cases.take(session, case)
    if _is_noted(session, case, message_id):  # somebody else's turn, while this one waited
        return False
    cases.log_step(session, case, STEP, now=now, message=message_id, sending=state)
    answers = [one.id for one in cases.messages_of(session, case.id) if one.direction == Direction.OUT]
    if message_id == answers[-1] and _waits_in_vain(case):
        cases.change(session, case, Changes(state=State.OPEN), now=now, why=STEP)
    return True


def _is_noted(session: Session, case: Case, message_id: int) -> bool:
    return any(one.what == STEP and one.detail.get("message") == message_id for one in cases.steps_of(session, case.id))


def _waits_in_vain(case: Case) -> bool:
    settled = {State.WAITING, State.SOLVED, State.CLOSED}
    return case.state in settled and case.merged_into is None and case.erased_at is None and not case.spam
