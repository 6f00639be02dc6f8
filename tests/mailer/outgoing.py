"""What the sender's tests share: transports in a mood, a writer, and what became of an e-mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from mailer.outbox import Email
from mailer.sender import Desk, SendReport, send_due
from mailer.transports import Doubtful, MemoryTransport, Transport
from mailer.writing import Answer, Written

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Moody(MemoryTransport):
    """Fails as told, one answer a mail; a Doubtful one has taken the mail all the same."""

    def __init__(self, *answers: Exception | None) -> None:
        super().__init__()
        self.answers = list(answers)

    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is None or isinstance(answer, Doubtful):
            super().send(message, envelope_from=envelope_from, envelope_to=envelope_to)
        if answer is not None:
            raise answer


class Words:
    """Writes the same to everybody, but what a test wants answered for some."""

    def __init__(self, **answers: Answer | Exception) -> None:
        self.answers, self.asked = answers, 0

    def write(self, session: Session, emails: Sequence[Email], *, now: datetime) -> list[Answer]:
        self.asked += len(emails)
        return [self._one(email) for email in emails]

    def _one(self, email: Email) -> Answer:
        answer = self.answers.get(email.to_address.partition("@")[0])
        if isinstance(answer, Exception):
            raise answer
        words = Written(
            subject=f"For {email.to_name}", text="Text", html="<p>Text</p>", list_id="offers.example.com",
            unsubscribe_url="https://example.com/u/1", feedback_id="mailing-1:offers:shop",
            content=dict(email.content) | {"shown": ["kite"]},
        )  # fmt: skip
        return answer or words


class Killed(BaseException):
    """What kill -9 does, as far as the database can tell."""


class Dying(MemoryTransport):
    def send(self, message: bytes, *, envelope_from: str, envelope_to: str) -> None:
        raise Killed


def at(now: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: now


def send(sessions: sessionmaker[Session], transport: Transport, *, hours: float = 0, **how: Any) -> SendReport:
    """One call with words for everybody."""
    desk = how.pop("desk", None) or Desk(writer=Words())
    return send_due(sessions, transport, clock=at(NOW + timedelta(hours=hours)), desk=desk, **how)


def email(sessions: sessionmaker[Session], email_id: int) -> Email:
    with sessions() as session:
        return session.get_one(Email, email_id)
