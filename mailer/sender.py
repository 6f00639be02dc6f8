"""The sender: takes due e-mails in batches, finds their words, hands them over one a line at a time, and marks them.

Which risk remains: between the server's "250" and our mark lies a moment in which the process may die, and between the
final dot and the "250" one in which the connection may. Nobody can know then whether the e-mail was taken. Such a row
becomes `unknown` and is shown to people; a killed process leaves at most one a connection, as what was handed over
before is marked in the same commit that hands over the next. A transactional e-mail is sent once more by itself, with
the same Message-ID (a mailbox shows it once); marketing never. So: never silently lost, never sent twice on purpose but
for that one case.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from . import claims
from .addressing import BadHeader
from .batch_size import AT_MOST, BatchSize
from .claims import DOUBT_PAUSE, STALE_AFTER, Stream
from .database_faults import T, surely
from .desk import Desk
from .late_words import Asked, ask
from .lines import Lines, Parcel, Step, Told, lines_of
from .message import compose
from .outbox import Email, State
from .rates import reserve
from .send_report import SendReport
from .suppression import Reason, suppress
from .transports import (
    Bounced,
    Doubtful,
    PermanentFailure,
    SendingError,
    TemporaryFailure,
    Transport,
    Unreachable,
    Unwelcome,
)
from .writing import Answer, Dropped, Held, Written, in_time

log = logging.getLogger("mailer.sender")

RETRY_PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 480, 480))
"""After each temporary failure; together a day, as long as people wait for an order's confirmation at most."""
BATCH_TIME = STALE_AFTER / 4
"""A call ends after this, even where a slow server leaves some for the next one."""
UNWELCOME = 3
"""So many refusals in a row for what we are, and the settings or our name are at fault, not the e-mails."""
__all__ = ["BATCH_TIME", "DOUBT_PAUSE", "RETRY_PAUSES", "STALE_AFTER", "Desk", "SendReport", "Stream", "send_due"]


def send_due(
    sessions: sessionmaker[Session],
    transport: Transport,
    *,
    clock: Callable[[], datetime],
    limit: int = 200,
    stream: Stream | None = None,
    desk: Desk | None = None,
) -> SendReport:
    """Send what is due, the most urgent first; any number of processes may do so at once.

    Stops early when the server can't be reached, or after `BATCH_TIME`: the rest stays queued for the next call.

    Args:
        clock: tells the time, aware.
        limit: e-mails that are taken at most.
        stream: only this one; None for both.
    """
    return _Sender(sessions, transport, clock, limit, stream, desk or Desk()).run()


@dataclass
class _Sender:
    sessions: sessionmaker[Session]
    transport: Transport
    clock: Callable[[], datetime]
    limit: int
    stream: Stream | None
    desk: Desk
    report: SendReport = field(default_factory=SendReport)
    owner: str = field(default_factory=lambda: f"{os.getpid()}-{uuid4().hex[:24]}")
    waiting: deque[Parcel] = field(default_factory=deque)
    asked: dict[str, datetime] = field(default_factory=dict)
    taken: int = 0
    unwelcome: int = 0
    batch: BatchSize = field(default_factory=BatchSize)
    ended: bool = False
    start: datetime = field(init=False)

    def run(self) -> SendReport:
        self.start = self.clock()
        with self.sessions.begin() as session:
            self.report.doubtful += claims.give_up_stale(session, now=self.start)
        lines = lines_of(self.transport)
        try:
            while self._more(lines):
                self._fill(lines)
                if told := lines.wait(self._idle() if lines.busy else 0.0):
                    self._turn(lines, told)
                elif not lines.busy:
                    self._rest()
        except Exception:
            self._hear_out(lines)
            raise
        finally:
            lines.close()
            if self.taken:
                with self.sessions.begin() as session:
                    claims.release(session, owner=self.owner)
        return self.report

    def _hear_out(self, lines: Lines) -> None:
        """Something broke: what is under way is still written down, and nothing new begun."""
        self.ended = True
        self.waiting.clear()
        while lines.busy:
            self._turn(lines, lines.wait(1.0))

    def _over(self) -> bool:
        return self.desk.stopping() or self.clock() - self.start >= BATCH_TIME

    def _more(self, lines: Lines) -> bool:
        """Fetch where little is left; says whether there is anything to do."""
        self.ended = self.ended or self._over()
        if self.ended:
            self.waiting.clear()
        while not self.ended and len(self.waiting) < self.batch.now // 2 and self.taken < self.limit:
            if not self._fetch():
                break
        return lines.busy or bool(self.waiting)

    def _idle(self) -> float:
        """Seconds until the next e-mail may go."""
        at = self.waiting[0].at if self.waiting else None
        return 1.0 if at is None else min(max((at - self.clock()).total_seconds(), 0.0), 1.0)

    def _rest(self) -> None:
        """Nothing is under way, and nothing may go yet; a clock that stands still is not waited for."""
        before = self.clock()
        time.sleep(self._idle())
        self.ended = self.ended or self.clock() == before

    def _next(self) -> Parcel | None:
        """The next e-mail, if it may go now."""
        if not self.waiting or self.ended:
            return None
        at = self.waiting[0].at
        return self.waiting.popleft() if at is None or at <= self.clock() else None

    def _fetch(self) -> bool:
        """Claim and write some; False where nothing is due."""
        now = self.clock()
        n = min(self.batch.next(now), self.limit - self.taken)
        with self.sessions.begin() as session:
            claimed = claims.claim(session, self.stream, owner=self.owner, n=n, now=now)
            kept = self._admitted(session, claimed, now)
            kept, at = self._in_turn(session, kept, now)
        self.taken += len(claimed)
        parcels = self._prepared(kept, now)
        self.waiting.extend(parcels)
        if at:
            for parcel in parcels:
                parcel.at = at[parcel.email.id]
            # with those of the batch before: the first in line is the one whose moment is next
            self.waiting = deque(sorted(self.waiting, key=lambda parcel: parcel.at or now))
        return bool(claimed)

    def _admitted(self, session: Session, claimed: list[Email], now: datetime) -> list[Email]:
        marketing = [email for email in claimed if not email.transactional]
        if not marketing or self.desk.admit is None:
            return claimed
        answers = self.desk.admit(session, marketing, now=now)
        for email_id, answer in answers.items():
            until = getattr(answer, "until", None)
            self._set_aside(session, email_id, Held(until, answer.reason) if until else Dropped(answer.reason))
        return [email for email in claimed if email.id not in answers]

    def _in_turn(self, session: Session, emails: list[Email], now: datetime) -> tuple[list[Email], dict[int, datetime]]:
        """Those whose moment is near, with it; the others go back into the queue until theirs is."""
        if not self.desk.rates.intervals or not emails:
            return emails, {}
        turns = reserve(session, emails, self.desk.rates, now=now, asked=self.asked)
        for email_id, at in turns.later.items():
            claims.mark(session, [email_id], owner=self.owner, state=State.QUEUED, due_at=at)
        return [email for email in emails if email.id in turns.at], turns.at

    def _set_aside(self, session: Session, email_id: int, answer: Held | Dropped) -> None:
        if isinstance(answer, Held):
            held: dict[str, Any] = {"state": State.DEFERRED, "due_at": answer.until, "reason": answer.reason[:200]}
            self.report.deferred += claims.mark(session, [email_id], owner=self.owner, **held)
        else:
            self.report.dropped += claims.mark(
                session, [email_id], owner=self.owner, state=State.DROPPED, reason=answer.reason[:200]
            )

    def _prepared(self, emails: Sequence[Email], now: datetime) -> list[Parcel]:
        """With their words, which are kept before anything goes out; what can't be sent is marked, and stops nobody."""
        late = [email for email in emails if not email.text and not email.html]
        written = self._written(late, now) if late else {}
        parcels, broken = [], {}
        for email in emails:
            words = written.get(email.id)
            if not isinstance(words, Written) and not (email.text or email.html):
                continue
            try:
                parcels.append(self._parcel(email, words if isinstance(words, Written) else None))
            except BadHeader as error:
                broken[email.id] = str(error)
        if broken:
            with self.sessions.begin() as session:
                for email_id, why in broken.items():
                    self.report.failed += self._fail(session, email_id, why)
        return parcels

    def _written(self, emails: Sequence[Email], now: datetime) -> dict[int, Answer]:
        """The answers; what wasn't asked any more goes back into the queue with the end of the run."""
        if self.desk.writer is None:
            asked = Asked(broken=dict.fromkeys((email.id for email in emails), "nobody is there to write it"))
        else:
            asked = ask(self.sessions, self.desk.writer, emails, now=now, ended=self._over)
        said = {}
        with self.sessions.begin() as session:
            for email in emails:
                answer = asked.answers.get(email.id)
                if isinstance(answer, Written):
                    said[email.id] = (answer.subject, email.content if answer.content is None else answer.content)
                elif answer is not None:
                    self._set_aside(session, email.id, in_time(email, answer))
                elif email.id in asked.broken:
                    self.report.failed += self._fail(session, email.id, asked.broken[email.id])
                elif email.id in asked.later:
                    self._postpone(session, email, TemporaryFailure(asked.later[email.id]))
            claims.keep_words(session, said, owner=self.owner)
        if stayed := [email for email in emails if isinstance(asked.answers.get(email.id), Held | Dropped)]:
            self._surely(lambda session: claims.let_next(session, stayed, now=now))
        self.ended = self.ended or len(asked.later) == len(emails)  # it is nobody's e-mail then, but the shop
        return asked.answers

    def _parcel(self, email: Email, words: Written | None) -> Parcel:
        with_files = email.transactional and self.desk.files is not None and (email.content or {}).get("files")
        message = compose(email, words, self.desk.files(email) if with_files and self.desk.files else ())
        if self.desk.sign is not None:
            message = self.desk.sign(message)
        return Parcel(email, message, self.desk.return_path or email.from_address, email.to_address, in_lines=True)

    def _fill(self, lines: Lines) -> None:
        """Announce as many as there are lines for."""
        now = self.clock()
        wanted = sum(parcel.at is None or parcel.at <= now for parcel in islice(self.waiting, AT_MOST))
        try:
            for _ in range(lines.room(wanted) if wanted else 0):
                lines.announce(self.waiting.popleft())
        except Unreachable as error:
            email, why = self.waiting.popleft().email, error
            self._surely(lambda session: self._postpone(session, email, why))
            self.ended = True

    def _turn(self, lines: Lines, told: list[Told]) -> None:
        """Mark what became of some and decide about those that are ready, in one commit; then let these go.

        Where somebody holds the contact of one that is ready, what is known is committed before waiting for them.
        """
        self._heed(told)
        ready = [parcel for parcel, outcome in told if outcome is Step.READY]
        emails = [] if self.ended else [parcel.email for parcel in ready]
        given: set[int] | None = set()
        try:
            if emails or len(ready) < len(told):
                given = self._surely(lambda session: self._noted(session, told, emails))
            if given is None:
                given = self._surely(lambda session: self._given(session, emails))
        except DBAPIError:
            for parcel in ready:
                lines.abandon(parcel)
            raise
        for parcel, outcome in told:
            if outcome is Step.RETURNED:
                self.waiting.appendleft(parcel)
        for parcel in ready:
            if parcel.email.id in given:
                lines.hand_over(parcel, then=self._next())
            else:
                self.report.suppressed += bool(emails)
                lines.abandon(parcel)
        for parcel, outcome in told:
            if isinstance(outcome, Bounced):
                self._hold_back(parcel.email, outcome)

    def _heed(self, told: list[Told]) -> None:
        """A server that can't be spoken to, or that refuses one after the other for what we are, ends the run."""
        for _parcel, outcome in told:
            if isinstance(outcome, Unwelcome):
                self.unwelcome += 1
            elif outcome is Step.TAKEN or isinstance(outcome, Bounced):
                self.unwelcome = 0
            self.ended = self.ended or isinstance(outcome, Unreachable) or self.unwelcome >= UNWELCOME

    def _noted(self, session: Session, told: list[Told], emails: list[Email]) -> set[int] | None:
        """Mark; then those that may be handed over, or None where that would mean to wait for a contact's lock."""
        now = self.clock()
        if taken := [parcel.email.id for parcel, outcome in told if outcome is Step.TAKEN]:
            self.report.sent += claims.mark_sent(session, taken, owner=self.owner, now=now)
        for parcel, outcome in told:
            if isinstance(outcome, SendingError):
                self._mark_failure(session, parcel.email, outcome)
            elif outcome is Step.RETURNED:
                claims.mark(session, [parcel.email.id], owner=self.owner, handed_at=None)
        if len(emails) < len(told) and not claims.contacts_free(session, emails):
            return None
        return self._given(session, emails) if emails else set()

    def _given(self, session: Session, emails: list[Email]) -> set[int]:
        return claims.hand_over(session, emails, owner=self.owner, now=self.clock())

    def _surely(self, deed: Callable[[Session], T]) -> T:
        before = replace(self.report)

        def afresh(session: Session) -> T:
            self.report = replace(before)
            return deed(session)

        return surely(self.sessions, afresh)

    def _mark_failure(self, session: Session, email: Email, error: SendingError) -> None:
        if isinstance(error, Doubtful):
            values = claims.in_doubt(str(error), self.clock())
            self.report.doubtful += claims.mark(session, [email.id], owner=self.owner, **values)
        elif isinstance(error, Bounced):
            self.report.bounced += claims.mark(
                session, [email.id], owner=self.owner,
                state=State.BOUNCED, attempts=Email.attempts + 1, last_error=str(error)[:500],
            )  # fmt: skip
        elif isinstance(error, PermanentFailure):
            self.report.failed += self._fail(session, email.id, str(error))
        elif isinstance(error, TemporaryFailure):
            self._postpone(session, email, error)

    def _fail(self, session: Session, email_id: int, why: str) -> int:
        return claims.mark(
            session, [email_id], owner=self.owner,
            state=State.FAILED, attempts=Email.attempts + 1, last_error=why[:500],
        )  # fmt: skip

    def _postpone(self, session: Session, email: Email, error: TemporaryFailure) -> None:
        if email.attempts >= len(RETRY_PAUSES):
            self.report.failed += self._fail(session, email.id, f"given up after a day: {error}")
            return
        self.report.postponed += claims.mark(
            session, [email.id], owner=self.owner, state=State.QUEUED, attempts=Email.attempts + 1,
            due_at=self.clock() + RETRY_PAUSES[email.attempts], last_error=str(error)[:500],
        )  # fmt: skip

    def _hold_back(self, email: Email, error: Bounced) -> None:
        """After everything else of a turn, as it may wait for the contact's lock; who fails here bounces once more."""
        if email.contact_id is None:
            return
        contact_id, now, note = email.contact_id, self.clock(), str(error)[:200]
        try:
            self._surely(lambda session: suppress(session, contact_id, reason=Reason.HARD_BOUNCE, now=now, note=note))
        except DBAPIError:
            log.exception("contact %s bounced and couldn't be held back", contact_id)
