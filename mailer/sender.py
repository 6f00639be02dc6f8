"""The sender: claims due e-mails one by one, sends each and marks it.

    claim by a conditional UPDATE → commit → send → mark

Which risk remains: between the server's "250" and our mark lies a moment in which the process may die, and between
the final dot and the "250" one in which the line may. Nobody can know then whether the e-mail was taken. Such a row
becomes `unknown` and is shown to people. A transactional e-mail is sent once more by itself, with the same Message-ID
(a mailbox shows it once); a campaign's never. So: never silently lost, never sent twice on purpose but for that one
case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from .addressing import BadHeader
from .message import compose
from .outbox import Email, State
from .transports import Doubtful, PermanentFailure, TemporaryFailure, Transport, Unreachable

RETRY_PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 480, 480))
"""After each temporary failure; together a day, as long as people wait for an order's confirmation at most."""
STALE_AFTER = timedelta(minutes=10)
"""A claim this old belongs to a process that died; longer than any transport's timeout."""
BATCH_TIME = STALE_AFTER / 4
"""A batch ends after this, even where a slow server leaves some for the next call."""
DOUBT_PAUSE = timedelta(minutes=5)


@dataclass
class SendReport:
    """What one call did, in e-mails; what another process had decided meanwhile is counted there."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    doubtful: int = 0

    def __str__(self) -> str:
        return f"{self.sent} sent, {self.postponed} postponed, {self.failed} failed, {self.doubtful} doubtful"


def send_due(
    sessions: sessionmaker[Session], transport: Transport, *, limit: int = 200, clock: Callable[[], datetime]
) -> SendReport:
    """Send what is due, the oldest first; any number of processes may do so at once.

    Stops early when the server can't be reached, or after `BATCH_TIME`: the rest stays queued for the next call.

    Args:
        clock: tells the time, aware; asked at every claim, as the claims of a slow batch would else look as old as
            its first one and be taken for those of a dead process.
    """
    start = clock()
    report = SendReport(doubtful=_give_up_stale_claims(sessions, start))
    try:
        for email_id in _due(sessions, limit=limit, now=start):
            now = clock()
            if now - start >= BATCH_TIME:
                break
            email = _claim(sessions, email_id, now)
            if email is not None and not _send(sessions, transport, email, clock, report):
                break
    finally:
        transport.close()
    return report


def _due(sessions: sessionmaker[Session], *, limit: int, now: datetime) -> Sequence[int]:
    query = select(Email.id).where(_may_be_sent(), Email.due_at <= now).order_by(Email.due_at, Email.id).limit(limit)
    with sessions() as session:
        return session.scalars(query).all()


def _may_be_sent() -> Any:
    """Queued; or in doubt for the first time, where somebody waits for it."""
    in_doubt = and_(Email.state == State.UNKNOWN, Email.transactional, Email.doubts == 1)
    return or_(Email.state == State.QUEUED, in_doubt)


def _claim(sessions: sessionmaker[Session], email_id: int, now: datetime) -> Email | None:
    with sessions.begin() as session:
        claimed: Any = session.execute(
            update(Email)
            .where(Email.id == email_id, _may_be_sent(), Email.due_at <= now)
            .values(state=State.CLAIMED, claimed_at=now, attempts=Email.attempts + 1)
            .execution_options(synchronize_session=False)
        )
        return session.get_one(Email, email_id) if claimed.rowcount == 1 else None


def _send(
    sessions: sessionmaker[Session],
    transport: Transport,
    email: Email,
    clock: Callable[[], datetime],
    report: SendReport,
) -> bool:
    """Send a claimed e-mail and mark it; False where the rest of the batch had better wait."""
    try:
        transport.send(compose(email), envelope_from=email.from_address, envelope_to=email.to_address)
    except (PermanentFailure, BadHeader) as error:
        report.failed += _mark(sessions, email, state=State.FAILED, last_error=str(error)[:500])
    except TemporaryFailure as error:
        _postpone(sessions, email, error, clock(), report)
        return not isinstance(error, Unreachable)
    except Doubtful as error:
        report.doubtful += _mark(sessions, email, **_doubt(str(error), clock()))
    else:
        report.sent += _mark(sessions, email, state=State.SENT, sent_at=clock(), last_error="")
    return True


def _postpone(
    sessions: sessionmaker[Session], email: Email, error: TemporaryFailure, now: datetime, report: SendReport
) -> None:
    if email.attempts > len(RETRY_PAUSES):
        reason = f"given up after a day: {error}"[:500]
        report.failed += _mark(sessions, email, state=State.FAILED, last_error=reason)
    else:
        due = now + RETRY_PAUSES[email.attempts - 1]
        report.postponed += _mark(sessions, email, state=State.QUEUED, due_at=due, last_error=str(error)[:500])


def _mark(sessions: sessionmaker[Session], email: Email, **values: Any) -> int:
    """Only while the claim is still ours: a stale one may have gone to another process meanwhile.

    Returns:
        1, or 0 where it had gone.
    """
    ours = (Email.id == email.id, Email.state == State.CLAIMED, Email.claimed_at == email.claimed_at)
    with sessions.begin() as session:
        marked: Any = session.execute(
            update(Email).where(*ours).values(**values).execution_options(synchronize_session=False)
        )
        return int(marked.rowcount)


def _give_up_stale_claims(sessions: sessionmaker[Session], now: datetime) -> int:
    """Claims of processes that died while sending: nobody knows what became of those e-mails."""
    stale = (Email.state == State.CLAIMED, Email.claimed_at <= now - STALE_AFTER)
    with sessions() as session:
        if session.scalar(select(Email.id).where(*stale).limit(1)) is None:
            return 0  # nothing is written, so that a call every few seconds takes no lock
    with sessions.begin() as session:
        given_up: Any = session.execute(
            update(Email)
            .where(*stale)
            .values(**_doubt("the process ended while sending", now))
            .execution_options(synchronize_session=False)
        )
        return int(given_up.rowcount)


def _doubt(reason: str, now: datetime) -> dict[str, Any]:
    return {
        "state": State.UNKNOWN,
        "doubts": Email.doubts + 1,
        "due_at": now + DOUBT_PAUSE,
        "last_error": reason[:500],
    }
