"""Late words: asking whoever writes, so that what can't be written stops nobody, and a hiccup costs no e-mail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from jinja2 import TemplateError
from sqlalchemy.orm import Session, sessionmaker

from .addressing import checked_subject
from .outbox import Email
from .writing import Answer, MailWriter, Written

log = logging.getLogger("mailer.sender")

FOR_GOOD = (TemplateError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What is wrong with the e-mail, its template or the writer's code. Everything else (a database or a shop that is away)
may be over in a minute."""


@dataclass
class Asked:
    """`answers` by e-mail; `broken` can't be written, `later` couldn't just now; who is in none wasn't asked."""

    answers: dict[int, Answer] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    later: dict[int, str] = field(default_factory=dict)


def ask(
    sessions: sessionmaker[Session],
    writer: MailWriter,
    emails: Sequence[Email],
    *,
    now: datetime,
    ended: Callable[[], bool],
) -> Asked:
    """All at once; where that fails, one by one, so that only the one that can't be written fails.

    Each try has a session of its own, as an error in PostgreSQL takes the whole transaction with it. A broad `except`
    stands here on purpose: a template or a shop may raise anything, and the next e-mail of the batch has nothing to do
    with it.

    Args:
        ended: asked between single tries; when it says yes, the rest isn't asked.
    """
    asked = Asked()
    if len(emails) > 1:
        try:
            with sessions.begin() as session:
                answers = writer.write(session, emails, now=now)
            asked.answers.update(zip((email.id for email in emails), answers, strict=True))
            return _without_the_unfit(asked)
        except Exception as error:
            log.warning("%s e-mails can't be written at once, so one by one: %s", len(emails), error)
            asked.answers.clear()
    for email in emails:
        if ended():
            break
        try:
            with sessions.begin() as session:
                (asked.answers[email.id],) = writer.write(session, [email], now=now)
        except Exception as error:
            log.exception("e-mail %s can't be written", email.id)
            kind = asked.broken if isinstance(error, FOR_GOOD) else asked.later
            kind[email.id] = f"{type(error).__name__}: {error}"
    return _without_the_unfit(asked)


def _without_the_unfit(asked: Asked) -> Asked:
    """A subject that no database or header takes would break the transaction in which all subjects are kept."""
    for email_id, answer in list(asked.answers.items()):
        if isinstance(answer, Written):
            try:
                checked_subject(answer.subject).encode()
            except ValueError as error:
                asked.broken[email_id] = str(error)
                del asked.answers[email_id]
    return asked
